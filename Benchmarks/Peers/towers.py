#!/usr/bin/env python3
"""Pictures of larger models side by side: ours, ONNX Runtime and OpenVINO with the same weights, in turns, nothing else running.

usage: towers.py CLIP WEIGHTS OUTPUT [--rounds N] [--threads N,...] [--images N,...] [--models NAME,...] [--quick]

CLIP is the built command, WEIGHTS the folder of weights.py's ViT-L-14 and siglip.py's ViT-B-16-SigLIP2-256, OUTPUT the JSON file
to write, of which ../tower_tables.py makes tables. Every program is a process of its own that waits on a pipe; the peers compile
their networks for the number of pictures that they will be given. Before anything is measured all of them embed the same
pictures: in f32 to one result, in bf16 nearly; otherwise nothing is measured. int8 is told beside the others: ours, ONNX
Runtime's dynamic one, and OpenVINO's by NNCF; its cosine is only told. Each round has a pass of every program, in an order that
turns.
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
from agreement import differences, settings
from child import leave_on_signals

HERE = pathlib.Path(__file__).resolve().parent
ROUNDS = 15


def programs(clip: str, weights: pathlib.Path, threads: int, count: int) -> dict[str, list[str]]:
    """The commands that are measured, by name."""
    peer = [sys.executable, str(HERE / "peer.py")]
    network = [str(threads), str(weights), str(count)]
    precisions = ["f32"] + ["bf16"] * machine.has_bf16() + ["int8"] * machine.has_int8()
    ours = {f"swift-clip {precision}": [clip, "benchmark", "--commands", *settings(weights, threads, precision)]
            for precision in precisions}
    theirs = {
        f"{engine} {precision}": [*peer, engine, precision, *network]
        for engine, known in (("onnxruntime", ("f32", "int8")), ("openvino", ("f32", "bf16", "int8")))
        for precision in precisions if precision in known
    }
    return ours | theirs


# MARK: Measuring


def measure(
    clip: str, weights: pathlib.Path, threads: int, count: int, rounds: int, guard: machine.Guard
) -> dict[str, object]:
    """Milliseconds of every program for so many pictures with so many threads, by round."""
    with (
        tempfile.TemporaryDirectory() as folder,
        turns.started(programs(clip, weights, threads, count), pathlib.Path(folder)) as children,
    ):
        found = differences(children, clip, weights, threads, count, pathlib.Path(folder))
        run = {"model": weights.name, "threads": threads, "images": count, "differences": found}
        return run | turns.measure(children, [f"images {count}"], guard, fewest=rounds, most=rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip")
    parser.add_argument("weights", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--threads", default=",".join(map(str, sorted({1, machine.cores()}))), help="1 and all by default")
    parser.add_argument("--images", default="1", help="how many at once; 1 by default, as in 1,8")
    parser.add_argument("--models", default="ViT-B-16-SigLIP2-256,ViT-L-14")
    parser.add_argument("--quick", action="store_true", help="three rounds, one thread: to see that it works")
    options = parser.parse_args()
    leave_on_signals()
    threads, images = ([int(part) for part in text.split(",")] for text in (options.threads, options.images))
    rounds = 3 if options.quick else options.rounds
    guard = machine.Guard(1 if options.quick else machine.MOST_TRIES)
    result = machine.provenance(options.clip, ("onnxruntime", "openvino", "numpy"))
    result |= {"model": "Image towers of full size", "runs": []}
    facts = result["machine"]
    print(f"{facts['processor']}, {facts['cores']} cores: {', '.join(facts['flags'])}", flush=True)
    for name in options.models.split(","):
        weights = options.weights / name
        quantise.make(weights)
        for count in images:
            for several in threads[:1] if options.quick else threads:
                run = measure(options.clip, weights, several, count, rounds, guard)
                result["runs"].append(run)
                medians = {side: statistics.median(times) for side, times in run["times_ms"][f"images {count}"].items()}
                line = ", ".join(f"{side} {median:.1f}" for side, median in medians.items())
                print(f"{name}, {count} at once, {several} threads: {line} ms", flush=True)
    result["disturbance"] = guard.summary()
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
