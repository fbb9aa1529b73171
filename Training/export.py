"""Turns what train.py ended with into a model directory in OpenCLIP's layout.

usage: export.py CLIP.PT OUT --vocabulary DIR

Matrices and kernels become f16, norms and biases stay f32, so that nothing is lost where a number of its own matters.
"""

import argparse
import json
import pathlib
import shutil

import torch
from safetensors.torch import save_file

import pictures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trained", type=pathlib.Path, help="clip.pt or checkpoint.pt")
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--vocabulary", type=pathlib.Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    state = torch.load(options.trained, map_location="cpu", weights_only=True)
    tensors = {
        name: (tensor.half() if tensor.is_floating_point() and tensor.ndim > 1 else tensor).contiguous()
        for name, tensor in state["model"].items()
        if name != "attn_mask"
    }
    save_file(tensors, options.out / "open_clip_model.safetensors", metadata={"format": "pt"})
    (options.out / "open_clip_model.safetensors").chmod(0o644)
    configuration = {
        "model_cfg": state["configuration"],
        "preprocess_cfg": {
            "mean": pictures.MEAN, "std": pictures.STD, "interpolation": "bicubic", "resize_mode": "shortest",
        },
    }
    text = json.dumps(configuration, indent=2) + "\n"
    (options.out / "open_clip_config.json").write_text(text, "utf-8")
    for name in ("vocab.json", "merges.txt"):
        shutil.copyfile(options.vocabulary / name, options.out / name)
    size = sum(file.stat().st_size for file in options.out.iterdir())
    print(f"{size / 1e6:.1f} MB in {options.out}")


if __name__ == "__main__":
    main()
