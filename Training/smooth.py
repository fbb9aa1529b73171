"""Moves scales between layer norms and the products behind them: the same model in f32, another one in int8.

usage: smooth.py MODEL OUT --packed DIR [--strength 0.5]
       smooth.py MODEL OUT --spread FACTOR [--channels 4]

MODEL is what export.py wrote. The first form is SmoothQuant (Xiao and others, 2023): of each channel of a norm's output a part
of what makes it large goes into the weights behind it, which have bytes of their own. How large channels are is seen on
pictures and captions of training. The second form is its reverse: in each norm a few channels become larger by a factor,
and the weights behind them smaller, so that rows get the outliers that long training of large networks is known for.
Matrices are written in f32, so that nothing else is rounded.
"""

import argparse
import pathlib
import random
import shutil

import torch
from safetensors.torch import save_file

import captions
import pictures
import products
import sources

#: So many pictures and captions show how large channels are.
SHOWN = 256


def largest_inputs(exported, packed):
    """The greatest magnitude of each channel of each product's input, by the product's name."""
    largest = {}

    def watching(name, x, weight, bias):
        most = x.reshape(-1, x.shape[-1]).abs().amax(0)
        largest[name] = torch.maximum(largest.get(name, most), most)
        return products.exact(name, x, weight, bias)

    random.seed(1)
    names = [file.stem for file in sorted(packed.glob("*.json"))]
    concepts = []
    for source in sources.load(packed, names):
        rows = source.trained[:: max(1, len(source.trained) // SHOWN)][:SHOWN]
        raw = torch.from_numpy(source.pictures[rows])
        exported.image_embeddings(pictures.plain(raw, exported.side), watching)
        concepts += source.concepts
    exported.text_embeddings([captions.caption(random.choice(concepts)) for _ in range(SHOWN)], watching)
    return largest


def moved(norm, weight, scales):
    """Divides a norm's output by scales (width) and lets the weights behind it, (outputs, width), make up for that."""
    norm.weight /= scales
    norm.bias /= scales
    weight *= scales


def smooth(exported, packed, strength):
    largest = largest_inputs(exported, packed)
    for name, norm, weight in exported.norms():
        inputs, weights = largest[name].clamp(min=1e-5), weight.abs().amax(0).clamp(min=1e-5)
        moved(norm, weight, inputs**strength / weights ** (1 - strength))


def spread(exported, factor, channels):
    generator = torch.Generator().manual_seed(1)
    for _, norm, weight in exported.norms():
        scales = torch.ones(len(norm.weight))
        scales[torch.randperm(len(scales), generator=generator)[:channels]] = 1 / factor
        moved(norm, weight, scales)


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--packed", type=pathlib.Path, help="what prepare.py made")
    parser.add_argument("--strength", type=float, default=0.5, help="share of a channel's size that goes into the weights")
    parser.add_argument("--spread", type=float, metavar="FACTOR")
    parser.add_argument("--channels", type=int, default=4, help="how many of each norm --spread makes larger")
    options = parser.parse_args()
    if bool(options.packed) == bool(options.spread):
        parser.error("either --packed or --spread")
    exported = products.Exported(options.model)
    if options.spread:
        spread(exported, options.spread, options.channels)
    else:
        smooth(exported, options.packed, options.strength)
    options.out.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.contiguous() for name, tensor in exported.model.state_dict().items()}
    save_file(tensors, options.out / "open_clip_model.safetensors", metadata={"format": "pt"})
    (options.out / "open_clip_model.safetensors").chmod(0o644)
    for name in ("open_clip_config.json", "vocab.json", "merges.txt"):
        shutil.copyfile(options.model / name, options.out / name)


if __name__ == "__main__":
    main()
