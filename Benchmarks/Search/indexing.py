#!/usr/bin/env python3
"""Indexing a folder of photographs: `clip index` beside `clip embed`, which is the engine alone, and beside rclip, in turns.

usage: indexing.py CLIP OUTPUT [--pictures N] [--rounds N] [--folder FOLDER] [--only NAME,...]

All read the same JPEGs of about a megapixel, decode included, with the architecture that rclip has: ViT-B/32 for 256 pixels. Nobody
has to download weights: those of ../Peers/weights.py are random, and cost exactly what trained ones cost. rclip finds them as ONNX
files where its own would be ($RCLIP_DATADIR), and computes in f32, which is what it has. Every run is a program that starts, does
all pictures into a new index and ends. What it takes for one picture is taken off, so that start and loading do not count.

A round has one run of each program over all pictures, in an order that turns, and one over a single picture.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Peers"))

import machine  # noqa: E402
import numpy as np  # noqa: E402
import weights  # noqa: E402
from PIL import Image, ImageFilter  # noqa: E402

MODEL = "ViT-B-32"
# Where rclip 3.3.0 looks for its model.
RCLIP_MODEL = "ViT-B-32-256-datacomp_s34b_b86k"
# What a processor needs for each precision, as Linux calls it; `clip` refuses those without.
PRECISIONS = {"f32": set(), "bf16": {"avx512_bf16"}, "int8": {"avx512_vnni", "avx_vnni"}}


def photograph(file: pathlib.Path, number: int) -> None:
    """A picture with smooth areas, edges and grain, as large a JPEG as a camera's of that size."""
    random = np.random.default_rng(number)
    width, height = ((1200, 900), (900, 1200), (1280, 800))[number % 3]
    coarse = Image.fromarray(random.integers(0, 256, (9, 12, 3), np.uint8)).resize((width, height), Image.Resampling.BICUBIC)
    edges = Image.fromarray(random.integers(0, 256, (60, 80, 3), np.uint8)).resize((width, height), Image.Resampling.NEAREST)
    picture = Image.blend(coarse, edges.filter(ImageFilter.GaussianBlur(2)), 0.25)
    grain = random.normal(0, 4, (height, width, 1))
    Image.fromarray(np.clip(np.asarray(picture, np.float64) + grain, 0, 255).astype(np.uint8)).save(file, quality=88)


def here() -> list[str]:
    """The precisions that this processor has instructions for."""
    flags = set(re.search(r"^flags.*", pathlib.Path("/proc/cpuinfo").read_text(), re.MULTILINE).group().split())
    return [precision for precision, needed in PRECISIONS.items() if not needed or needed & flags]


class Run:
    """One program over a folder."""

    def __init__(self, clip: str, model: pathlib.Path, rclip: pathlib.Path, folder: pathlib.Path) -> None:
        self.clip, self.model, self.rclip, self.folder = clip, model, rclip, folder

    def seconds(self, name: str, pictures: pathlib.Path) -> float:
        program, _, precision = name.rpartition(" ")
        scratch = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        environment = os.environ | {"HF_HUB_OFFLINE": "1"}
        settings = ["--model", str(self.model), "--precision", precision]
        if program == "clip embed":
            command = [self.clip, "embed", *settings, *sorted(map(str, pictures.iterdir()))]
        elif program == "clip index":
            command = [self.clip, "index", *settings, "--index", str(scratch / "index"), str(pictures)]
        else:
            data = scratch / "data"
            data.mkdir()
            for entry in self.rclip.iterdir():
                (data / entry.name).symlink_to(entry)
            environment["RCLIP_DATADIR"] = str(data)
            # It indexes before it searches, here for one of the pictures, so that no text is embedded.
            command = [sys.executable, "-m", "rclip", "--filepath-only", "--top", "1", str(next(pictures.iterdir()))]
        start = time.monotonic()
        run = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=pictures, env=environment)
        seconds = time.monotonic() - start
        if run.returncode:
            sys.exit(f"{name} failed: {run.stderr.decode(errors='replace')[-2000:]}")
        if program == "rclip":
            self.check(data / "db.sqlite3", len(list(pictures.iterdir())))
        shutil.rmtree(scratch)
        return seconds

    @staticmethod
    def check(database: pathlib.Path, expected: int) -> None:
        import sqlite3

        with sqlite3.connect(database) as access:
            [[count]] = access.execute("SELECT count(*) FROM images WHERE vector IS NOT NULL").fetchall()
        if count != expected:
            sys.exit(f"rclip indexed {count} pictures of {expected}")


