#!/usr/bin/env python3
"""Forward passes side by side: ours, ONNX Runtime, OpenVINO, open_clip and transformers with the same weights, in turns.

usage: engines.py CLIP WEIGHTS OUTPUT [--minutes M] [--quick]

CLIP is the built command, WEIGHTS a folder that weights.py made (such as FOLDER/ViT-B-32), OUTPUT the JSON file to write.
Every engine is a process of its own that waits on a pipe. In each round each of them runs each case once, in an order that
turns from round to round; a short pause before each pass lets the threads of the previous engine fall asleep. A round during
which others used the processor is measured again. Captions have 12 tokens. ONNX Runtime, OpenVINO and open_clip compute all 77
positions, since that is the network, or the tokenizer's output, that they are given; transformers computes the 12.

Before anything is measured all engines embed the same pictures and captions: in f32 to one result, in bf16 nearly; of int8 the
cosine is told.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import statistics
import sys
import tempfile

import machine
import quantise
import turns
from agreement import differences
from child import leave_on_signals

HERE = pathlib.Path(__file__).resolve().parent
# The part of `--minutes` that this script takes.
SHARE = 0.22
TOKENS = 12
# How many pictures, and how many captions, are embedded for the comparison beforehand.
COMPARED = {"images": 4, "captions": 20}
PACKAGES = ("onnxruntime", "openvino", "nncf", "torch", "open_clip_torch", "transformers", "numpy")
CASES = ["images 1", "images 8", f"captions 1 {TOKENS}", f"captions 8 {TOKENS}"]


def engines(clip: str, weights: pathlib.Path, threads: int) -> dict[str, list[str]]:
    """The commands that are measured, by name."""
    peer = [sys.executable, str(HERE / "peer.py")]
    ours = [clip, "benchmark", "--commands", "--threads", str(threads), "--model", str(weights / "openclip")]
    precisions = {
        "f32": ("onnxruntime", "openvino", "open_clip", "transformers"),
        "bf16": ("openvino",) if machine.has_bf16() else None,
        "int8": ("onnxruntime", "openvino") if machine.has_int8() else None,
    }
    found = {}
    for precision, names in precisions.items():
        if names is not None:
            found[f"swift-clip {precision}"] = [*ours, "--precision", precision]
            found |= {f"{name} {precision}": [*peer, name, precision, str(threads), str(weights)] for name in names}
    return found


def measure(
    clip: str, weights: pathlib.Path, threads: int, seconds: float, logs: pathlib.Path, guard: machine.Guard
) -> dict[str, object]:
    """Milliseconds of every engine and case with so many threads, by round, and what the processes weigh."""
    with turns.started(engines(clip, weights, threads), logs) as children:
        found = {kind: differences(children, clip, weights, threads, count, logs, kind) for kind, count in COMPARED.items()}
        for kind, by_engine in found.items():
            told = (f"{name} {of['relative_error']:.1g}, {of['cosine']:.5f}" for name, of in by_engine.items())
            print(f"{kind}, relative error and cosine: {'; '.join(told)}", flush=True)
        return {"threads": threads, "differences": found} | turns.measure(children, CASES, guard, seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip")
    parser.add_argument("weights", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--minutes", type=float, default=10, help="of the whole comparison; this is about a fifth of it")
    parser.add_argument("--quick", action="store_true", help="three rounds, one thread: to see that it works")
    options = parser.parse_args()
    leave_on_signals()
    # One thread, and as many as there are cores.
    counts = [1] if options.quick else sorted({1, machine.cores()})
    seconds = 0 if options.quick else options.minutes * 60 * SHARE / len(counts)
    quantise.make(options.weights)
    result = machine.provenance(options.clip, PACKAGES)
    result |= {"model": options.weights.name, "tokens": TOKENS, "runs": []}
    guard = machine.Guard(1 if options.quick else machine.MOST_TRIES)
    with tempfile.TemporaryDirectory() as logs:
        for threads in counts:
            run = measure(options.clip, options.weights, threads, seconds, pathlib.Path(logs), guard)
            result["runs"].append(run)
            for case, times in run["times_ms"].items():
                line = ", ".join(f"{name} {statistics.median(values):.2f}" for name, values in times.items())
                print(f"{threads} threads, {case}: {line} ms", flush=True)
    result["disturbance"] = guard.summary()
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
