#!/usr/bin/env python3
"""The tables of image towers of full size beside other engines, of towers.json.

usage: tower_tables.py RESULT      prints them
"""

from __future__ import annotations

import json
import pathlib
import statistics
import sys

from tables import agreement, brackets, counted, digits, disturbance, label, setting, spread_ratio, table

# Ours, and the program that it is held against.
PAIRS = [
    ("f32", "onnxruntime f32"), ("f32", "openvino f32"), ("bf16", "openvino bf16"), ("bf16", "onnxruntime f32"),
    ("int8", "onnxruntime int8"), ("int8", "openvino int8"),
]


def towers(result: dict, plots: pathlib.Path) -> str:
    parts = [setting(result), ""]
    names = list(next(iter(result["runs"][0]["times_ms"].values())))
    pairs = [(f"swift-clip {ours}", peer) for ours, peer in PAIRS if f"swift-clip {ours}" in names and peer in names]
    runs = [(title(run), next(iter(run["times_ms"].values())), run) for run in result["runs"]]
    rows = [[name, *(digits(statistics.median(times[side])) for side in names)] for name, times, _ in runs]
    parts += [table(["milliseconds", *map(label, names)], rows), ""]
    rows = [[name, *(spread_ratio(times[peer], times[ours]) for ours, peer in pairs)] for name, times, _ in runs]
    parts += [table(["times as quick", *(f"{ours.split()[1]} as {label(peer)}" for ours, peer in pairs)], rows), ""]
    rows = [[name, *(f"{run['memory'][side]['rss_mb']:.0f}" for side in names)] for name, _, run in runs]
    parts += [table(["resident memory, MB", *map(label, names)], rows), ""]
    rounds = min(len(times[names[0]]) for _, times, _ in runs)
    parts.append(
        f"* Times are medians of {counted(rounds, 'round')}. Every program ran once in a round.\n"
        f"* Ratios are medians of the rounds' ratios{brackets(rounds)}\n"
        "* The peers' networks are compiled for the number of pictures.\n"
        f"* {agreement([run['differences'] for run in result['runs']], 'pictures')}\n"
        "* Memory is that of the whole process. Ours has a text tower, too; the peers' contain Python." + disturbance(result)
    )
    return "\n".join(parts)


def title(run: dict) -> str:
    pictures = "one picture" if run["images"] == 1 else f"{run['images']} pictures"
    return f"{run['model']}, {pictures}, {counted(run['threads'], 'thread')}"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print(towers(json.loads(pathlib.Path(sys.argv[1]).read_text()), pathlib.Path()))
