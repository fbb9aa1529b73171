"""The forward pass of an exported CLIP, product by product, so that each can be watched, or rounded as int8 rounds it.

A product is a linear layer of a transformer: those are what swift-clip keeps as bytes with --precision int8. It has the name
of its weights, without the ending. Of the last block only the pooled token is computed behind attention, as swift-clip does.
"""

import json

import open_clip
import torch
from open_clip.modified_resnet import ModifiedResNet
from open_clip.transform import PreprocessCfg, image_transform_v2, merge_preprocess_dict
from PIL import Image
from safetensors.torch import load_file
from torch.nn import functional as F

import captions
from vocabulary import tokenizer


def exact(_, x, weight, bias):
    """(rows, inputs) -> (rows, outputs): the product itself."""
    return F.linear(x, weight, bias)


def as_bytes(rows):
    """Rows as int8 keeps them, here still as floats: each rounded to 127 steps of its own largest number."""
    largest = rows.abs().amax(-1, keepdim=True)
    return torch.round(rows * (127 / largest.clamp(min=1e-30))) * (largest / 127)


def rounded(_, x, weight, bias):
    """The product of bytes: a scale for each row of the input and for each output of the weights."""
    return F.linear(as_bytes(x), as_bytes(weight), bias)


class Exported:
    """A model directory in OpenCLIP's layout, with the vocabulary beside it."""

    def __init__(self, directory):
        described = json.loads((directory / "open_clip_config.json").read_text("utf-8"))
        self.model = open_clip.CLIP(**described["model_cfg"]).eval()
        weights = load_file(directory / "open_clip_model.safetensors")
        self.model.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
        length = self.model.context_length
        self.encode = captions.Encoder(tokenizer(directory, length), length)
        settings = merge_preprocess_dict(PreprocessCfg(), described["preprocess_cfg"])
        self.side = settings["size"] = described["model_cfg"]["vision_cfg"]["image_size"]
        self.prepared = image_transform_v2(PreprocessCfg(**settings), False)
        self.has_patches = not isinstance(self.model.visual, ModifiedResNet)

    def pixel_values(self, files):
        """(pictures, 3, side, side)"""
        return torch.stack([self.prepared(Image.open(file).convert("RGB")) for file in files])

    def norms(self):
        """The layer norms whose output goes into one product alone, by the product's name, with that product's weights."""
        for tower, blocks in self.towers():
            for place, block in enumerate(blocks):
                yield f"{tower}.{place}.attn.in_proj", block.ln_1, block.attn.in_proj_weight
                yield f"{tower}.{place}.mlp.c_fc", block.ln_2, block.mlp.c_fc.weight

    def towers(self):
        if self.has_patches:
            yield "visual.transformer.resblocks", self.model.visual.transformer.resblocks
        yield "transformer.resblocks", self.model.transformer.resblocks

    def image_embeddings(self, pixel_values, product=exact):
        """(pictures, 3, side, side) -> (pictures, embedding), of length one."""
        tower = self.model.visual
        if not self.has_patches:
            return F.normalize(tower(pixel_values), dim=-1)
        width, side = tower.conv1.out_channels, tower.conv1.kernel_size[0]
        patches = F.unfold(pixel_values, side, stride=side).transpose(1, 2)  # (pictures, patches, 3 x side x side)
        x = product("visual.conv1", patches, tower.conv1.weight.reshape(width, -1), None)
        x = torch.cat([tower.class_embedding.expand(len(x), 1, -1), x], 1) + tower.positional_embedding
        pooled = torch.zeros(len(x), dtype=torch.long)
        x = self._through("visual.transformer.resblocks", tower.transformer, tower.ln_pre(x), pooled, False, product)
        return F.normalize(tower.ln_post(x) @ tower.proj, dim=-1)

    def text_embeddings(self, texts, product=exact):
        """(texts, embedding), of length one. Only texts of like length share a pass, so that no padding is watched."""
        by_length = {}
        for place, text in enumerate(texts):
            by_length.setdefault(self.encode.length(text), []).append(place)
        result = torch.empty(len(texts), self.model.text_projection.shape[1])
        table = self.model.token_embedding.weight
        for places in by_length.values():
            ids, ends = self.encode.batch([texts[place] for place in places], "cpu")
            rows = table[ids] if product is exact else as_bytes(table[ids])
            x = rows + self.model.positional_embedding[: ids.shape[1]]
            x = self._through("transformer.resblocks", self.model.transformer, x, ends, True, product)
            result[places] = F.normalize(self.model.ln_final(x) @ self.model.text_projection, dim=-1)
        return result

    def _through(self, name, transformer, x, pooled, is_causal, product):
        """(items, tokens, width) -> the pooled tokens (items, width)."""
        items = torch.arange(len(x))
        for place, block in enumerate(transformer.resblocks):
            attention, here = block.attn, f"{name}.{place}"
            joined = product(f"{here}.attn.in_proj", block.ln_1(x), attention.in_proj_weight, attention.in_proj_bias)
            query, keys, values = (
                part.unflatten(-1, (attention.num_heads, -1)).transpose(1, 2) for part in joined.chunk(3, -1)
            )
            attended = F.scaled_dot_product_attention(query, keys, values, is_causal=is_causal).transpose(1, 2).flatten(2)
            if place == len(transformer.resblocks) - 1:
                attended, x = attended[items, pooled], x[items, pooled]
            projection = attention.out_proj
            x = x + product(f"{here}.attn.out_proj", attended, projection.weight, projection.bias)
            expansion, contraction = block.mlp.c_fc, block.mlp.c_proj
            hidden = block.mlp.gelu(product(f"{here}.mlp.c_fc", block.ln_2(x), expansion.weight, expansion.bias))
            x = x + product(f"{here}.mlp.c_proj", hidden, contraction.weight, contraction.bias)
        return x
