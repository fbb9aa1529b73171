#!/usr/bin/env python3
"""Another engine behind the line protocol of `clip benchmark --commands`, so that a driver can alternate between them.

usage: peer.py onnxruntime f32 THREADS ONNX_FOLDER
       peer.py openvino f32|bf16 THREADS ONNX_FOLDER

A line `images COUNT` or `captions COUNT TOKENS` on standard input runs one forward pass of random input and is answered with
its milliseconds. Captions are padded to 77 tokens, which is what the exported network takes.
"""

from __future__ import annotations

import pathlib
import sys
import time
from collections.abc import Callable

import numpy as np

CONTEXT, END_OF_TEXT = 77, 49_407
Pass = Callable[[np.ndarray], object]


def onnxruntime_pass(path: pathlib.Path, precision: str, threads: int) -> Pass:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda values: session.run(None, {"input": values})


def openvino_pass(path: pathlib.Path, precision: str, threads: int) -> Pass:
    import openvino

    settings = {
        "INFERENCE_PRECISION_HINT": precision,
        "INFERENCE_NUM_THREADS": str(threads),
        "NUM_STREAMS": "1",
        "PERFORMANCE_HINT": "LATENCY",
    }
    request = openvino.Core().compile_model(str(path), "CPU", settings).create_infer_request()
    return lambda values: request.infer([values])


def values(words: list[str], random: np.random.Generator) -> np.ndarray:
    """Random input of a pass."""
    if words[0] == "images":
        return random.standard_normal((int(words[1]), 3, 224, 224), np.float32)
    count, tokens = int(words[1]), int(words[2])
    ids = np.zeros((count, CONTEXT), np.int32)
    ids[:, :tokens] = random.integers(1, END_OF_TEXT - 1, (count, tokens))
    ids[:, 0], ids[:, tokens - 1] = END_OF_TEXT - 1, END_OF_TEXT
    return ids


def main() -> None:
    engine, precision, threads, folder = sys.argv[1:]
    load = {"onnxruntime": onnxruntime_pass, "openvino": openvino_pass}[engine]
    towers = {
        kind: load(pathlib.Path(folder) / f"{file}.onnx", precision, int(threads))
        for kind, file in (("images", "visual"), ("captions", "textual"))
    }
    random = np.random.default_rng(0)
    for line in sys.stdin:
        words = line.split()
        batch = values(words, random)
        start = time.perf_counter()
        towers[words[0]](batch)
        print(f"{(time.perf_counter() - start) * 1e3:.4f}", flush=True)


if __name__ == "__main__":
    main()
