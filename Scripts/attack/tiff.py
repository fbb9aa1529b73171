"""TIFF files by hand: every tag says what the attack wants it to say."""

from __future__ import annotations

import struct

from pictures import constant, jpeg_in_scans, tall_jpeg

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
STRIP_OFFSETS, SAMPLES, ROWS_PER_STRIP, STRIP_LENGTHS, PLANAR = 273, 277, 278, 279, 284
PREDICTOR, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_LENGTHS, SAMPLE_FORMAT = 317, 322, 323, 324, 325, 339
PROFILE, SUB_IFDS, EXTRA_SAMPLES, SUBSAMPLING = 34675, 330, 338, 530

DEFLATE, LZW, PACKBITS, FAX3, FAX4, JPEG, NONE, LZMA, ZSTD = 8, 5, 32773, 3, 4, 7, 1, 34925, 50000
SHORT, LONG = 3, 4


def tiff(tags: dict[int, int | list[int]], data: bytes = b"", *, lying: dict[int, int] | None = None, loop: bool = False) -> bytes:
    """One directory and its data, which begin at byte 8. `lying` gives a tag another count than it has values; with `loop` the
    directory is followed by itself."""
    values, entries = bytearray(), []
    start = 8 + len(data) + len(data) % 2
    room = start + 2 + 12 * len(tags) + 4
    for tag, value in sorted(tags.items()):
        numbers = value if isinstance(value, list) else [value]
        kind = SHORT if max(numbers) < 65536 and tag not in (STRIP_OFFSETS, STRIP_LENGTHS) else LONG
        packed = struct.pack(f"<{len(numbers)}{'H' if kind == SHORT else 'I'}", *numbers)
        count = (lying or {}).get(tag, len(numbers))
        if len(packed) <= 4:
            entries.append(struct.pack("<HHI", tag, kind, count) + packed.ljust(4, b"\0"))
        else:
            entries.append(struct.pack("<HHII", tag, kind, count, room + len(values)))
            values += packed + b"\0" * (len(packed) % 2)
    end = struct.pack("<I", start if loop else 0)
    return (
        struct.pack("<2sHI", b"II", 42, start)
        + data
        + b"\0" * (len(data) % 2)
        + struct.pack("<H", len(entries))
        + b"".join(entries)
        + end
        + bytes(values)
    )


def grey(count: int) -> bytes:
    """Packed bytes of 200 each: what is read as black was not read."""
    return constant(count, 200)


def many_samples(width: int, height: int, samples: int, bits: int = 8, planar: int = 1, **more: int) -> bytes:
    """What a header of width and height alone does not tell: a pixel of as many samples as one likes."""
    row = (width * samples * bits + 7) // 8
    data = grey(row * height)
    strips = samples if planar == 2 else 1
    tags = {
        WIDTH: width, HEIGHT: height, BITS: [bits] * samples, COMPRESSION: DEFLATE, PHOTOMETRIC: 1, SAMPLES: samples,
        STRIP_OFFSETS: [8] * strips, STRIP_LENGTHS: [len(data)] * strips, ROWS_PER_STRIP: height, PLANAR: planar,
        **{int(tag): value for tag, value in more.items()},
    }  # fmt: skip
    return tiff(tags, data)


def plain(width: int = 64, height: int = 48, **changes: int | list[int]) -> dict[int, int | list[int]]:
    """The tags of an RGB picture of one packed strip, some of them changed; names as above."""
    tags: dict[int, int | list[int]] = {
        WIDTH: width, HEIGHT: height, BITS: [8, 8, 8], COMPRESSION: DEFLATE, PHOTOMETRIC: 2, SAMPLES: 3,
        STRIP_OFFSETS: 8, STRIP_LENGTHS: 0, ROWS_PER_STRIP: height, PLANAR: 1,
    }  # fmt: skip
    return tags | {globals()[name]: value for name, value in changes.items()}


def odd_files() -> dict[str, bytes]:
    """Headers that contradict themselves, each small."""
    pixels = grey(64 * 48 * 3)

    def made(**changes: int | list[int]) -> bytes:
        tags = plain(**{"STRIP_LENGTHS": len(pixels), **changes})
        return tiff(tags, pixels)

    tiles = {k: v for k, v in plain().items() if k not in (STRIP_OFFSETS, STRIP_LENGTHS, ROWS_PER_STRIP)}
    huge_tiles = tiles | {TILE_WIDTH: 1 << 20, TILE_HEIGHT: 1 << 20, TILE_OFFSETS: 8, TILE_LENGTHS: len(pixels)}
    small_tiles = tiles | {WIDTH: 8192, HEIGHT: 8192, TILE_WIDTH: 16, TILE_HEIGHT: 16}
    small_tiles |= {TILE_OFFSETS: [8] * 262144, TILE_LENGTHS: [len(pixels)] * 262144}
    rows = 8192
    same = grey(8192 * 3)
    strips = plain(8192, rows, ROWS_PER_STRIP=1)
    strips |= {STRIP_OFFSETS: [8] * rows, STRIP_LENGTHS: [len(same)] * rows}
    return {
        "huge tiles": tiff(huge_tiles, pixels),
        "262,144 tiles": tiff(small_tiles, pixels),
        "8,192 strips": tiff(strips, same),
        "one strip of 2^31 rows": made(ROWS_PER_STRIP=(1 << 31) - 1),
        "strip of 4 GB": made(STRIP_LENGTHS=(1 << 32) - 1),
        "strip beyond the end": made(STRIP_OFFSETS=1 << 30),
        "2^28 strip offsets": tiff(plain(), pixels, lying={STRIP_OFFSETS: 1 << 28}),
        "profile of 4 GB": tiff(plain() | {PROFILE: 8}, pixels, lying={PROFILE: (1 << 32) - 1}),
        "directory in a circle": tiff(plain(STRIP_LENGTHS=len(pixels)), pixels, loop=True),
        "64 bits": made(BITS=[64, 64, 64]),
        "short data": made(WIDTH=4000, HEIGHT=4000, ROWS_PER_STRIP=4000),
        "fax, all rows": made(COMPRESSION=FAX4, BITS=1, SAMPLES=1, WIDTH=8192, HEIGHT=8192, PHOTOMETRIC=0),
        "no rows a strip": made(ROWS_PER_STRIP=0),
        "no bits": made(BITS=0),
        "65,535 samples": made(SAMPLES=65535, BITS=8),
        "JPEG that is none": made(COMPRESSION=JPEG),
        "packed as LZMA": made(COMPRESSION=LZMA),
        "packed as Zstandard": made(COMPRESSION=ZSTD),
    }


def with_jpegs(width: int, rows: int, heights: list[int]) -> bytes:
    """A picture in strips of so many rows, each a JPEG that says a height of its own."""
    strips = [jpeg_in_scans(width, height) if height == rows else tall_jpeg(width, height) for height in heights]
    tags = plain(width, rows * len(heights), COMPRESSION=JPEG, PHOTOMETRIC=6, ROWS_PER_STRIP=rows, SUBSAMPLING=[1, 1])
    places = [8 + sum(len(strip) for strip in strips[:at]) for at in range(len(strips))]
    several = len(strips) > 1
    tags[STRIP_OFFSETS] = places if several else places[0]
    tags[STRIP_LENGTHS] = [len(strip) for strip in strips] if several else len(strips[0])
    return tiff(tags, b"".join(strips))

