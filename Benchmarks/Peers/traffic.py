"""Requests as clients send them: photographs of 500 x 375 pixels as base64, captions of about 12 tokens.

Ours and Roboflow's server have the same routes and bodies; Infinity has its own.

Every request is a new one: each picture has other bytes behind its end, which decoders skip, and captions are drawn anew. So
a server that keeps embeddings has nothing to gain, except in the scenario whose captions are the same every time.
"""

from __future__ import annotations

import base64
import io
import itertools
import json
import pathlib
import random
import threading

import numpy as np
from PIL import Image, ImageOps

ROOT = pathlib.Path(__file__).resolve().parents[2]
SIZE = (500, 375)
SEED = 20261125
ROBOFLOW, INFINITY = "roboflow", "infinity"  # whose routes and bodies
SCENARIOS = ("image1", "image8", "text1", "text8", "compare8", "compare8-same")
# Words that are one token each in OpenAI's vocabulary: ten of them, with start and end, are 12 tokens.
WORDS = (
    "photo small large black white red blue green yellow dog cat horse bird sheep cow boat train car bus bike man woman "
    "boy girl child crowd street beach river lake mountain forest field garden kitchen table chair window door wall bridge "
    "tower church market station snow rain sun moon grass flower tree stone sand cloud running sitting standing playing"
).split()
WORDS_PER_CAPTION = 10


def photographs(copies: int = 4) -> list[bytes]:
    """JPEGs made from the pictures of Examples: enlarged, cut in several ways, with grain as a camera's."""
    noise = np.random.default_rng(SEED)
    found = []
    for path in sorted((ROOT / "Examples/pictures").glob("*.jpg")):
        source = Image.open(path).convert("RGB")
        for copy in range(copies):
            centre = (0.2 + 0.2 * copy, 0.8 - 0.2 * copy)
            picture = ImageOps.fit(source, SIZE, Image.Resampling.BICUBIC, centering=centre)
            grain = noise.normal(0, 6, (SIZE[1], SIZE[0], 1))
            picture = Image.fromarray(np.clip(np.asarray(picture) + grain, 0, 255).astype(np.uint8))
            found.append(jpeg(picture))
    return found


def jpeg(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=85)
    return file.getvalue()


class Pictures:
    """The photographs as base64, of which every one that is taken is a new file."""

    def __init__(self, images: list[bytes]) -> None:
        # To a multiple of three bytes, so that the base64 of a number can follow.
        self.texts = [base64.b64encode(image + bytes(-len(image) % 3)) for image in images]
        self.taken = 0

    def next(self) -> bytes:
        self.taken += 1
        return self.texts[self.taken % len(self.texts)] + base64.b64encode(self.taken.to_bytes(6, "big"))


class Traffic:
    """Requests of one scenario, ready to be sent; any thread may take the next one.

    Each one made has captions of its own, so that a later phase finds nothing that an earlier one left in a cache.
    """

    made = itertools.count()

    def __init__(self, scenario: str, pictures: Pictures, model: str, api: str = ROBOFLOW) -> None:
        kind, _, variant = scenario.partition("-")
        self.kind, self.count = kind.rstrip("0123456789"), int(kind.lstrip("abcdefghijklmnopqrstuvwxyz"))
        self.pictures = pictures
        self.model = model
        self.write = {ROBOFLOW: roboflow_body, INFINITY: infinity_body}[api]
        self.random = random.Random(f"{SEED} {next(self.made)}")
        self.same = self.captions() if variant == "same" else None
        self.lock = threading.Lock()

    @property
    def items(self) -> int:
        """Images or captions of one request that a rate is told in; a comparison counts as one."""
        return 1 if self.kind == "compare" else self.count

    def next(self) -> bytes:
        with self.lock:
            images, captions = self.take()
        return self.request(images, captions)

    def take(self) -> tuple[list[bytes], list[str]]:
        """The pictures and captions of a request."""
        captions = [] if self.kind == "image" else self.same or self.captions()
        return [self.pictures.next() for _ in range({"text": 0, "compare": 1}.get(self.kind, self.count))], captions

    def request(self, images: list[bytes], captions: list[str]) -> bytes:
        path, parts = self.write(self.kind, self.model.encode(), images, captions)
        length = sum(map(len, parts))
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        )
        return b"".join([head.encode(), *parts])

    def captions(self) -> list[str]:
        return [" ".join(self.random.choices(WORDS, k=WORDS_PER_CAPTION)) for _ in range(self.count)]


class Mix:
    """Requests of several scenarios by turns; any thread may take the next one."""

    items = 1

    def __init__(self, scenarios: tuple[str, ...], pictures: Pictures, model: str) -> None:
        self.turns = itertools.cycle(Traffic(scenario, pictures, model) for scenario in scenarios)
        self.lock = threading.Lock()

    def next(self) -> bytes:
        with self.lock:
            return next(self.turns).next()


class Same:
    """One request of a scenario again and again: all that it asks for is in a cache from the second time on."""

    def __init__(self, scenario: str, pictures: Pictures, model: str) -> None:
        traffic = Traffic(scenario, pictures, model)
        self.items, self.request = traffic.items, traffic.next()

    def next(self) -> bytes:
        return self.request


def encoded(captions: list[str]) -> bytes:
    """One caption as a string, several as a list."""
    return json.dumps(captions[0] if len(captions) == 1 else captions).encode()


def roboflow_body(kind: str, model: bytes, images: list[bytes], captions: list[str]) -> tuple[str, list[bytes]]:
    """The path and the pieces of a body; pictures are not copied to make it."""
    start = b'{"clip_version_id":"%s",' % model
    if kind == "text":
        return "/clip/embed_text", [start, b'"text":', encoded(captions), b"}"]
    pieces = joined(images, b'{"type":"base64","value":"', b'"}')
    if kind == "image":
        return "/clip/embed_image", [start, b'"image":', *pieces, b"}"]
    return "/clip/compare", [start, b'"subject":', *pieces, b',"prompt":', encoded(captions), b"}"]


def infinity_body(kind: str, model: bytes, images: list[bytes], captions: list[str]) -> tuple[str, list[bytes]]:
    """The same of Infinity's, which compares nothing."""
    start = b'{"model":"%s","modality":"%s","input":' % (model, kind.encode())
    pieces = [encoded(captions)] if kind == "text" else joined(images, b'"data:image/jpeg;base64,', b'"')
    return "/embeddings", [start, *pieces, b"}"]


def joined(images: list[bytes], before: bytes, behind: bytes) -> list[bytes]:
    """One picture by itself, several as a list."""
    pieces: list[bytes] = []
    for image in images:
        pieces += [b"," * bool(pieces) + before, image, behind]
    return pieces if len(images) == 1 else [b"[", *pieces, b"]"]
