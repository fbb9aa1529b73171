#!/usr/bin/env python3
"""Embed the pictures of webdataset archives with Spark, and have the embeddings as a table.

usage: spark_embed.py PATTERN OUTPUT [--clip clip] [--partitions 8] [--model NAME]

Each partition of the list of archives starts `clip embed` once, so a model is loaded as often as there are partitions. Archives and OUTPUT
are on a file system that all workers have. A partition that fails or is lost is run again by Spark, and `clip` goes on after the last
archive that was finished. Needs pyspark and Java 17.
"""

from __future__ import annotations

import argparse
import collections.abc
import glob
import pathlib
import subprocess

from pyspark.sql import SparkSession


def has_record(archive: str, output: str) -> bool:
    """Whether the archive was read, if only up to a damage: then its shard has a record."""
    name = pathlib.Path(archive).name
    return pathlib.Path(output, f"{name[:-4] if name.lower().endswith('.tar') else name}.done.json").exists()


def embed(archives: collections.abc.Iterable[str], clip: str, output: str, options: list[str]) -> collections.abc.Iterator[str]:
    """Embeds the archives of one partition; gives the last line of what the command says."""
    paths = list(archives)
    if paths:
        command = [clip, "embed", "--output", output, "--format", "parquet", *options, "--shards", *paths]
        done = subprocess.run(command, capture_output=True, text=True)
        # 65 tells of an archive that is damaged, and of one that is none; what comes before a damage has been written.
        is_damaged = done.returncode == 65 and all(has_record(path, output) for path in paths)
        if done.returncode and not is_damaged:
            raise RuntimeError(done.stderr)
        yield done.stdout.strip() + done.stderr


def main() -> None:
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("pattern", help="such as '/data/*.tar'")
    parser.add_argument("output")
    parser.add_argument("--clip", default="clip")
    parser.add_argument("--partitions", type=int, default=8)
    parser.add_argument("--model")
    arguments = parser.parse_args()
    options = ["--model", arguments.model] if arguments.model else []
    archives = sorted(glob.glob(arguments.pattern))
    if not archives:
        raise SystemExit(f"There is no archive {arguments.pattern}.")

    spark = SparkSession.builder.appName("clip").getOrCreate()
    clip, output = arguments.clip, arguments.output
    partitions = spark.sparkContext.parallelize(archives, min(arguments.partitions, len(archives)))
    for line in partitions.mapPartitions(lambda part: embed(part, clip, output, options)).collect():
        print(line)

    table = spark.read.parquet(f"{output}/*.parquet")
    table.printSchema()
    print(f"{table.count()} rows of {table.selectExpr('size(embedding)').distinct().collect()[0][0]} numbers")
    spark.stop()


if __name__ == "__main__":
    main()
