"""Goldens of CLIPImaging: odd pictures, and what the reference server's decoder (OpenCV) makes of them.

All are as large as the square that is cut out of them, so that nothing is resized and every pixel is compared. Writes one
file for each picture, `pixels.bin` with the expected bytes one after another, and `cases.json`. Where Pillow reads a
picture that OpenCV does not, or OpenCV turns its tiles wrongly, the plain pixels are expected.
"""

import io
import json
import pathlib
import struct
import zlib

import cv2
import numpy as np
from PIL import Image

from imaging import SEED, exif, picture, saved
from picture_files import gif, png, tiff

SIDE = 64
REQUIREMENTS = {"opencv-python-headless": "4.12.0.88"}


def decoded(data: bytes) -> np.ndarray | None:
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return None if pixels is None else cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)


def chunky(image: np.ndarray, across: int, down: int) -> bytes:
    """YCbCr with fewer samples of colour, as TIFF stores it: a block's brightnesses, then its two colours."""
    out = b""
    for y in range(0, SIDE, down):
        for x in range(0, SIDE, across):
            block = image[y : y + down, x : x + across]
            colours = [int(block[..., 1].mean()), int(block[..., 2].mean())]
            out += block[..., 0].tobytes() + bytes(colours)
    return out


def one_strip(data: bytes, photometric: int, samples: int, bits: int, tags=()) -> bytes:
    """A TIFF around data that are coded already."""
    fields = {256: (4, [SIDE]), 257: (4, [SIDE]), 258: (3, [bits] * samples), 259: (3, [1])}
    fields |= {262: (3, [photometric]), 277: (3, [samples]), 278: (4, [SIDE]), 284: (3, [1])}
    fields |= {273: (4, [8]), 279: (4, [len(data)])} | dict(tags)
    out = b"II" + struct.pack("<HI", 42, 0) + data + b"\0" * (len(data) % 2)
    entries = b""
    for tag, (kind, values) in sorted(fields.items()):
        body = struct.pack("<" + ("H" if kind == 3 else "I") * len(values), *values)
        place = body.ljust(4, b"\0")
        if len(body) > 4:
            place = struct.pack("<I", len(out))
            out += body + b"\0" * (len(body) % 2)
        entries += struct.pack("<HHI", tag, kind, len(values)) + place
    directory = len(out)
    out += struct.pack("<H", len(fields)) + entries + b"\0\0\0\0"
    return out[:4] + struct.pack("<I", directory) + out[8:]


