"""Goldens of CLIPImaging: small pictures of every format and mode, and what the reference makes.

Every picture is made here, from a seed. What Pillow cannot write (Adam7, odd bit depths, bitmaps,
tiles, damaged markers) is written by the few encoders of `picture_files`, and what Pillow cannot
read (HEIC) is decoded by libheif's own heif-convert (Debian: libheif-examples). Writes one file for each picture,
`pixels.bin` with the expected bytes one after another, `values.bin` with normalised floats of a
few, and `cases.json`.
"""

import io
import json
import pathlib
import struct

import numpy as np
import PIL
import torchvision
from picture_files import (
    SEED,
    bmp,
    bmp_palette,
    bmp_rows,
    bmp_runs,
    gif,
    heic,
    jpeg_without_adobe_marker,
    png,
    tiff,
)
from PIL import Image, ImageOps
from torchvision.transforms import CenterCrop, Compose, Normalize, Resize, ToTensor
from torchvision.transforms.functional import InterpolationMode

REQUIREMENTS = {"pillow": "12.3.0", "torchvision": "0.29.2", "libheif-examples": "1.15.1"}
MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)
SMALL = 40  # the image size R of most cases


# The reference recipe -----------------------------------------------------------------------------


def drop_alpha(image: Image.Image) -> Image.Image:
    """RGB without compositing; 16 bits lose their low byte."""
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if image.mode in ("LA", "PA", "P"):
        image = image.convert("RGBA")
    return image.convert("RGB")