def make(folder: pathlib.Path, count: int) -> tuple[pathlib.Path, pathlib.Path, dict[str, pathlib.Path]]:
    """The model for ours, rclip's data, and two folders of pictures; kept if they are there."""
    weights.SIDE = 256
    made = weights.make(folder / "weights-256", MODEL)
    data = folder / "rclip"
    (data / RCLIP_MODEL).mkdir(parents=True, exist_ok=True)
    (data / "tokenizer").mkdir(exist_ok=True)
    (data / "tokenizer/bpe_simple_vocab_16e6.txt.gz").touch()
    for name in ("visual.onnx", "textual.onnx"):
        if not (data / RCLIP_MODEL / name).exists():
            (data / RCLIP_MODEL / name).symlink_to((made / "onnx" / name).resolve())
    folders = {"all": folder / f"pictures-{count}", "one": folder / "pictures-1"}
    for place, number in zip(folders.values(), (count, 1), strict=True):
        place.mkdir(exist_ok=True)
        for index in range(number):
            if not (place / f"{index:05}.jpg").exists():
                photograph(place / f"{index:05}.jpg", index)
    return made / "openclip", data, folders


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=lambda path: str(pathlib.Path(path).resolve()))
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path(".build/search-bench"))
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    model, rclip, folders = make(folder, arguments.pictures)
    names = [f"{program} {precision}" for precision in here() for program in ("clip embed", "clip index")] + ["rclip f32"]
    names = [name for name in names if not arguments.only or name in arguments.only.split(",")]
    run = Run(arguments.clip, model, rclip, folder)
    times = {name: {"all": [], "one": []} for name in names}
    guard = machine.Guard(tries=1)
    for place in folders.values():  # what lies in the page cache is the same for all
        for file in place.iterdir():
            file.read_bytes()
    for number in range(arguments.rounds):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            for kind, pictures in folders.items():
                seconds, _ = guard.measure(lambda: run.seconds(name, pictures))
                times[name][kind].append(round(seconds, 4))
        print(f"round {number + 1} of {arguments.rounds}", file=sys.stderr, flush=True)
    # Pictures a second in each round, of which the middle one counts.
    rates = {
        name: statistics.median(
            (arguments.pictures - 1) / (many - one) for many, one in zip(found["all"], found["one"], strict=True)
        )
        for name, found in times.items()
    }
    result = machine.provenance(pathlib.Path(arguments.clip), ("rclip", "onnxruntime", "pillow")) | {
        "pictures": arguments.pictures, "times_s": times, "pictures_per_second": rates, "guard": guard.summary(),
    }
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(result, indent=1) + "\n")
    missed = False
    for name, rate in rates.items():
        print(f"{name:<18}{rate:>9.1f} pictures/s")
    for precision in PRECISIONS:
        index, embed = rates.get(f"clip index {precision}"), rates.get(f"clip embed {precision}")
        if index and embed:
            print(f"clip index over clip embed, {precision}: {index / embed:.3f} (at least 0.95)")
            missed |= index < 0.95 * embed
        if index and "rclip f32" in rates:
            least = 1.5 if precision == "f32" else 2.5
            print(f"clip index over rclip, {precision}: {index / rates['rclip f32']:.2f} (at least {least})")
            missed |= precision == "f32" and index < 1.5 * rates["rclip f32"]
    halves = [rates[f"clip index {precision}"] for precision in ("bf16", "int8") if f"clip index {precision}" in rates]
    if halves and "rclip f32" in rates:
        missed |= max(halves) < 2.5 * rates["rclip f32"]
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
