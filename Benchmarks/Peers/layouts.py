#!/usr/bin/env python3
"""The weights of weights.py in the layout of transformers, which Infinity and transformers read: the same numbers by other names.

usage: layouts.py FOLDER

FOLDER is a model's that weights.py made; FOLDER/transformers is written, with the vocabulary of open_clip, whose package has it.
What is there already is kept. Whether the numbers are in the right places is seen when the embeddings are compared, before
anything is measured. Needs open_clip, safetensors and torch.
"""

from __future__ import annotations

import gzip
import json
import pathlib
import sys

import open_clip
import torch
from safetensors.torch import load_file, save_file

NORMS = {"visual.ln_pre": "vision_model.pre_layrnorm", "visual.ln_post": "vision_model.post_layernorm",
         "ln_final": "text_model.final_layer_norm"}
TENSORS = {
    "visual.class_embedding": "vision_model.embeddings.class_embedding",
    "visual.conv1.weight": "vision_model.embeddings.patch_embedding.weight",
    "visual.positional_embedding": "vision_model.embeddings.position_embedding.weight",
    "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
    "positional_embedding": "text_model.embeddings.position_embedding.weight",
    "logit_scale": "logit_scale",
}
PROJECTIONS = {"visual.proj": "visual_projection.weight", "text_projection": "text_projection.weight"}
TOWERS = {"visual.transformer.resblocks.": "vision_model.encoder.layers.", "transformer.resblocks.": "text_model.encoder.layers."}
LAYERS = {"attn.out_proj": "self_attn.out_proj", "ln_1": "layer_norm1", "ln_2": "layer_norm2", "mlp.c_fc": "mlp.fc1",
          "mlp.c_proj": "mlp.fc2"}
START, END = "<|startoftext|>", "<|endoftext|>"
MERGES = 49_152 - 256 - 2


def renamed(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Every tensor under transformers' names, which has queries, keys and values by themselves and projections transposed."""
    found = {TENSORS[name]: tensor for name, tensor in weights.items() if name in TENSORS}
    found |= {PROJECTIONS[name]: tensor.T for name, tensor in weights.items() if name in PROJECTIONS}
    for name, tensor in weights.items():
        stem, _, kind = name.rpartition(".")
        if stem in NORMS:
            found[f"{NORMS[stem]}.{kind}"] = tensor
        tower = next((prefix for prefix in TOWERS if name.startswith(prefix)), None)
        if tower is None:
            continue
        layer, _, rest = name.removeprefix(tower).partition(".")
        prefix = f"{TOWERS[tower]}{layer}."
        if rest.startswith("attn.in_proj_"):
            for part, piece in zip("qkv", tensor.chunk(3), strict=True):
                found[f"{prefix}self_attn.{part}_proj.{rest.removeprefix('attn.in_proj_')}"] = piece
        else:
            stem, _, kind = rest.rpartition(".")
            found[f"{prefix}{LAYERS[stem]}.{kind}"] = tensor
    return {name: tensor.contiguous() for name, tensor in found.items()}


def configuration(openclip: dict) -> dict[str, object]:
    model = openclip["model_cfg"]

    def tower(of: dict, heads: int) -> dict[str, object]:
        return {
            "hidden_size": of["width"], "intermediate_size": 4 * of["width"], "num_hidden_layers": of["layers"],
            "num_attention_heads": heads, "hidden_act": "quick_gelu", "projection_dim": model["embed_dim"],
        }

    vision, text = model["vision_cfg"], model["text_cfg"]
    return {
        "architectures": ["CLIPModel"],
        "model_type": "clip",
        "projection_dim": model["embed_dim"],
        "vision_config": {"model_type": "clip_vision_model", "image_size": vision["image_size"], "patch_size": vision["patch_size"]}
        | tower(vision, vision["width"] // 64),
        "text_config": {
            "model_type": "clip_text_model", "vocab_size": text["vocab_size"], "bos_token_id": text["vocab_size"] - 2,
            "max_position_embeddings": text["context_length"], "eos_token_id": text["vocab_size"] - 1,
        } | tower(text, text["heads"]),
    }


def preprocessing(openclip: dict) -> dict[str, object]:
    side, values = openclip["model_cfg"]["vision_cfg"]["image_size"], openclip["preprocess_cfg"]
    return {
        "image_processor_type": "CLIPImageProcessor", "do_convert_rgb": True, "do_resize": True, "size": {"shortest_edge": side},
        "resample": 3, "do_center_crop": True, "crop_size": {"height": side, "width": side}, "do_rescale": True,
        "rescale_factor": 1 / 255, "do_normalize": True, "image_mean": values["mean"], "image_std": values["std"],
    }


def vocabulary() -> tuple[dict[str, int], list[str]]:
    """Tokens and merges of OpenAI's byte pairs, which has printable characters in the place of bytes."""
    file = pathlib.Path(open_clip.__file__).with_name("bpe_simple_vocab_16e6.txt.gz")
    merges = gzip.decompress(file.read_bytes()).decode().split("\n")[1 : MERGES + 1]
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    characters = [chr(byte) for byte in printable] + [chr(256 + number) for number in range(256 - len(printable))]
    tokens = [*characters, *(f"{character}</w>" for character in characters), *("".join(merge.split()) for merge in merges)]
    return {token: number for number, token in enumerate([*tokens, START, END])}, merges


def make(folder: pathlib.Path) -> pathlib.Path:
    """The folder in transformers' layout, made if it is not there."""
    made = folder / "transformers"
    if (made / "config.json").exists():
        return made
    made.mkdir(exist_ok=True)
    openclip = json.loads((folder / "openclip/open_clip_config.json").read_text())
    save_file(renamed(load_file(folder / "openclip/open_clip_model.safetensors")), made / "model.safetensors", {"format": "pt"})
    tokens, merges = vocabulary()
    (made / "vocab.json").write_text(json.dumps(tokens, ensure_ascii=False))
    (made / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
    context = openclip["model_cfg"]["text_cfg"]["context_length"]
    special = {"bos_token": START, "eos_token": END, "unk_token": END, "pad_token": END}
    (made / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "CLIPTokenizer", "model_max_length": context} | special, indent=1)
    )
    (made / "special_tokens_map.json").write_text(json.dumps(special, indent=1))
    (made / "preprocessor_config.json").write_text(json.dumps(preprocessing(openclip), indent=1))
    # Last, so that what an interrupted run left is made anew.
    (made / "config.json").write_text(json.dumps(configuration(openclip), indent=1))
    return made


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print(make(pathlib.Path(sys.argv[1])))
