"""Captions of concepts, and which concepts a picture may be taken for without a mistake."""

import functools
import pathlib
import random

import torch

HERE = pathlib.Path(__file__).parent

TEMPLATES = {
    "photo": {
        "en": [
            "a photo of a {}.", "a photo of a {}", "a photo of the {}.", "a picture of a {}", "an image of a {}.",
            "a blurry photo of a {}.", "a close-up photo of a {}.", "a good photo of a {}.", "a bad photo of a {}.",
            "a photo of a small {}.", "a photo of a large {}.", "a low resolution photo of a {}.", "this is a {}.", "one {}",
            "a cropped photo of a {}.", "a photo of my {}.", "there is a {} in the picture",
        ],
        "ko": ["{} 사진", "{}의 사진", "{} 사진.", "{} 이미지", "흐릿한 {} 사진", "작은 {} 사진", "{}를 찍은 사진", "이것은 {}"],
    },
    "emoji": {
        "en": ["an emoji of {}", "{} emoji", "an emoji of a {}", "a drawing of a {}", "an icon of a {}", "a picture of a {}",
               "a cartoon of a {}", "a {}", "a symbol: {}"],
        "ko": ["{} 이모지", "{} 그림", "{} 아이콘", "{} 이모티콘"],
    },
    "drawing": {
        "en": ["a drawing of a {}", "clip art of a {}", "a picture of a {}", "a cartoon of a {}", "an illustration of {}"],
        "ko": [],
    },
}
#: How often a caption is in Korean where there is a Korean name, and how often a name stands alone.
KOREAN, BARE = 0.35, 0.35
#: Groups that say too little to make two concepts alike: a picture of a dog is no answer to "a cat" though both are animals.
BROAD = {"animal", "vehicle", "food", "clothing", "building", "tool", "machine", "furniture", "landscape", "electronics",
         "container", "insect", "shop", "kitchenware", "instrument", "weapon"}
#: Words of names that are no subject.
EMPTY = set("a an and at bare big black blue button face for front good hand high in large little low new no of off old on "
            "open or person red side sign small symbol the to top two up white with without woman man".split())


def rows(name):
    for line in (HERE / name).read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


def groups():
    """The groups of groups.tsv, as concepts of photographs."""
    return [{"key": key, "en": en.split("|"), "ko": ko.split("|"), "kind": "photo"} for key, en, ko in rows("groups.tsv")]


def plain(concept, language="en"):
    """What a person would call it, without a template."""
    return concept[language][0]


def caption(concept):
    """A caption drawn by lot."""
    language = "ko" if concept["ko"] and random.random() < KOREAN else "en"
    names = concept[language]
    name = names[0]
    if len(names) > 1:
        if concept["kind"] == "emoji":
            # Keywords are shared by many emoji, so they only ever stand beside the name.
            if random.random() < 0.25:
                name = ", ".join([name] + random.sample(names[1:], min(len(names) - 1, random.randint(1, 3))))
        elif random.random() < 0.4:
            name = random.choice(names[1:])
    templates = TEMPLATES[concept["kind"]][language]
    if not templates or random.random() < BARE:
        return name
    return random.choice(templates).format(name)


def group_caption(group):
    language = "ko" if random.random() < KOREAN else "en"
    name = random.choice(group[language])
    return name if random.random() < BARE else random.choice(TEMPLATES["photo"][language]).format(name)


def subjects(concept):
    """The words that say what a concept is about."""
    names = concept["en"] + [group for group in concept["groups"] if group not in BROAD]
    if concept["kind"] != "photo":
        names = concept["en"][:1]
    words = {word.strip(".,'’“”!:").lower() for name in names for word in name.split()}
    return {word for word in words if len(word) > 1} - EMPTY


class Relations:
    """Which captions are right for a picture beside its own.

    excused (concepts, concepts): the row's picture does not count against the column's caption, since both are of other
    sources and share a subject. membership (concepts, groups): the concept is in the group.
    """

    def __init__(self, concepts, groups):
        count = len(concepts)
        by_word = {}
        for place, concept in enumerate(concepts):
            for word in subjects(concept):
                by_word.setdefault(word, []).append(place)
        self.excused = torch.zeros(count, count, dtype=torch.bool)
        for places in by_word.values():
            places = torch.tensor(places)
            self.excused[places[:, None], places] = True
        # Within one table the names are told apart, shared words or not: that is what the table is for.
        kinds = {}
        sources = torch.tensor([kinds.setdefault(self._table(c), len(kinds)) for c in concepts])
        self.excused &= sources[:, None] != sources
        keys = {group["key"]: place for place, group in enumerate(groups)}
        self.membership = torch.zeros(count, len(groups), dtype=torch.bool)
        for place, concept in enumerate(concepts):
            for group in [*concept["groups"], concept["key"]]:
                if concept["kind"] == "photo" and group in keys:
                    self.membership[place, keys[group]] = True

    @staticmethod
    def _table(concept):
        if concept["kind"] != "photo":
            return concept["kind"]
        return "wordnet" if concept["key"][1:].isdigit() else "classes"


class Encoder:
    """Captions -> ids, start-of-text and end-of-text included."""

    def __init__(self, tokenizer, context_length):
        self.vocabulary_size = tokenizer.vocab_size
        start, self.end = tokenizer.sot_token_id, tokenizer.eot_token_id

        @functools.lru_cache(200_000)
        def ids(text):
            return [start] + tokenizer.encode(text)[: context_length - 2] + [self.end]

        self.ids = ids

    def length(self, text):
        return len(self.ids(text))

    def batch(self, texts, device):
        """(n, longest) ids and (n) places of end-of-text."""
        rows = [self.ids(text) for text in texts]
        table = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.long)
        for place, row in enumerate(rows):
            table[place, : len(row)] = torch.tensor(row)
        return table.to(device), torch.tensor([len(row) - 1 for row in rows], device=device)
