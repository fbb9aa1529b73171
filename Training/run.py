"""What pretraining and training have in common: pictures, seeds, the loop over steps, and going on after an interruption."""

import random

import numpy as np
import torch

import schedule
import sources


class Run:
    """Subclasses have `modules` by name and `optimizers`, and say what a step costs, its rates, and how well it goes.

    Writes OUT/checkpoint.pt as it goes, and OUT/RESULT at the end, which is the same without the optimisers' state.
    """

    RESULT = ""

    def __init__(self, options):
        self.options = options
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        torch.manual_seed(options.seed)
        random.seed(options.seed)
        self.generator = np.random.default_rng(options.seed)
        self.sources = sources.load(options.packed, options.mix)
        self.clock = schedule.Clock(options)
        self.curve = schedule.Curve(options.out, options.resume)

    def share(self):
        """Of the rates, at this moment."""
        raise NotImplementedError

    def set_rates(self, share):
        raise NotImplementedError

    def loss(self):
        raise NotImplementedError

    def classifier(self, source):
        """What finds the place, among a source's concepts, of each of some unvaried pictures."""
        raise NotImplementedError

    def result(self):
        """What OUT/RESULT holds."""
        return {name: module.state_dict() for name, module in self.modules.items()} | {"clock": self.clock.state()}

    def load(self, file, going_on):
        state = torch.load(file, map_location=self.device, weights_only=True)
        for name, module in self.modules.items():
            module.load_state_dict(state[name])
        if going_on:
            for optimizer, of in zip(self.optimizers, state["optimizers"], strict=True):
                optimizer.load_state_dict(of)
            self.clock.load(state["clock"])
            self.curve.cut(self.clock.step)
            # Another stretch of the same random numbers would show the same pictures again.
            self.generator = np.random.default_rng([self.options.seed, self.clock.step])
            random.seed(self.options.seed * 1_000_003 + self.clock.step)
            torch.manual_seed(self.options.seed * 1_000_003 + self.clock.step)

    def train(self):
        self.set_training(True)
        for _ in self.clock.steps():
            self.set_rates(self.share())
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
                self.save()
        if self.curve.losses:
            self.note()
        self.save()
        schedule.save(self.result(), self.options.out / self.RESULT)

    def save(self):
        state = self.result() | {"optimizers": [optimizer.state_dict() for optimizer in self.optimizers]}
        schedule.save(state, self.options.out / "checkpoint.pt")

    def set_training(self, is_on):
        for module in self.modules.values():
            module.train(is_on)

    def note(self):
        with self.clock.stopped():
            self.curve.note(self.clock, {"rate": self.options.rate * self.share()}, self.monitored())

    @torch.no_grad()
    def monitored(self):
        """Share of set-aside pictures whose own concept comes out on top among all of their source."""
        self.set_training(False)
        result = {}
        for source in self.sources:
            classify, aside, right = self.classifier(source), source.aside[:1000], 0
            for first in range(0, len(aside), 250):
                rows = aside[first : first + 250]
                best = classify(source.plain(rows, self.options.size, self.device)).cpu().numpy()
                right += int((best + source.first == source.members[rows]).sum())
            result[source.name] = right / len(aside)
        self.set_training(True)
        return result


def started(kind, options):
    """A run that goes on, or starts from earlier weights, or anew."""
    run = kind(options)
    if options.resume:
        run.load(options.out / "checkpoint.pt", going_on=True)
    elif options.origin:
        run.load(options.origin, going_on=False)
    return run
