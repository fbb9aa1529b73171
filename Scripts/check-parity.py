#!/usr/bin/env python3
"""Compares the embeddings of `clip embed`, from pictures' bytes and texts' letters on, with the reference implementation's.

usage: check-parity.py CLIP MODEL_DIR...      CLIP: the built command, such as .build/release/clip

For an OpenCLIP directory the reference is open_clip, for a transformers directory it is transformers, both in f32. The library
itself prepares pictures as the directory's files say, and uses the directory's own tokenizer. An OpenCLIP directory that names
none has OpenAI's; a transformers directory without tokenizer files has CLIPTokenizer with OpenAI's vocabulary. The check fails if
the relative error (norm of the difference over norm) of the worst picture or text is above 1e-5. Run it in an environment with
Scripts/requirements.txt installed.
"""

import json
import pathlib
import subprocess
import sys

import clip
import numpy as np
import open_clip
import torch
from open_clip.tokenizer import HFTokenizer
from open_clip.transform import PreprocessCfg, image_transform_v2, merge_preprocess_dict
from PIL import Image, ImageOps
from safetensors.torch import load_file
from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "goldens"))
import piece_files  # noqa: E402
import world_texts  # noqa: E402

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "Tests/CLIPTestSupport/Fixtures"
LIMIT = 1e-5


def pictures() -> list[pathlib.Path]:
    """The fixtures that Pillow reads as this program does; those with another decoder or convention have tests of their own."""
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
    """Two hundred of the tokenizer's golden captions that fit into the context and can be sent as lines of standard input."""
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


def openai_tokens(text: str) -> torch.Tensor:
    return clip.tokenize(text).long()


def open_clip_reference(directory: pathlib.Path):
    whole = json.loads((directory / "open_clip_config.json").read_text())
    config = dict(whole.get("model_cfg", whole))
    text = config["text_cfg"]
    kind = open_clip.CustomTextCLIP if config.pop("custom_text", False) else open_clip.CLIP
    model = kind(**config).eval()
    model.load_state_dict(load_file(directory / "open_clip_model.safetensors"), strict=True)
    settings = merge_preprocess_dict(PreprocessCfg(), whole.get("preprocess_cfg", {}))
    settings["size"] = model.visual.image_size
    tokens = openai_tokens
    if "hf_tokenizer_name" in text:
        tokens = HFTokenizer(
            str(directory), context_length=text.get("context_length", 77), **text.get("tokenizer_kwargs") or {}
        )
    return model.encode_image, model.encode_text, "open_clip", image_transform_v2(PreprocessCfg(**settings), False), tokens


def transformers_reference(directory: pathlib.Path):
    model = AutoModel.from_pretrained(directory, dtype=torch.float32).eval()
    processor = AutoImageProcessor.from_pretrained(directory)
    is_bare = not any((directory / name).exists() for name in ("tokenizer_config.json", "tokenizer.json", "vocab.json"))
    tokenizer = piece_files.clip_tokenizer() if is_bare else AutoTokenizer.from_pretrained(directory)
    length = model.config.text_config.max_position_embeddings

    def tokens(text):
        return tokenizer(text, padding="max_length", truncation=True, max_length=length, return_tensors="pt")["input_ids"]

    def features(output):
        return output if torch.is_tensor(output) else output.pooler_output

    return (
        lambda pixels: features(model.get_image_features(pixel_values=pixels)),
        lambda ids: features(model.get_text_features(input_ids=ids)),
        "transformers",
        lambda picture: processor(picture, return_tensors="pt")["pixel_values"][0],
        tokens,
    )


def reference(directory: pathlib.Path):
    """The reference's two towers, its name, its preprocessing of pictures, and its tokenizer."""
    is_open_clip = (directory / "open_clip_config.json").exists()
    return (open_clip_reference if is_open_clip else transformers_reference)(directory)


def ours(command: str, directory: pathlib.Path, arguments: list[str], lines: list[str]) -> list[list[float]]:
    result = subprocess.run(
        [command, "embed", "--model", str(directory), "--precision", "f32", "--truncate", *arguments],
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
        encode_image, encode_text, name, prepare, tokens = reference(directory)
        images, captions = pictures(), texts()
        if tokens is not openai_tokens:
            captions += [text for text in world_texts.every_caption() if text.strip() and "\n" not in text][:200]
        with torch.no_grad():
            pixels = [
                # The channels stay as they are: alpha is dropped, not composited.
                prepare(ImageOps.exif_transpose(Image.open(path)).convert("RGBA").convert("RGB"))[None]
                for path in images
            ]
            expected_images = [encode_image(x)[0].double().numpy() for x in pixels]
            expected_texts = [encode_text(tokens(text))[0].double().numpy() for text in captions]
        image = worst(ours(command, directory, list(map(str, images)), []), expected_images)
        text = worst(ours(command, directory, ["--text", "-"], captions), expected_texts)
        failed |= not (image <= LIMIT and text <= LIMIT)
        print(f"{directory.parent.name}/{directory.name} against {name}:", end=" ")
        print(f"{len(images)} pictures {image:.1e}, {len(captions)} texts {text:.1e}", flush=True)
    sys.exit("above the limit of 1e-5" if failed else None)


if __name__ == "__main__":
    main()
