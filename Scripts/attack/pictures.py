"""Honest pictures, and PNG, GIF, WebP and JPEG files that want more of a decoder than they look like."""

from __future__ import annotations

import functools
import random
import struct
import zlib

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


# MARK: PNG


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def header(width: int, height: int, bits: int = 8, colour: int = 2, interlaced: bool = False) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, int(interlaced)))


@functools.lru_cache(64)
def png(width: int = 64, height: int = 48, seed: int = 1) -> bytes:
    """An honest picture of coloured bands; another seed is another picture."""
    draw = random.Random(seed)
    colours = [bytes(draw.randrange(256) for _ in range(3)) for _ in range(5)]
    rows = bytearray()
    for y in range(height):
        colour = colours[y * 5 // height]
        other = colours[(y * 5 // height + 1) % 5]
        rows += b"\0" + colour * (width // 2) + other * (width - width // 2)
    return PNG_SIGNATURE + header(width, height) + chunk(b"IDAT", zlib.compress(bytes(rows))) + chunk(b"IEND", b"")


def heavy_png(count: int) -> bytes:
    """An honest small picture that is `count` bytes large: what a decoder passes over is behind its pixels."""
    picture = png(64, 48)
    return picture[:-12] + chunk(b"prVt", bytes(count - len(picture) - 12)) + picture[-12:]


def constant(count: int, value: int) -> bytes:
    """A zlib stream of the same byte so many times: one packed block again and again, a thousandth of the size, in no time."""
    block = 1 << 24
    packed = [b"\x78\xda"]
    if count >= block:
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed.append((packer.compress(bytes([value]) * block) + packer.flush(zlib.Z_FULL_FLUSH)) * (count // block))
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed.append(packer.compress(bytes([value]) * (count % block)) + packer.flush())
    # Adler's sums, of so many of the same.
    low = (1 + count * value) % 65521
    high = (count + value * count * (count + 1) // 2) % 65521
    return b"".join(packed) + struct.pack(">I", high << 16 | low)


def stored(data: bytes) -> bytes:
    """A zlib stream that packs nothing, which is made in no time."""
    return zlib.compress(data, 0)


def zeros(count: int) -> bytes:
    return constant(count, 0)


def split(data: bytes, size: int) -> bytes:
    return b"".join(chunk(b"IDAT", data[at : at + size]) for at in range(0, len(data), size))


def endless_png(unpacked: int, piece: int = 1 << 16) -> bytes:
    """64 x 64 pixels whose data go on for as long as asked."""
    return PNG_SIGNATURE + header(64, 64) + split(zeros(unpacked), piece) + chunk(b"IEND", b"")


def talkative_png(kind: bytes, count: int, unpacked: int) -> bytes:
    """Packed texts or profiles before the pixels."""
    starts = {b"zTXt": b"Comment\0\0", b"iTXt": b"Comment\0\1\0\0\0", b"iCCP": b"profile\0\0"}
    if kind in starts:
        data = starts[kind] + zeros(unpacked)
    else:
        plain = {b"tEXt": b"Comment\0", b"eXIf": b"MM\0*\0\0\0\x08", b"sPLT": b"palette\0\x08"}
        data = plain[kind] + b"x" * (unpacked // 6 * 6)
    rest = png(64, 48)
    return rest[:33] + chunk(kind, data) * count + rest[33:]


def crumbling_png(count: int) -> bytes:
    """Pixels in pieces of one byte, and empty pieces, and chunks that nobody knows."""
    rest = png(64, 48)
    return rest[:33] + chunk(b"prVt", b"") * count + split(rest[41:-16], 1) + rest[-12:]


def large_png(side: int, bits: int = 16, colour: int = 6, interlaced: bool = True, value: int = 200) -> bytes:
    """A picture at the limit of pixels that needs all of itself in memory; nothing is wrong with it."""
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    # First column and row, and steps, of what each pass of an interlaced picture holds.
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    packer, packed = zlib.compressobj(1), []
    for x, y, across, down in passes if interlaced else [(0, 0, 1, 1)]:
        row = b"\0" + bytes([value]) * ((-(-(side - x) // across) * samples * bits + 7) // 8)
        rows, together = -(-(side - y) // down), max(1, (1 << 22) // len(row))
        for at in range(0, rows, together):
            packed.append(packer.compress(row * min(together, rows - at)))
    packed.append(packer.flush())
    return PNG_SIGNATURE + header(side, side, bits, colour, interlaced) + split(b"".join(packed), 1 << 20) + chunk(b"IEND", b"")


# MARK: GIF


def run_of_zeros(pixels: int) -> bytes:
    """LZW of one colour, with two bits for a pixel's index: each code is one pixel longer than the one before it."""
    value, bits, packed = 0, 0, bytearray()

    def put(code: int, width: int) -> None:
        nonlocal value, bits
        value |= code << bits
        bits += width
        while bits >= 8:
            packed.append(value & 255)
            value >>= 8
            bits -= 8

    clear, end = 4, 5
    while pixels > 0:
        put(clear, 3)
        put(0, 3)
        pixels -= 1
        length, code, width = 2, 6, 3
        while pixels > 0 and code < 4094:
            if length > pixels:
                put(0, width)
                pixels -= 1
            else:
                put(code, width)
                pixels -= length
                length += 1
            code += 1
            if code >= 1 << width and width < 12:
                width += 1
        if pixels > 0:
            put(clear, width)
    put(end, 12)
    put(0, 8)
    return bytes(packed)


def gif(screen: tuple[int, int], frames: int = 1, frame: tuple[int, int] | None = None, comment: int = 0) -> bytes:
    """A GIF whose frames are of one colour; `comment` bytes stand before the first."""
    width, height = frame or screen
    data = run_of_zeros(width * height)
    blocks = b"".join(bytes([len(part)]) + part for at in range(0, len(data), 255) if (part := data[at : at + 255]))
    one = b"\x2c" + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02" + blocks + b"\0"
    said = b"\x21\xfe" + (b"\xff" + b"x" * 255) * (comment // 256) + b"\0" if comment else b""
    palette = bytes(range(12))
    return b"GIF89a" + struct.pack("<HHBBB", *screen, 0x81, 0, 0) + palette + said + one * frames + b"\x3b"


# MARK: WebP


class LowBits:
    """Numbers of any count of bits, the lowest first."""

    def __init__(self) -> None:
        self.held, self.count, self.done = 0, 0, bytearray()

    def put(self, *numbers: tuple[int, int]) -> None:
        for number, size in numbers:
            self.held |= number << self.count
            self.count += size
            while self.count >= 8:
                self.done.append(self.held & 255)
                self.held >>= 8
                self.count -= 8

    def one(self, symbol: int = 0) -> None:
        """A code of one symbol, which takes no bits."""
        self.put((1, 1), (0, 1), (1, 1), (symbol, 8))

    def all_bytes(self, symbols: int) -> None:
        """A code of eight bits for each of the first 256 symbols."""
        order = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8]
        self.put((0, 1), (len(order) - 4, 4), *((int(length in (0, 8)), 3) for length in order), (0, 1))
        self.put(*((int(symbol < 256), 1) for symbol in range(symbols)))

    def byte(self, value: int) -> None:
        self.put((int(f"{value:08b}"[::-1], 2), 8))

    def bytes(self) -> bytes:
        return bytes(self.done) + bytes([self.held]) + bytes(16)


def riff(data: bytes, canvas: tuple[int, int] | None = None) -> bytes:
    found = b"VP8L" + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
    if canvas:
        sides = (canvas[0] - 1).to_bytes(3, "little") + (canvas[1] - 1).to_bytes(3, "little")
        found = b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + sides + found
    return b"RIFF" + struct.pack("<I", len(found) + 4) + b"WEBP" + found


def webp(width: int, height: int, canvas: tuple[int, int] | None = None, mode: int | None = None) -> bytes:
    """A lossless picture of one colour in some thirty bytes: five codes of one symbol each, and no bits for its pixels. With
    `mode` it is transformed in every way first, in the smallest blocks."""
    bits = LowBits()
    bits.put((0x2F, 8), (width - 1, 14), (height - 1, 14), (0, 4))
    if mode is not None:
        for kind, green in ((0, mode), (1, 3)):
            bits.put((1, 1), (kind, 2), (0, 3), (0, 1))
            for symbol in (green, 5, 7, 255, 0):
                bits.one(symbol)
        bits.put((1, 1), (2, 2))
    bits.put((0, 3))
    for symbol in (37, 37, 37, 37, 37):
        bits.one(symbol)
    return riff(bits.bytes(), canvas)


def webp_of_codes(side: int, count: int) -> bytes:
    """A lossless picture with a set of codes of its own for each block of pixels, up to 65,536 of them."""
    bits = LowBits()
    bits.put((0x2F, 8), (side - 1, 14), (side - 1, 14), (0, 4), (0, 2), (1, 1), (0, 3), (0, 1))
    bits.all_bytes(280)
    bits.all_bytes(256)
    for _ in range(3):
        bits.put((1, 1), (0, 3))
    for block in range(((side + 3) // 4) ** 2):
        number = min(block, count - 1)
        bits.byte(number & 255)
        bits.byte(number >> 8)
    for _ in range(5 * count):
        bits.put((1, 1), (0, 3))
    return riff(bits.bytes())


# MARK: JPEG


def segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def table(kind: int, symbols: bytes) -> bytes:
    """A Huffman table whose codes are 0, 10, 110, ..."""
    lengths = bytes(1 if at < len(symbols) else 0 for at in range(16))
    return segment(0xC4, bytes([kind]) + lengths + symbols)


def packed_bits(text: str) -> bytes:
    text += "1" * (-len(text) % 8)
    data = int(text, 2).to_bytes(len(text) // 8, "big") if text else b""
    return data.replace(b"\xff", b"\xff\0")


def jpeg_of_scans(side: int, count: int, components: int = 1) -> bytes:
    """A progressive picture of which every scan says in ninety bytes that nothing changes anywhere: each is a walk over all blocks.

    Besides one scan for each component there are as many as `count` at least, for each component up to 63 kinds in turn."""
    blocks = (-(-side // 8)) ** 2
    names = range(1, components + 1)
    start = b"\xff\xd8" + segment(0xDB, b"\0" + b"\1" * 64)
    start += segment(0xC2, struct.pack(">BHHB", 8, side, side, components) + b"".join(bytes([name, 0x11, 0]) for name in names))
    start += table(0x00, b"\0") + table(0x10, b"\xe0\x00")
    flat = b"".join(segment(0xDA, bytes([1, name, 0x00, 0, 0, 0])) + packed_bits("0" * blocks) for name in names)
    runs, rest = divmod(blocks, 32767)
    nothing = packed_bits(("0" + "1" * 14) * runs + "10" * rest)
    kinds = min(63, -(-count // components))
    scans = [segment(0xDA, bytes([1, name, 0x00, at, at, 0])) + nothing for name in names for at in range(1, kinds + 1)]
    return start + flat + b"".join(scans) * -(-count // len(scans)) + b"\xff\xd9"


@functools.lru_cache(1)
def dear_jpeg() -> bytes:
    """The dearest that is accepted: 96 scans over three components of 8,192 x 8,192, which take a second and more."""
    return jpeg_of_scans(8192, 93, 3)


def chattering_jpeg(count: int, marker: int = 0xFE, size: int = 0) -> bytes:
    """As many comments, or other segments, before a picture that is small."""
    small = jpeg_of_scans(64, 1)
    return small[:2] + segment(marker, bytes(size)) * count + small[2:]


def jpeg_in_scans(width: int, height: int, scans: int = 3) -> bytes:
    """A baseline picture whose components have scans of their own, all of it grey; `scans` of them are there."""
    found = b"\xff\xd8" + segment(0xDB, b"\0" + b"\1" * 64) + table(0x00, b"\0") + table(0x10, b"\0")
    found += segment(0xC0, struct.pack(">BHHB", 8, height, width, 3) + bytes([1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0]))
    blocks = -(-width // 8) * -(-height // 8)
    for component in range(1, scans + 1):
        found += segment(0xDA, bytes([1, component, 0, 0, 63, 0])) + packed_bits("00" * blocks)
    return found + b"\xff\xd9"


def tall_jpeg(width: int, height: int) -> bytes:
    """A JPEG of such sides, in three scans with the data of a few blocks."""
    small = jpeg_in_scans(16, 16)
    at = small.index(b"\xff\xc0")
    return small[: at + 5] + struct.pack(">HH", height, width) + small[at + 9 :]


def ended_jpeg(side: int) -> bytes:
    """A picture of which three quarters are missing, with the mark of an end behind the rest."""
    whole = jpeg_in_scans(side, side, 3)
    return whole[: len(whole) // 4] + b"\xff\xd9"


# MARK: BMP


def bmp_of_runs(width: int, height: int, count: int) -> bytes:
    """An 8-bit picture in runs that say `count` times that nothing follows."""
    data = b"\0\2\0\0" * count + b"\0\1"
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(data), 0, 0, 2, 0) + bytes(8)
    return b"BM" + struct.pack("<IHHI", 14 + len(head) + len(data), 0, 0, 14 + len(head)) + head + data


def bmp_of_lost_runs(count: int) -> bytes:
    """An 8-bit picture of one row that goes on and on behind its end: run after run of 255 pixels that nobody sees."""
    data = b"\xff\5" * count + b"\0\1"
    head = struct.pack("<IiiHHIIiiII", 40, 64, 64, 1, 8, 1, len(data), 0, 0, 2, 0) + bytes(8)
    return b"BM" + struct.pack("<IHHI", 14 + len(head) + len(data), 0, 0, 14 + len(head)) + head + data


def gif_of_blocks(count: int) -> bytes:
    """A small picture with as many empty blocks behind it."""
    return gif((64, 64))[:-1] + b"\x21\xff\0" * count + b"\x3b"
