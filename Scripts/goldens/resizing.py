"""Goldens of every way in which a model's files can have pictures prepared: the floats that a network sees.

Each way is a file as it lies beside weights: `open_clip_config.json`, prepared by open_clip's own transform over Pillow, or
`preprocessor_config.json`, prepared by the processor that transformers' AutoImageProcessor takes for it, over torchvision's
tensors. Pictures are those of the part `imaging` whose decoders agree to the last bit, and a few of odd shapes. Kept is a
checksum for each picture and way.
"""

import importlib.metadata
import json
import pathlib
import tempfile
import zlib

import numpy as np
from imaging import photo, reference, saved
from open_clip.transform import PreprocessCfg, image_transform_v2, merge_preprocess_dict
from PIL import Image
from transformers import AutoImageProcessor

REQUIREMENTS = {
    "pillow": "12.3.0",
    "torch": "2.15.0",
    "torchvision": "0.29.2",
    "open_clip_torch": "3.3.0",
    "transformers": "5.24.0",
}
PICTURES = pathlib.Path(__file__).resolve().parents[2] / "Tests/CLIPTestSupport/Fixtures/imaging"

# Pillow filters columns first where a picture is more than a hundred times as high as wide.
ODD_SHAPES = [(5, 700), (700, 5), (12, 1300), (1, 90), (90, 1), (3, 310), (350, 230), (41, 83), (83, 40)]

HALF = [0.5, 0.5, 0.5]
IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
OPEN_CLIP_WAYS = {
    **{
        f"{mode} {interpolation}": (40, {"resize_mode": mode, "interpolation": interpolation})
        for mode in ("shortest", "longest", "squash")
        for interpolation in ("bicubic", "bilinear")
    },
    "nothing said": (33, {}),
    "SigLIP": (
        56,
        {"mean": HALF, "std": HALF, "interpolation": "bicubic", "resize_mode": "squash", "mode": "RGB"},
    ),
    "PE-Core": (28, {"mean": HALF, "std": HALF, "interpolation": "bilinear", "resize_mode": "squash"}),
    "DFN": (42, {"interpolation": "bicubic", "resize_mode": "squash", "size": [42, 42]}),
    "MobileCLIP": (32, {"mean": [0, 0, 0], "std": [1, 1, 1], "interpolation": "bilinear"}),
    "CLIPA": (28, IMAGENET | {"interpolation": "bilinear", "resize_mode": "squash"}),
    "small": (7, {"interpolation": "random", "mean": 0, "std": 0.5}),
    "grey around": (41, {"resize_mode": "longest", "fill_color": 127, "mean": 0.5}),
    "colour around": (19, {"resize_mode": "longest", "interpolation": "bilinear", "fill_color": [255, 0, 9]}),
}


def square(side: int) -> dict:
    return {"height": side, "width": side}


def processor(name: str, **settings) -> dict:
    return {"image_processor_type": f"{name}ImageProcessor", **settings}