def tiffs():
    rgb, smooth = picture(SIDE, SIDE), soft()
    ycc = np.asarray(Image.fromarray(smooth).convert("YCbCr"))
    for deflate in (False, True):
        name = "deflate" if deflate else "plain"
        yield f"tiff-ycbcr-{name}.tif", tiff(ycc, 8, 6, deflate=deflate, tags=[(530, (3, [1, 1]))])
    yield "tiff-ycbcr-tiles.tif", tiff(ycc, 8, 6, tile=32, tags=[(530, (3, [1, 1]))])
    for across, down in ((2, 1), (2, 2), (1, 2), (4, 1), (4, 2), (4, 4)):
        data = chunky(ycc, across, down)
        tags = [(530, (3, [across, down]))]
        yield f"tiff-ycbcr-{across}-{down}.tif", one_strip(data, 6, 3, 8, tags)
    # Tags for what is left out mean 2 x 2, which needs data of that form.
    yield "tiff-ycbcr-untold.tif", one_strip(chunky(ycc, 2, 2), 6, 3, 8)
    for photometric, name in ((0, "white"), (1, "black")):
        for bits in (1, 8, 16):
            for planar in (False, True):
                data = tiff(picture(SIDE, SIDE, 1, bits), bits, photometric, planar=planar)
                yield f"tiff-{name}-{bits}{'-planes' if planar else ''}.tif", data
    for order, name in (("<", "little"), (">", "big")):
        for planar in (False, True):
            for tile in (None, 16):
                words = picture(SIDE, SIDE, 3, 16)
                data = tiff(words, 16, 2, order=order, planar=planar, tile=tile, deflate=True)
                kind = ("-planes" if planar else "") + ("-tiles" if tile else "")
                yield f"tiff-16-{name}{kind}.tif", data
    for extra in (0, 1):
        yield f"tiff-extra-{extra}.tif", tiff(picture(SIDE, SIDE, 4), 8, 2, tags=[(338, (3, [extra]))])
    for scale, name in ((1, "bytes"), (256, "high"), (257, "words")):
        for bits in (1, 4, 8):
            colours = np.random.default_rng([SEED, bits]).integers(0, 256, 3 * 2**bits) * scale
            data = tiff(picture(SIDE, SIDE, 1, bits), bits, 3, tags=[(320, (3, colours.tolist()))])
            yield f"tiff-palette-{bits}-{name}.tif", data
    grey = picture(SIDE, SIDE, 1)
    turned = bytes(int(f"{byte:08b}"[::-1], 2) for byte in grey.tobytes())
    yield "tiff-fill-order.tif", one_strip(turned, 1, 1, 8, [(266, (3, [2]))])
    for orientation in (0, 1, 4, 5, 6, 7, 9):
        data = tiff(rgb, 8, 2, tags=[(274, (3, [orientation]))], deflate=True)
        yield f"tiff-orientation-{orientation}.tif", data
    for mode, compression in (
        ("RGB", "jpeg"),
        ("L", "jpeg"),
        ("YCbCr", "jpeg"),
        ("YCbCr", "tiff_lzw"),
        ("1", "group3"),
        ("1", "tiff_ccitt"),
        ("P", "packbits"),
        ("I;16", "tiff_lzw"),
    ):
        image = Image.fromarray(smooth).convert(mode) if mode != "I;16" else None
        image = image or Image.fromarray(picture(SIDE, SIDE, 1, 16)[..., 0])
        name = f"tiff-pillow-{mode.replace(';', '')}-{compression}.tif"
        yield name, saved(image, "TIFF", compression=compression)


def pngs():
    rgb = Image.fromarray(picture(SIDE, SIDE))
    for orientation in (1, 3, 5, 6, 8):
        data = saved(rgb, "PNG", exif=exif(orientation))
        chunks, start = [], 8
        while start < len(data):
            end = start + 12 + struct.unpack(">I", data[start : start + 4])[0]
            chunks.append(data[start:end])
            start = end
        late = [c for c in chunks if c[4:8] != b"eXIf"]
        late[-1:-1] = [c for c in chunks if c[4:8] == b"eXIf"]
        yield f"png-late-orientation-{orientation}.png", data[:8] + b"".join(late)
    data = png(picture(SIDE, SIDE), 8, 2)
    body = data.index(b"IDAT") - 4
    unpacked = zlib.decompress(data[body + 8 : -16]) + bytes(100)
    surplus = zlib.compress(unpacked, 9)
    chunk = struct.pack(">I", len(surplus)) + b"IDAT" + surplus
    chunk += struct.pack(">I", zlib.crc32(chunk[4:]))
    yield "png-surplus.png", data[:body] + chunk + data[-12:]


def gifs():
    colours = np.random.default_rng(SEED).integers(0, 256, (256, 3))
    small, full = picture(31, 22, 1)[..., 0], picture(SIDE, SIDE, 1)[..., 0]
    seen = int(full[20, 20])
    screen = (SIDE, SIDE)
    yield "gif-screen-larger.gif", gif(screen, [(11, 7, small)], colours, background=3)
    yield (
        "gif-screen-larger-transparent.gif",
        gif(screen, [(11, 7, small)], colours, background=3, transparent=int(small[5, 5])),
    )
    yield "gif-transparent.gif", gif(screen, [(0, 0, full)], colours, background=7, transparent=seen)
    yield "gif-two.gif", gif(screen, [(0, 0, full), (3, 3, small)], colours, background=7)
    yield "gif-frame-larger.gif", gif((30, 22), [(0, 0, small)], colours, background=3)
    yield "gif-off-screen.gif", gif(screen, [(40, 7, small)], colours, background=3)
    for count in (2, 4, 16, 256):
        image = Image.fromarray(picture(SIDE, SIDE)).quantize(count)
        yield f"gif-colours-{count}.gif", saved(image, "GIF", interlace=count % 16 == 0)
    data = saved(Image.fromarray(picture(SIDE, SIDE)).quantize(64), "GIF", interlace=0)
    yield "gif-no-end.gif", data[:-1]
    yield "gif-after-end.gif", data + b"more"


