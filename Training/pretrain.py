"""Trains the image tower alone, as a classifier: it learns to see several times faster than beside a text tower.

usage: pretrain.py --packed DIR --out DIR (--steps N | --minutes M) [--resume | --from TOWER.PT] [...]

Each source has its own linear classifier over the concepts of its table, on the mean of the last feature map. Kernels are
trained with Muon, everything else with AdamW. Writes to OUT: checkpoint.pt (to go on with --resume), curve.tsv, and at the
end tower.pt, which train.py takes as --tower. Works on processors and on CUDA.
"""

import argparse
import json
import pathlib

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import schedule
import sources
import towers
from muon import Muon


class Pretraining:
    def __init__(self, options):
        self.options = options
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        torch.manual_seed(options.seed)
        self.generator = np.random.default_rng(options.seed)
        self.sources = sources.load(options.packed, options.mix)
        self.tower = towers.image_tower(options)
        self.heads = nn.ModuleList(nn.Linear(32 * options.width, len(source.concepts)) for source in self.sources)
        for part in (self.tower, self.heads):
            part.to(self.device, memory_format=torch.channels_last)
        named = [(n, p) for n, p in self.tower.named_parameters() if not n.startswith("attnpool.")]
        kernels = [p for _, p in named if p.ndim == 4 and p.shape[1] > 3]
        others = [p for _, p in named if not (p.ndim == 4 and p.shape[1] > 3)] + list(self.heads.parameters())
        self.optimizers = [
            Muon(kernels, weight_decay=options.weight_decay),
            torch.optim.AdamW(
                [
                    {"params": [p for p in others if p.ndim > 1], "weight_decay": options.weight_decay},
                    {"params": [p for p in others if p.ndim < 2], "weight_decay": 0},
                ],
                betas=(0.9, 0.98),
            ),
        ]
        self.clock = schedule.Clock(options)
        self.curve = schedule.Curve(options.out, options.resume)

    def state(self):
        return {
            "tower": self.tower.state_dict(), "heads": self.heads.state_dict(), "clock": self.clock.state(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
        }

    def load(self, file, going_on):
        state = torch.load(file, map_location=self.device, weights_only=True)
        self.tower.load_state_dict(state["tower"])
        self.heads.load_state_dict(state["heads"])
        if going_on:
            for optimizer, of in zip(self.optimizers, state["optimizers"]):
                optimizer.load_state_dict(of)
            self.clock.load(state["clock"])
            self.curve.cut(self.clock.step)
            # Another stretch of the same random numbers would show the same pictures again.
            self.generator = np.random.default_rng([self.options.seed, self.clock.step])
            torch.manual_seed(self.options.seed * 1_000_003 + self.clock.step)

    def loss(self):
        """A picture competes among the concepts of its own table only."""
        images, members = sources.batch(
            self.sources, self.options.mix, self.options.batch, self.options.size, self.generator, self.device
        )
        with towers.precision(self.device):
            features = towers.mean_features(self.tower, images)
        features, total, first = features.float(), 0, 0
        for source, head in zip(self.sources, self.heads):
            count = int(((members >= source.first) & (members < source.first + len(source.concepts))).sum())
            own = (members[first : first + count] - source.first).to(self.device)
            logits = head(features[first : first + count])
            total = total + F.cross_entropy(logits, own, label_smoothing=0.1, reduction="sum")
            first += count
        return total / len(members)

    def train(self):
        self.tower.train()
        for _ in self.clock.steps():
            share = self.share()
            for optimizer, rate in zip(self.optimizers, (self.options.kernel_rate, self.options.rate)):
                for group in optimizer.param_groups:
                    group["lr"] = rate * share
            loss = self.loss()
            for optimizer in self.optimizers:
                optimizer.zero_grad(set_to_none=True)
            loss.backward()
            for optimizer in self.optimizers:
                optimizer.step()
            self.curve.add(loss)
            if self.clock.is_time_to_show():
                self.note()
            if self.clock.is_time_to_save():
                schedule.save(self.state(), self.options.out / "checkpoint.pt")
        self.note()
        schedule.save(self.state(), self.options.out / "checkpoint.pt")
        kept = {key: value for key, value in self.state().items() if key != "optimizers"}
        schedule.save(kept, self.options.out / "tower.pt")

    def share(self):
        """Of the rates."""
        return schedule.trapezoid(min(self.clock.progress, 1), self.options.warmup, self.options.flat)

    def note(self):
        with self.clock.stopped():
            self.curve.note(self.clock, {"rate": self.share() * self.options.rate}, self.monitored())

    @torch.no_grad()
    def monitored(self):
        """Share of set-aside pictures that are classified rightly, by source."""
        self.tower.eval()
        result = {}
        for source, head in zip(self.sources, self.heads):
            aside, right = source.aside[:1000], 0
            for first in range(0, len(aside), 250):
                rows = aside[first : first + 250]
                features = towers.mean_features(self.tower, source.plain(rows, self.options.size, self.device))
                best = head(features).argmax(1).cpu().numpy() + source.first
                right += int((best == source.members[rows]).sum())
            result[source.name] = right / len(aside)
        self.tower.train()
        return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packed", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    schedule.add_arguments(parser, origin="tower.pt")
    towers.add_image_arguments(parser)
    parser.add_argument("--mix", type=json.loads, default=sources.MIX, help="JSON: pictures of each source in a step")
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--size", type=int, default=64, help="side of the pictures that are trained on")
    parser.add_argument("--kernel-rate", type=float, default=0.05, help="of Muon")
    parser.add_argument("--rate", type=float, default=8e-4, help="of AdamW")
    parser.add_argument("--warmup", type=float, default=0.02, help="share of the schedule")
    parser.add_argument("--flat", type=float, default=0.65, help="progress at which rates begin to fall")
    parser.add_argument("--weight-decay", type=float, default=0.05)
    options = parser.parse_args()
    pretraining = Pretraining(options)
    if options.resume:
        pretraining.load(options.out / "checkpoint.pt", going_on=True)
    elif options.origin:
        pretraining.load(options.origin, going_on=False)
    pretraining.train()


if __name__ == "__main__":
    main()
