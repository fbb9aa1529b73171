"""Small pictures in every format and mode that the comparison sends, made on the spot."""

from __future__ import annotations

import base64
import io
import random
import struct
import zlib

from PIL import Image, ImageDraw

ORIENTATION_TAG = 0x0112


def scene(width: int = 120, height: int = 90, seed: int = 1) -> Image.Image:
    """A picture without any symmetry, so that a turned or cropped one gives other numbers."""
    rng = random.Random(seed)
    picture = Image.merge(
        "RGB",
        (
            Image.linear_gradient("L").resize((width, height)),
            Image.linear_gradient("L").rotate(90).resize((width, height)),
            Image.radial_gradient("L").resize((width, height)),
        ),
    )
    draw = ImageDraw.Draw(picture)
    for _ in range(12):
        x, y = rng.randrange(width), rng.randrange(height)
        w, h = rng.randint(4, width // 3 + 4), rng.randint(4, height // 3 + 4)
        colour = tuple(rng.randrange(256) for _ in range(3))
        shape = rng.choice((draw.ellipse, draw.rectangle))
        shape((x, y, x + w, y + h), fill=colour)
    draw.polygon([(0, 0), (width // 3, 0), (0, height // 2)], fill=(255, 32, 0))
    return picture


def noise(width: int, height: int) -> Image.Image:
    return Image.frombytes("RGB", (width, height), random.Random(7).randbytes(width * height * 3))


def encoded(picture: Image.Image, format: str, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


def jpeg(picture: Image.Image | None = None, **options) -> bytes:
    return encoded(picture or scene(), "JPEG", **{"quality": 90, **options})


def png(picture: Image.Image | None = None, **options) -> bytes:
    return encoded(picture or scene(), "PNG", **options)


def exif(orientation: int) -> bytes:
    tags = Image.Exif()
    tags[ORIENTATION_TAG] = orientation
    return tags.tobytes()


def with_alpha(picture: Image.Image) -> Image.Image:
    """Transparent in the middle, with the colours still there underneath."""
    mask = Image.new("L", picture.size, 255)
    width, height = picture.size
    ImageDraw.Draw(mask).ellipse((width // 4, height // 4, width, height), fill=0)
    picture = picture.copy()
    picture.putalpha(mask)
    return picture


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def handmade_png(
    width: int, height: int, depth: int, colour: int, rows: bytes, extra: bytes = b""
) -> bytes:
    """A PNG from raw rows, for what Pillow does not write (16-bit colour, odd chunks)."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + extra
        + png_chunk(b"IDAT", zlib.compress(rows))
        + png_chunk(b"IEND", b"")
    )


def png_16_bit(channels: int) -> bytes:
    """16 bits a channel: 1 grey, 2 grey and alpha, 3 colour, 4 colour and alpha."""
    width, height = 40, 30
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            for channel in range(channels):
                rows += struct.pack(">H", (x * 1601 + y * 2003 + channel * 17011) % 65536)
    return handmade_png(width, height, 16, {1: 0, 2: 4, 3: 2, 4: 6}[channels], bytes(rows))


def png_with_bad_checksum() -> bytes:
    data = bytearray(png())
    at = data.index(b"IDAT") - 4
    length = struct.unpack(">I", data[at : at + 4])[0]
    data[at + 8 + length] ^= 0xFF
    return bytes(data)


def png_of_claimed_size(width: int, height: int) -> bytes:
    """A header that promises far more than the few bytes behind it."""
    return handmade_png(width, height, 8, 2, b"\0" * 64)


def frames(count: int = 3) -> list[Image.Image]:
    return [scene(60, 48, seed) for seed in range(1, count + 1)]


def animated(format: str, **options) -> bytes:
    first, *rest = frames()
    return encoded(first, format, save_all=True, append_images=rest, duration=80, **options)


def gif(picture: Image.Image | None = None, **options) -> bytes:
    palette = (picture or scene()).quantize(64, method=Image.Quantize.MEDIANCUT)
    return encoded(palette, "GIF", **options)


def bitmap(pixels: bytes, bits: int, masks: bytes = b"") -> bytes:
    """A bitmap of 40 x 30 pixels with a header of 40 bytes, for what Pillow does not write."""
    place = 54 + len(masks)
    file = struct.pack("<IHHI", place + len(pixels), 0, 0, place)
    sizes = struct.pack("<IiiHHI", 40, 40, 30, 1, bits, 3 if masks else 0)
    return b"BM" + file + sizes + bytes(20) + masks + pixels


def bitmap_16_bit() -> bytes:
    """Five bits each of red, green and blue."""
    pixels = b""
    for red, green, blue in scene(40, 30).transpose(Image.Transpose.FLIP_TOP_BOTTOM).getdata():
        pixels += struct.pack("<H", red >> 3 << 10 | green >> 3 << 5 | blue >> 3)
    return bitmap(pixels, 16)


def bitmap_with_masks() -> bytes:
    """Red in the lowest byte, which only the masks tell."""
    upside_down = scene(40, 30).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    masks = struct.pack("<III", 0xFF, 0xFF00, 0xFF0000)
    return bitmap(upside_down.convert("RGBA").tobytes(), 32, masks)


def gif_on_larger_screen() -> bytes:
    """The screen is a third larger than the frame on it."""
    data = bytearray(gif())
    data[6:10] = struct.pack("<HH", 160, 120)
    data[11] = 7
    return bytes(data)


def png_turned_late() -> bytes:
    """The orientation stands behind the pixels."""
    data = png()
    return data[:-12] + png_chunk(b"eXIf", exif(6).removeprefix(b"Exif\0\0")) + data[-12:]


def jpeg_described_first() -> bytes:
    """A description in XMP stands before the orientation."""
    data = jpeg(exif=exif(6))
    note = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(note) + 2) + note + data[2:]


def webp_turned_untold() -> bytes:
    """The orientation is there, and the header does not announce it."""
    data = bytearray(encoded(scene(), "WEBP", lossless=True, exif=exif(6)))
    data[20] &= ~8
    return bytes(data)


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def lossless() -> dict[str, bytes]:
    """Pictures whose pixels every right decoder gives alike."""
    rgb = scene()
    grey = rgb.convert("L")
    palette = rgb.quantize(32, method=Image.Quantize.MEDIANCUT)
    grey_alpha = Image.merge("LA", (grey, with_alpha(rgb).getchannel("A")))
    table = {
        "PNG, RGB": png(rgb),
        "PNG, RGB, 1 x 1": png(scene(4, 4).resize((1, 1))),
        "PNG, RGB, 2 x 3": png(scene(2, 3)),
        "PNG, RGB, 1 x 500": png(scene(1, 500)),
        "PNG, RGB, 500 x 1": png(scene(500, 1)),
        "PNG, RGB, 225 x 223": png(scene(225, 223)),
        "PNG, RGB, 700 x 300": png(scene(700, 300)),
        "PNG, RGB, 1200 x 900 of noise, 3 MB": png(noise(1200, 900)),
        "PNG, RGB, trailing garbage": png(rgb) + b"garbage" * 9,
        "PNG, RGBA with colours under the transparency": png(with_alpha(rgb)),
        "PNG, grey": png(grey),
        "PNG, grey and alpha": png(grey_alpha),
        "PNG, 1 bit": png(rgb.convert("1")),
        "PNG, palette": png(palette),
        "PNG, palette with a transparent entry": png(palette, transparency=3),
        "PNG, RGB with a transparent colour (tRNS)": png(rgb, transparency=(255, 32, 0)),
        "PNG, 16-bit grey": png_16_bit(1),
        "PNG, 16-bit grey and alpha": png_16_bit(2),
        "PNG, 16-bit RGB": png_16_bit(3),
        "PNG, 16-bit RGBA": png_16_bit(4),
        "PNG, gamma chunk (gAMA 1.0)": png(rgb).replace(
            png(rgb)[33:41], png_chunk(b"gAMA", struct.pack(">I", 100000)) + png(rgb)[33:41], 1
        ),
        "PNG, animated (APNG)": animated("PNG"),
        "GIF": gif(),
        "GIF, grey": encoded(grey, "GIF"),
        "GIF, transparent": gif(transparency=5),
        "GIF, interlaced": gif(interlace=1),
        "GIF, animated": animated("GIF"),
        "BMP, 24 bits": encoded(rgb, "BMP"),
        "BMP, 32 bits": encoded(with_alpha(rgb), "BMP"),
        "BMP, 8-bit palette": encoded(palette, "BMP"),
        "BMP, grey": encoded(grey, "BMP"),
        "BMP, 1 bit": encoded(rgb.convert("1"), "BMP"),
        "BMP, 16 bits": bitmap_16_bit(),
        "BMP, 32 bits, masks behind a short header": bitmap_with_masks(),
        "GIF, screen larger than the frame": gif_on_larger_screen(),
        "TIFF, YCbCr": encoded(rgb.convert("YCbCr"), "TIFF"),
        "TIFF, YCbCr, deflate": encoded(
            rgb.convert("YCbCr"), "TIFF", compression="tiff_adobe_deflate"
        ),
        "TIFF, raw": encoded(rgb, "TIFF"),
        "TIFF, LZW": encoded(rgb, "TIFF", compression="tiff_lzw"),
        "TIFF, deflate": encoded(rgb, "TIFF", compression="tiff_adobe_deflate"),
        "TIFF, PackBits": encoded(rgb, "TIFF", compression="packbits"),
        "TIFF, RGBA": encoded(with_alpha(rgb), "TIFF"),
        "TIFF, grey": encoded(grey, "TIFF"),
        "TIFF, palette": encoded(palette, "TIFF"),
        "TIFF, 1 bit, CCITT group 4": encoded(rgb.convert("1"), "TIFF", compression="group4"),
        "TIFF, 16-bit grey": encoded(Image.open(io.BytesIO(png_16_bit(1))), "TIFF"),
        "TIFF, CMYK": encoded(rgb.convert("CMYK"), "TIFF"),
        "TIFF, two pages": encoded(rgb, "TIFF", save_all=True, append_images=[scene(seed=5)]),
        "WebP, lossless": encoded(rgb, "WEBP", lossless=True),
        "WebP, lossless with alpha": encoded(with_alpha(rgb), "WEBP", lossless=True, exact=True),
        "WebP, lossless, animated": animated("WEBP", lossless=True),
    }
    for orientation in range(1, 9):
        table[f"TIFF, orientation {orientation}"] = encoded(
            rgb, "TIFF", tiffinfo={ORIENTATION_TAG: orientation}
        )
    for orientation in (1, 3, 6, 8):
        table[f"PNG, EXIF orientation {orientation}"] = png(rgb, exif=exif(orientation))
    table["PNG, EXIF orientation 6, behind the pixels"] = png_turned_late()
    table["WebP, lossless, EXIF orientation 6, not announced"] = webp_turned_untold()
    table["WebP, lossless, EXIF orientation 1"] = encoded(rgb, "WEBP", lossless=True, exif=exif(1))
    table["WebP, lossless, EXIF orientation 6"] = encoded(rgb, "WEBP", lossless=True, exif=exif(6))
    return table


def lossy() -> dict[str, bytes]:
    """Pictures whose pixels may differ a little from decoder to decoder."""
    rgb = scene()
    table = {
        "JPEG, 4:2:0": jpeg(rgb, subsampling=2),
        "JPEG, 4:2:2": jpeg(rgb, subsampling=1),
        "JPEG, 4:4:4": jpeg(rgb, subsampling=0),
        "JPEG, progressive": jpeg(rgb, progressive=True),
        "JPEG, quality 20": jpeg(rgb, quality=20),
        "JPEG, 640 x 427": jpeg(scene(640, 427)),
        "JPEG, 1 x 1": jpeg(scene(4, 4).resize((1, 1))),
        "JPEG, grey": jpeg(rgb.convert("L")),
        "JPEG, CMYK": jpeg(rgb.convert("CMYK")),
        "JPEG, trailing garbage": jpeg(rgb) + b"garbage" * 9,
        "WebP, lossy": encoded(rgb, "WEBP", quality=80),
        "WebP, lossy with alpha": encoded(with_alpha(rgb), "WEBP", quality=80, exact=True),
        "TIFF, JPEG inside": encoded(rgb, "TIFF", compression="jpeg"),
        "AVIF": encoded(rgb, "AVIF", quality=80),
        "AVIF, 4:4:4, quality 100": encoded(rgb, "AVIF", quality=100, subsampling="4:4:4"),
        "AVIF, with alpha": encoded(with_alpha(rgb), "AVIF", quality=90),
        "AVIF, grey": encoded(rgb.convert("L"), "AVIF", quality=90),
        "AVIF, grey of limited range": encoded(
            rgb.convert("L"), "AVIF", quality=90, range="limited"
        ),
        "AVIF, multiplied with alpha": encoded(
            with_alpha(rgb), "AVIF", quality=90, alpha_premultiplied=True
        ),
        "AVIF, animated": animated("AVIF", quality=80),
    }
    for orientation in range(1, 9):
        table[f"JPEG, EXIF orientation {orientation}"] = jpeg(rgb, exif=exif(orientation))
    table["JPEG, EXIF orientation 6, behind XMP"] = jpeg_described_first()
    table["AVIF, EXIF orientation 6"] = encoded(rgb, "AVIF", quality=90, exif=exif(6))
    return table


def half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def refused() -> dict[str, bytes]:
    """What is no picture, or no whole one."""
    whole_jpeg, whole_png = jpeg(), png()
    return {
        "JPEG, cut in half": half(whole_jpeg),
        "JPEG, without its last two bytes": whole_jpeg[:-2],
        "JPEG, header only": whole_jpeg[:20],
        "PNG, cut in half": half(whole_png),
        "PNG, without its last chunk": whole_png[:-12],
        "PNG, header only": whole_png[:33],
        "PNG, wrong checksum": png_with_bad_checksum(),
        "WebP, cut in half": half(encoded(scene(), "WEBP")),
        "GIF, cut in half": half(gif()),
        "BMP, cut in half": half(encoded(scene(), "BMP")),
        "TIFF, cut in half": half(encoded(scene(), "TIFF")),
        "AVIF, cut in half": half(encoded(scene(), "AVIF")),
        "PNG that claims 30,000 x 30,000": png_of_claimed_size(30_000, 30_000),
        "PNG that claims 60,000 x 60,000": png_of_claimed_size(60_000, 60_000),
        "plain text": b"this is not a picture at all, only words",
        "zero bytes": bytes(2048),
        "SVG": b'<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" '
        b'height="8" fill="red"/></svg>',
        "PDF": b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n",
        "ICO": encoded(scene(32, 32), "ICO"),
        "TGA": encoded(scene(), "TGA"),
        "PPM": encoded(scene(), "PPM"),
        "JPEG 2000": encoded(scene(), "JPEG2000"),
        "EXR magic": struct.pack("<II", 20000630, 2) + bytes(256),
    }
