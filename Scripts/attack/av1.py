"""AV1 streams by hand, and AVIF files whose boxes say more, or other things, than pictures have."""

from __future__ import annotations

import struct

from boxes import box, full_box


class Bits:
    """Numbers of any count of bits, the highest first."""

    def __init__(self) -> None:
        self.text = ""

    def put(self, *numbers: tuple[int, int]) -> Bits:
        self.text += "".join(f"{number:0{size}b}" for number, size in numbers if size)
        return self

    def bytes(self) -> bytes:
        text = self.text + "0" * (-len(self.text) % 8)
        return bytes(int(text[at : at + 8], 2) for at in range(0, len(text), 8))


def unit(kind: int, data: bytes) -> bytes:
    length, left = b"", len(data)
    while left > 127:
        length += bytes([left & 127 | 128])
        left >>= 7
    return bytes([kind << 3 | 2]) + length + bytes([left]) + data


def sequence(width: int, height: int, grain: bool = False) -> bytes:
    """A sequence header of eight bits and halved colours, without any tools."""
    bits = Bits().put((0, 3), (1, 1), (0, 1), (0, 2), (0, 5), (0, 12), (0, 5))
    bits.put((15, 4), (15, 4), (width - 1, 16), (height - 1, 16), (0, 1))
    bits.put((1, 1), (0, 2), (0, 4), (0, 1), (0, 2), (0, 3))  # large blocks; no order, no screen content
    return bits.put((0, 2), (0, 1), (0, 4), (0, 3), (0, 1), (int(grain), 1)).bytes()


