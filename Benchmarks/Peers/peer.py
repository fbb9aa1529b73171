#!/usr/bin/env python3
"""Another engine behind the line protocol of `clip benchmark --commands`, so that a driver can alternate between them.

usage: peer.py onnxruntime f32|int8 THREADS ONNX_FOLDER [IMAGES]
       peer.py openvino f32|bf16 THREADS ONNX_FOLDER [IMAGES]

A line `images COUNT` or `captions COUNT TOKENS` on standard input runs one forward pass of random input and is answered with
its milliseconds. Captions are padded to 77 tokens, which is what the exported network takes. `embed FILE` runs the pixel values
of a file of numpy's and is answered with their embeddings. IMAGES is how many there will be in every pass, for which the
network is then compiled; without it any number goes. A tower is loaded when it is first asked for. In int8 it is that of
visual-int8.onnx.
"""

from __future__ import annotations

import functools
import json
import pathlib
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

CONTEXT, END_OF_TEXT = 77, 49_407
FILES = {"images": "visual", "captions": "textual"}


class Tower(NamedTuple):
    """A network that is loaded, and the sides of its input behind the first."""

    run: Callable[[np.ndarray], np.ndarray]
    sides: tuple[int, ...]


def onnxruntime_tower(path: pathlib.Path, precision: str, threads: int, count: int | None) -> Tower:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    if count is not None:
        options.add_free_dimension_override_by_name("batch", count)
    path = path.with_stem(f"{path.stem}-int8") if precision == "int8" else path
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    sides = tuple(session.get_inputs()[0].shape[1:])
    return Tower(lambda values: session.run(None, {"input": values})[0], sides)


def openvino_tower(path: pathlib.Path, precision: str, threads: int, count: int | None) -> Tower:
    import openvino

    settings = {
        "INFERENCE_PRECISION_HINT": precision,
        "INFERENCE_NUM_THREADS": str(threads),
        "NUM_STREAMS": "1",
        "PERFORMANCE_HINT": "LATENCY",
    }
    core = openvino.Core()
    network = core.read_model(str(path))
    sides = tuple(side.get_length() for side in list(network.inputs[0].partial_shape)[1:])
    if count is not None:
        network.reshape([count, *sides])
    compiled = core.compile_model(network, "CPU", settings)
    found = compiled.get_property("INFERENCE_PRECISION_HINT").to_string()
    if found != precision:
        sys.exit(f"OpenVINO would compute in {found} here, not in {precision}")
    request = compiled.create_infer_request()
    return Tower(lambda values: request.infer([values])[0], sides)


def values(words: list[str], sides: tuple[int, ...], random: np.random.Generator) -> np.ndarray:
    """Random input of a pass."""
    if words[0] == "images":
        return random.standard_normal((int(words[1]), *sides), np.float32)
    count, tokens = int(words[1]), int(words[2])
    ids = np.zeros((count, CONTEXT), np.int32)
    ids[:, :tokens] = random.integers(1, END_OF_TEXT - 1, (count, tokens))
    ids[:, 0], ids[:, tokens - 1] = END_OF_TEXT - 1, END_OF_TEXT
    return ids


def main() -> None:
    engine, precision, threads, folder, *count = sys.argv[1:]
    load = {"onnxruntime": onnxruntime_tower, "openvino": openvino_tower}[engine]

    @functools.cache
    def tower(kind: str) -> Tower:
        path = pathlib.Path(folder) / f"{FILES[kind]}.onnx"
        return load(path, precision, int(threads), int(count[0]) if count else None)

    random = np.random.default_rng(0)
    for line in sys.stdin:
        words = line.split()
        if words[0] == "embed":
            print(json.dumps(tower("images").run(np.load(line.strip().partition(" ")[2])).tolist()), flush=True)
            continue
        run, sides = tower(words[0])
        batch = values(words, sides, random)
        start = time.perf_counter()
        run(batch)
        print(f"{(time.perf_counter() - start) * 1e3:.4f}", flush=True)


if __name__ == "__main__":
    main()
