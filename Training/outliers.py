"""Says of each product that int8 keeps as bytes how uneven its input is, and what rounding costs it.

usage: outliers.py MODEL --held-out DIR [--pictures 256] [--json FILE]

MODEL is what export.py wrote and DIR what held_out.py laid out. The forward pass is products.py's over open_clip's weights.
Columns, over pictures that training never saw, and captions of their classes:

greatest   the greatest magnitude of an input
typical    the median of the greatest magnitudes of rows
channels   the greatest magnitude of the largest channel, as a multiple of the median channel's
inputs     relative error of the product if only inputs are rounded, and so on: of bias nothing is counted
weights
both
alone      a millionth of 1 - cosine between embeddings with this product in bytes and exact ones, on average
"""

import argparse
import json
import pathlib

import torch
from torch.nn import functional as F

import products
from measure import PHOTOS

#: So many pictures go through the tower at once.
AT_ONCE = 64


class Watched:
    """What is kept of one product while pictures or captions pass."""

    def __init__(self):
        self.row_maxima, self.channel_maxima = [], None
        self.squares = {"inputs": 0.0, "weights": 0.0, "both": 0.0, "exact": 0.0}

    def add(self, x, weight):
        x = x.reshape(-1, x.shape[-1])
        self.row_maxima.append(x.abs().amax(1))
        most = x.abs().amax(0)
        self.channel_maxima = most if self.channel_maxima is None else torch.maximum(self.channel_maxima, most)
        x_bytes, weight_bytes = products.as_bytes(x), products.as_bytes(weight)
        made = F.linear(x, weight)
        self.squares["exact"] += made.square().sum().item()
        for part, a, b in (("inputs", x_bytes, weight), ("weights", x, weight_bytes), ("both", x_bytes, weight_bytes)):
            self.squares[part] += (F.linear(a, b) - made).square().sum().item()

    def report(self):
        rows, whole = torch.cat(self.row_maxima), self.squares["exact"]
        return {
            "greatest": rows.max().item(),
            "typical": rows.median().item(),
            "channels": (self.channel_maxima.max() / self.channel_maxima.median().clamp(min=1e-30)).item(),
        } | {part: (self.squares[part] / whole) ** 0.5 for part in ("inputs", "weights", "both")}


def only(chosen):
    """Rounds the products of these names."""

    def product(name, x, weight, bias):
        return (products.rounded if name in chosen else products.exact)(name, x, weight, bias)

    return product


def watched(embed):
    """What each product sees while `embed` runs, and how far embeddings move if one product, or all, is in bytes."""
    found = {}

    def watching(name, x, weight, bias):
        found.setdefault(name, Watched()).add(x, weight)
        return products.exact(name, x, weight, bias)

    exact = embed(watching)
    report = {name: one.report() for name, one in found.items()}
    for name, row in report.items():
        row["alone"] = away(exact, embed(only({name})))
    return report, away(exact, embed(only(set(found))))


def away(exact, other):
    """1 - cosine, on average, of embeddings of length one."""
    return (1 - (exact.double() * other.double()).sum(-1)).mean().item()


def held_out(folder, count):
    """Pictures in even steps through all sets, and a caption of each kind for each label."""
    files = sorted(file for name in ("cifar-10", "tiny-imagenet") for file in (folder / name).rglob("*") if file.is_file())
    labels = [
        line.split("\t")[1] for name in ("cifar-10", "tiny-imagenet")
        if (folder / f"{name}.en.tsv").exists() for line in (folder / f"{name}.en.tsv").read_text("utf-8").splitlines()
    ]
    texts = [text.format(label) for label in labels for text in (PHOTOS["en"][0], PHOTOS["en"][-1])]
    return [files[place * len(files) // count] for place in range(count)], texts


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--held-out", type=pathlib.Path, required=True)
    parser.add_argument("--pictures", type=int, default=256)
    parser.add_argument("--json", type=pathlib.Path, help="also write what is printed to this file")
    options = parser.parse_args()
    exported = products.Exported(options.model)
    files, texts = held_out(options.held_out, options.pictures)
    pixel_values = exported.pixel_values(files)
    parts = pixel_values.split(AT_ONCE)
    kinds = {"texts": lambda product: exported.text_embeddings(texts, product)}
    if exported.has_patches:
        pictures = {"pictures": lambda product: torch.cat([exported.image_embeddings(part, product) for part in parts])}
        kinds = pictures | kinds
    result = {}
    print("| product | greatest | typical | channels | inputs | weights | both | alone |")
    print("|---|---|---|---|---|---|---|---|")
    for kind, embed in kinds.items():
        report, whole = watched(embed)
        result[kind] = {"products": report, "all": whole}
        for name, row in report.items():
            errors = " | ".join(f"{100 * row[part]:.2f} %" for part in ("inputs", "weights", "both"))
            print(f"| {name} | {row['greatest']:.2f} | {row['typical']:.2f} | {row['channels']:.1f} | {errors} "
                  f"| {1e6 * row['alone']:.1f} |")
        count = len(files) if kind == "pictures" else len(texts)
        print(f"| all of them, {count} {kind} | | | | | | | {1e6 * whole:.1f} |", flush=True)
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