def reference(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.seek(0)
    if image.format == "GIF":  # transparent pixels have no colour of their own there, but the screen's
        pixels = np.asarray(image.convert("RGBA")).copy()
        colour = 13 + 3 * data[11]
        pixels[pixels[..., 3] == 0, :3] = list(data[colour : colour + 3])
        return Image.fromarray(pixels[..., :3])
    return drop_alpha(ImageOps.exif_transpose(image))


def crop(image: Image.Image, size: int) -> Image.Image:
    return Compose([Resize(size, interpolation=InterpolationMode.BICUBIC), CenterCrop(size)])(image)


# Material -----------------------------------------------------------------------------------------


def picture(width: int, height: int, channels: int = 3, bits: int = 8) -> np.ndarray:
    """Slopes, edges, noise and saturated corners: (height, width, channels)."""
    random = np.random.default_rng([SEED, width, height, channels, bits])
    y, x = np.mgrid[0:height, 0:width]
    planes = []
    for channel in range(channels):
        plane = 0.5 + 0.5 * np.sin(x / (3 + channel) + y / (7 - channel))
        plane = np.where((x // 9 + y // 7) % 3 == channel % 3, plane, 1 - plane)
        plane[: height // 4, : width // 5] = channel % 2
        planes.append(plane * 0.85 + random.random((height, width)) * 0.15)
    return (
        (np.stack(planes, axis=-1) * (2**bits - 1))
        .round()
        .astype(np.uint16 if bits > 8 else np.uint8)
    )


def photo(width: int, height: int, channels: int = 3) -> Image.Image:
    pixels = picture(width, height, channels)
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels]
    return Image.fromarray(pixels[..., 0] if channels == 1 else pixels, mode=mode)


def saved(image: Image.Image, form: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def exif(orientation: int) -> Image.Exif:
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


# The pictures -------------------------------------------------------------------------------------


def jpegs():
    yield "baseline-420", saved(photo(90, 61), "JPEG", quality=88, subsampling="4:2:0")
    yield "baseline-444", saved(photo(61, 90), "JPEG", quality=92, subsampling="4:4:4")
    yield "baseline-422", saved(photo(83, 57), "JPEG", quality=75, subsampling="4:2:2")
    yield "progressive", saved(photo(77, 101), "JPEG", quality=85, progressive=True)
    yield (
        "restarts",
        saved(photo(90, 61), "JPEG", quality=60, restart_marker_blocks=2, optimize=True),
    )
    yield "grey", saved(photo(90, 61, 1), "JPEG", quality=90)
    yield "one-pixel", saved(photo(1, 1), "JPEG", quality=90)
    yield "tall", saved(photo(9, 200), "JPEG", quality=90)
    yield "wide", saved(photo(200, 9), "JPEG", quality=90)
    ink = Image.fromarray(picture(90, 61, 4), mode="CMYK")
    cmyk = saved(ink, "JPEG", quality=90)
    yield "cmyk", cmyk
    adobe = cmyk.index(b"Adobe")
    yield "ycck", cmyk[: adobe + 11] + b"\2" + cmyk[adobe + 12 :]
    yield "cmyk-unmarked", jpeg_without_adobe_marker(cmyk)
    yield "trailing-garbage", saved(photo(61, 61), "JPEG", quality=80) + b"garbage" * 9
    for orientation in range(1, 9):
        data = saved(photo(90, 61), "JPEG", quality=85, exif=exif(orientation))
        yield f"orientation-{orientation}", data


def pngs():
    yield "rgb", saved(photo(90, 61), "PNG")
    yield "rgb-exact-size", saved(photo(SMALL, SMALL), "PNG")
    yield "rgb-exact-height", saved(photo(91, SMALL), "PNG")
    yield "rgb-exact-width", saved(photo(SMALL, 91), "PNG")
    yield "rgb-upsized", saved(photo(13, 17), "PNG")
    yield "rgba-hidden", saved(photo(61, 90, 4), "PNG")
    yield "grey", saved(photo(90, 61, 1), "PNG")
    yield "grey-alpha", saved(photo(90, 61, 2), "PNG")
    palette = photo(90, 61).quantize(200)
    yield "palette", saved(palette, "PNG")
    yield "palette-transparency", saved(palette, "PNG", transparency=bytes(range(0, 200)))
    yield (
        "rgb-transparency",
        png(picture(45, 33), 8, 2, extra=[(b"tRNS", struct.pack(">HHH", 1, 2, 3))]),
    )
    for bits in (1, 2, 4):
        yield f"grey-{bits}-bit", png(picture(67, 45, 1, bits), bits, 0)
        colours = (
            np.random.default_rng([SEED, bits]).integers(0, 256, (2**bits, 3)).astype(np.uint8)
        )
        extra = [(b"PLTE", colours.tobytes())]
        yield f"palette-{bits}-bit", png(picture(67, 45, 1, bits), bits, 3, extra=extra)
    for name, colour_type, channels in (
        ("grey", 0, 1),
        ("rgb", 2, 3),
        ("grey-alpha", 4, 2),
        ("rgba", 6, 4),
    ):
        yield f"{name}-16-bit", png(picture(45, 33, channels, 16), 16, colour_type)
    yield "interlaced-rgb", png(picture(67, 45), 8, 2, interlaced=True)
    yield "interlaced-grey-2-bit", png(picture(67, 45, 1, 2), 2, 0, interlaced=True)
    yield "interlaced-rgba-16-bit", png(picture(31, 45, 4, 16), 16, 6, interlaced=True)
    yield "gamma", png(picture(45, 33), 8, 2, extra=[(b"gAMA", struct.pack(">I", 100000))])
    frames = [photo(61, 45), photo(61, 45).transpose(Image.Transpose.ROTATE_180)]
    yield "animated", saved(frames[0], "PNG", save_all=True, append_images=frames[1:], duration=50)
    for orientation in (3, 6):
        yield f"orientation-{orientation}", saved(photo(61, 45), "PNG", exif=exif(orientation))


def webps():
    yield "lossy", saved(photo(90, 61), "WEBP", quality=80)
    yield "lossy-odd", saved(photo(61, 91), "WEBP", quality=40, method=6)
    yield "lossy-alpha", saved(photo(90, 61, 4), "WEBP", quality=80)
    yield "lossless", saved(photo(61, 45), "WEBP", lossless=True)
    yield "lossless-alpha-hidden", saved(photo(61, 45, 4), "WEBP", lossless=True, exact=True)
    frames = [photo(61, 45), photo(61, 45).transpose(Image.Transpose.ROTATE_180)]
    yield (
        "animated",
        saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True),
    )
    for orientation in (2, 8):
        yield (
            f"orientation-{orientation}",
            saved(photo(61, 45), "WEBP", quality=70, exif=exif(orientation)),
        )


def gifs():
    flat = photo(90, 61).quantize(64)
    yield "palette", saved(flat, "GIF", interlace=0)
    yield "interlaced", saved(flat, "GIF", interlace=1)
    yield "transparent", saved(flat, "GIF", transparency=9, interlace=0)
    frames = [photo(61, 45).quantize(32), photo(61, 45).rotate(180).quantize(32)]
    yield "animated", saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=50)
    palette = np.random.default_rng(SEED).integers(0, 256, (256, 3))
    small = picture(31, 22, 1)[..., 0]
    yield (
        "small-first-frame",
        gif((61, 45), [(11, 7, small)], palette, background=3, transparent=200),
    )
    yield "whole-frame", gif((31, 22), [(0, 0, small)], palette, background=3)


def bmps():
    for bits in (1, 4, 8):
        _, palette = bmp_palette(2**bits)
        yield f"{bits}-bit", bmp(67, 45, bits, bmp_rows(picture(67, 45, 1, bits), bits), palette)
    rgb = picture(67, 45)
    yield "24-bit", bmp(67, 45, 24, bmp_rows(rgb[..., ::-1], 8))
    yield "24-bit-top-down", bmp(67, 45, 24, bmp_rows(rgb[..., ::-1], 8, True), top_down=True)
    four = picture(45, 33, 4)
    yield "32-bit", bmp(45, 33, 32, bmp_rows(four, 8))
    alpha = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    yield "32-bit-v4-alpha", bmp(45, 33, 32, bmp_rows(four, 8), compression=3, header=108, v4=alpha)
    masks = struct.pack("<III", 0xFF000000, 0xFF0000, 0xFF00)
    yield "32-bit-masks", bmp(45, 33, 32, bmp_rows(four, 8), compression=3, masks=masks)
    words = picture(67, 45, 1, 16)
    yield "16-bit", bmp(67, 45, 16, bmp_rows(words, 16))
    masks = struct.pack("<III", 0xF800, 0x7E0, 0x1F)
    yield "16-bit-565", bmp(67, 45, 16, bmp_rows(words, 16), compression=3, masks=masks)
    _, short = bmp_palette(16, entry=3)
    yield "os2-4-bit", bmp(33, 21, 4, bmp_rows(picture(33, 21, 1, 4), 4), short, header=12)
    _, palette = bmp_palette(100)
    indices = np.minimum(picture(67, 45, 1, 8), 99)
    yield "8-bit-short-palette", bmp(67, 45, 8, bmp_rows(indices, 8), palette, colours=100)
    runs = np.repeat(picture(23, 45, 1)[..., 0] // 40, 3, axis=1)
    _, palette = bmp_palette(256)
    yield "runs-8-bit", bmp(69, 45, 8, bmp_runs(runs, 8), palette, compression=1)
    _, palette = bmp_palette(16)
    yield "runs-4-bit", bmp(69, 45, 4, bmp_runs(runs, 4), palette, compression=2)
    yield "pillow", saved(photo(61, 90), "BMP")


def tiffs():
    yield "strips", saved(photo(67, 45), "TIFF")
    for name, compression in (
        ("lzw", "tiff_lzw"),
        ("deflate", "tiff_adobe_deflate"),
        ("packbits", "packbits"),
    ):
        yield name, saved(photo(67, 45), "TIFF", compression=compression)
    yield "jpeg", saved(photo(67, 45), "TIFF", compression="jpeg", quality=85)
    yield "fax", saved(photo(67, 45, 1).convert("1"), "TIFF", compression="group4")
    yield "tiles", tiff(picture(67, 45), 8, 2, tile=16)
    yield "tiles-deflate", tiff(picture(67, 45, 1), 8, 1, tile=32, deflate=True)
    yield "strips-planar", tiff(picture(67, 45), 8, 2, deflate=True, planar=True)
    yield "big-endian-16-bit", tiff(picture(33, 45, 3, 16), 16, 2, order=">")
    yield "rgb-16-bit", tiff(picture(33, 45, 3, 16), 16, 2)
    yield "grey-16-bit", tiff(picture(67, 45, 1, 16), 16, 1)
    yield "grey", saved(photo(67, 45, 1), "TIFF")
    yield "grey-4-bit", tiff(picture(67, 45, 1, 4), 4, 1)
    yield "min-is-white", tiff(picture(67, 45, 1), 8, 0)
    yield "min-is-white-1-bit", tiff(picture(67, 45, 1, 1), 1, 0)
    yield "palette", saved(photo(67, 45).quantize(99), "TIFF", compression="tiff_lzw")
    yield (
        "cmyk",
        saved(Image.fromarray(picture(67, 45, 4), mode="CMYK"), "TIFF", compression="tiff_lzw"),
    )
    yield "alpha", tiff(picture(33, 45, 4), 8, 2, tags=[(338, (3, [2]))])
    yield "grey-alpha", tiff(picture(33, 45, 2), 8, 1, tags=[(338, (3, [2]))])
    pages = [photo(45, 33), photo(61, 21)]
    yield "pages", saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    for orientation in (2, 3, 5, 6, 8):
        yield (
            f"orientation-{orientation}",
            tiff(picture(45, 33), 8, 2, tags=[(274, (3, [orientation]))]),
        )


def avifs():
    yield "420", saved(photo(90, 61), "AVIF", quality=70, subsampling="4:2:0", max_threads=1)
    smooth = photo(30, 20).resize((91, 61), Image.Resampling.BICUBIC)
    yield "420-smooth", saved(smooth, "AVIF", quality=70, subsampling="4:2:0", max_threads=1)
    yield "444", saved(photo(61, 90), "AVIF", quality=80, subsampling="4:4:4", max_threads=1)
    yield "grey", saved(photo(90, 61, 1), "AVIF", quality=80, subsampling="4:0:0", max_threads=1)
    yield "alpha", saved(photo(45, 33, 4), "AVIF", quality=90, subsampling="4:4:4", max_threads=1)
    data = saved(
        photo(61, 45), "AVIF", quality=90, subsampling="4:4:4", max_threads=1, exif=exif(6)
    )
    yield "orientation-6", data


def heics():
    yield "420", *heic(photo(90, 62), "-q", "70")
    yield "444", *heic(photo(64, 90), "-q", "80", "-p", "chroma=444")
    yield "odd", *heic(photo(61, 45), "-q", "60")


# Where decoders differ: the largest difference of a byte, and the mean difference, as measured and
# rounded up. Versions of libavif round YUV to RGB in their own way, and 16 bits of colour in a TIFF
# are rounded as by OpenCV, where Pillow cuts off the low byte.
TOLERANCES = {
    "avif-420": (2, 0.3),
    "avif-420-smooth": (2, 0.3),
    "avif-444": (2, 0.3),
    "avif-grey": (2, 0.3),
    "avif-alpha": (2, 0.3),
    "avif-orientation-6": (2, 0.3),
    "tiff-big-endian-16-bit": (2, 0.4),
    "tiff-rgb-16-bit": (2, 0.4),
}

# Seen at the size of the real models, and with other sizes than the rest.
SIZES = {"jpeg-baseline-420": 96, "png-rgb": 7, "jpeg-tall": 33, "jpeg-wide": 33, "webp-lossy": 64}
VALUES = ["jpeg-baseline-444", "png-rgba-hidden"]


def make(out: pathlib.Path) -> None:
    versions = {"pillow": PIL.__version__, "torchvision": torchvision.__version__.split("+")[0]}
    for package, version in versions.items():
        if version != REQUIREMENTS[package]:
            raise SystemExit(
                f"imaging goldens need {package} {REQUIREMENTS[package]}, not {version}"
            )
    out.mkdir(parents=True, exist_ok=True)
    for old in out.iterdir():
        old.unlink()

    normalise = Compose([ToTensor(), Normalize(MEAN, STD)])
    cases, pixels, values = [], b"", b""
    for form, extension, pictures in [
        ("jpeg", "jpg", jpegs()),
        ("png", "png", pngs()),
        ("webp", "webp", webps()),
        ("gif", "gif", gifs()),
        ("bmp", "bmp", bmps()),
        ("tiff", "tif", tiffs()),
        ("avif", "avif", avifs()),
        ("heic", "heic", heics()),
    ]:
        for name, data, *decoded in pictures:
            name = f"{form}-{name}"
            size = SIZES.get(name, SMALL)
            expected = crop(decoded[0] if decoded else reference(data), size)
            (out / f"{name}.{extension}").write_bytes(data)
            largest, mean = TOLERANCES.get(name, (0, 0))
            case = {"name": name, "file": f"{name}.{extension}", "format": form, "size": size}
            case |= {"offset": len(pixels), "largest": largest, "mean": mean}
            pixels += np.asarray(expected).tobytes()
            if name in VALUES:
                case["valuesOffset"] = len(values)
                values += normalise(expected).numpy().astype("<f4").tobytes()
            cases.append(case)
    (out / "pixels.bin").write_bytes(pixels)
    (out / "values.bin").write_bytes(values)
    document = {"seed": SEED, "requirements": REQUIREMENTS, "cases": cases}
    (out / "cases.json").write_text(json.dumps(document, indent=1) + "\n")