def frame(width: int, height: int, data: bytes, own_size: bool) -> bytes:
    """A key frame of one tile; with `own_size` it names its sides itself."""
    bits = Bits().put((0, 1), (0, 2), (1, 1), (1, 1), (int(own_size), 1))
    if own_size:
        bits.put((width - 1, 16), (height - 1, 16))
    bits.put((0, 1), (1, 1))  # of no other size when shown, tiles of one size
    across, down = -(-width // 128), -(-height // 128)
    for blocks, least in ((across, -(-across // 32)), (down, 1)):
        # A tile has 4096 pixels across at most.
        assert least == 1 and across * down <= 576
        bits.put((0, int(blocks > 1)))
    bits.put((100, 8), (0, 4), (0, 2), (0, 6), (0, 6), (0, 3), (0, 1), (1, 1), (0, 1))
    return bits.bytes() + data


def stream(said: tuple[int, int], sides: tuple[int, int], size: int = 60, frames: int = 1, own_size: bool = True) -> bytes:
    """A sequence header that says one size, and frames that have another; their data are zeroes."""
    return unit(1, sequence(*said)) + unit(6, frame(*sides, bytes(size), own_size)) * frames


def avif(tile: bytes, sides: tuple[int, int], columns: int = 1, rows: int = 1, more: bytes = b"", tables: dict[bytes, bytes] | None = None) -> bytes:
    """A picture of the same tile again and again. `tables` replace or add boxes of `meta`; `more` stands behind it."""
    count, canvas = columns * rows, (sides[0] * columns, sides[1] * rows)
    is_grid = count > 1
    numbers = range(1, count + 1)
    first = count + 1 if is_grid else 1

    def item(number: int, what: bytes) -> bytes:
        return full_box(b"infe", struct.pack(">HH4s", number, 0, what) + b"\0", version=2)

    items = [item(number, b"av01") for number in numbers] + ([item(first, b"grid")] if is_grid else [])
    properties = [
        box(b"av1C", bytes([0x81, 0, 0x0C, 0])),
        full_box(b"ispe", struct.pack(">II", *sides)),
        full_box(b"ispe", struct.pack(">II", *canvas)),
        full_box(b"pixi", bytes([3, 8, 8, 8])),
    ]
    named = b"".join(struct.pack(">HB", number, 3) + bytes([0x81, 2, 4]) for number in numbers)
    if is_grid:
        named += struct.pack(">HB", first, 2) + bytes([3, 4])
    plan = struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, *canvas) if is_grid else b""
    parts = {
        b"hdlr": full_box(b"hdlr", bytes(4) + b"pict" + bytes(13)),
        b"pitm": full_box(b"pitm", struct.pack(">H", first)),
        b"iloc": b"",
        b"iinf": full_box(b"iinf", struct.pack(">H", len(items)) + b"".join(items)),
        b"iref": b"",
        b"iprp": box(b"iprp", box(b"ipco", b"".join(properties)) + full_box(b"ipma", struct.pack(">I", len(items)) + named)),
    }
    if is_grid:
        parts[b"iref"] = full_box(b"iref", box(b"dimg", struct.pack(f">HH{count}H", first, count, *numbers)))
    start = box(b"ftyp", b"avif" + bytes(4) + b"avifmif1miaf")

    def meta(offset: int) -> bytes:
        places = b"".join(struct.pack(">HHHII", number, 0, 1, offset, len(tile)) for number in numbers)
        if is_grid:
            places += struct.pack(">HHHII", first, 0, 1, offset + len(tile), len(plan))
        parts[b"iloc"] = full_box(b"iloc", bytes([0x44, 0x00]) + struct.pack(">H", len(items)) + places)
        return full_box(b"meta", b"".join({**parts, **(tables or {})}.values()))

    offset = len(start) + len(meta(0)) + 8
    # Codes together are not many times the file.
    padding = box(b"free", bytes(len(tile) * count // 2)) if is_grid else b""
    return start + meta(offset) + box(b"mdat", tile + plan) + padding + more


def files() -> dict[str, bytes]:
    """The hostile ones, by what they do."""
    honest = stream((64, 64), (64, 64), own_size=False)
    one = avif(honest, (64, 64))
    strangers = b"".join(box(b"cdsc", struct.pack(">HHH", number, 1, 1)) for number in range(2, 60_000))
    nowhere = struct.pack(">HHH", 1, 0, 65535) + b"".join(struct.pack(">HHH", number, 0, 65535) for number in range(2, 60_000))
    described = full_box(b"stsd", struct.pack(">I", 150_000) + struct.pack(">I4s", 8, b"av01") * 150_000)
    track = box(b"trak", box(b"mdia", box(b"minf", box(b"stbl", described))))
    return {
        "AVIF frame 1,024 in 64, tiled": avif(stream((64, 64), (1024, 1024), 600), (256, 256), 16, 16),
        "AVIF frame 2,048 in 64, tiled": avif(stream((64, 64), (2048, 2048), 2100), (256, 256), 16, 16),
        "AVIF 64 behind 4,096": with_canvas(one, 4096),
        "AVIF 64 behind 8,192": with_canvas(one, 8192),
        "AVIF of 3,600 tiles": avif(honest, (64, 64), 60, 60),
        "AVIF of four frames": avif(stream((2048, 2048), (2048, 2048), 2100, frames=4, own_size=False), (2048, 2048)),
        "AVIF of 40 frames": avif(stream((2048, 2048), (2048, 2048), 2100, frames=40, own_size=False), (2048, 2048)),
        "AVIF with strangers": avif(honest, (64, 64), tables={b"iref": full_box(b"iref", strangers)}),
        "AVIF in pieces of nothing": avif(
            honest, (64, 64), tables={b"iloc": full_box(b"iloc", bytes(2) + struct.pack(">H", 59_999) + nowhere)}
        ),
        "AVIF of 150,000 tracks": avif(honest, (64, 64), more=box(b"moov", box(b"trak", b"") * 150_000)).replace(b"mif1", b"avis"),
        "AVIF of 150,000 descriptions": avif(honest, (64, 64), more=box(b"moov", track)).replace(b"mif1", b"avis"),
        "AVIF described twice": one + one[one.index(b"meta") - 4 : one.index(b"mdat") - 4],
    }


def with_canvas(file: bytes, side: int) -> bytes:
    return file.replace(struct.pack(">II", 64, 64), struct.pack(">II", side, side))
