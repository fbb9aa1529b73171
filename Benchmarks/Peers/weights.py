#!/usr/bin/env python3
"""Makes a CLIP of full size with random weights, the same numbers for everybody who is measured.

usage: weights.py FOLDER [NAME]      NAME: ViT-B-32 (the default), ViT-B-16 or ViT-L-14

FOLDER/NAME/openclip has open_clip_config.json and open_clip_model.safetensors, which `clip` reads; FOLDER/NAME/onnx has
visual.onnx and textual.onnx, which ONNX Runtime, OpenVINO and Roboflow's server read: inputs `input`, pixel values
(batch, 3, side, side) or int32 token ids (batch, 77), outputs `output`. The ONNX files are run once and compared with the
network that they were written from. What is there already is kept. Needs numpy, torch, onnx, onnxruntime and safetensors.

Random weights cost exactly what trained ones cost, and nobody has to download any.
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
import sys
import warnings

import numpy as np
import onnxruntime
import torch
from safetensors.torch import save_file

SEED = 20261125
SIDE, CONTEXT, VOCABULARY = 224, 77, 49_408
LIMIT = 1e-4


@dataclasses.dataclass(frozen=True)
class Tower:
    width: int
    layers: int
    heads: int


@dataclasses.dataclass(frozen=True)
class Shape:
    """What tells one CLIP from another."""

    patch: int
    vision: Tower
    text: Tower
    embedding: int


BASE = {"vision": Tower(768, 12, 12), "text": Tower(512, 12, 8), "embedding": 512}
SHAPES = {
    "ViT-B-32": Shape(patch=32, **BASE),
    "ViT-B-16": Shape(patch=16, **BASE),
    "ViT-L-14": Shape(patch=14, vision=Tower(1024, 24, 16), text=Tower(768, 12, 12), embedding=768),
}


class Numbers:
    """Random tensors by name, the same on every machine."""

    def __init__(self) -> None:
        self.random = torch.Generator().manual_seed(SEED)
        self.found: dict[str, torch.Tensor] = {}

    def normal(self, name: str, deviation: float, *shape: int, mean: float = 0) -> None:
        self.found[name] = mean + deviation * torch.randn(shape, generator=self.random)

    def norm(self, name: str, width: int) -> None:
        self.normal(f"{name}.weight", 0.05, width, mean=1)
        self.normal(f"{name}.bias", 0.05, width)

    def linear(self, name: str, outputs: int, inputs: int, deviation: float) -> None:
        self.normal(f"{name}weight", deviation, outputs, inputs)
        self.normal(f"{name}bias", 0.05, outputs)

    def blocks(self, prefix: str, tower: Tower) -> None:
        width = tower.width
        residual = width**-0.5 * (2 * tower.layers) ** -0.5
        for layer in range(tower.layers):
            block = f"{prefix}transformer.resblocks.{layer}."
            self.norm(f"{block}ln_1", width)
            self.linear(f"{block}attn.in_proj_", 3 * width, width, width**-0.5)
            self.linear(f"{block}attn.out_proj.", width, width, residual)
            self.norm(f"{block}ln_2", width)
            self.linear(f"{block}mlp.c_fc.", 4 * width, width, (2 * width) ** -0.5)
            self.linear(f"{block}mlp.c_proj.", width, 4 * width, residual)


def tensors(shape: Shape) -> dict[str, torch.Tensor]:
    """Weights under OpenCLIP's names, as wide as OpenAI's initialisation, with biases and norms off their usual 0 and 1."""
    numbers = Numbers()
    width, scale = shape.vision.width, shape.vision.width**-0.5
    numbers.normal("visual.conv1.weight", scale / 2, width, 3, shape.patch, shape.patch)
    numbers.normal("visual.class_embedding", scale, width)
    numbers.normal("visual.positional_embedding", scale, (SIDE // shape.patch) ** 2 + 1, width)
    numbers.norm("visual.ln_pre", width)
    numbers.blocks("visual.", shape.vision)
    numbers.norm("visual.ln_post", width)
    numbers.normal("visual.proj", scale, width, shape.embedding)
    width = shape.text.width
    numbers.normal("token_embedding.weight", 0.02, VOCABULARY, width)
    numbers.normal("positional_embedding", 0.01, CONTEXT, width)
    numbers.blocks("", shape.text)
    numbers.norm("ln_final", width)
    numbers.normal("text_projection", width**-0.5, width, shape.embedding)
    return numbers.found | {"logit_scale": torch.tensor(np.log(1 / 0.07), dtype=torch.float32)}


def configuration(shape: Shape) -> dict[str, object]:
    return {
        "model_cfg": {
            "embed_dim": shape.embedding,
            "quick_gelu": True,
            "vision_cfg": {
                "image_size": SIDE, "layers": shape.vision.layers, "width": shape.vision.width,
                "patch_size": shape.patch,
            },
            "text_cfg": {
                "context_length": CONTEXT, "vocab_size": VOCABULARY, "width": shape.text.width,
                "heads": shape.text.heads, "layers": shape.text.layers,
            },
        },
        "preprocess_cfg": {
            "mean": [0.48145466, 0.4578275, 0.40821073],
            "std": [0.26862954, 0.26130258, 0.27577711],
            "interpolation": "bicubic",
            "resize_mode": "shortest",
        },
    }


def write_openclip(folder: pathlib.Path, configuration: dict[str, object], weights: dict[str, torch.Tensor]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    save_file(weights, folder / "open_clip_model.safetensors")
    # Last, so that what an interrupted run left is made anew.
    (folder / "open_clip_config.json").write_text(json.dumps(configuration, indent=1))


class Network(torch.nn.Module):
    """CLIP in plain matrix operations, of which runtimes recognise and fuse the most."""

    epsilon = 1e-5

    def __init__(self, weights: dict[str, torch.Tensor], shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        for name, tensor in weights.items():
            self.register_buffer(name.replace(".", "/"), tensor)

    def weight(self, name: str) -> torch.Tensor:
        return self._buffers[name.replace(".", "/")]

    def norm(self, name: str, x: torch.Tensor) -> torch.Tensor:
        scale, shift = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return torch.nn.functional.layer_norm(x, scale.shape, scale, shift, self.epsilon)

    def linear(self, name: str, x: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.linear(x, self.weight(f"{name}weight"), self.weight(f"{name}bias"))

    def attention(
        self, queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, heads: int, mask: torch.Tensor | None
    ) -> torch.Tensor:
        """Of (batch, tokens, width) each."""
        width = queries.shape[2]
        queries, keys, values = (
            part.reshape(part.shape[0], part.shape[1], heads, width // heads).transpose(1, 2)
            for part in (queries, keys, values)
        )
        scores = queries @ keys.transpose(2, 3) * (width // heads) ** -0.5
        scores = scores if mask is None else scores + mask
        attended = (scores.softmax(dim=-1) @ values).transpose(1, 2)
        return attended.reshape(attended.shape[0], attended.shape[1], width)

    def transformer(self, prefix: str, tower: Tower, x: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        for layer in range(tower.layers):
            block = f"{prefix}transformer.resblocks.{layer}."
            projected = self.linear(f"{block}attn.in_proj_", self.norm(f"{block}ln_1", x))
            attended = self.attention(*projected.split(tower.width, dim=-1), tower.heads, mask)
            x = x + self.linear(f"{block}attn.out_proj.", attended)
            hidden = self.linear(f"{block}mlp.c_fc.", self.norm(f"{block}ln_2", x))
            x = x + self.linear(f"{block}mlp.c_proj.", hidden * torch.sigmoid(1.702 * hidden))
        return x


class Visual(Network):
    """Pixel values (batch, 3, side, side) to embeddings (batch, embedding)."""

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        kernel = self.weight("visual.conv1.weight")
        x = torch.nn.functional.conv2d(pixels, kernel, stride=kernel.shape[-1]).flatten(2).transpose(1, 2)
        first = self.weight("visual.class_embedding").expand(x.shape[0], 1, -1)
        x = torch.cat([first, x], dim=1) + self.weight("visual.positional_embedding")
        x = self.transformer("visual.", self.shape.vision, self.norm("visual.ln_pre", x), None)
        return self.norm("visual.ln_post", x[:, 0]) @ self.weight("visual.proj")


class Textual(Network):
    """Token ids (batch, 77), padded with zeros, to embeddings (batch, embedding)."""

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x = self.weight("token_embedding.weight")[ids.long()] + self.weight("positional_embedding")
        mask = torch.full((CONTEXT, CONTEXT), -1e9).triu(1)
        x = self.norm("ln_final", self.transformer("", self.shape.text, x, mask))
        # End-of-text has the highest id.
        return x[torch.arange(x.shape[0]), ids.argmax(dim=-1)] @ self.weight("text_projection")


def write_onnx(path: pathlib.Path, network: Network, example: torch.Tensor) -> None:
    """Writes a network, and refuses it if it computes something else for one row or for several."""
    partial = path.with_suffix(".partial")
    with torch.no_grad():
        torch.onnx.export(
            network, (example,), str(partial), input_names=["input"], output_names=["output"],
            dynamic_axes={"input": {0: "batch"}, "output": {0: "batch"}}, opset_version=17, dynamo=False,
        )
        expected = network(example).numpy()
    session = onnxruntime.InferenceSession(str(partial), providers=["CPUExecutionProvider"])
    for rows in (1, len(example)):
        found = session.run(None, {"input": example[:rows].numpy()})[0]
        error = np.linalg.norm(found - expected[:rows]) / np.linalg.norm(expected[:rows])
        if not error < LIMIT:
            sys.exit(f"{path.name} computes something else than its source: relative error {error:.2g}")
    partial.rename(path)


def make(folder: pathlib.Path, name: str = "ViT-B-32") -> pathlib.Path:
    """The model's folder, made if it is not there."""
    folder = folder / name
    onnx = folder / "onnx"
    missing = [path for path in (onnx / "visual.onnx", onnx / "textual.onnx") if not path.exists()]
    if not missing and (folder / "openclip/open_clip_config.json").exists():
        return folder
    warnings.filterwarnings("ignore")
    shape = SHAPES[name]
    weights = tensors(shape)
    write_openclip(folder / "openclip", configuration(shape), weights)
    onnx.mkdir(parents=True, exist_ok=True)
    vision = {key: value for key, value in weights.items() if key.startswith("visual.")}
    text = {key: value for key, value in weights.items() if key not in vision and key != "logit_scale"}
    random = np.random.default_rng(SEED)
    pixels = random.standard_normal((3, 3, SIDE, SIDE)).astype(np.float32)
    ids = np.zeros((3, CONTEXT), np.int32)
    for row, length in enumerate((2, 12, CONTEXT)):
        ids[row, :length] = [VOCABULARY - 2, *random.integers(1, VOCABULARY - 2, length - 2), VOCABULARY - 1]
    write_onnx(onnx / "visual.onnx", Visual(vision, shape).eval(), torch.from_numpy(pixels))
    write_onnx(onnx / "textual.onnx", Textual(text, shape).eval(), torch.from_numpy(ids))
    return folder


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3) or sys.argv[2:] and sys.argv[2] not in SHAPES:
        sys.exit(__doc__)
    print(make(pathlib.Path(sys.argv[1]), *sys.argv[2:]))
