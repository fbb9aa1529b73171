#!/usr/bin/env python3
"""How our cost grows: with the batch, the length and number of captions, the size of photographs, connections and threads.

usage: scaling.py CLIP WEIGHTS OUTPUT [--minutes M] [--quick]

CLIP is the built command, WEIGHTS a folder that weights.py made, OUTPUT the JSON file to write. The points of a curve are
measured in turns, round by round, so that a machine whose speed drifts bends no curve; what counts is each point's median.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import pathlib
import subprocess
import tempfile
import time
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageOps

import load
import machine
import traffic
from child import Child, leave_on_signals
from server import ours
from traffic import Pictures, Traffic, photographs

# The part of `--minutes` that this script takes.
SHARE = 0.20
COUNTS = (1, 2, 4, 8, 16, 32)
TOKENS = (4, 8, 16, 32, 48, 77)
WIDTHS = (320, 640, 1280, 2560, 4000)
CONNECTIONS = (1, 2, 4, 8, 16)
LEAST_ROUNDS, MOST_ROUNDS = 3, 15

# What measures one point, by the point's place on the curve's axis.
Points = dict[int, Callable[[], float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip")
    parser.add_argument("weights", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--minutes", type=float, default=10, help="of the whole comparison; this is a fifth of it")
    parser.add_argument("--quick", action="store_true", help="one round: to see that it works")
    options = parser.parse_args()
    leave_on_signals()
    result = machine.provenance(options.clip, ("pillow",))
    result |= {"model": options.weights.name, "curves": {}}
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        seconds = options.minutes * 60 * SHARE / 8
        for name, points in curves(options, folder, stack):
            result["curves"][name] = measured = rounds(points, seconds, options.quick)
            print(f"{name}: {measured}", flush=True)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=1) + "\n")


def curves(options: argparse.Namespace, folder: pathlib.Path, stack: contextlib.ExitStack):
    """Each curve's name and points; its processes end before the next curve's start."""
    precisions = ["f32", "bf16"] if machine.has_bf16() else ["f32"]
    for precision in precisions:
        with engine(options, precision, machine.cores(), folder) as child:
            yield f"images {precision}", passes(child, {count: f"images {count}" for count in COUNTS})
            yield f"captions {precision}", passes(child, {count: f"captions {count} 12" for count in COUNTS})
            yield f"tokens {precision}", passes(child, {tokens: f"captions 8 {tokens}" for tokens in TOKENS})
    threads = sorted({1, 2, machine.cores() // 2, machine.cores()} - {0})
    with contextlib.ExitStack() as engines:
        children = {count: engines.enter_context(engine(options, precisions[-1], count, folder)) for count in threads}
        for work in ("images 8", "captions 8 12"):
            points = {count: passes(child, {count: work})[count] for count, child in children.items()}
            yield f"threads {work.split()[0]} {precisions[-1]}", points
    files = {width: enlarged(width, folder) for width in WIDTHS}
    for decoding in ("exact", "fast"):
        yield f"decode {decoding}", {width: decode(options.clip, file, decoding) for width, file in files.items()}
    pictures = Pictures(photographs(1))
    seconds = 0.5 if options.quick else max(1.0, options.minutes * 60 * SHARE / 8 / len(CONNECTIONS) / LEAST_ROUNDS)
    with ours(options.clip, options.weights, folder, "swift-clip", "--precision", precisions[-1]) as server:
        server.wait_until_ready()
        for scenario in ("image1", "text1"):
            yield f"connections {scenario} {precisions[-1]}", {
                count: rate(server.port, scenario, pictures, options.weights.name, count, seconds) for count in CONNECTIONS
            }


def rounds(points: Points, seconds: float, quick: bool) -> dict[int, list[float]]:
    """Every point once a round, until the time is over."""
    found: dict[int, list[float]] = {place: [] for place in points}
    for measure in points.values():  # the first time is for memory and caches
        measure()
    start = time.monotonic()
    for number in range(1 if quick else MOST_ROUNDS):
        if number >= LEAST_ROUNDS and time.monotonic() - start > seconds:
            break
        for place, measure in points.items():
            found[place].append(round(measure(), 3))
    return found


def engine(options: argparse.Namespace, precision: str, threads: int, folder: pathlib.Path) -> Child:
    command = [
        options.clip, "benchmark", "--commands", "--precision", precision, "--threads", str(threads),
        "--model", str(options.weights / "openclip"),
    ]
    return Child(f"engine {precision} {threads}", command, folder / f"engine-{precision}-{threads}.log")


def passes(child: Child, work: dict[int, str]) -> Points:
    """Milliseconds of a forward pass."""
    return {place: lambda line=line: child.milliseconds(line) for place, line in work.items()}


def decode(clip: str, file: pathlib.Path, decoding: str) -> Callable[[], float]:
    """Milliseconds from a file's bytes to pixel values: the median of five, on one thread."""
    command = [clip, "benchmark", "decode", "--decode", decoding, "--runs", "5", str(file)]

    def measure() -> float:
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["median_ms"]

    return measure


def rate(port: int, scenario: str, pictures: Pictures, model: str, connections: int, seconds: float) -> Callable[[], float]:
    """Requests a second."""

    def measure() -> float:
        requests = Traffic(scenario, pictures, model)
        return load.run(port, requests, connections, seconds)["requests_per_second"]

    return measure


def enlarged(width: int, folder: pathlib.Path) -> pathlib.Path:
    """A JPEG of so many columns, with grain, so that it has as many bytes as a camera's."""
    source = Image.open(traffic.ROOT / "Examples/pictures/koala.jpg").convert("RGB")
    size = (width, width * 3 // 4)
    grain = np.random.default_rng(traffic.SEED).normal(0, 7, (size[1], size[0], 1))
    picture = np.asarray(ImageOps.fit(source, size, Image.Resampling.BICUBIC)) + grain
    file = io.BytesIO(traffic.jpeg(Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))))
    path = folder / f"{width}.jpg"
    path.write_bytes(file.getvalue())
    return path


if __name__ == "__main__":
    main()
