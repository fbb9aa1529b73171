"""Trains the image tower alone, as a classifier: it learns to see several times faster than beside a text tower.

usage: pretrain.py --packed DIR --out DIR (--steps N | --minutes M) [--resume | --from TOWER.PT] [...]

Each source has its own linear classifier over the concepts of its table, on the mean of a ResNet's last feature map or the
class token of a vision transformer. Kernels are trained with Muon, everything else with AdamW; with --kernel-rate 0 AdamW
trains them, too. Writes to OUT: checkpoint.pt (to go on with --resume), curve.tsv, and at the end tower.pt, which train.py
takes as --tower. Works on processors and on CUDA.
"""

import argparse
import json
import pathlib

import torch
from torch import nn
from torch.nn import functional as F

import run
import schedule
import sources
import towers
from muon import Muon


class Pretraining(run.Run):
    RESULT = "tower.pt"

    def __init__(self, options):
        super().__init__(options)
        self.tower = towers.image_tower(options)
        width = towers.feature_width(options)
        self.heads = nn.ModuleList(nn.Linear(width, len(source.concepts)) for source in self.sources)
        self.modules = {"tower": self.tower, "heads": self.heads}
        for module in self.modules.values():
            module.to(self.device, memory_format=torch.channels_last)
        named = [(n, p) for n, p in self.tower.named_parameters() if not n.startswith(("attnpool.", "proj"))]
        kernels = [p for n, p in named if options.kernel_rate and self.is_kernel(n, p)]
        others = [p for n, p in named if not (options.kernel_rate and self.is_kernel(n, p))] + list(self.heads.parameters())
        adamw = torch.optim.AdamW(
            [
                {"params": [p for p in others if p.ndim > 1], "weight_decay": options.weight_decay},
                {"params": [p for p in others if p.ndim < 2], "weight_decay": 0},
            ],
            betas=(0.9, 0.98),
        )
        self.optimizers = [Muon(kernels, weight_decay=options.weight_decay), adamw] if kernels else [adamw]
        self.rates = [options.kernel_rate, options.rate] if kernels else [options.rate]

    @staticmethod
    def is_kernel(name, parameter):
        """Whether it is one that Muon trains: of a convolution but the first, or a matrix of a transformer's block."""
        return parameter.ndim == 4 and parameter.shape[1] > 3 or parameter.ndim == 2 and ".resblocks." in name

    def loss(self):
        """A picture competes among the concepts of its own table only."""
        images, members = sources.batch(
            self.sources, self.options.mix, self.options.batch, self.options.size, self.generator, self.device
        )
        with towers.precision(self.device):
            features = towers.features(self.tower, images)
        features, total, first = features.float(), 0, 0
        for source, head in zip(self.sources, self.heads):
            count = int(((members >= source.first) & (members < source.first + len(source.concepts))).sum())
            own = (members[first : first + count] - source.first).to(self.device)
            logits = head(features[first : first + count])
            total = total + F.cross_entropy(logits, own, label_smoothing=0.1, reduction="sum")
            first += count
        return total / len(members)

    def share(self):
        return schedule.trapezoid(min(self.clock.progress, 1), self.options.warmup, self.options.flat)

    def set_rates(self, share):
        for optimizer, rate in zip(self.optimizers, self.rates, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = rate * share

    def classifier(self, source):
        head = self.heads[self.sources.index(source)]
        return lambda images: head(towers.features(self.tower, images)).argmax(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packed", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    schedule.add_arguments(parser, origin="tower.pt")
    towers.add_image_arguments(parser)
    parser.add_argument("--mix", type=json.loads, default=sources.MIX, help="JSON: pictures of each source in a step")
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--size", type=int, default=64, help="side of the pictures that are trained on")
    parser.add_argument("--kernel-rate", type=float, default=0.05, help="of Muon; 0 does without it")
    parser.add_argument("--rate", type=float, default=8e-4, help="of AdamW")
    parser.add_argument("--warmup", type=float, default=0.02, help="share of the schedule")
    parser.add_argument("--flat", type=float, default=0.65, help="progress at which rates begin to fall")
    parser.add_argument("--weight-decay", type=float, default=0.05)
    options = parser.parse_args()
    run.started(Pretraining, options).train()


if __name__ == "__main__":
    main()
