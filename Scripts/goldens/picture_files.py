"""Picture files that Pillow cannot write: Adam7, odd bit depths, bitmaps, tiles, damaged markers, and HEIC by libheif's tools."""

import pathlib
import struct
import subprocess
import tempfile
import zlib

import numpy as np
from PIL import Image

SEED = 20260801


def packed(samples: np.ndarray, bits: int, order: str = ">") -> bytes:
    """Samples (height, width, channels) as rows of whole bytes."""
    height = samples.shape[0]
    if bits == 16:
        return samples.astype(order + "u2").tobytes()
    if bits == 8:
        return samples.astype(np.uint8).tobytes()
    flat = samples.reshape(height, -1).astype(np.uint8)
    planes = np.unpackbits(flat[..., None], axis=-1)[..., 8 - bits :]
    return np.packbits(planes.reshape(height, -1), axis=1).tobytes()


def png(samples, bits, colour_type, extra=(), interlaced=False) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    height, width, _ = samples.shape
    adam7 = [
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ]
    raster = b""
    for x, y, step_x, step_y in adam7 if interlaced else [(0, 0, 1, 1)]:
        part = samples[y::step_y, x::step_x]
        if part.size:
            for row in part:
                raster += b"\0" + packed(row[None], bits)
    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, int(interlaced))
    chunks = [(b"IHDR", header), *extra, (b"IDAT", zlib.compress(raster, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(name, body) for name, body in chunks)


def gif(canvas, frames, palette, background=0, transparent=None) -> bytes:
    """Frames are (left, top, indices). Codes are cleared before they grow past nine bits."""
    out = (
        b"GIF89a"
        + struct.pack("<HHBBB", *canvas, 0xF7, background, 0)
        + palette.astype(np.uint8).tobytes()
    )
    for left, top, indices in frames:
        flags = 4 if transparent is None else 5
        out += b"\x21\xf9\x04" + struct.pack("<BHBB", flags, 5, transparent or 0, 0)
        out += (
            b"\x2c"
            + struct.pack("<HHHHB", left, top, indices.shape[1], indices.shape[0], 0)
            + b"\x08"
        )
        number, length = 0, 0
        for position, index in enumerate(indices.reshape(-1)):
            for code in ([256] if position % 250 == 0 else []) + [int(index)]:
                number |= code << length
                length += 9
        number |= 257 << length
        data = number.to_bytes((length + 9 + 7) // 8, "little")
        for start in range(0, len(data), 255):
            block = data[start : start + 255]
            out += bytes([len(block)]) + block
        out += b"\0"
    return out + b";"


def bmp(
    width,
    height,
    bits,
    raster,
    palette=b"",
    compression=0,
    masks=b"",
    header=40,
    top_down=False,
    colours=0,
    v4=b"",
) -> bytes:
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        signed = -height if top_down else height
        info = struct.pack(
            "<IiiHHIIiiII",
            header,
            width,
            signed,
            1,
            bits,
            compression,
            len(raster),
            2835,
            2835,
            colours,
            0,
        )
        info = (info + v4).ljust(header, b"\0")
    body = info + masks + palette
    return (
        b"BM"
        + struct.pack("<IHHI", 14 + len(body) + len(raster), 0, 0, 14 + len(body))
        + body
        + raster
    )


def bmp_rows(samples, bits, top_down=False) -> bytes:
    rows = packed(samples, bits, "<")
    length = len(rows) // samples.shape[0]
    lines = [
        rows[i : i + length].ljust((length + 3) // 4 * 4, b"\0")
        for i in range(0, len(rows), length)
    ]
    return b"".join(lines if top_down else lines[::-1])


def bmp_palette(count, entry=4) -> tuple[np.ndarray, bytes]:
    colours = np.random.default_rng([SEED, count]).integers(0, 256, (count, 3))
    return colours, b"".join(
        bytes(c[::-1].astype(np.uint8).tolist()) + b"\0" * (entry - 3) for c in colours
    )


def bmp_runs(indices, bits) -> bytes:
    """Encoded runs, literal runs and a delta over zeros, whichever fits."""
    out = b""
    for row in indices[::-1]:
        x = 0
        while x < len(row):
            run = 1
            while x + run < len(row) and run < 255 and row[x + run] == row[x]:
                run += 1
            if run > 4 and row[x] == 0 and x + run < len(row):
                out += bytes([0, 2, run, 0])
            elif run > 2 or len(row) - x < 3:
                out += bytes([run, row[x] if bits == 8 else row[x] * 17])
            else:
                run = min(len(row) - x, 9)
                literal = row[x : x + run]
                if bits == 4:
                    pairs = np.append(literal, [0] * (run % 2)).reshape(-1, 2)
                    literal = pairs[:, 0] * 16 + pairs[:, 1]
                body = literal.astype(np.uint8).tobytes()
                out += bytes([0, run]) + body + b"\0" * (len(body) % 2)
            x += run
        out += b"\0\0"
    return out[:-2] + b"\0\1"


def tiff(
    samples,
    bits,
    photometric,
    *,
    tags=(),
    tile=None,
    rows=16,
    order="<",
    deflate=False,
    planar=False,
) -> bytes:
    height, width, channels = samples.shape
    fields = {
        256: (4, [width]),
        257: (4, [height]),
        258: (3, [bits] * channels),
        262: (3, [photometric]),
    }
    fields |= {
        259: (3, [8 if deflate else 1]),
        277: (3, [channels]),
        284: (3, [2 if planar else 1]),
    }
    planes = [samples[..., c : c + 1] for c in range(channels)] if planar else [samples]
    pieces = []
    for plane in planes:
        if tile:
            fields |= {322: (3, [tile]), 323: (3, [tile])}
            padded = np.pad(plane, ((0, -height % tile), (0, -width % tile), (0, 0)), mode="edge")
            pieces += [
                padded[y : y + tile, x : x + tile]
                for y in range(0, height, tile)
                for x in range(0, width, tile)
            ]
        else:
            fields |= {278: (4, [rows])}
            pieces += [plane[y : y + rows] for y in range(0, height, rows)]
    data = [packed(piece, bits, order) for piece in pieces]
    data = [zlib.compress(piece, 9) for piece in data] if deflate else data
    offsets, out = [], (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 0)
    for piece in data:
        offsets.append(len(out))
        out += piece + b"\0" * (len(piece) % 2)
    fields |= {
        324 if tile else 273: (4, offsets),
        325 if tile else 279: (4, [len(p) for p in data]),
    }
    fields |= dict(tags)
    entries = b""
    for tag, (kind, values) in sorted(fields.items()):
        body = struct.pack(order + ("H" if kind == 3 else "I") * len(values), *values)
        if len(body) > 4:
            place = struct.pack(order + "I", len(out))
            out += body + b"\0" * (len(body) % 2)
        else:
            place = body.ljust(4, b"\0")
        entries += struct.pack(order + "HHI", tag, kind, len(values)) + place
    directory = len(out)
    out += struct.pack(order + "H", len(fields)) + entries + b"\0\0\0\0"
    return out[:4] + struct.pack(order + "I", directory) + out[8:]


def heic(image: Image.Image, *options: str) -> tuple[bytes, Image.Image]:
    """An HEIC picture, and its pixels as libheif's own tool decodes them."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder)
        image.save(path / "in.png")
        encode = ["heif-enc", *options, "-o", str(path / "out.heic"), str(path / "in.png")]
        subprocess.run(encode, check=True, capture_output=True)
        decode = ["heif-convert", str(path / "out.heic"), str(path / "back.png")]
        subprocess.run(decode, check=True, capture_output=True)
        return (path / "out.heic").read_bytes(), Image.open(path / "back.png").convert("RGB")


def jpeg_without_adobe_marker(data: bytes) -> bytes:
    start = data.index(b"\xff\xee")
    return data[:start] + data[start + 2 + struct.unpack(">H", data[start + 2 : start + 4])[0] :]
