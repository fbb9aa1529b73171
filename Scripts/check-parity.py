#!/usr/bin/env python3
"""Compares `clip embed` with the reference implementation, from the bytes of pictures and the letters of texts.

usage: check-parity.py CLIP MODEL_DIR...      CLIP: the built command, such as .build/release/clip

For an OpenCLIP directory the reference is open_clip, for a transformers directory transformers, both in f32, after
Pillow, torchvision and OpenAI's tokenizer. Fails above a relative error of 1e-5 (norm of the difference over norm) of the
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
from PIL import Image, ImageOps
from safetensors.torch import load_file
from torchvision import transforms
from transformers import CLIPModel

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "Tests/CLIPTestSupport/Fixtures"
MEAN, DEVIATION = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
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
    """The reference's two towers, its name, and the picture size."""
    if (directory / "open_clip_config.json").exists():
        config = json.loads((directory / "open_clip_config.json").read_text())["model_cfg"]
        model = open_clip.CLIP(**config).eval()
        model.load_state_dict(load_file(directory / "open_clip_model.safetensors"), strict=True)
        return model.encode_image, model.encode_text, "open_clip", config["vision_cfg"]["image_size"]
    model = CLIPModel.from_pretrained(directory, dtype=torch.float32).eval()

    def features(output):
        return output if torch.is_tensor(output) else output.pooler_output

    return (
        lambda pixels: features(model.get_image_features(pixel_values=pixels)),
        lambda ids: features(model.get_text_features(input_ids=ids)),
        "transformers",
        model.config.vision_config.image_size,
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
        encode_image, encode_text, name, size = reference(directory)
        recipe = transforms.Compose([
            transforms.Resize(size, interpolation=transforms.InterpolationMode.BICUBIC),
            transforms.CenterCrop(size),
            transforms.ToTensor(),
            transforms.Normalize(MEAN, DEVIATION),
        ])
        images, captions = pictures(), texts()
        with torch.no_grad():
            pixels = [
                # The channels as they are: alpha is dropped, not composited.
                recipe(ImageOps.exif_transpose(Image.open(path)).convert("RGBA").convert("RGB"))[None]
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
