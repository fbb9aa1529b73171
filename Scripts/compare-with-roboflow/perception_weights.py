#!/usr/bin/env python3
"""Random-weight Perception Encoders of full width and two blocks, the same numbers for both servers.

    perception_weights.py FOLDER

Run with the interpreter that has Roboflow's server: its own network classes, which are Meta's, say which tensors there are.
For each version FOLDER/VERSION gets `theirs/model.pt`, as that server loads it, and `ours/open_clip_config.json` and
`ours/open_clip_model.safetensors`, which are the same tensors under the names that timm and open_clip give them. What is there
already is kept. Norms, biases and latents are away from what networks begin with, so that an exchanged one shows.
"""

from __future__ import annotations

import json
import pathlib
import sys

import torch
from safetensors.torch import save_file

from perception_depth import shallow

# The network of timm for each version, and its image size.
TRUNKS = {
    "PE-Core-L14-336": ("vit_pe_core_large_patch14_336", 336),
    "PE-Core-B16-224": ("vit_pe_core_base_patch16_224", 224),
}
SWAPS = (
    ("conv1", "patch_embed.proj"),
    ("class_embedding", "cls_token"),
    ("positional_embedding", "pos_embed"),
    ("transformer.resblocks.", "blocks."),
    ("ln_pre", "norm_pre"),
    ("ln_post", "norm"),
    ("ln_", "norm"),
    ("attn_pool.probe", "attn_pool.latent"),
    ("attn_pool.layernorm", "attn_pool.norm"),
    ("attn_pool.attn", "attn_pool"),
    ("in_proj_", "qkv."),
    ("out_proj", "proj"),
    ("mlp.c_fc", "mlp.fc1"),
    ("mlp.c_proj", "mlp.fc2"),
)


def numbers(name: str, shape: torch.Size, generator: torch.Generator) -> torch.Tensor:
    """Random numbers that keep a network's activations near one."""
    values = torch.randn(shape, generator=generator)
    if name == "logit_scale":
        return torch.tensor(4.0)
    if len(shape) == 1 and name.endswith("weight"):
        return 1 + 0.2 * values  # a norm
    if name.endswith("bias"):
        return 0.1 * values
    if "embedding" in name or name.endswith("probe"):
        return 0.5 * values
    inputs = shape[0] if name.endswith(("proj", "text_projection")) else shape[1:].numel()
    return values / inputs**0.5


def timm_names(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Meta's tensors as open_clip has them: the image tower is timm's, the text tower keeps its names."""
    found = {"logit_scale": tensors["logit_scale"]}
    for name, value in tensors.items():
        if not name.startswith("visual."):
            if name != "logit_scale":
                found[f"text.{name}"] = value
            continue
        name = name.removeprefix("visual.")
        for old, new in SWAPS:
            name = name.replace(old, new)
        trunk = f"visual.trunk.{name}"
        if name in ("cls_token", "pos_embed"):
            found[trunk] = value.reshape(1, -1, value.shape[-1])
        elif name == "proj":
            found["visual.trunk.head.weight"] = value.T
            found["visual.trunk.head.bias"] = torch.zeros(value.shape[1])
        elif name.startswith("attn_pool.qkv."):
            width = value.shape[0] // 3
            found[trunk.replace("qkv", "q")] = value[:width]
            found[trunk.replace("qkv", "kv")] = value[width:]
        else:
            found[trunk] = value
    return {name: value.clone().contiguous() for name, value in found.items()}


def write(version: str, folder: pathlib.Path) -> None:
    from inference.models.perception_encoder.vision_encoder import pe

    trunk, size = TRUNKS[version]
    theirs, ours = folder / "theirs", folder / "ours"
    theirs.mkdir(parents=True, exist_ok=True)
    ours.mkdir(parents=True, exist_ok=True)
    network = pe.CLIP.from_config(version)
    generator = torch.Generator().manual_seed(len(version) + size)
    tensors = {
        name: numbers(name, value.shape, generator) for name, value in network.state_dict().items()
    }
    torch.save(tensors, theirs / "model.pt")
    save_file(timm_names(tensors), ours / "open_clip_model.safetensors")
    width = pe.PE_TEXT_CONFIG[version].width
    configuration = {
        "model_cfg": {
            "embed_dim": pe.PE_TEXT_CONFIG[version].output_dim,
            "custom_text": True,
            "vision_cfg": {
                "image_size": size,
                "timm_model_name": trunk,
                "timm_model_pretrained": False,
                "timm_pool": "map",
                "timm_proj": None,
            },
            "text_cfg": {
                "context_length": 32,
                "vocab_size": 49408,
                "width": width,
                "heads": 16,
                "layers": pe.PE_TEXT_CONFIG[version].layers,
            },
        },
        "preprocess_cfg": {
            "mean": [0.5, 0.5, 0.5],
            "std": [0.5, 0.5, 0.5],
            "interpolation": "bilinear",
            "resize_mode": "squash",
        },
    }
    (ours / "open_clip_config.json").write_text(json.dumps(configuration, indent=1) + "\n")


def main() -> int:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    shallow()
    for version in TRUNKS:
        folder = pathlib.Path(sys.argv[1]) / version
        if not (folder / "ours" / "open_clip_config.json").exists():
            write(version, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
