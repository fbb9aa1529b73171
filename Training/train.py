"""Makes a CLIP of the image tower that pretrain.py trained: a text tower learns to name what the tower sees.

usage: train.py --packed DIR --vocabulary DIR --tower TOWER.PT --out DIR (--steps N | --minutes M) [--resume | --from CHECKPOINT]

Contrastive training with caption templates in English and Korean, in two stages:

1. the text tower and the projection of images, against features of pictures that are computed once: the image tower stands
   still, so a step costs little more than its captions;
2. both towers together, at a lower rate for the image tower.

Captions are drawn anew for each step: a name or a synonym, with or without a template. A picture competes for its own caption
with all others but for those that would be right for it too: "a photo of a dog" is no mistake for a poodle.

Writes to OUT: checkpoint.pt (to go on with --resume after an interruption), curve.tsv, and at the end clip.pt with weights
and configuration, which export.py turns into a model directory. Works on processors and on CUDA.
"""

import argparse
import json
import math
import pathlib
import random

import numpy as np
import open_clip
import torch
from torch.nn import functional as F

import captions
import run
import schedule
import sources
import towers
from vocabulary import tokenizer

#: Tables of at most so many concepts take part in every step whole.
FEW_CONCEPTS = 256
#: The captions of a step go through the text tower in so many passes, sorted by length.
TEXT_PASSES = 4


def contrastive_loss(images, texts, owners, scale, excused):
    """Both directions: an image's caption among all captions, a caption's images among all images.

    images (n, width) and texts (m, width) are of length one; owners (n) says which text is an image's own; excused (n, m)
    marks texts that would be right for an image without being its own.
    """
    logits = scale * images @ texts.T  # (images, texts)
    logits = logits.masked_fill(excused, -math.inf)
    to_text = F.cross_entropy(logits, owners)
    own = F.one_hot(owners, len(texts)).bool()
    shown = own.any(0)
    columns = logits[:, shown]
    right = columns.masked_fill(~own[:, shown], -math.inf)
    to_image = (torch.logsumexp(columns, 0) - torch.logsumexp(right, 0)).mean()
    return (to_text + 0.5 * to_image) / 1.5


def group_loss(images, texts, membership, scale):
    """A picture of a poodle fits "dog" and "animal": one of its own groups, drawn by lot, among the groups it is not in."""
    rows = membership.any(1)
    if not rows.any():
        return images.sum() * 0
    membership = membership[rows]
    logits = scale * images[rows] @ texts.T
    chosen = torch.multinomial(membership.float(), 1)[:, 0]
    others = membership.scatter(1, chosen[:, None], False)
    return F.cross_entropy(logits.masked_fill(others, -math.inf), chosen)


