"""Reads what `clip embed --output` has written, as others read it."""

from __future__ import annotations

import base64
import json
import pathlib

import duckdb
import numpy
import pandas
import pyarrow
import pyarrow.parquet
import webdataset


def key(text: str) -> bytes:
    """A key's own bytes."""
    return text.encode("utf-8", "surrogateescape")


def lines(path: pathlib.Path) -> list:
    return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def array(folder: pathlib.Path, shard: str) -> dict[bytes, bytes]:
    """The rows of a `.npy` file, read and mapped."""
    path = folder / f"{shard}.npy"
    values, keys = numpy.load(path), [key(text) for text in lines(folder / f"{shard}.keys.jsonl")]
    if len(values):
        assert numpy.array_equal(values, numpy.load(path, mmap_mode="r"))
    assert len(keys) == len(values) and values.ndim == 2 and values.flags.c_contiguous
    return {name: row.tobytes() for name, row in zip(keys, values, strict=True)}


def json_lines(path: pathlib.Path, name: str = "key") -> dict[bytes, bytes]:
    return {key(row[name]): numpy.array(row["embedding"], numpy.float32).tobytes() for row in lines(path)}


def parquet(path: pathlib.Path) -> dict[bytes, bytes]:
    """The rows of a Parquet file by pyarrow, which pandas and DuckDB have to read alike."""
    file = pyarrow.parquet.ParquetFile(path)
    groups = [file.metadata.row_group(number).num_rows for number in range(file.metadata.num_row_groups)]
    assert all(rows == 25_000 for rows in groups[:-1])
    table = file.read()
    table.validate(full=True)
    assert table.column_names == ["key", "embedding"]
    kind = table.schema.field("embedding").type
    assert pyarrow.types.is_list(kind) and kind.value_type in (pyarrow.float32(), pyarrow.float16())
    numbers = kind.value_type.to_pandas_dtype()
    names = [name if isinstance(name, bytes) else name.encode() for name in table["key"].to_pylist()]
    rows = table["embedding"].combine_chunks()
    flat = rows.flatten().to_numpy().astype(numbers).reshape(len(names), -1) if names else numpy.zeros((0, 1), numbers)
    found = {name: row.tobytes() for name, row in zip(names, flat, strict=True)}
    frame = pandas.read_parquet(path)
    assert [bytes(numpy.asarray(row, numbers).tobytes()) for row in frame["embedding"]] == list(found.values())
    told = duckdb.execute("SELECT key, embedding FROM read_parquet(?)", [str(path)]).fetchall()
    assert [name if isinstance(name, bytes) else name.encode() for name, _ in told] == names
    assert [numpy.array(row, numbers).tobytes() for _, row in told] == list(found.values())
    return found


def samples(archive: pathlib.Path) -> list[tuple[bytes, bool]]:
    """The samples of an archive by webdataset: their keys, and whether they have a picture."""
    found = []
    for sample in webdataset.WebDataset(str(archive), shardshuffle=False, empty_check=False):
        found.append((key(sample["__key__"]), any(name.split(".")[-1] == "png" for name in sample)))
    return found


def described(content: bytes) -> str:
    """For goldens in tests."""
    return base64.b64encode(content).decode()
