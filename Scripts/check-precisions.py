#!/usr/bin/env python3
"""Measures how far the embeddings of bf16 and int8 are from those of f32.

usage: check-precisions.py CLIP MODEL_DIR [PICTURES_DIR]      CLIP: the built command, such as .build/release/clip

Embeds 100 pictures (those of the fixtures, or the first 100 of a folder) and 100 texts in each precision, and prints the
worst and the mean cosine to f32. Fails below 0.999 for bf16 and 0.99 for int8. A precision for which this processor has no
instructions is named and skipped. Needs only Python.
"""

import json
import math
import pathlib
import subprocess
import sys

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "Tests/CLIPTestSupport/Fixtures"
LEAST = {"bf16": 0.999, "int8": 0.99}
WORDS = "a photo of the small black white red dog cat bird running playing on grass beach street near tree".split()
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


def texts() -> list[str]:
    found = []
    for index in range(100):
        length = 1 + index * 7 % 15
        found.append(" ".join(WORDS[(index * 5 + step * (index % 7 + 1)) % len(WORDS)] for step in range(length)))
    return found


def embeddings(command: str, model: str, precision: str, arguments: list[str], text: str) -> list[list[float]] | None:
    result = subprocess.run(
        [command, "embed", "--model", model, "--precision", precision, *arguments],
        input=text.encode(), capture_output=True, check=False,
    )
    if result.returncode != 0:
        message = result.stderr.decode().strip()
        if "no instructions for" in message:
            print(f"{precision}: left out. {message}")
            return None
        sys.exit(message)
    return [json.loads(line)["embedding"] for line in result.stdout.decode().splitlines()]


def cosine(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b)) / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


def main() -> None:
    command, model = sys.argv[1:3]
    folder = pathlib.Path(sys.argv[3]) if len(sys.argv) > 3 else FIXTURES / "imaging"
    pictures = sorted(str(path) for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)[:100]
    if not pictures:
        sys.exit(f"{folder}: no pictures")
    kinds = {"pictures": (pictures, ""), "texts": (["--text", "-"], "\n".join(texts()))}
    failed = False
    for kind, (arguments, text) in kinds.items():
        exact = embeddings(command, model, "f32", arguments, text)
        for precision, least in LEAST.items():
            found = embeddings(command, model, precision, arguments, text)
            if found is None:
                continue
            cosines = [cosine(a, b) for a, b in zip(found, exact, strict=True)]
            print(f"{precision}: {len(cosines)} {kind}, cosine to f32 {min(cosines):.6f} at worst, "
                  f"{sum(cosines) / len(cosines):.6f} on average")
            failed |= min(cosines) < least
    sys.exit(failed)


main()