class FeatureBank:
    """Features of some pictures of each source, computed once for the stage in which the image tower stands still."""

    @torch.no_grad()
    def __init__(self, training):
        tower, options = training.model.visual, training.options
        tower.eval()
        self.features, self.members = {}, {}
        for source in training.sources:
            rows = training.generator.permutation(source.trained)[: options.bank]
            if len(rows) < options.bank:
                # The few drawings are varied instead, as often as it takes.
                rows = np.tile(rows, min(6, -(-options.bank // len(rows))))
            made = []
            for first in range(0, len(rows), 250):
                images = source.varied(rows[first : first + 250], options.size, training.device)
                made.append(towers.features(tower, images.contiguous(memory_format=torch.channels_last)))
            self.features[source.name] = torch.cat(made)
            self.members[source.name] = torch.from_numpy(source.members[rows])
        tower.train()

    def mean(self):
        """(width): of the sources' means."""
        return torch.stack([features.mean(0) for features in self.features.values()]).mean(0)

    def draw(self, mix, count):
        """Features (n, width) of all sources in their shares, and the concept of each (n)."""
        features, members = [], []
        for name, table in self.features.items():
            rows = torch.randint(len(table), (round(mix[name] * count / sum(mix.values())),))
            features.append(table[rows.to(table.device)])
            members.append(self.members[name][rows])
        return torch.cat(features), torch.cat(members)


class Training(run.Run):
    RESULT = "clip.pt"

    def __init__(self, options):
        super().__init__(options)
        self.concepts = [concept for source in self.sources for concept in source.concepts]
        self.groups = captions.groups()
        self.relations = captions.Relations(self.concepts, self.groups)
        self.configuration = towers.configuration(options)
        self.encode = captions.Encoder(tokenizer(options.vocabulary, options.context_length), options.context_length)
        self.configuration["text_cfg"]["vocab_size"] = self.encode.vocabulary_size
        self.model = open_clip.CLIP(**self.configuration, quick_gelu=False)
        towers.prepare(self.model.visual, options)
        self.model.to(self.device, memory_format=torch.channels_last)
        self.modules = {"model": self.model}
        parts = {}
        for name, parameter in self.model.named_parameters():
            is_decayed = parameter.ndim > 1 and "embedding" not in name
            is_seen_late = name.startswith("visual.") and not name.startswith(towers.PROJECTIONS)
            parts.setdefault((is_decayed, options.image_rate if is_seen_late else 1), []).append(parameter)
        optimizer = torch.optim.AdamW(
            [
                {"params": parameters, "weight_decay": options.weight_decay * is_decayed, "share": share}
                for (is_decayed, share), parameters in parts.items()
            ],
            betas=(0.9, 0.98),
        )
        self.optimizers = [optimizer]
        # Where there are few concepts, a picture competes with all of them in every step, as it will when it is classified.
        few = [source for source in self.sources if len(source.concepts) <= FEW_CONCEPTS]
        self.always = torch.tensor(
            [concept for source in few for concept in range(source.first, source.first + len(source.concepts))],
            dtype=torch.long,
        )
        self.bank = None

    # MARK: where training stands

    @property
    def is_fitting(self):
        return min(self.clock.progress, 1 - 1e-9) < self.options.fit_until

    def share(self):
        """Of the rates: each stage has a schedule of its own."""
        until, progress = self.options.fit_until, self.clock.progress
        past = progress / until if self.is_fitting else (progress - until) / (1 - until)
        return schedule.trapezoid(min(past, 1), self.options.warmup, 0.3)

    def set_rates(self, share):
        for group in self.optimizers[0].param_groups:
            group["lr"] = self.options.rate * share * group["share"]

    def result(self):
        return super().result() | {"configuration": self.configuration}

    def load_tower(self, file):
        """Takes over the pretrained tower; its classifiers say which directions of the features are worth keeping."""
        state = torch.load(file, map_location=self.device, weights_only=True)
        self.model.visual.load_state_dict(state["tower"])
        self.bank = FeatureBank(self)
        heads = [state["heads"][f"{place}.weight"] for place in range(len(self.sources))]
        towers.start_projection(self.model.visual, heads, self.bank.mean())

    # MARK: one step

    def text_embeddings(self, texts):
        """(n, width), of length one. Captions of like length go together, so that little of it is padding."""
        order = sorted(range(len(texts)), key=lambda place: self.encode.length(texts[place]))
        share = max(1, -(-len(order) // TEXT_PASSES))
        rows = torch.cat([
            towers.text_embeddings(self.model, *self.encode.batch([texts[p] for p in order[i : i + share]], self.device))
            for i in range(0, len(order), share)
        ])
        back = torch.empty(len(order), dtype=torch.long)
        back[torch.tensor(order)] = torch.arange(len(order))
        return F.normalize(rows[back.to(self.device)], dim=-1)

    def image_rows(self):
        """Embeddings (n, width) of a step's pictures, of length one, and the concept of each (n)."""
        if self.is_fitting:
            features, members = self.bank.draw(self.options.fit_mix, self.options.fit_batch)
            return F.normalize(towers.projected(self.model.visual, features), dim=-1), members
        images, members = sources.batch(
            self.sources, self.options.mix, self.options.batch, self.options.size, self.generator, self.device
        )
        with towers.precision(self.device):
            return F.normalize(towers.image_embeddings(self.model, images).float(), dim=-1), members

    def loss(self):
        if self.is_fitting and self.bank is None:
            with self.clock.stopped():
                self.bank = FeatureBank(self)
        images, members = self.image_rows()
        present = torch.unique(torch.cat([members, self.always]))
        owners = torch.searchsorted(present, members)
        texts = [captions.caption(self.concepts[concept]) for concept in present.tolist()]
        asked = sorted(random.sample(range(len(self.groups)), self.options.groups))
        group_texts = [captions.group_caption(self.groups[group]) for group in asked]
        with towers.precision(self.device):
            rows = self.text_embeddings(texts + group_texts).float()
        rows, group_rows = rows[: len(texts)], rows[len(texts) :]
        excused = self.relations.excused[members][:, present].to(self.device)
        membership = self.relations.membership[members][:, asked].to(self.device)
        scale = self.model.logit_scale.clamp(max=math.log(100)).exp()
        pairs = contrastive_loss(images, rows, owners.to(self.device), scale, excused)
        return pairs + 0.3 * group_loss(images, group_rows, membership, scale)

    def classifier(self, source):
        names = [captions.plain(concept) for concept in source.concepts]
        texts = torch.cat([self.text_embeddings(names[i : i + 512]) for i in range(0, len(names), 512)])
        return lambda images: (towers.image_embeddings(self.model, images) @ texts.T).argmax(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packed", type=pathlib.Path, required=True)
    parser.add_argument("--vocabulary", type=pathlib.Path, required=True)
    parser.add_argument("--tower", type=pathlib.Path, help="what pretrain.py ended with; needed unless training goes on")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    schedule.add_arguments(parser, origin="clip.pt")
    towers.add_image_arguments(parser)
    parser.add_argument("--mix", type=json.loads, default=sources.MIX, help="JSON: pictures of each source in a step")
    parser.add_argument("--batch", type=int, default=200)
    parser.add_argument("--size", type=int, default=64, help="side of the pictures that are trained on")
    parser.add_argument("--bank", type=int, default=20_000, help="pictures of each source whose features are kept in stage 1")
    parser.add_argument("--fit-mix", type=json.loads, default=sources.MIX_OF_FEATURES)
    parser.add_argument("--fit-batch", type=int, default=480)
    parser.add_argument("--fit-until", type=float, default=0.6, help="progress at which stage 1 ends")
    parser.add_argument("--groups", type=int, default=14, help="groups that a step asks for")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--image-rate", type=float, default=0.2, help="of the image tower, as a share of the rate")
    parser.add_argument("--warmup", type=float, default=0.05, help="share of a stage")
    parser.add_argument("--weight-decay", type=float, default=0.05)
    parser.add_argument("--text-width", type=int, default=192)
    parser.add_argument("--text-layers", type=int, default=4)
    parser.add_argument("--context-length", type=int, default=64)
    options = parser.parse_args()
    if not (options.tower or options.resume or options.origin):
        parser.error("--tower is needed unless training goes on")
    training = run.started(Training, options)
    if options.tower and not (options.resume or options.origin):
        training.load_tower(options.tower)
    parameters = sum(p.numel() for p in training.model.parameters())
    print(f"{parameters:,} parameters, {len(training.concepts)} concepts, on {training.device}", flush=True)
    training.train()


if __name__ == "__main__":
    main()
