#!/usr/bin/env python3
"""Compares embeddings of a real-sized checkpoint with its reference implementation.

usage: check-parity.py [--package DIR] [--release] MODEL_DIR...

For an OpenCLIP directory the reference is open_clip, for a transformers directory transformers,
both in f32. The comparison itself is ParityTests of CLIPModelsTests: it fails above a relative
error of 1e-5 (norm of the difference over norm, worst row). Run it in an environment with
Scripts/requirements.txt installed.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
import torch

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "goldens"))

import tiny_model  # noqa: E402

IMAGES = 9


def captions(context: int, vocabulary: int) -> list[list[int]]:
    """Captions of many lengths, not in order; the last two ids are start- and end-of-text."""
    found = []
    for row, length in enumerate([7, 12, 2, context, 12, 9, 31, 5, 12, 20, context // 2]):
        words = (tiny_model.numbers(f"parity.{row}", length - 2) + 1) / 2 * (vocabulary - 2)
        found.append([vocabulary - 2, *words.astype(int).tolist(), vocabulary - 1])
    return found


def open_clip_reference(directory: pathlib.Path):
    import open_clip
    from safetensors.torch import load_file

    config = json.loads((directory / "open_clip_config.json").read_text())["model_cfg"]
    model = open_clip.CLIP(**config).eval()
    model.load_state_dict(load_file(directory / "open_clip_model.safetensors"), strict=True)
    size, text = config["vision_cfg"]["image_size"], config["text_cfg"]
    return model.encode_image, model.encode_text, size, text["context_length"], text["vocab_size"]


def transformers_reference(directory: pathlib.Path):
    from transformers import CLIPModel

    model = CLIPModel.from_pretrained(directory, dtype=torch.float32).eval()
    text = model.config.text_config

    def tensor(output):
        return output if torch.is_tensor(output) else output.pooler_output

    return (
        lambda pixels: tensor(model.get_image_features(pixel_values=pixels)),
        lambda ids: tensor(model.get_text_features(input_ids=ids)),
        model.config.vision_config.image_size,
        text.max_position_embeddings,
        text.vocab_size,
    )


def write_reference(directory: pathlib.Path, out: pathlib.Path) -> None:
    is_open_clip = (directory / "open_clip_config.json").exists()
    reference = open_clip_reference if is_open_clip else transformers_reference
    image, text, size, context, vocabulary = reference(directory)
    pixels = tiny_model.numbers("parity", IMAGES * 3 * size * size, 2).reshape(
        IMAGES, 3, size, size
    )
    ids = captions(context, vocabulary)
    table = torch.zeros(len(ids), context, dtype=torch.long)
    for row, caption in enumerate(ids):
        table[row, : len(caption)] = torch.tensor(caption)
    with torch.no_grad():
        image(torch.from_numpy(pixels)).numpy().astype("<f4").tofile(out / "images.bin")
        text(table).numpy().astype("<f4").tofile(out / "texts.bin")
    (out / "inputs.json").write_text(json.dumps({"count": IMAGES, "captions": ids}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--package", type=pathlib.Path, default=HERE.parent)
    parser.add_argument("--release", action="store_true", help="test a release build")
    parser.add_argument("models", nargs="+", type=pathlib.Path, metavar="MODEL_DIR")
    arguments = parser.parse_args()
    failed = False
    for directory in arguments.models:
        with tempfile.TemporaryDirectory() as out:
            write_reference(directory, pathlib.Path(out))
            command = [
                "swift",
                "test",
                "--package-path",
                str(arguments.package),
                "--filter",
                "ParityTests",
            ]
            if arguments.release:
                command += ["-c", "release"]
            variables = {"CLIP_MODEL_DIR": str(directory.resolve()), "CLIP_PARITY_DIR": out}
            run = subprocess.run(
                command, env=os.environ | variables, capture_output=True, text=True
            )
        output = run.stdout + run.stderr
        found = re.search(r"^parity .*$", output, re.MULTILINE)
        print(
            directory,
            found.group(0) if found else output[-2000:],
            "" if run.returncode == 0 else "FAILED",
        )
        failed = failed or run.returncode != 0 or not found
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
