#!/usr/bin/env python3
"""Times `clip` against Pillow and numpy from a JPEG's bytes to normalised pixels, with one thread each.

usage: measure-decoding.py CLIP [PHOTOGRAPH]      CLIP: the built command, such as .build/release/clip

Three JPEGs of quality 85 are made from the photograph, by default Examples/pictures/koala.jpg: 4000 x 3000 pixels, 3000 x
4000, and 500 x 375. A small photograph is enlarged for them, and noise is added, so that the large ones have as many bytes as
a camera's. Each round times Pillow twice, then `clip` exact and `clip` fast, each in a process of its own. The output is the
median of the rounds' medians, and the median, the smallest and the largest of the rounds' ratios. Needs Pillow and numpy.

Pillow is timed as it is, and once more with an allocator that keeps the memory that it was given. By default glibc returns the
memory of a large picture to the system, and each new page costs a fault, which is expensive on virtual machines.
"""

import io
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
from PIL import Image, ImageOps, features

ROOT = pathlib.Path(__file__).resolve().parents[1]
MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
DEVIATION = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)
SIDE = 224
ROUNDS = 7
KEEPING = {
    "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 32),
    "MALLOC_TOP_PAD_": str(1 << 26),
}
# name, width, height, and how often each is decoded in a round
PICTURES = [("12mp", 4000, 3000, 7), ("12mp-upright", 3000, 4000, 7), ("500x375", 500, 375, 101)]


def write_jpegs(photograph: pathlib.Path, folder: pathlib.Path) -> list[tuple[pathlib.Path, int]]:
    """Writes the pictures that are timed, with the number of decodes of each in a round."""
    source = Image.open(photograph).convert("RGB")
    noise = np.random.default_rng(1)
    found = []
    for name, width, height, runs in PICTURES:
        picture = ImageOps.fit(source, (width, height), Image.Resampling.BICUBIC)
        if source.width < width or source.height < height:
            grain = noise.normal(0, 7, (height, width, 1))
            picture = Image.fromarray(np.clip(np.asarray(picture) + grain, 0, 255).astype(np.uint8))
        path = folder / f"{name}.jpg"
        picture.save(path, quality=85)
        found.append((path, runs))
    return found


def reference(data: bytes) -> np.ndarray:
    """The normalised pixels, (3, 224, 224), that torchvision's Resize, CenterCrop, ToTensor and Normalize make."""
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    width, height = picture.size
    if width <= height:
        size = (SIDE, SIDE * height // width)
    else:
        size = (SIDE * width // height, SIDE)
    picture = picture.resize(size, Image.Resampling.BICUBIC)
    left, top = round((size[0] - SIDE) / 2), round((size[1] - SIDE) / 2)
    picture = picture.crop((left, top, left + SIDE, top + SIDE))
    values = (np.asarray(picture, np.float32) / np.float32(255) - MEAN) / DEVIATION
    return np.ascontiguousarray(values.transpose(2, 0, 1))


def time_reference(path: pathlib.Path, runs: int) -> float:
    """The median time of some runs in milliseconds, after one run that does not count."""
    data = path.read_bytes()
    reference(data)
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        reference(data)
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


def time_theirs(path: pathlib.Path, runs: int, environment: dict[str, str]) -> float:
    command = [sys.executable, __file__, "--reference", str(path), str(runs)]
    environment = os.environ | environment
    return float(subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout)


def time_ours(clip: str, path: pathlib.Path, runs: int, decoding: str) -> float:
    command = [clip, "benchmark", "decode", "--decode", decoding, "--runs", str(runs), str(path)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["median_ms"]


def ratio(ours: list[float], theirs: list[float]) -> str:
    ratios = [their / our for our, their in zip(ours, theirs)]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def main() -> None:
    if len(sys.argv) == 4 and sys.argv[1] == "--reference":
        print(time_reference(pathlib.Path(sys.argv[2]), int(sys.argv[3])))
        return
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    clip = sys.argv[1]
    photograph = pathlib.Path(sys.argv[2]) if len(sys.argv) == 3 else ROOT / "Examples/pictures/koala.jpg"
    turbo = features.version("libjpeg_turbo") or "none"
    print(f"Pillow {Image.__version__}, its libjpeg-turbo {turbo}; {ROUNDS} rounds\n")
    print("| picture, decoding | clip | Pillow and numpy | times as quick | Pillow keeping memory | times as quick |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for path, runs in write_jpegs(photograph, pathlib.Path(folder)):
            times: dict[str, list[float]] = {"theirs": [], "keeping": [], "exact": [], "fast": []}
            for _ in range(ROUNDS):
                times["theirs"].append(time_theirs(path, runs, {}))
                times["keeping"].append(time_theirs(path, runs, KEEPING))
                for decoding in ("exact", "fast"):
                    times[decoding].append(time_ours(clip, path, runs, decoding))
            median = {name: f"{statistics.median(values):.2f} ms" for name, values in times.items()}
            for decoding in ("exact", "fast"):
                ratios = {name: ratio(times[decoding], times[name]) for name in ("theirs", "keeping")}
                print(
                    f"| {path.stem}, {path.stat().st_size / 1e6:.2f} MB, {decoding} | {median[decoding]} "
                    f"| {median['theirs']} | {ratios['theirs']} | {median['keeping']} | {ratios['keeping']} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
