#!/usr/bin/env python3
"""Embed archives by several processes that are killed, read what they write with others' programs, and run the examples.

usage: check-bulk.py CLIP [--tars 40] [--pictures 1000] [--workers 3] [--kills 2] [--quick] [--only NAME,...]

Prints a row for each promise, and ends with 1 if one is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import random
import re
import shlex
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
import time

import numpy
import pyarrow
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "Examples" / "bulk"
sys.path.insert(0, str(ROOT / "Scripts" / "bulk"))
import archives  # noqa: E402
import opensearch  # noqa: E402
import readers  # noqa: E402


class Rows:
    def __init__(self) -> None:
        self.missed = 0

    def add(self, measure: str, value: object, bound: object = "", holds: bool | None = None) -> None:
        holds = value == bound if holds is None else holds
        self.missed += not holds
        print(f"{measure:<86} {value!s:>14}   {bound!s:>14}  {'ok' if holds else 'MISSED'}", flush=True)


class Bench:
    """A folder with archives, and the command."""

    def __init__(self, clip: str, place: pathlib.Path, options: argparse.Namespace) -> None:
        self.clip, self.place, self.options, self.rows = clip, place, options, Rows()
        self.tars = archives.make(place / "data", options.tars, options.pictures)
        self.pattern = f"{place}/data/{{00000..{options.tars - 1:05}}}.tar"

    def command(self, *arguments: object) -> list[str]:
        return [self.clip, "embed", *map(str, arguments)]

    def embed(self, *arguments: object, status: int = 0) -> str:
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True)
        if done.returncode != status:
            sys.exit(f"{shlex.join(map(str, done.args))} ended with {done.returncode}: {done.stderr}")
        return done.stdout


def contents(folder: pathlib.Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def different(first: pathlib.Path, second: pathlib.Path) -> int:
    """Files of one folder that the other has not, or otherwise."""
    one, other = contents(first), contents(second)
    return sum(one.get(name) != other.get(name) for name in one.keys() | other.keys())


# MARK: Kills


def killed(bench: Bench, tars: list[pathlib.Path], output: pathlib.Path, index: int, arguments: list[object], kills: list[float]) -> None:
    """One process of several, killed at moments that follow from its finished shards, and run to its end."""
    draw = random.Random(index)
    own = [path.stem for number, path in enumerate(tars) if number % bench.options.workers == index]
    command = bench.command(*arguments, "--output", output, "--shard-index", f"{index}/{bench.options.workers}")

    def finished() -> int:
        return sum((output / f"{shard}.done.json").exists() for shard in own)

    for kill in range(bench.options.kills):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        goal = len(own) * kill // bench.options.kills
        while process.poll() is None and (finished() < goal or not any(output.glob(".clip-*.part"))):
            time.sleep(0.005)
        # Within the next archive or the one behind it.
        time.sleep(draw.uniform(0, bench.options.pictures / 2000))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills.append(time.monotonic())
        process.wait()
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"worker {index} ended with {done.returncode}: {done.stderr}")


def check_kills(bench: Bench) -> None:
    options = bench.options
    for format_, numbers in (("npy", "f32"), ("parquet", "f16"), ("jsonl", "f32")):
        few = format_ != "npy"
        tars = bench.tars[: options.workers * 3] if few else bench.tars
        arguments: list[object] = ["--format", format_, "--numbers", numbers, "--shards", *(tars if few else [bench.pattern])]
        undisturbed, disturbed = bench.place / f"{format_}-once", bench.place / f"{format_}-killed"
        begun = time.monotonic()
        said = bench.embed(*arguments, "--output", undisturbed)
        seconds = time.monotonic() - begun
        kills: list[float] = []
        threads = [
            threading.Thread(target=killed, args=(bench, tars, disturbed, index, arguments, kills)) for index in range(options.workers)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        name = f"{format_} {numbers}, {len(tars)} archives by {options.workers} processes"
        bench.rows.add(f"{name}: kills in the middle of the work", len(kills), options.kills * options.workers)
        bench.rows.add(f"{name}: files unlike those of one run", different(undisturbed, disturbed), 0)
        if not few:
            print(f"    one run: {said.strip()} {seconds:.1f} s with the start")
            again = bench.embed(*arguments, "--output", undisturbed)
            bench.rows.add("pictures that another run computes again", int(re.search(r"(\d+) embeddings", again)[1]), 0)
            half = bench.place / "cut.tar"
            half.write_bytes(bench.tars[0].read_bytes()[:-20_000])
            other = subprocess.run(bench.command("--shards", half, "--output", bench.place / "cut"), capture_output=True, text=True)
            kept = numpy.load(bench.place / "cut" / "cut.npy")
            whole = numpy.load(undisturbed / "00000.npy")
            holds = other.returncode == 65 and 0 < len(kept) < len(whole) and numpy.array_equal(kept, whole[: len(kept)])
            bench.rows.add("rows of an archive that is cut are those of the whole one", holds, True)
            half.write_bytes(bench.tars[0].read_bytes())
            bench.embed("--shards", half, "--output", bench.place / "cut")
            again = numpy.load(bench.place / "cut" / "cut.npy")
            bench.rows.add("rows once the whole one is in its place are those", numpy.array_equal(again, whole), True)


# MARK: Rate


def check_rate(bench: Bench) -> None:
    """Photographs in archives into files, beside the same as files named to `clip embed`, which is the engine with nothing to write."""
    place, rounds = bench.place / "photographs", 5
    place.mkdir()
    photographs = sorted((ROOT / "Examples" / "pictures").glob("*.jpg"))
    files = [place / f"{number:04}.jpg" for number in range(1200)]
    for number, path in enumerate(files):
        path.symlink_to(photographs[number % len(photographs)])
    with tarfile.open(place / "all.tar", "w", dereference=True) as archive:
        for path in files:
            archive.add(path, path.name)

    def times(*arguments: object) -> numpy.ndarray:
        """Of the clock and of the processor, in seconds."""
        begun = time.monotonic()
        process = subprocess.Popen(bench.command(*arguments), stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        if status:
            sys.exit(f"clip embed ended with {status}")
        return numpy.array([time.monotonic() - begun, used.ru_utime + used.ru_stime])

    ratios, rates = [], []
    for turn in range(rounds):
        start = times(files[0])
        named = times(*files) - start
        bulk = times("--shards", place / "all.tar", "--output", place / f"output-{turn}", "--format", "parquet") - start
        ratios.append(named / bulk)
        rates.append(len(files) / bulk[0])
    clock, processor = numpy.median(ratios, axis=0)
    bench.rows.add(f"photographs a second from an archive into Parquet, median of {rounds}", f"{numpy.median(rates):.0f}", "", True)
    bench.rows.add("of the engine's throughput on the same photographs, by the clock", f"{clock:.3f}", ">= 0.95", clock >= 0.95)
    bench.rows.add("the same by the processor's time, which other work changes less", f"{processor:.3f}", ">= 0.95", processor >= 0.95)


# MARK: Readers


def check_readers(bench: Bench) -> None:
    tars, place, rows = bench.tars[:3], bench.place, bench.rows
    for format_, numbers in (("npy", "f32"), ("npy", "f16"), ("parquet", "f32"), ("parquet", "f16"), ("jsonl", "f32")):
        bench.embed("--shards", *tars, "--output", place / f"{format_}-{numbers}", "--format", format_, "--numbers", numbers)
    unlike = failures = 0
    for tar in tars:
        exact = readers.array(place / "npy-f32", tar.stem)
        halves = {key: numpy.frombuffer(row, numpy.float32).astype(numpy.float16).tobytes() for key, row in exact.items()}
        unlike += readers.parquet(place / "parquet-f32" / f"{tar.stem}.parquet") != exact
        unlike += readers.json_lines(place / "jsonl-f32" / f"{tar.stem}.jsonl") != exact
        unlike += readers.array(place / "npy-f16", tar.stem) != halves
        unlike += readers.parquet(place / "parquet-f16" / f"{tar.stem}.parquet") != halves
        told = [readers.key(line["key"]) for line in readers.lines(place / "npy-f32" / f"{tar.stem}.failures.jsonl")]
        failures += len(told)
        keys = [key for key, _ in readers.samples(tar)]
        unlike += sorted(keys) != sorted([*exact, *told]) or [key for key in keys if key in exact] != list(exact)
    rows.add("files unlike in numpy, mapped, pyarrow, pandas, DuckDB, JSON and webdataset's keys", unlike, 0)
    damaged = [number for number in range(bench.options.pictures) if archives.gives_no_row(number)]
    rows.add("samples without a picture and damaged pictures, by key", failures, len(damaged) * len(tars))
    # The same pictures as files, alone and in folders.
    folder = place / "files"
    folder.mkdir()
    exact = readers.array(place / "npy-f32", tars[0].stem)
    subprocess.run(["tar", "xf", tars[0], "-C", folder], check=True)
    files = sorted(path for path in folder.glob("*.png") if readers.key(path.stem) in exact)
    printed = {}
    for line in bench.embed(*files).splitlines():
        row = json.loads(line)
        printed[readers.key(pathlib.Path(row["image"]).stem)] = numpy.array(row["embedding"], numpy.float32).tobytes()
    rows.add("embeddings with other bits than clip embed FILE... prints", sum(printed[key] != row for key, row in exact.items()), 0)
    few = files[:: max(1, len(files) // 20)]
    alone = {readers.key(path.stem): json.loads(bench.embed(path))["embedding"] for path in few}
    bits = sum(numpy.array(row, numpy.float32).tobytes() != exact[key] for key, row in alone.items())
    rows.add(f"of {len(few)} pictures each embedded alone, with other bits", bits, 0)
    listed = subprocess.run(["find", folder, "-name", "*.png", "-print0"], check=True, capture_output=True).stdout
    names = b"".join(sorted(name + b"\0" for name in listed.split(b"\0") if name))
    for threads in (1, 2):
        output = place / f"list-{threads}"
        command = bench.command("--files-from", "-", "-0", "--output", output, "--shard-size", 300, "--threads", threads)
        subprocess.run(command, check=True, input=names, capture_output=True)
    rows.add("files unlike with one thread and with two", different(place / "list-1", place / "list-2"), 0)
    found: dict[bytes, bytes] = {}
    for path in (place / "list-1").glob("*.npy"):
        found |= {key.split(b"/")[-1].removesuffix(b".png"): row for key, row in readers.array(place / "list-1", path.stem).items()}
    rows.add("a list of files gives other rows than their archive", found != exact, False)


def check_names(bench: Bench) -> None:
    """Odd names, in every format of Python's tarfile."""
    unlike = 0
    for kind in archives.FORMATS:
        tar, output = bench.place / f"odd-{kind}.tar", bench.place / f"odd-{kind}"
        archives.odd(tar, kind)
        for format_ in ("npy", "parquet"):
            bench.embed("--shards", tar, "--output", output / format_, "--format", format_)
        rows = readers.array(output / "npy", tar.stem)
        expected = [key for key, has in readers.samples(tar) if has]
        unlike += list(rows) != expected or readers.parquet(output / "parquet" / f"{tar.stem}.parquet") != rows
    bench.rows.add("archives of odd names whose keys are not webdataset's", unlike, 0)
    empty = bench.place / "empty.tar"
    empty.write_bytes(bytes(10_240))
    for format_ in ("npy", "parquet", "jsonl"):
        bench.embed("--shards", empty, "--output", bench.place / f"empty-{format_}", "--format", format_)
    nothing = [
        readers.array(bench.place / "empty-npy", "empty"), readers.parquet(bench.place / "empty-parquet" / "empty.parquet"),
        readers.json_lines(bench.place / "empty-jsonl" / "empty.jsonl"),
    ]
    bench.rows.add("an empty archive gives files without rows", nothing == [{}, {}, {}], True)


