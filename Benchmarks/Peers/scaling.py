#!/usr/bin/env python3
"""How our cost grows: with the batch, the length and number of captions, the size of photographs, connections and threads.

usage: scaling.py CLIP WEIGHTS OUTPUT [--minutes M] [--quick]

CLIP is the built command, WEIGHTS a folder that weights.py made, OUTPUT the JSON file to write. The points of a curve are
measured in turns, round by round, so that a machine whose speed drifts bends no curve; what counts is each point's median.
Rounds during which others used the processor are measured again.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import io
import json
import pathlib
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image, ImageOps

import load
import machine
import traffic
from child import Child, leave_on_signals
from server import ours
from traffic import Pictures, Traffic, photographs

# The part of `--minutes` that this script takes.
SHARE = 0.15
COUNTS = (1, 2, 4, 8, 16, 32)
TOKENS = (4, 8, 16, 32, 48, 77)
WIDTHS = (320, 640, 1280, 2560, 4000)
CONNECTIONS = (1, 2, 4, 8, 16)
LEAST_ROUNDS, MOST_ROUNDS = 3, 15
# Rounds that take less together are watched as one: the kernel counts processor time in hundredths of a second.
WATCHED_SECONDS = 1.0

# What measures one point, by the point's place on the curve's axis.
Points = dict[int, Callable[[], float]]


@dataclasses.dataclass
class Curve:
    """Points, the processes that compute them, and the threads that each pass or server has; None where points differ in it."""

    name: str
    points: Points
    children: list[Child]
    threads: int | None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip")
    parser.add_argument("weights", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--minutes", type=float, default=10, help="of the whole comparison; this is about a seventh of it")
    parser.add_argument("--quick", action="store_true", help="one round: to see that it works")
    options = parser.parse_args()
    leave_on_signals()
    result = machine.provenance(options.clip, ("pillow",))
    result |= {"model": options.weights.name, "curves": {}, "threads": {}, "others": {}}
    guard = machine.Guard(1 if options.quick else machine.MOST_TRIES)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        seconds = options.minutes * 60 * SHARE / 8
        for curve in curves(options, folder):
            measured, result["others"][curve.name] = rounds(curve, seconds, options.quick, guard)
            result["curves"][curve.name] = measured
            result["threads"][curve.name] = curve.threads
            print(f"{curve.name}: {measured}", flush=True)
    result["disturbance"] = guard.summary()
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=1) + "\n")


def curves(options: argparse.Namespace, folder: pathlib.Path) -> Iterator[Curve]:
    """The curves; the processes of one end before the next one's start."""
    precisions = ["f32", "bf16"] if machine.has_bf16() else ["f32"]
    cores = machine.cores()
    for precision in precisions:
        with engine(options, precision, cores, folder) as child:
            for name, work in (
                ("images", {count: f"images {count}" for count in COUNTS}),
                ("captions", {count: f"captions {count} 12" for count in COUNTS}),
                ("tokens", {tokens: f"captions 8 {tokens}" for tokens in TOKENS}),
            ):
                yield Curve(f"{name} {precision}", passes(child, work), [child], cores)
    threads = sorted({1, 2, cores // 2, cores} - {0})
    with contextlib.ExitStack() as engines:
        children = {count: engines.enter_context(engine(options, precisions[-1], count, folder)) for count in threads}
        for work in ("images 8", "captions 8 12"):
            points = {count: passes(child, {count: work})[count] for count, child in children.items()}
            yield Curve(f"threads {work.split()[0]} {precisions[-1]}", points, list(children.values()), None)
    files = {width: enlarged(width, folder) for width in WIDTHS}
    for decoding in ("exact", "fast"):
        points = {width: decode(options.clip, file, decoding) for width, file in files.items()}
        yield Curve(f"decode {decoding}", points, [], 1)
    pictures = Pictures(photographs(1))
    seconds = 0.5 if options.quick else max(1.0, options.minutes * 60 * SHARE / 8 / len(CONNECTIONS) / LEAST_ROUNDS)
    with ours(options.clip, options.weights, folder, "swift-clip", "--precision", precisions[-1]) as server:
        server.wait_until_ready()
        for scenario in ("image1", "text1"):
            points = {
                count: rate(server.port, scenario, pictures, options.weights.name, count, seconds) for count in CONNECTIONS
            }
            yield Curve(f"connections {scenario} {precisions[-1]}", points, [server.child], cores)


def rounds(curve: Curve, seconds: float, quick: bool, guard: machine.Guard) -> tuple[dict[int, list[float]], list[float]]:
    """Every point once a round, until the time is over; and what others used of a core, by watched rounds."""
    found: dict[int, list[float]] = {place: [] for place in curve.points}
    for measure in curve.points.values():  # the first time is for memory and caches
        measure()
    start, done, others = time.monotonic(), 0, []

    def watched() -> list[dict[int, float]]:
        began, rows = time.monotonic(), []
        while not rows or (done + len(rows) < MOST_ROUNDS and time.monotonic() - began < WATCHED_SECONDS):
            rows.append({place: round(measure(), 3) for place, measure in curve.points.items()})
        return rows

    while done < (1 if quick else MOST_ROUNDS) and (done < LEAST_ROUNDS or time.monotonic() - start <= seconds):
        rows, disturbance = guard.measure(watched, lambda: sum(child.cpu_seconds() for child in curve.children))
        for row in rows:
            for place, value in row.items():
                found[place].append(value)
        done += len(rows)
        others.append(disturbance["others"])
    return found, others


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
