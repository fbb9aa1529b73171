"""A Perception Encoder as small as there is one, for tests that start a server; numpy only.

timm's name says how wide the image tower is, all else is tiny, with OpenAI's vocabulary. The same numbers as
Tests/CLIPTestSupport/TinyPerceptionEncoder.swift: names and shapes are those of the golden `families/pe.json`.
"""

import json
import pathlib

import numpy as np
import tiny_model

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "Tests/CLIPTestSupport/Fixtures/families/pe.json"
EMBEDDING = 8
# Lengths of the golden's image tower, and what they are in one of timm's width.
LENGTHS = {10: 577, 40: EMBEDDING, 64: 192, 128: 384, 192: 576, 256: 768}
SHAPES = {"text.token_embedding.weight": [49_408, 48], "text.text_projection": [48, EMBEDDING]}
CONFIGURATION = {
    "model_cfg": {
        "embed_dim": EMBEDDING,
        "custom_text": True,
        "vision_cfg": {
            "image_size": 384, "timm_model_name": "vit_pe_core_tiny_patch16_384", "timm_model_pretrained": False,
            "timm_pool": "map", "timm_proj": None,
        },
        "text_cfg": {"context_length": 20, "vocab_size": 49408, "width": 48, "heads": 2, "layers": 2},
    },
    "preprocess_cfg": {
        "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "interpolation": "bilinear", "resize_mode": "squash"
    },
}  # fmt: skip


def write(directory: pathlib.Path) -> None:
    """Writes a model directory in open_clip's layout."""
    tensors = {}
    for name, shape, *_ in json.loads(GOLDEN.read_text())["tensors"]:
        if name.startswith("visual.trunk.blocks.1."):
            continue
        shape = [LENGTHS.get(n, n) for n in shape] if name.startswith("visual.") else SHAPES.get(name, shape)
        inputs = int(np.prod(shape[1:]))
        is_gain = len(shape) == 1 and name.endswith(".weight")
        scale = 0.1 if len(shape) < 2 else (3 / inputs) ** 0.5
        tensors[name] = tiny_model.numbers(name, int(np.prod(shape)), scale, float(is_gain)).reshape(shape)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "open_clip_config.json").write_text(json.dumps(CONFIGURATION))
    (directory / "open_clip_model.safetensors").write_bytes(tiny_model.safetensors(tensors))
