"""Trains a small CLIP (a ModifiedResNet and a text transformer, as open_clip builds them) on what prepare.py packed.

usage: train.py --packed DIR --vocabulary DIR --out DIR (--steps N | --minutes M) [--resume | --from CHECKPOINT] [...]

Contrastive training with caption templates in English and Korean, in three stages:

1. the text tower alone: two captions of one thing, say an English and a Korean one, against those of all other things;
2. the image tower alone, against captions of everything there is, encoded once: most of the time goes here;
3. both together, against the captions of the step, drawn anew each time: a name or a synonym, with or without a template.

A picture competes for its own caption with all others but for those that would be right for it too: "a photo of a dog" is
no mistake for a poodle.

Writes to OUT: checkpoint.pt (to go on with --resume after an interruption), curve.tsv, and at the end clip.pt with weights
and configuration, which export.py turns into a model directory. Works on processors and on CUDA.
"""

import argparse
import json
import math
import pathlib
import random
import time

import numpy as np
import open_clip
import torch
from torch.nn import functional as F

import captions
import pictures
import towers
from vocabulary import tokenizer

#: Shares of the sources in a step.
MIX = {"tiny-imagenet": 224, "cifar": 64, "emoji": 72, "clipart": 24}
#: Every so many pictures of a source are set aside and never trained on: they are what curve.tsv is about.
SET_ASIDE_EVERY = 50
#: The captions of a step go through the text tower in so many passes, sorted by length.
TEXT_PASSES = 4
#: Sharpness of the text tower's own stage. A learned one rises to 30, where names may lie close to each other by chance (pizza
#: beside torch at a cosine of 0.65) and still be told apart by captions, but no longer by pictures, which hit less exactly.
TEXT_SCALE = 8


class Source:
    """Pictures of one kind, and which concept each shows."""

    def __init__(self, packed, name, first_concept):
        self.name = name
        self.pictures = np.load(packed / f"{name}.npy")
        described = json.loads((packed / f"{name}.json").read_text("utf-8"))
        self.concepts = described["concepts"]
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


def size_at(progress, sizes):
    return next(size for size, until in sizes if progress < until)


def contrastive_loss(images, texts, owners, scale, excused):
    """Both directions: an image's caption among all captions, a caption's images among all images.

    images (n, width) and texts (m, width) are of length one; owners (n) says which text is an image's own; excused (n, m)
    marks texts that would be right for an image without being its own.
    """
    logits = scale * images @ texts.T  # (images, texts)
    logits = logits.masked_fill(excused, -math.inf)
    to_text = F.cross_entropy(logits, owners)
    own = F.one_hot(owners, len(texts)).bool()
    present = own.any(0)
    columns = logits[:, present]
    right = columns.masked_fill(~own[:, present], -math.inf)
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


class CaptionBank:
    """Embeddings of some captions of each concept, encoded once for a stage in which the text tower stands still."""

    CAPTIONS = 8

    @torch.no_grad()
    def __init__(self, trainer):
        trainer.model.eval()
        drawn = [captions.caption(concept) for concept in trainer.concepts for _ in range(self.CAPTIONS)]
        self.captions = self._encoded(trainer, drawn)
        drawn = [captions.group_caption(group) for group in trainer.groups for _ in range(self.CAPTIONS)]
        self.groups = self._encoded(trainer, drawn)
        trainer.model.train()

    def _encoded(self, trainer, texts):
        rows = [trainer.text_embeddings(texts[first : first + 1024]) for first in range(0, len(texts), 1024)]
        return torch.cat(rows).view(-1, self.CAPTIONS, rows[0].shape[1])

    @classmethod
    def drawn(cls, table):
        """One row of each concept, by lot."""
        chosen = torch.randint(cls.CAPTIONS, (len(table),), device=table.device)
        return table[torch.arange(len(table), device=table.device), chosen]