# MARK: Examples


def check_examples(bench: Bench) -> None:
    tars, place, rows = bench.tars[:4], bench.place, bench.rows
    expected = place / "expected"
    bench.embed("--shards", *tars, "--output", expected, "--format", "parquet")
    pattern = f"{place}/data/{{00000..{len(tars) - 1:05}}}.tar"

    def slurm(output: pathlib.Path, tasks: list[int], **variables: str) -> None:
        """What Slurm starts of an array of these tasks."""
        array = {"SLURM_ARRAY_TASK_MIN": min(tasks), "SLURM_ARRAY_TASK_COUNT": len(tasks), "SLURM_CPUS_PER_TASK": 1}
        environment = os.environ | {"CLIP": bench.clip} | {name: str(value) for name, value in array.items()} | variables
        for task in tasks:
            command = ["bash", EXAMPLES / "slurm.sh", pattern, output]
            subprocess.run(command, check=True, capture_output=True, env=environment | {"SLURM_ARRAY_TASK_ID": str(task)})

    slurm(place / "slurm", [0, 1], TASKS="2")
    rows.add("slurm.sh as two tasks: files unlike those of one run", different(expected, place / "slurm"), 0)
    slurm(place / "slurm-some", [1, 3, 7])
    some = sorted(path.name.removesuffix(".done.json") for path in (place / "slurm-some").glob("*.done.json"))
    rows.add("slurm.sh by --array=1,3,7: shards", " ".join(some), " ".join(tar.stem for tar in tars[1::2]))
    tools = pathlib.Path(sys.executable).parent
    subprocess.run([tools / "kubernetes-validate", "--strict", EXAMPLES / "job.yaml"], check=True, capture_output=True)
    job = yaml.safe_load((EXAMPLES / "job.yaml").read_text())["spec"]
    for index in range(job["completions"]):
        [container] = job["template"]["spec"]["containers"]
        said = [text.replace("$(JOB_COMPLETION_INDEX)", str(index)) for text in container["args"]]
        said = [text.replace("/data/{00000..00999}.tar", pattern).replace("/output/embeddings", str(place / "job")) for text in said]
        subprocess.run([bench.clip, *said], check=True, capture_output=True)
    rows.add("job.yaml, which kubernetes-validate takes, as ten pods: files unlike", different(expected, place / "job"), 0)
    count = sum(pyarrow.parquet.read_metadata(path).num_rows for path in expected.glob("*.parquet"))
    for name, where in (("qdrant", "qdrant"), ("milvus", "milvus.db")):
        command = [sys.executable, EXAMPLES / f"load_{name}.py", expected, place / where]
        said = [subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[0] for _ in range(2)]
        rows.add(f"load_{name}.py, run twice: rows in the collection", int(said[1]), count)
    check_opensearch(bench, tars)


