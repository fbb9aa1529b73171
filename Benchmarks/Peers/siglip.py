#!/usr/bin/env python3
"""Makes a SigLIP 2 of full size with random weights: ViT-B-16-SigLIP2-256, the same numbers for everybody who is measured.

usage: siglip.py FOLDER

FOLDER/ViT-B-16-SigLIP2-256/openclip is what `clip` reads, in open_clip's layout over timm; onnx/visual.onnx is its image tower,
input `input`, pixel values (batch, 3, 256, 256), output `output`. It is run once and compared with the network that it was
written from. What is there already is kept. Only pictures are measured, so the text tower has one block and the tokenizer
is the small one of the tests. Needs what weights.py needs.
"""

from __future__ import annotations

import pathlib
import shutil
import sys
import warnings

import machine
import numpy as np
import torch
from weights import SEED, Network, Numbers, Shape, Tower, write_onnx, write_openclip

NAME = "ViT-B-16-SigLIP2-256"
SIDE, CONTEXT, VOCABULARY = 256, 64, 2_048
SHAPE = Shape(patch=16, vision=Tower(768, 12, 12), text=Tower(768, 1, 12), embedding=768)
TOKENIZER = machine.ROOT / "Tests/CLIPTestSupport/Fixtures/pieces/open-clip-gemma"
TRUNK = "visual.trunk."
POOL = f"{TRUNK}attn_pool."


def tensors() -> dict[str, torch.Tensor]:
    """Weights under the names of open_clip and timm."""
    numbers = Numbers()
    width, layers = SHAPE.vision.width, SHAPE.vision.layers
    scale, residual = width**-0.5, width**-0.5 * (2 * layers) ** -0.5

    def feed_forward(norm: str, prefix: str, deviation: float) -> None:
        numbers.norm(norm, width)
        numbers.linear(f"{prefix}mlp.fc1.", 4 * width, width, (2 * width) ** -0.5)
        numbers.linear(f"{prefix}mlp.fc2.", width, 4 * width, deviation)

    numbers.normal(f"{TRUNK}patch_embed.proj.weight", scale / 2, width, 3, SHAPE.patch, SHAPE.patch)
    numbers.normal(f"{TRUNK}patch_embed.proj.bias", 0.05, width)
    numbers.normal(f"{TRUNK}pos_embed", scale, 1, (SIDE // SHAPE.patch) ** 2, width)
    for layer in range(layers):
        block = f"{TRUNK}blocks.{layer}."
        numbers.norm(f"{block}norm1", width)
        numbers.linear(f"{block}attn.qkv.", 3 * width, width, scale)
        numbers.linear(f"{block}attn.proj.", width, width, residual)
        feed_forward(f"{block}norm2", block, residual)
    numbers.norm(f"{TRUNK}norm", width)
    numbers.normal(f"{POOL}latent", 1, 1, 1, width)
    numbers.linear(f"{POOL}q.", width, width, scale)
    numbers.linear(f"{POOL}kv.", 2 * width, width, scale)
    numbers.linear(f"{POOL}proj.", width, width, scale)
    feed_forward(f"{POOL}norm", POOL, scale)
    numbers.normal("text.token_embedding.weight", 0.02, VOCABULARY, SHAPE.text.width)
    numbers.normal("text.positional_embedding", 0.01, CONTEXT, SHAPE.text.width)
    numbers.blocks("text.", SHAPE.text)
    numbers.norm("text.ln_final", SHAPE.text.width)
    numbers.linear("text.text_projection.", SHAPE.embedding, SHAPE.text.width, scale)
    return numbers.found | {"logit_scale": torch.tensor(4.7), "logit_bias": torch.tensor(-16.5)}


def configuration() -> dict[str, object]:
    """As open_clip 3.3 has it, but for the text tower's depth and vocabulary."""
    return {
        "model_cfg": {
            "embed_dim": SHAPE.embedding,
            "init_logit_bias": -10,
            "custom_text": True,
            "vision_cfg": {
                "image_size": SIDE, "timm_model_name": "vit_base_patch16_siglip_256", "timm_model_pretrained": False,
                "timm_pool": "map", "timm_proj": "none",
            },
            "text_cfg": {
                "context_length": CONTEXT, "vocab_size": VOCABULARY, "hf_tokenizer_name": f"timm/{NAME}",
                "tokenizer_kwargs": {"clean": "canonicalize"}, "width": SHAPE.text.width, "heads": SHAPE.text.heads,
                "layers": SHAPE.text.layers, "no_causal_mask": True, "proj_bias": True, "pool_type": "last",
                "norm_kwargs": {"eps": 1e-6}, "act_kwargs": {"approximate": "tanh"},
            },
        },
        "preprocess_cfg": {"mean": [0.5] * 3, "std": [0.5] * 3, "interpolation": "bicubic", "resize_mode": "squash"},
    }


class Visual(Network):
    """Pixel values (batch, 3, side, side) to embeddings (batch, 768)."""

    epsilon = 1e-6

    def feed_forward(self, norm: str, prefix: str, x: torch.Tensor) -> torch.Tensor:
        hidden = torch.nn.functional.gelu(self.linear(f"{prefix}mlp.fc1.", self.norm(norm, x)))
        return x + self.linear(f"{prefix}mlp.fc2.", hidden)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        width, heads = self.shape.vision.width, self.shape.vision.heads
        kernel, bias = (self.weight(f"{TRUNK}patch_embed.proj.{kind}") for kind in ("weight", "bias"))
        x = torch.nn.functional.conv2d(pixels, kernel, bias, stride=self.shape.patch).flatten(2).transpose(1, 2)
        x = x + self.weight(f"{TRUNK}pos_embed")
        for layer in range(self.shape.vision.layers):
            block = f"{TRUNK}blocks.{layer}."
            projected = self.linear(f"{block}attn.qkv.", self.norm(f"{block}norm1", x))
            attended = self.attention(*projected.split(width, dim=-1), heads, None)
            x = x + self.linear(f"{block}attn.proj.", attended)
            x = self.feed_forward(f"{block}norm2", block, x)
        keys, values = self.linear(f"{POOL}kv.", self.norm(f"{TRUNK}norm", x)).split(width, dim=-1)
        query = self.linear(f"{POOL}q.", self.weight(f"{POOL}latent"))
        pooled = self.linear(f"{POOL}proj.", self.attention(query, keys, values, heads, None))
        return self.feed_forward(f"{POOL}norm", POOL, pooled)[:, 0]


def make(folder: pathlib.Path) -> pathlib.Path:
    """The model's folder, made if it is not there."""
    folder = folder / NAME
    network = folder / "onnx/visual.onnx"
    if network.exists() and (folder / "openclip/open_clip_config.json").exists():
        return folder
    warnings.filterwarnings("ignore")
    weights = tensors()
    (folder / "openclip").mkdir(parents=True, exist_ok=True)
    for file in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(TOKENIZER / file, folder / "openclip")
    write_openclip(folder / "openclip", configuration(), weights)
    network.parent.mkdir(exist_ok=True)
    pixels = np.random.default_rng(SEED).standard_normal((3, 3, SIDE, SIDE)).astype(np.float32)
    vision = {name: tensor for name, tensor in weights.items() if name.startswith(TRUNK)}
    write_onnx(network, Visual(vision, SHAPE).eval(), torch.from_numpy(pixels))
    return folder


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print(make(pathlib.Path(sys.argv[1])))
