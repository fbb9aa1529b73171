#!/usr/bin/env python3
"""Compares `clip embed` with the reference implementation, from the bytes of pictures and the letters of texts.

usage: check-parity.py CLIP MODEL_DIR...      CLIP: the built command, such as .build/release/clip

For an OpenCLIP directory the reference is open_clip, for a transformers directory transformers, both in f32, after OpenAI's
tokenizer and the library's own preparation of pictures, as the directory's files say. Fails above a relative error of 1e-5 (norm of the difference over norm) of the
worst picture or text. Run it in an environment with Scripts/requirements.txt installed.
"""

import json
import pathlib
import subprocess
import sys

import clip
import numpy as np
import open_clip
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2, merge_preprocess_dict
from PIL import Image, ImageOps
from safetensors.torch import load_file
from transformers import AutoImageProcessor, CLIPModel

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "Tests/CLIPTestSupport/Fixtures"
LIMIT = 1e-5


def pictures() -> list[pathlib.Path]:
    """Fixtures that Pillow reads as we do; those with a decoder or a convention of their own have tests of their own."""
    cases = json.loads((FIXTURES / "imaging/cases.json").read_text())["cases"]
    suffixes = (".jpg", ".png", ".webp", ".bmp", ".tif")
    found = []
    for case in cases:
        path = FIXTURES / "imaging" / case["file"]
        plain = Image.open(path).mode in ("RGB", "RGBA", "L") if path.suffix in suffixes else False
        if plain and case["largest"] == 0 and path not in found:
            found.append(path)
    return found


def texts() -> list[str]:
    """Two hundred of the tokenizer's golden captions that fit, read from standard input as lines."""
    cases = json.loads((FIXTURES / "tokenization/captions.json").read_text())
    cases = cases["captions"] if isinstance(cases, dict) else cases
    found = []
    for case in cases:
        text = case["text"] if isinstance(case, dict) else case[0]
        if text and not any(mark in text for mark in "\r\n\v\f\0\x1c\x1d\x1e\x85\u2028\u2029"):
            try:
                clip.tokenize(text)
            except RuntimeError:
                continue
            found.append(text)
    return found[:: max(1, len(found) // 200)][:200]


def reference(directory: pathlib.Path):
    """The reference's two towers, its name, and how it prepares a picture."""
    if (directory / "open_clip_config.json").exists():
        whole = json.loads((directory / "open_clip_config.json").read_text())
        config = whole["model_cfg"]
        model = open_clip.CLIP(**config).eval()
        model.load_state_dict(load_file(directory / "open_clip_model.safetensors"), strict=True)
        settings = merge_preprocess_dict(PreprocessCfg(), whole.get("preprocess_cfg", {}))
        settings["size"] = config["vision_cfg"]["image_size"]
        prepare = image_transform_v2(PreprocessCfg(**settings), is_train=False)
        return model.encode_image, model.encode_text, "open_clip", prepare
    model = CLIPModel.from_pretrained(directory, dtype=torch.float32).eval()
    processor = AutoImageProcessor.from_pretrained(directory)

    def features(output):
        return output if torch.is_tensor(output) else output.pooler_output

    return (
        lambda pixels: features(model.get_image_features(pixel_values=pixels)),
        lambda ids: features(model.get_text_features(input_ids=ids)),
        "transformers",
        lambda picture: processor(picture, return_tensors="pt")["pixel_values"][0],
    )


def ours(command: str, directory: pathlib.Path, arguments: list[str], lines: list[str]) -> list[list[float]]:
    result = subprocess.run(
        [command, "embed", "--model", str(directory), "--precision", "f32", *arguments],
        input="\n".join(lines).encode(), stdout=subprocess.PIPE, check=True,
    )
    return [json.loads(line)["embedding"] for line in result.stdout.decode().splitlines()]


def worst(found: list[list[float]], expected: list[np.ndarray]) -> float:
    assert len(found) == len(expected), (len(found), len(expected))
    errors = [np.linalg.norm(a - b) / np.linalg.norm(b) for a, b in zip(np.array(found), expected)]
    return float(max(errors))


def main() -> None:
    command, failed = sys.argv[1], False
    for directory in map(pathlib.Path, sys.argv[2:]):
        encode_image, encode_text, name, prepare = reference(directory)
        images, captions = pictures(), texts()
        with torch.no_grad():
            pixels = [
                # The channels as they are: alpha is dropped, not composited.
                prepare(ImageOps.exif_transpose(Image.open(path)).convert("RGBA").convert("RGB"))[None]
                for path in images
            ]
            expected_images = [encode_image(x)[0].double().numpy() for x in pixels]
            expected_texts = [encode_text(clip.tokenize(text).long())[0].double().numpy() for text in captions]
        image = worst(ours(command, directory, list(map(str, images)), []), expected_images)
        text = worst(ours(command, directory, ["--text", "-"], captions), expected_texts)
        failed |= not (image <= LIMIT and text <= LIMIT)
        print(f"{directory.parent.name}/{directory.name} against {name}:", end=" ")
        print(f"{len(images)} pictures {image:.1e}, {len(captions)} texts {text:.1e}", flush=True)
    sys.exit("above the limit of 1e-5" if failed else None)


if __name__ == "__main__":
    main()