TRANSFORMERS_WAYS = {
    "CLIP": (40, processor("CLIP", size={"shortest_edge": 40}, crop_size=square(40), resample=3)),
    "CLIP, old": (40, {"feature_extractor_type": "CLIPFeatureExtractor", "size": 40, "crop_size": 40}),
    "CLIP, fast": (40, processor("CLIP", size=40, crop_size=40) | {"image_processor_type": "CLIPImageProcessorFast"}),
    "CLIP, Pillow": (40, processor("CLIP", size=40, crop_size=40) | {"image_processor_type": "CLIPImageProcessorPil"}),
    "CLIP, small": (7, processor("CLIP", size={"shortest_edge": 7}, crop_size=square(7))),
    "bilinear": (40, processor("CLIP", size={"shortest_edge": 40}, crop_size=square(40), resample=2)),
    "crop": (40, processor("CLIP", size={"shortest_edge": 47}, crop_size=square(40))),
    "crop of more than there is": (40, processor("CLIP", size={"shortest_edge": 29}, crop_size=square(40))),
    "MetaCLIP 2": (42, processor("CLIP", size=square(42), crop_size=square(42))),
    "number for a square": (33, processor("CLIP", size=33, crop_size=33, default_to_square=True)),
    "squash, crop": (40, processor("CLIP", size=square(45), crop_size=square(40))),
    "squash, pad": (40, processor("CLIP", size=square(35), crop_size=square(40), resample=2)),
    "no crop": (36, processor("CLIP", size=[36, 36], do_center_crop=False, crop_size=None)),
    "scale": (24, processor("CLIP", size=24, crop_size=24, rescale_factor=1 / 127.5, image_mean=1.0, image_std=0.7)),
    "SigLIP": (56, processor("Siglip", size=square(56), image_mean=HALF, image_std=HALF, resample=3)),
    "SigLIP 2": (
        32,
        processor("Siglip", size=square(32), do_center_crop=None, crop_size=None, do_convert_rgb=None, resample=2),
    ),
    "SigLIP, crop": (30, processor("Siglip", size=square(36), do_center_crop=True, crop_size=30)),
    "Bit": (40, processor("Bit", size={"shortest_edge": 41}, crop_size=40)),
    "ViT": (40, processor("ViT", size=40)),
}


def open_clip_way(size: int, settings: dict):
    config = merge_preprocess_dict(PreprocessCfg(), settings)
    transform = image_transform_v2(PreprocessCfg(**(config | {"size": size})), is_train=False)
    return lambda image: transform(image).numpy()


def transformers_way(settings: dict):
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory)
        (path / "config.json").write_text('{"model_type": "clip"}')
        (path / "preprocessor_config.json").write_text(json.dumps(settings))
        processor = AutoImageProcessor.from_pretrained(directory)
    return lambda image: processor(image, return_tensors="np")["pixel_values"][0]


def ways() -> list[tuple[dict, object]]:
    found = []
    for name, (size, settings) in OPEN_CLIP_WAYS.items():
        config = {"preprocess_cfg": settings} if settings else {}
        way = {"name": name, "layout": "openCLIP", "size": size, "config": json.dumps(config)}
        found.append((way, open_clip_way(size, settings)))
    for name, (size, settings) in TRANSFORMERS_WAYS.items():
        way = {"name": name, "layout": "transformers", "size": size, "config": json.dumps(settings)}
        found.append((way, transformers_way(settings)))
    return found


def checksum(prepare, image: Image.Image, way: dict) -> int | None:
    try:
        values = prepare(image)
    except ValueError:
        return None  # a side that would be rounded to nothing
    assert values.shape == (3, way["size"], way["size"]) and values.dtype == np.float32, way
    return zlib.crc32(np.ascontiguousarray(values, "<f4").tobytes())


def make(out: pathlib.Path) -> None:
    for package, version in REQUIREMENTS.items():
        found = importlib.metadata.version(package).split("+")[0]
        if found != version:
            raise SystemExit(f"resizing goldens need {package} {version}, not {found}")
    files = [
        f"imaging/{case['file']}"
        for case in json.loads((PICTURES / "cases.json").read_text())["cases"]
        if case["largest"] == 0 and case["format"] != "heic"
    ]
    for width, height in ODD_SHAPES:
        name = f"{width}x{height}.png"
        (out / name).write_bytes(saved(photo(width, height), "PNG"))
        files.append(f"resizing/{name}")
    prepared = ways()
    pictures = []
    for file in files:
        image = reference((out.parent / file).read_bytes())
        sums = [checksum(prepare, image, way) for way, prepare in prepared]
        pictures.append({"file": file, "checksums": sums})
    lines = [",\n".join(map(json.dumps, items)) for items in ([way for way, _ in prepared], pictures)]
    (out / "cases.json").write_text(f'{{"ways": [\n{lines[0]}\n], "pictures": [\n{lines[1]}\n]}}\n')