def check_opensearch(bench: Bench, tars: list[pathlib.Path]) -> None:
    """Embeddings beside failures, one of which looks like a row, and rows that are refused."""
    folder, name = bench.place / "lines", "load_opensearch.py"
    bench.embed("--shards", *tars, "--output", folder, "--format", "jsonl")
    rows = {row["key"]: row["embedding"] for tar in tars for row in readers.lines(folder / f"{tar.stem}.jsonl")}
    search = opensearch.OpenSearch()
    command = [sys.executable, EXAMPLES / name, folder, search.url]
    said = [subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[0] for _ in range(2)]
    holds = search.documents == rows and any(folder.glob("*.failures.jsonl"))
    bench.rows.add(f"{name}, run twice: the documents are the rows, and nothing else", holds and int(said[1]) == len(rows), True)
    search.width = 1
    refused = subprocess.run(command, capture_output=True, text=True)
    search.close()
    bench.rows.add(f"{name} where rows are refused: ends with", refused.returncode, 1)


def check_spark(bench: Bench) -> None:
    expected, output = bench.place / "spark-expected", bench.place / "spark"
    few = bench.place / "few"
    few.mkdir()
    for tar in bench.tars[:4]:
        (few / tar.name).symlink_to(tar)
    bench.embed("--shards", *sorted(few.iterdir()), "--output", expected, "--format", "parquet")
    command = [sys.executable, EXAMPLES / "spark_embed.py", f"{few}/*.tar", output, "--clip", bench.clip, "--partitions", "2"]
    environment = os.environ | {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_MASTER": "local[2]"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        sys.exit(f"spark_embed.py ended with {done.returncode}: {done.stdout}{done.stderr[-4000:]}")
    bench.rows.add("spark_embed.py: files unlike those of one run", different(expected, output), 0)
    count = sum(pyarrow.parquet.read_metadata(path).num_rows for path in expected.glob("*.parquet"))
    bench.rows.add("rows that Spark counts", int(re.search(r"(\d+) rows of", done.stdout)[1]), count)
    cut = few / "cut.tar"
    cut.write_bytes(bench.tars[0].read_bytes()[:-20_000])
    damaged = subprocess.run(command, capture_output=True, env=environment)
    kept = (output / "cut.done.json").exists()
    bench.rows.add("spark_embed.py with an archive that is damaged ends with", damaged.returncode if kept else "no record", 0)
    cut.unlink()
    for tar in few.glob("*.tar"):
        (output / f"{tar.stem}.done.json").unlink()
    bench.embed("--shards", *sorted(few.iterdir()), "--output", output, "--format", "parquet", "--numbers", "f16")
    other = subprocess.run(command, capture_output=True, env=environment)
    bench.rows.add("spark_embed.py where other settings were used before ends with", other.returncode, 1)


CHECKS = {
    "kills": check_kills, "rate": check_rate, "readers": check_readers, "names": check_names, "examples": check_examples,
    "spark": check_spark,
}
# What takes a quiet machine.
SLOW = {"rate"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip")
    parser.add_argument("--tars", type=int, default=40)
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="9 archives of 400 pictures, and no rate")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    if options.quick:
        options.tars, options.pictures = 9, 400
    wanted = [name for name in options.only.split(",") if name] or [name for name in CHECKS if not options.quick or name not in SLOW]
    with tempfile.TemporaryDirectory(prefix="clip-bulk-") as place:
        bench = Bench(str(pathlib.Path(options.clip).resolve()), pathlib.Path(place), options)
        for name in wanted:
            CHECKS[name](bench)
    sys.exit(1 if bench.rows.missed else 0)


if __name__ == "__main__":
    main()
