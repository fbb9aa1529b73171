"""Makes tar archives of small pictures, the same ones every time."""

from __future__ import annotations

import io
import pathlib
import struct
import tarfile
import zlib

import numpy

SIDE = 32
FORMATS = (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)
# Of so many samples one picture is damaged, and one sample has no picture.
DAMAGED_EVERY, EMPTY_EVERY = 200, 333


def png(pixels: numpy.ndarray) -> bytes:
    """A picture of (height, width, 3) bytes."""
    height, width, _ = pixels.shape
    rows = numpy.concatenate([numpy.zeros((height, 1), numpy.uint8), pixels.reshape(height, -1)], axis=1).tobytes()

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")


def picture(draw: numpy.random.Generator) -> bytes:
    """A colour that fades into another, with noise."""
    first, second = draw.integers(0, 256, (2, 3))
    part = numpy.add.outer(numpy.arange(SIDE), numpy.arange(SIDE))[..., None] / (2 * SIDE)
    pixels = (first + (second - first) * part).astype(numpy.uint8) & 0xF8 | draw.integers(0, 8, (SIDE, SIDE, 3), numpy.uint8)
    return png(pixels)


def gives_no_row(sample: int) -> bool:
    return sample % DAMAGED_EVERY == 17 or sample % EMPTY_EVERY == 29


def add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def make(folder: pathlib.Path, count: int, samples: int) -> list[pathlib.Path]:
    """Archives `00000.tar` and so on, in the formats by turns."""
    folder.mkdir(parents=True)
    paths = []
    for number in range(count):
        draw = numpy.random.default_rng(number)
        paths.append(folder / f"{number:05}.tar")
        with tarfile.open(paths[-1], "w", format=FORMATS[number % len(FORMATS)]) as archive:
            for sample in range(samples):
                key = f"{number:05}{sample:04}"
                content = picture(draw)
                if sample % DAMAGED_EVERY == 17:
                    content = content[:60]
                if sample % EMPTY_EVERY != 29:
                    add(archive, f"{key}.png", content)
                add(archive, f"{key}.txt", f"sample {sample}".encode())
    return paths


# Names that are hard for readers of tar, or for webdataset's rule.
NAMES = [
    "plain.png", "folder/plain.png", "two.dots.png", "a.b/c.png", "UPPER.PNG", "dir/.hidden.png", ".hidden.png", "no-dot", "__meta__",
    "__meta__/a.png", "__half.png", "é/ü/名前.png", "b\udce9d.png", "with space.png", "new\nline.png", "quote\"'\\.png", "./dot.png",
    "l" * 99 + ".png", "p" * 100 + "/" + "n" * 90 + ".png", "d/" * 60 + "deep.png", "long" * 60 + ".left.png",
    "same.png", "same.txt", "x..png",
]


def odd(path: pathlib.Path, kind: int) -> None:
    """An archive of odd names, each a picture of its own, with folders and links between them."""
    draw = numpy.random.default_rng(kind)
    with tarfile.open(path, "w", format=kind, encoding="utf-8", errors="surrogateescape") as archive:
        for name in NAMES:
            try:
                add(archive, name, picture(draw))
            except ValueError:
                continue  # a name that is too long for the format
            folder = tarfile.TarInfo("folder.png")
            folder.type = tarfile.DIRTYPE
            archive.addfile(folder)
            link = tarfile.TarInfo("link")
            link.type, link.linkname = tarfile.SYMTYPE, "plain.png"
            archive.addfile(link)
