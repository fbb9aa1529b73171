"""The pictures that prepare.py packed, drawn in shuffled rows and varied for training."""

import json

import numpy as np
import torch

import pictures

#: Shares of the sources in a step.
MIX = {"tiny-imagenet": 128, "cifar": 24, "emoji": 40, "clipart": 8}
#: The same where features are at hand and only captions cost time: there are more names of emoji than of anything else.
MIX_OF_FEATURES = {"tiny-imagenet": 256, "cifar": 64, "emoji": 240, "clipart": 80}
#: Every so many pictures of a source are set aside and never trained on: they are what curve.tsv is about.
SET_ASIDE_EVERY = 50


class Source:
    """Pictures of one kind, and which concept each shows."""

    def __init__(self, packed, name, first_concept):
        self.name = name
        self.pictures = np.load(packed / f"{name}.npy")
        described = json.loads((packed / f"{name}.json").read_text("utf-8"))
        self.concepts = described["concepts"]
        self.first = first_concept
        self.members = np.array(described["members"]) + first_concept
        aside = np.arange(len(self.members)) % SET_ASIDE_EVERY == SET_ASIDE_EVERY - 1
        self.trained, self.aside = np.flatnonzero(~aside), np.flatnonzero(aside)
        self.queue = np.empty(0, np.int64)

    def draw(self, count, generator):
        """The next pictures of an endless row of shuffles."""
        while len(self.queue) < count:
            self.queue = np.concatenate([self.queue, generator.permutation(self.trained)])
        drawn, self.queue = self.queue[:count], self.queue[count:]
        return drawn

    def plain(self, rows, size, device):
        """Those pictures, unvaried: (n, 3, size, size)."""
        raw = torch.from_numpy(self.pictures[rows]).to(device)
        return pictures.plain(raw, size).contiguous(memory_format=torch.channels_last)

    def varied(self, rows, size, device):
        raw = torch.from_numpy(self.pictures[rows]).to(device)
        return pictures.augmented(raw, size, self.name)


def load(packed, names):
    """The sources of these names; the concepts of each are numbered on from those of the one before."""
    sources = []
    for name in names:
        sources.append(Source(packed, name, sum(len(source.concepts) for source in sources)))
    return sources


def batch(sources, mix, count, size, generator, device):
    """Pictures (n, 3, size, size) of all sources in their shares, source after source, and the concept of each (n)."""
    images, members = [], []
    for source in sources:
        drawn = source.draw(round(mix[source.name] * count / sum(mix.values())), generator)
        images.append(source.varied(drawn, size, device))
        members.append(torch.from_numpy(source.members[drawn]))
    return torch.cat(images).contiguous(memory_format=torch.channels_last), torch.cat(members)
