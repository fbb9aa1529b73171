"""Measures what a precision costs the accuracy of a model, picture by picture, with the command itself.

usage: precisions.py MODEL --clip .build/release/clip --held-out DIR [--precisions f32 int8] [--json FILE]

For each set that held_out.py laid out, pictures and prompts are embedded in each precision, and pictures are named as
`clip evaluate` names them, with the templates of measure.py. The first precision is what the others are compared with: how many pictures
became right or wrong, the exact p of McNemar's test (how likely so lopsided a change is if neither is better), and the
difference in points with its interval of 95 %.
"""

import argparse
import json
import math
import pathlib
import subprocess

import numpy as np

from measure import SETS


def embeddings(options, precision, arguments, lines):
    """(lines, width), of length one: what `clip embed` makes of them."""
    command = [options.clip, "embed", "--model", options.model, "--precision", precision, "--normalize", *arguments]
    made = subprocess.run(list(map(str, command)), input="".join(f"{line}\n" for line in lines).encode(), capture_output=True)
    if made.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{made.stderr.decode()}")
    rows = np.array([json.loads(line)["embedding"] for line in made.stdout.decode().splitlines()])
    assert len(rows) == len(lines), f"{len(lines) - len(rows)} were left out"
    return rows


def answers(options, precision, files, labels, templates):
    """Which label each picture is given."""
    prompts = [template.format(label) for label in labels for template in templates]
    texts = embeddings(options, precision, ["--text", "-"], prompts).reshape(len(labels), len(templates), -1).mean(1)
    texts /= np.linalg.norm(texts, axis=1, keepdims=True)
    return (embeddings(options, precision, ["--files-from", "-"], files) @ texts.T).argmax(1)


def mcnemar(lost, gained):
    """The exact p, of both sides, that of as many changes so many or more go one way by chance."""
    changes, least = lost + gained, min(lost, gained)
    tail = sum(math.comb(changes, count) for count in range(least + 1)) / 2**changes
    return min(1.0, 2 * tail)


def compared(before, after, right):
    """Both in points: the difference, and how far from it the truth may be with 95 % confidence."""
    was, now, count = before == right, after == right, len(right)
    lost, gained = int((was & ~now).sum()), int((~was & now).sum())
    points = 100 * (gained - lost) / count
    spread = 1.96 * 100 * math.sqrt(max(lost + gained - (gained - lost) ** 2 / count, 0)) / count
    return {
        "changed": int((before != after).sum()), "lost": lost, "gained": gained, "points": points,
        "interval": [points - spread, points + spread], "p": mcnemar(lost, gained),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--clip", type=pathlib.Path, required=True)
    parser.add_argument("--held-out", type=pathlib.Path, required=True)
    parser.add_argument("--precisions", nargs="+", default=["f32", "int8"])
    parser.add_argument("--json", type=pathlib.Path, help="also write what is printed to this file")
    options = parser.parse_args()
    result = {}
    for name, templates in SETS.items():
        folder = options.held_out / name
        if not folder.is_dir():
            continue
        rows = [line.split("\t") for line in (options.held_out / f"{name}.en.tsv").read_text("utf-8").splitlines()]
        pairs = [(file, place) for place, (key, _) in enumerate(rows) for file in sorted((folder / key).iterdir())]
        right, labels = np.array([place for _, place in pairs]), [label for _, label in rows]
        found = {
            precision: answers(options, precision, [file for file, _ in pairs], labels, templates["en"])
            for precision in options.precisions
        }
        base = options.precisions[0]
        for precision, named in found.items():
            result[f"{name}.{precision}"] = one = {"top1": float((named == right).mean()), "images": len(right)}
            line = f"{name} {precision}: {100 * one['top1']:.2f} % of {len(right):,}"
            if precision != base:
                one |= compared(found[base], named, right)
                line += (f", {one['points']:+.2f} points ({one['interval'][0]:+.2f} to {one['interval'][1]:+.2f}) beside {base}; "
                         f"{one['changed']} named otherwise, {one['lost']} right before, {one['gained']} right now, "
                         f"p {one['p']:.2g}")
            print(line, flush=True)
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
