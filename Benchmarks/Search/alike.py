#!/usr/bin/env python3
"""How alike a model finds pictures that were saved anew, scaled or cropped, beside pictures that are of different things.

usage: alike.py CLIP FOLDER [--model MODEL] [--min-score X]

FOLDER has photographs. A row for each change: the least cosine and the middle one between a picture and the changed one, and the part
that reaches --min-score; then the greatest cosines of two different pictures. The default of `clip duplicates --min-score` comes from
this: `pip download scikit-image scikit-learn` brings photographs, beside those of Examples/pictures.
"""

from __future__ import annotations

import argparse
import io
import json
import pathlib
import statistics
import subprocess
import tempfile
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageEnhance, ImageOps


def saved(kind: str, quality: int) -> Callable[[Image.Image], Image.Image]:
    def change(picture: Image.Image) -> Image.Image:
        data = io.BytesIO()
        picture.save(data, kind, quality=quality)
        return Image.open(data)

    return change


def scaled(part: float) -> Callable[[Image.Image], Image.Image]:
    return lambda picture: picture.resize(tuple(max(1, round(part * side)) for side in picture.size), Image.Resampling.LANCZOS)


def cropped(part: float) -> Callable[[Image.Image], Image.Image]:
    """Takes so much off each side."""
    return lambda picture: picture.crop(
        (round(part * picture.width), round(part * picture.height), round((1 - part) * picture.width), round((1 - part) * picture.height))
    )


CHANGES = {
    "JPEG, quality 75": saved("JPEG", 75),
    "JPEG, quality 30": saved("JPEG", 30),
    "WebP, quality 80": saved("WEBP", 80),
    "half the size": scaled(0.5),
    "a quarter of the size": scaled(0.25),
    "2 % off each side": cropped(0.02),
    "5 % off each side": cropped(0.05),
    "10 % off each side": cropped(0.1),
    "15 % brighter": lambda picture: ImageEnhance.Brightness(picture).enhance(1.15),
    "mirrored": ImageOps.mirror,
    "grey": lambda picture: ImageOps.grayscale(picture).convert("RGB"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--model")
    parser.add_argument("--min-score", type=float, default=0.97)
    arguments = parser.parse_args()
    files = sorted(file for file in arguments.folder.rglob("*") if file.suffix.lower() in (".jpg", ".jpeg", ".png"))
    with tempfile.TemporaryDirectory() as place:
        names: list[str] = []
        for number, file in enumerate(files):
            picture = Image.open(file).convert("RGB")
            for change, make in ({"": lambda same: same} | CHANGES).items():
                name = pathlib.Path(place, f"{number} {change}.png".replace("%", ""))
                make(picture).convert("RGB").save(name)
                names.append(str(name))
        model = ["--model", arguments.model] if arguments.model else []
        run = subprocess.run([arguments.clip, "embed", "--normalize", *model, *names], check=True, capture_output=True, text=True)
    rows = np.array([json.loads(line)["embedding"] for line in run.stdout.splitlines()])
    rows = rows.reshape(len(files), 1 + len(CHANGES), -1)
    print(f"{len(files)} photographs{'':<14}{'least':>8}{'5 %':>8}{'middle':>8}{'found':>8}")
    for place, change in enumerate(CHANGES, 1):
        cosines = sorted(float(a @ b) for a, b in zip(rows[:, 0], rows[:, place], strict=True))
        found = sum(cosine >= arguments.min_score for cosine in cosines) / len(cosines)
        print(f"{change:<28}{cosines[0]:>8.4f}{cosines[len(cosines) // 20]:>8.4f}{statistics.median(cosines):>8.4f}{found:>8.0%}")
    cosines = rows[:, 0] @ rows[:, 0].T
    pairs = sorted(((float(cosines[a, b]), a, b) for a in range(len(files)) for b in range(a)), reverse=True)
    reached = sum(cosine >= arguments.min_score for cosine, *_ in pairs)
    print(f"{reached} of {len(pairs)} pairs of different photographs reach {arguments.min_score}; the most alike:")
    for cosine, a, b in pairs[:8]:
        print(f"  {cosine:.4f}  {files[a].name}  {files[b].name}")


if __name__ == "__main__":
    main()
