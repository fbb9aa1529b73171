"""AVIF and HEIC files whose boxes and streams contradict each other, put together from streams in streams/.

Those were made once, each of one colour: `tile.avif` (1020 x 1020) and `sides-12000.avif` by Pillow 12, `tile.heic` (1024 x 1024)
and `sides-8192.heic` by pillow-heif 1.1.
"""

from __future__ import annotations

import pathlib
import struct

STREAMS = pathlib.Path(__file__).with_name("streams")


def box(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data) + 8) + kind + data


def full_box(kind: bytes, data: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags) + data)


def stream(name: str) -> bytes:
    return (STREAMS / name).read_bytes()


def with_sides(file: bytes, width: int, height: int) -> bytes:
    """The same file, of which the boxes say that it has other sides than its stream."""
    at = file.index(b"ispe") + 8
    return file[:at] + struct.pack(">II", width, height) + file[at + 8 :]


def found(file: bytes, kind: bytes) -> bytes:
    """The whole box of that kind, wherever it is."""
    at = file.index(kind) - 4
    return file[at : at + struct.unpack(">I", file[at : at + 4])[0]]


def grid(tile: bytes, columns: int, rows: int, *, sides: tuple[int, int], said: tuple[int, int] | None = None) -> bytes:
    """A picture of `columns` x `rows` tiles, which are all the same bytes. `said` are the sides that its `ispe` gives."""
    is_avif = b"av1C" in tile
    configuration = found(tile, b"av1C" if is_avif else b"hvcC")
    data = found(tile, b"mdat")[8:]
    kind, brand = (b"av01", b"avif") if is_avif else (b"hvc1", b"heic")
    at = tile.index(b"ispe") + 8
    tile_sides = tile[at : at + 8]
    count = columns * rows
    plan = struct.pack(">BBBBII", 0, 1, rows - 1, columns - 1, *sides)

    def item(number: int, what: bytes) -> bytes:
        return full_box(b"infe", struct.pack(">HH4s", number, 0, what) + b"\0", version=2)

    items = [item(1, b"grid")] + [item(number + 2, kind) for number in range(count)]
    properties = [
        full_box(b"ispe", struct.pack(">II", *(said or sides))),
        full_box(b"ispe", tile_sides),
        configuration,
        full_box(b"pixi", bytes([3, 8, 8, 8])),
    ]
    of_grid = struct.pack(">HB", 1, 2) + bytes([1, 4])
    of_tile = b"".join(struct.pack(">HB", number + 2, 3) + bytes([2, 0x83, 4]) for number in range(count))
    parts = [
        full_box(b"hdlr", bytes(4) + b"pict" + bytes(13)),
        full_box(b"pitm", struct.pack(">H", 1)),
        full_box(b"iinf", struct.pack(">H", len(items)) + b"".join(items)),
        full_box(b"iref", box(b"dimg", struct.pack(">HH", 1, count) + struct.pack(f">{count}H", *range(2, count + 2)))),
        box(b"iprp", box(b"ipco", b"".join(properties)) + full_box(b"ipma", struct.pack(">I", count + 1) + of_grid + of_tile)),
        box(b"idat", plan),
    ]
    start = box(b"ftyp", brand + bytes(4) + b"mif1" + brand + b"miaf")

    def places(offset: int) -> bytes:
        entry = struct.pack(">HHHHII", 1, 1, 0, 1, 0, len(plan))
        tiles = b"".join(struct.pack(">HHHHII", number + 2, 0, 0, 1, offset, len(data)) for number in range(count))
        return full_box(b"iloc", bytes([0x44, 0x00]) + struct.pack(">H", count + 1) + entry + tiles, version=1)

    def meta(offset: int) -> bytes:
        return full_box(b"meta", b"".join(parts[:2]) + places(offset) + b"".join(parts[2:]))

    offset = len(start) + len(meta(0)) + 8
    return start + meta(offset) + box(b"mdat", data)


def files() -> dict[str, bytes]:
    """The hostile ones, by what they do."""
    tile, hevc = stream("tile.avif"), stream("tile.heic")
    wide, wide_hevc = stream("sides-12000.avif"), stream("sides-8192.heic")
    return {
        "AVIF 12,000 behind 64": with_sides(wide, 64, 64),
        "AVIF 12,000, honest": wide,
        "AVIF grid 16,320 behind 64": grid(tile, 16, 16, sides=(16320, 16320), said=(64, 64)),
        "AVIF grid 16,320": grid(tile, 16, 16, sides=(16320, 16320)),
        "AVIF grid 8,160": grid(tile, 8, 8, sides=(8160, 8160)),
        "AVIF grid 64 of large tiles": grid(tile, 16, 16, sides=(64, 64)),
        "AVIF grid 256 x 256": grid(tile, 255, 255, sides=(64, 64)),
        "HEIC grid 16,000 behind 64": grid(hevc, 16, 16, sides=(16000, 16000), said=(64, 64)),
        "HEIC grid 16,000": grid(hevc, 16, 16, sides=(16000, 16000)),
        "HEIC 8,192 behind 64": with_sides(wide_hevc, 64, 64),
    }


def honest_grid() -> bytes:
    """A grid as cameras write it, of four tiles."""
    return grid(stream("tile.avif"), 2, 2, sides=(2040, 2040))