class Trainer:
    def __init__(self, options):
        self.options = options
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        torch.manual_seed(options.seed)
        random.seed(options.seed)
        self.generator = np.random.default_rng(options.seed)
        self.sources = []
        for name in options.mix:
            self.sources.append(Source(options.packed, name, sum(len(s.concepts) for s in self.sources)))
        self.concepts = [concept for source in self.sources for concept in source.concepts]
        self.groups = captions.groups()
        self.relations = captions.Relations(self.concepts, self.groups)
        self.configuration = towers.configuration(options)
        self.encode = captions.Encoder(tokenizer(options.vocabulary, options.context_length), options.context_length)
        self.configuration["text_cfg"]["vocab_size"] = self.encode.vocabulary_size
        self.model = open_clip.CLIP(**self.configuration, quick_gelu=False)
        towers.make_fast(self.model)
        self.model.to(self.device, memory_format=torch.channels_last)
        parts = {}
        for name, parameter in self.model.named_parameters():
            is_decayed = parameter.ndim > 1 and "embedding" not in name
            share = 1.0 if name.startswith("visual.") else options.text_rate
            parts.setdefault((is_decayed, share), []).append(parameter)
        self.optimizer = torch.optim.AdamW(
            [
                {"params": parameters, "weight_decay": options.weight_decay * is_decayed, "share": share}
                for (is_decayed, share), parameters in parts.items()
            ],
            betas=(0.9, 0.98),
        )
        self.step, self.spent = 0, 0.0
        self.bank = None
        options.out.mkdir(parents=True, exist_ok=True)
        self.curve = options.out / "curve.tsv"
        if not options.resume:
            self.curve.unlink(missing_ok=True)

    # MARK: where training stands

    @property
    def progress(self):
        if self.options.steps:
            return self.step / self.options.steps
        return self.spent / (60 * self.options.minutes)

    def rate(self):
        """Up in a line, down in half a cosine; the image tower starts when the text tower is through."""
        first = self.options.text_until if self.progress >= self.options.text_until else 0
        past, warm = self.progress - first, self.options.warmup
        if past < warm:
            return self.options.rate * (0.02 + past / warm)
        return self.options.rate * (0.002 + 0.5 * (1 + math.cos(math.pi * (past - warm) / (1 - first - warm))))

    def save(self):
        state = {
            "model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(), "step": self.step,
            "spent": self.spent, "configuration": self.configuration,
        }
        torch.save(state, self.options.out / "checkpoint.new")
        (self.options.out / "checkpoint.new").rename(self.options.out / "checkpoint.pt")

    def load(self, file, going_on):
        state = torch.load(file, map_location=self.device, weights_only=True)
        self.model.load_state_dict(state["model"])
        if going_on:
            self.optimizer.load_state_dict(state["optimizer"])
            self.step, self.spent = state["step"], state["spent"]
            header, *rows = self.curve.read_text().splitlines()
            kept = [row for row in rows if int(row.split("\t")[0]) <= self.step]
            self.curve.write_text("\n".join([header, *kept]) + "\n")
            # Another stretch of the same random numbers would show the same pictures again.
            self.generator = np.random.default_rng([self.options.seed, self.step])
            random.seed(self.options.seed * 1_000_003 + self.step)
            torch.manual_seed(self.options.seed * 1_000_003 + self.step)

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

    def image_embeddings(self, images):
        return F.normalize(towers.image_embeddings(self.model, images), dim=-1)

    def batch(self, size):
        """Pictures (n, 3, size, size) of all sources, and the concept of each."""
        images, members = [], []
        for source in self.sources:
            count = round(self.options.mix[source.name] * self.options.batch / sum(self.options.mix.values()))
            drawn = source.draw(count, self.generator)
            raw = torch.from_numpy(source.pictures[drawn]).to(self.device)
            images.append(pictures.augmented(raw, size, source.name))
            members.append(torch.from_numpy(source.members[drawn]))
        return torch.cat(images).contiguous(memory_format=torch.channels_last), torch.cat(members)

    @property
    def scale(self):
        return self.model.logit_scale.clamp(max=math.log(100)).exp()

    def precision(self):
        return torch.autocast("cuda", torch.bfloat16, enabled=self.device.type == "cuda")

    def loss(self, size):
        """What is to be made smaller in the stage that training is in, and its parts for the curve."""
        if self.progress < self.options.text_until:
            pairs = self.text_loss()
            return pairs, pairs.detach(), pairs.detach() * 0
        if self.progress < self.options.images_until:
            if self.bank is None:
                self.bank = CaptionBank(self)
            pairs, groups = self.image_loss(size)
        else:
            self.bank = None
            pairs, groups = self.joint_loss(size)
        return pairs + 0.3 * groups, pairs.detach(), groups.detach()

    def text_loss(self):
        """Two captions of each of some concepts and groups, which are to find each other."""
        things = random.sample(range(len(self.concepts)), self.options.text_batch)
        left, right = ([captions.caption(self.concepts[thing]) for thing in things] for _ in range(2))
        for group in random.sample(self.groups, self.options.groups):
            left.append(captions.group_caption(group))
            right.append(captions.group_caption(group))
        with self.precision():
            rows = self.text_embeddings(left + right).float()
        logits = TEXT_SCALE * rows[: len(left)] @ rows[len(left) :].T
        own = torch.arange(len(left), device=self.device)
        return (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2

    def image_loss(self, size):
        images, members = self.batch(size)
        with self.precision():
            rows = self.image_embeddings(images).float()
        excused = self.relations.excused[members].to(self.device)
        membership = self.relations.membership[members].to(self.device)
        pairs = contrastive_loss(rows, CaptionBank.drawn(self.bank.captions), members.to(self.device), self.scale, excused)
        return pairs, group_loss(rows, CaptionBank.drawn(self.bank.groups), membership, self.scale)

    def joint_loss(self, size):
        images, members = self.batch(size)
        present, owners = torch.unique(members, return_inverse=True)
        texts = [captions.caption(self.concepts[concept]) for concept in present.tolist()]
        asked = sorted(random.sample(range(len(self.groups)), self.options.groups))
        group_texts = [captions.group_caption(self.groups[group]) for group in asked]
        with self.precision():
            image_rows = self.image_embeddings(images).float()
            text_rows = self.text_embeddings(texts + group_texts).float()
        text_rows, group_rows = text_rows[: len(texts)], text_rows[len(texts) :]
        excused = self.relations.excused[members][:, present].to(self.device)
        owners = owners.to(self.device)
        pairs = contrastive_loss(image_rows, text_rows, owners, self.scale, excused)
        groups = group_loss(image_rows, group_rows, self.relations.membership[members][:, asked].to(self.device), self.scale)
        return pairs, groups

    def train(self):
        self.model.train()
        sums, counted, since = torch.zeros(2), 0, time.monotonic()
        saved = shown = since
        while self.progress < 1:
            for group in self.optimizer.param_groups:
                group["lr"] = self.rate() * group["share"]
            loss, *parts = self.loss(size_at(self.progress, self.options.sizes))
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self.optimizer.step()
            self.step += 1
            sums += torch.stack(parts).cpu()
            counted += 1
            now = time.monotonic()
            self.spent += now - since
            since = now
            if now - shown > self.options.show_every or self.progress >= 1:
                size = size_at(min(self.progress, 0.999999), self.options.sizes)
                aside = self.monitored(size)
                self.note(sums / counted, aside, size)
                sums, counted, shown = torch.zeros(2), 0, now
                since = time.monotonic()
            if now - saved > self.options.save_every:
                self.save()
                saved = now
        self.save()
        torch.save(
            {"model": self.model.state_dict(), "configuration": self.configuration, "step": self.step, "spent": self.spent},
            self.options.out / "clip.pt",
        )

    # MARK: how well it goes

    @torch.no_grad()
    def monitored(self, size):
        """Share of set-aside pictures, at this size, whose own name comes out on top among all names of their source."""
        self.model.eval()
        result = {}
        for source in self.sources:
            aside = source.aside[:1000]
            names = [captions.plain(concept) for concept in source.concepts]
            texts = torch.cat([self.text_embeddings(names[i : i + 512]) for i in range(0, len(names), 512)])
            right = 0
            for first in range(0, len(aside), 250):
                rows = aside[first : first + 250]
                raw = torch.from_numpy(source.pictures[rows]).to(self.device)
                images = pictures.plain(raw, size)
                best = (self.image_embeddings(images) @ texts.T).argmax(1).cpu().numpy()
                right += int((best + source.members.min() == source.members[rows]).sum())
            result[source.name] = right / len(aside)
        self.model.train()
        return result

    def note(self, losses, aside, size):
        if not self.curve.exists():
            self.curve.write_text("\t".join(["step", "minutes", "size", "rate", "pairs", "groups", *aside]) + "\n")
        row = [self.step, f"{self.spent / 60:.1f}", size, f"{self.rate():.2e}", *(f"{x:.4f}" for x in losses.tolist())]
        row += [f"{value:.4f}" for value in aside.values()]
        with self.curve.open("a") as file:
            file.write("\t".join(map(str, row)) + "\n")
        print(*row, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packed", type=pathlib.Path, required=True)
    parser.add_argument("--vocabulary", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--steps", type=int)
    length.add_argument("--minutes", type=float, help="of training time; the schedule follows the clock")
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--resume", action="store_true", help="go on where OUT/checkpoint.pt stands")
    start.add_argument("--from", dest="origin", type=pathlib.Path, help="start a new schedule from these weights")
    parser.add_argument("--mix", type=json.loads, default=MIX, help="JSON: pictures of each source in a step")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--groups", type=int, default=14, help="groups that a step asks for")
    parser.add_argument("--sizes", default="64:0.8,96:1", help="picture sizes, each with the progress until which it holds")
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--text-rate", type=float, default=0.5, help="of the text tower, as a share of the rate")
    parser.add_argument("--text-batch", type=int, default=224, help="concepts in a step of the text tower alone")
    parser.add_argument("--text-until", type=float, default=0.06, help="progress at which stage 1 ends")
    parser.add_argument("--images-until", type=float, default=0.75, help="progress at which stage 2 ends")
    parser.add_argument("--warmup", type=float, default=0.02, help="share of the schedule")
    parser.add_argument("--weight-decay", type=float, default=0.05)
    parser.add_argument("--image-size", type=int, default=96)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--layers", type=json.loads, default=[2, 2, 2, 2])
    parser.add_argument("--text-width", type=int, default=192)
    parser.add_argument("--text-layers", type=int, default=4)
    parser.add_argument("--embedding-width", type=int, default=256)
    parser.add_argument("--context-length", type=int, default=64)
    parser.add_argument("--show-every", type=float, default=120, metavar="SECONDS")
    parser.add_argument("--save-every", type=float, default=300, metavar="SECONDS")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.sizes = [(int(s.split(":")[0]), float(s.split(":")[1])) for s in options.sizes.split(",")]
    trainer = Trainer(options)
    if options.resume:
        trainer.load(options.out / "checkpoint.pt", going_on=True)
    elif options.origin:
        trainer.load(options.origin, going_on=False)
    parameters = sum(p.numel() for p in trainer.model.parameters())
    print(f"{parameters:,} parameters, {len(trainer.concepts)} concepts, on {trainer.device}", flush=True)
    trainer.train()


if __name__ == "__main__":
    main()