def webps():
    for name, lossless in (("lossless", True), ("lossy", False)):
        image = Image.fromarray(picture(SIDE, SIDE, 4))
        yield f"webp-{name}-alpha.webp", saved(image, "WEBP", lossless=lossless, exact=True)
        frames = [Image.fromarray(picture(SIDE, SIDE)), Image.fromarray(soft())]
        options = {"save_all": True, "append_images": frames[1:], "lossless": lossless}
        yield f"webp-{name}-animated.webp", saved(frames[0], "WEBP", **options)
    # What the header does not announce is passed over.
    data = bytearray(saved(frames[0], "WEBP", lossless=True, exif=exif(6)))
    data[20] &= ~8
    yield "webp-orientation-untold.webp", bytes(data)


def avifs():
    for sampling in ("4:2:0", "4:2:2", "4:4:4", "4:0:0"):
        image = Image.fromarray(soft())
        image = image.convert("L") if sampling == "4:0:0" else image
        data = saved(image, "AVIF", quality=70, subsampling=sampling, max_threads=1)
        yield f"avif-{sampling.replace(':', '')}.avif", data
    image = Image.fromarray(picture(SIDE, SIDE, 4))
    yield "avif-alpha.avif", saved(image, "AVIF", quality=80, max_threads=1)
    frames = [Image.fromarray(soft()), Image.fromarray(picture(SIDE, SIDE))]
    options = {"save_all": True, "append_images": frames[1:], "quality": 80, "max_threads": 1}
    yield "avif-animated.avif", saved(frames[0], "AVIF", **options)
    multiplied = Image.fromarray(soft()).convert("RGBA")
    multiplied.putalpha(Image.linear_gradient("L").resize((SIDE, SIDE)))
    for bits in (10, 12):
        words = cv2.cvtColor(soft(), cv2.COLOR_RGB2BGR).astype(np.uint16) << (bits - 8)
        options = [cv2.IMWRITE_AVIF_QUALITY, 90, cv2.IMWRITE_AVIF_DEPTH, bits]
        data = cv2.imencode(".avif", words, options)[1].tobytes()
        yield f"avif-{bits}-bit.avif", data
        # By rules of brightness and colours that OpenCV's library does not leave to another one.
        for matrix, name in ((4, "fcc"), (7, "smpte240"), (8, "ycgco")):
            yield f"avif-{bits}-{name}.avif", by_matrix(data, matrix)
        options[1] = 100
        yield f"avif-{bits}-lossless.avif", cv2.imencode(".avif", words, options)[1].tobytes()
    options = {"quality": 90, "max_threads": 1, "alpha_premultiplied": True}
    yield "avif-multiplied.avif", saved(multiplied, "AVIF", **options)


def by_matrix(avif: bytes, matrix: int) -> bytes:
    place = avif.index(b"colrnclx") + 12
    return avif[:place] + struct.pack(">H", matrix) + avif[place + 2 :]


def soft() -> np.ndarray:
    """Slopes without edges, which colours of half the size do not spoil."""
    small = Image.fromarray(picture(12, 12))
    return np.asarray(small.resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def make(out: pathlib.Path) -> None:
    if cv2.__version__ != "4.12.0":
        raise SystemExit(f"these goldens need OpenCV 4.12.0, not {cv2.__version__}")
    out.mkdir(parents=True, exist_ok=True)
    for old in out.iterdir():
        old.unlink()
    cases, pixels = [], io.BytesIO()
    for pictures in (tiffs(), pngs(), gifs(), webps(), avifs()):
        for name, data in pictures:
            (out / name).write_bytes(data)
            expected = decoded(data)
            case = {"name": name, "offset": None}
            if expected is not None:
                assert expected.shape == (SIDE, SIDE, 3), name
                case["offset"] = pixels.tell()
                pixels.write(expected.tobytes())
            cases.append(case)
    (out / "pixels.bin").write_bytes(pixels.getvalue())
    document = {"seed": SEED, "requirements": REQUIREMENTS, "side": SIDE, "cases": cases}
    (out / "cases.json").write_text(json.dumps(document, indent=1) + "\n")
