"""Goldens of the ResNet image tower: what open_clip makes of the tiny ResNets.

Written as in models.py, which also makes the stages of the text tower. Maps are kept as one row for
each pixel, (images x size x size, channels). "tokens" is what enters the attention of the pooling.
Embeddings from the bytes and texts that a client sends are written as in engine.py.
"""

import json
import pathlib

import engine
import models
import numpy as np
import open_clip
import tiny_model
import torch
from open_clip import modified_resnet

IMAGES = 2


def golden(name: str, out: pathlib.Path) -> None:
    model = tiny_model.RESNETS[name]
    reference = open_clip.CLIP(**tiny_model.open_clip_config(model)["model_cfg"]).eval()
    state = {
        key: torch.from_numpy(np.array(x)) for key, x in tiny_model.open_clip_tensors(model).items()
    }
    reference.load_state_dict(state, strict=True)

    seen: dict[str, torch.Tensor] = {}
    vision = reference.visual
    models.keep_output(vision.avgpool, seen, "stem")
    names = ["stem"]
    for layer in (vision.layer1, vision.layer2, vision.layer3, vision.layer4):
        for block in layer:
            names.append(f"block {len(names) - 1}")
            models.keep_output(block, seen, names[-1])

    size = model["resnet"]["image"]
    pixels = torch.from_numpy(tiny_model.normalised_pixels(name, IMAGES, size))
    with torch.no_grad(), Attention(seen):
        embeddings = reference.encode_image(pixels)
    stages = [("vision", key, seen[key].permute(0, 2, 3, 1).numpy()) for key in names]
    stages.append(("vision", "tokens", seen["tokens"].permute(1, 0, 2).numpy()))
    stages.append(("vision", "embedding", embeddings.numpy()))

    ids, _, text_stages = models.text_goldens(model, reference)
    checksums = {"openclip": models.checksum(tiny_model.weights(model, "openclip"))}
    models.write(out, name, stages + text_stages, ids, IMAGES, checksums)


class Attention:
    """Keeps what enters the pooling's attention, which is a function and so cannot be hooked: (tokens, images, width)."""

    def __init__(self, seen: dict[str, torch.Tensor]):
        self.seen = seen

    def __enter__(self):
        self.original = modified_resnet.F.multi_head_attention_forward

        def watched(query, **others):
            self.seen["tokens"] = query.detach()
            return self.original(query=query, **others)

        modified_resnet.F.multi_head_attention_forward = watched

    def __exit__(self, *_):
        modified_resnet.F.multi_head_attention_forward = self.original


def make(out: pathlib.Path) -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    for name, model in tiny_model.RESNETS.items():
        golden(name, out)
        found = engine.embeddings(model)
        (out / f"{name}-embeddings.json").write_text(json.dumps(found, indent=0) + "\n")
