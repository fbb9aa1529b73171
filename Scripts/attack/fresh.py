"""Requests that nobody has asked before, with answers that were found another way, so that no cache can give them."""

from __future__ import annotations

import json
import math
import os
import random
import struct
import threading
import typing
import zlib

import pictures
import wire
from server import Server

WORDS = "red cat tree blue dog house snow car river cloud stone bird green lamp field boat night road 고양이 자전거".split()
# As many as a list of texts, and a list of pictures, may well have.
LIST, PAIR = 256, 8


class Pixels:
    """A picture made anew, which can be packed in several ways."""

    def __init__(self, draw: random.Random) -> None:
        self.width, self.height = draw.randrange(24, 320), draw.randrange(24, 240)
        count = draw.randrange(2, 7)
        colours = [[draw.randbytes(3) for _ in range(count)] for _ in range(count)]
        widths = [self.width * (n + 1) // count - self.width * n // count for n in range(count)]
        rows = [b"".join(colour * width for colour, width in zip(line, widths)) for line in colours]
        self.rows = [rows[y * count // self.height] for y in range(self.height)]

    def _png(self, filtered: bytes, level: int) -> bytes:
        mark = pictures.chunk(b"prVt", os.urandom(12))
        data = pictures.split(zlib.compress(filtered, level), random.randrange(100, 4000))
        return pictures.PNG_SIGNATURE + pictures.header(self.width, self.height) + mark + data + pictures.chunk(b"IEND", b"")

    def png(self) -> bytes:
        return self._png(b"".join(b"\0" + row for row in self.rows), random.choice((0, 1, 6, 9)))

    def png_of_differences(self) -> bytes:
        """Each row as what is other than above."""
        lines, above = [], bytes(self.width * 3)
        for row in self.rows:
            same = row is above
            lines.append(b"\2" + (bytes(len(row)) if same else bytes((a - b) & 255 for a, b in zip(row, above))))
            above = row
        return self._png(b"".join(lines), 6)

    def bmp(self) -> bytes:
        padding = bytes(-self.width * 3 % 4)
        turned = {row: bytes(row[at + 2 - 2 * (at % 3)] for at in range(len(row))) + padding for row in set(self.rows)}
        data = b"".join(turned[row] for row in reversed(self.rows))
        # The resolution is what nobody looks at.
        resolution = random.randrange(1, 1 << 30)
        head = struct.pack("<IiiHHIIiiII", 40, self.width, self.height, 1, 24, 0, len(data), resolution, resolution, 0, 0)
        return b"BM" + struct.pack("<IHHI", 54 + len(data), 0, 0, 54) + head + data

    def tiff(self) -> bytes:
        data = b"".join(self.rows)
        entries = [(256, 3, 1, self.width), (257, 3, 1, self.height), (258, 3, 3, 8), (259, 3, 1, 1), (262, 3, 1, 2), (273, 4, 1, 0),
                   (277, 3, 1, 3), (278, 3, 1, self.height), (279, 4, 1, len(data))]  # fmt: skip
        end = 8 + 2 + 12 * len(entries) + 4
        places = {258: end, 273: end + 6 + 8}
        folder = b"".join(struct.pack("<HHII", tag, kind, count, places.get(tag, value)) for tag, kind, count, value in entries)
        start = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(entries)) + folder + bytes(4)
        return start + struct.pack("<HHH", 8, 8, 8) + os.urandom(8) + data

    def packed(self) -> bytes:
        """In one of the ways, each time as other bytes."""
        return random.choice((self.png, self.png_of_differences, self.bmp, self.tiff))()


class Made(typing.NamedTuple):
    """What is asked, and the numbers of its right answer."""

    kind: str
    body: bytes
    path: str
    numbers: list[list[float]]


def cosine(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other)) / (math.hypot(*one) * math.hypot(*other))


class Fresh:
    """Makes such requests; their answers come from a second server that remembers nothing, in lists and in other packings."""

    def __init__(self, second: Server, origin: str) -> None:
        self.second, self.origin = second, origin
        self.lock = threading.Lock()
        self.texts: list[tuple[str, list[float]]] = []
        self.pixels: list[tuple[Pixels, list[float]]] = []
        self.served: dict[int, Pixels] = {}
        self.known: list[tuple[Pixels, list[float]]] = []
        self.made = 0
        self.number = 0
        self.closest = math.inf

    def _embeddings(self, body: bytes, path: str) -> list[list[float]]:
        answer = wire.asked(self.second.port, body, path, limit=120)
        if answer.status != 200:
            raise RuntimeError(f"The second server answered {answer.status}: {answer.message[:100]}")
        return json.loads(answer.body)["embeddings"]

    def _note_distances(self, found: list[list[float]]) -> None:
        """How near to each other right answers of different requests are: a wrong one must be further than what is tolerated."""
        for one, other in zip(found, found[1:]):
            self.closest = min(self.closest, math.dist(one, other) / math.hypot(*one))

    def _some_texts(self, count: int) -> list[tuple[str, list[float]]]:
        if len(self.texts) < count:
            draw = random.Random(self.number)
            texts = [" ".join(draw.choices(WORDS, k=draw.randrange(1, 9))) + f" {self.number + n}" for n in range(LIST)]
            self.number += LIST
            found = self._embeddings(wire.text_body(texts), "/clip/embed_text")
            self._note_distances(found)
            self.texts += zip(texts, found)
        return [self.texts.pop() for _ in range(count)]

    def _some_pixels(self) -> tuple[Pixels, list[float]]:
        if not self.pixels:
            draw = random.Random(self.number)
            self.number += 1
            made = [Pixels(draw) for _ in range(PAIR)]
            found = self._embeddings(wire.image_body(*(wire.encoded(pixels.packed()) for pixels in made)), "/clip/embed_image")
            self._note_distances(found)
            self.pixels += zip(made, found)
            self.known = (self.known + self.pixels[:4])[-64:]
        return self.pixels.pop()

    def serve(self, number: int) -> bytes | None:
        """A picture that an origin was asked for, packed anew."""
        with self.lock:
            pixels = self.served.pop(number, None)
        return pixels.packed() if pixels else None

    def request(self, draw: random.Random) -> Made:
        with self.lock:
            self.made += 1
            kind = draw.random()
            if kind < 0.45:
                ((text, row),) = self._some_texts(1)
                return Made("a new text", wire.text_body(text), "/clip/embed_text", [row])
            if kind < 0.5:
                some = self._some_texts(draw.randrange(2, 12))
                return Made("new texts", wire.text_body([text for text, _ in some]), "/clip/embed_text", [row for _, row in some])
            if kind < 0.6:
                (subject, row), *prompts = self._some_texts(4)
                body = {"subject": subject, "subject_type": "text", "prompt": [text for text, _ in prompts], "prompt_type": "text"}
                return Made("a new comparison", json.dumps(body).encode(), "/clip/compare", [[cosine(row, other) for _, other in prompts]])
            if kind < 0.7 and self.known:
                pixels, row = draw.choice(self.known)
                return Made("a picture packed anew", wire.image_body(wire.encoded(pixels.packed())), "/clip/embed_image", [row])
            pixels, row = self._some_pixels()
            if kind < 0.8:
                self.served[self.made] = pixels
                return Made("a new URL", wire.image_body(wire.linked(f"{self.origin}/fresh/{self.made}")), "/clip/embed_image", [row])
            return Made("a new picture", wire.image_body(wire.encoded(pixels.packed())), "/clip/embed_image", [row])
