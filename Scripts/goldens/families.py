"""Goldens of the families beside OpenAI's: what open_clip, timm and transformers make of tiny models of each.

For each model one NAME.json, which says what the model is and which tensors it has, and one NAME.bin with the embeddings
(little-endian f32). Every number of a tensor is a function of its name (tiny_model.numbers), so that no weights are
committed: the test makes them anew from name, shape, scale and offset. Norms, biases, gains and latents are away from what
networks begin with, so that a forgotten or exchanged one shows.
"""

import copy
import json
import pathlib

import numpy as np
import open_clip
import timm
import tiny_model
import torch
import transformers

IMAGES = 3

# What timm is asked for beside a name: small networks of the same construction.
TRUNKS = {
    "siglip": dict(
        timm_model_name="vit_base_patch16_siglip_224",
        arguments=dict(img_size=50, patch_size=16, embed_dim=48, depth=2, num_heads=3, mlp_ratio=2.5),
    ),
    "siglip-tanh": dict(
        timm_model_name="vit_base_patch32_siglip_256",
        arguments=dict(img_size=64, patch_size=16, embed_dim=128, depth=3, num_heads=2, mlp_ratio=2),
    ),
    "pe": dict(
        timm_model_name="vit_pe_core_tiny_patch16_384",
        arguments=dict(
            img_size=50, patch_size=16, embed_dim=64, depth=2, num_heads=4, ref_feat_shape=(3, 3), attn_pool_num_heads=8
        ),
    ),
    "pe-big": dict(
        timm_model_name="vit_pe_core_gigantic_patch14_448",
        arguments=dict(
            img_size=64, patch_size=16, embed_dim=128, depth=2, num_heads=2, mlp_ratio=2.5, ref_feat_shape=(4, 4)
        ),
    ),
    "eva": dict(
        timm_model_name="eva_giant_patch14_224",
        arguments=dict(img_size=50, patch_size=16, embed_dim=48, depth=2, num_heads=3, mlp_ratio=2.5),
    ),
    "mobileclip2-l": dict(
        timm_model_name="vit_large_patch14_clip_224",
        arguments=dict(img_size=50, patch_size=16, embed_dim=48, depth=2, num_heads=3),
    ),
    "gap": dict(
        timm_model_name="vit_medium_patch16_gap_256",
        arguments=dict(img_size=50, patch_size=16, embed_dim=48, depth=2, num_heads=3),
    ),
}

PLAIN_TEXT = dict(context_length=20, vocab_size=600, width=48, heads=2, layers=2)
LAST_TEXT = dict(
    context_length=12,
    vocab_size=600,
    width=48,
    heads=2,
    layers=2,
    mlp_ratio=2.5,
    no_causal_mask=True,
    proj_bias=True,
    pool_type="last",
    norm_kwargs={"eps": 1e-6},
)
OWN_VISION = dict(image_size=50, patch_size=16, width=72, head_width=24, layers=2)


def trunk(name: str, pool: str, proj) -> dict:
    return dict(
        image_size=TRUNKS[name]["arguments"]["img_size"],
        timm_model_name=TRUNKS[name]["timm_model_name"],
        timm_model_pretrained=False,
        timm_pool=pool,
        timm_proj=proj,
    )


# open_clip's configurations, as its model_cfg has them.
OPEN_CLIP = {
    "siglip": dict(
        embed_dim=48, init_logit_bias=-10, custom_text=True, vision_cfg=trunk("siglip", "map", "none"), text_cfg=LAST_TEXT
    ),
    "siglip-tanh": dict(
        embed_dim=128,
        init_logit_bias=-10,
        custom_text=True,
        vision_cfg=trunk("siglip-tanh", "map", "none"),
        text_cfg={**LAST_TEXT, "width": 128, "act_kwargs": {"approximate": "tanh"}},
    ),
    # SO400M-16-SigLIP-i18n's text has no projection.
    "siglip-bare": dict(
        embed_dim=48,
        custom_text=True,
        vision_cfg=trunk("siglip", "map", "none"),
        text_cfg={**{k: v for k, v in LAST_TEXT.items() if k != "proj_bias"}, "proj_type": "none"},
    ),
    "pe": dict(embed_dim=40, custom_text=True, vision_cfg=trunk("pe", "map", None), text_cfg=PLAIN_TEXT),
    "pe-big": dict(embed_dim=40, custom_text=True, vision_cfg=trunk("pe-big", "map", None), text_cfg=PLAIN_TEXT),
    "eva": dict(embed_dim=40, custom_text=True, vision_cfg=trunk("eva", "token", None), text_cfg=PLAIN_TEXT),
    "mobileclip2-l": dict(
        embed_dim=40,
        custom_text=True,
        vision_cfg=trunk("mobileclip2-l", "token", None),
        text_cfg={**PLAIN_TEXT, "no_causal_mask": True},
    ),
    "gap": dict(embed_dim=40, vision_cfg=trunk("gap", "", "linear"), text_cfg=PLAIN_TEXT),
    "clipa": dict(
        embed_dim=40,
        vision_cfg={**OWN_VISION, "no_ln_pre": True, "pool_type": "avg", "final_ln_after_pool": True},
        text_cfg={**PLAIN_TEXT, "pool_type": "last", "no_causal_mask": True},
    ),
    "mean-of-normal": dict(embed_dim=40, vision_cfg={**OWN_VISION, "pool_type": "avg"}, text_cfg=PLAIN_TEXT),
    "gains": dict(
        embed_dim=40,
        vision_cfg={**OWN_VISION, "ls_init_value": 1e-4},
        text_cfg={**PLAIN_TEXT, "ls_init_value": 1e-4},
    ),
    # MetaCLIP 2 in open_clip: the first end-of-text is pooled, which is not the largest id.
    "worldwide": dict(
        embed_dim=40, quick_gelu=True, vision_cfg=OWN_VISION, text_cfg={**PLAIN_TEXT, "pool_type": "eos", "eos_id": 2}
    ),
}

TOWER = dict(hidden_size=48, intermediate_size=100, num_hidden_layers=2, num_attention_heads=3)
IDS = dict(bos_token_id=0, eos_token_id=2, pad_token_id=1)

TRANSFORMERS = {
    "siglip-transformers": (
        "SiglipModel",
        dict(
            model_type="siglip",
            text_config=dict(TOWER, vocab_size=600, max_position_embeddings=12, projection_size=48, **IDS),
            vision_config=dict(TOWER, image_size=50, patch_size=16),
        ),
    ),
    "metaclip2-transformers": (
        "MetaClip2Model",
        dict(
            model_type="metaclip_2",
            projection_dim=40,
            text_config=dict(TOWER, vocab_size=600, max_position_embeddings=20, hidden_act="gelu", **IDS),
            vision_config=dict(TOWER, image_size=50, patch_size=16, hidden_act="gelu"),
        ),
    ),
}

# One tower alone, which transformers saves with a flat configuration; the names of SigLIP's then have no prefix.
ALONE = {
    "clip-vision": (
        "CLIPVisionModelWithProjection",
        dict(model_type="clip_vision_model", image_size=50, patch_size=16, projection_dim=40, **TOWER),
    ),
    "clip-text": (
        "CLIPTextModelWithProjection",
        dict(
            model_type="clip_text_model",
            vocab_size=600,
            max_position_embeddings=20,
            projection_dim=40,
            bos_token_id=598,
            eos_token_id=599,
            **TOWER,
        ),
    ),
    "metaclip2-vision": (
        "MetaClip2VisionModelWithProjection",
        dict(model_type="metaclip_2_vision_model", image_size=50, patch_size=16, hidden_act="gelu", **TOWER)
        | dict(projection_dim=40),
    ),
    "metaclip2-text": (
        "MetaClip2TextModelWithProjection",
        dict(model_type="metaclip_2_text_model", vocab_size=600, max_position_embeddings=20, hidden_act="gelu", **TOWER)
        | dict(projection_dim=40, **IDS),
    ),
    "siglip-vision": (
        "SiglipVisionModel",
        dict(model_type="siglip_vision_model", image_size=50, patch_size=16, **TOWER),
    ),
    "siglip-text": (
        "SiglipTextModel",
        dict(
            model_type="siglip_text_model",
            vocab_size=600,
            max_position_embeddings=12,
            projection_size=40,
            **TOWER,
            **IDS,
        ),
    ),
}


def scale_and_offset(name: str, shape: tuple[int, ...]) -> tuple[float, float]:
    """What spread and middle a tensor's numbers have, by its name."""
    if name.endswith("bias") or len(shape) == 0:
        return 0.1, 0.0
    if name.endswith("gamma"):
        return 0.4, 0.6
    if len(shape) == 1 and name.endswith("weight"):
        return 0.2, 1.0  # a norm
    if len(shape) >= 2 and ("weight" in name or name.endswith("proj")) and "embedding" not in name.split(".")[-2]:
        transposed = name in ("text_projection", "text.text_projection", "visual.proj")
        inputs = shape[0] if transposed else int(np.prod(shape[1:]))
        return float(np.sqrt(3.0 / inputs)), 0.0
    return 0.5, 0.0  # tables, positions, class tokens, latents


def fill(reference) -> list:
    """Gives every tensor its numbers; returns what a test needs to make the same."""
    table, state = [], {}
    for name, value in reference.state_dict().items():
        shape = tuple(value.shape)
        scale, offset = scale_and_offset(name, shape)
        count = int(np.prod(shape))
        state[name] = torch.from_numpy(tiny_model.numbers(name, count, scale, offset).reshape(shape))
        table.append([name, list(shape), scale, offset])
    reference.load_state_dict(state, strict=True)
    return table


def captions(vocabulary: int, context: int, end: int, fills: bool) -> list[list[int]]:
    """Ids as a tokenizer gives them: words and end-of-text; filled up with 1 where all of the context counts."""
    result = []
    for length in (2, 5, 9, 11):
        words = tiny_model.integers(f"caption.{length}", length - 1, vocabulary - 4) + 3
        ids = [*words.tolist(), end]
        result.append(ids + [1] * (context - length) if fills else ids)
    return result


def embeddings(output) -> np.ndarray:
    return (output if torch.is_tensor(output) else output.pooler_output).detach().numpy()


def write(out: pathlib.Path, name: str, about: dict, images: np.ndarray, texts: np.ndarray) -> None:
    np.concatenate([images.reshape(-1), texts.reshape(-1)]).astype("<f4").tofile(out / f"{name}.bin")
    about["images"] = len(images)
    about["width"] = max(images.shape[-1], texts.shape[-1])
    (out / f"{name}.json").write_text(json.dumps(about) + "\n")


def padded(ids: list[list[int]], context: int, end: int) -> torch.Tensor:
    table = torch.zeros(len(ids), context, dtype=torch.long) + (1 if end == 2 else 0)
    for row, caption in enumerate(ids):
        table[row, : len(caption)] = torch.tensor(caption)
    return table


def open_clip_reference(name: str, config: dict, **more):
    """The network of a configuration, with timm's part of it as small as ours."""
    arguments = copy.deepcopy(config)
    custom = arguments.pop("custom_text", False)
    original = timm.create_model
    tiny = TRUNKS.get("siglip" if name == "siglip-bare" else name, {}).get("arguments", {})
    timm.create_model = lambda model, **given: original(model, **{**given, **tiny})
    try:
        return (open_clip.CustomTextCLIP if custom else open_clip.CLIP)(**arguments, **more).eval()
    finally:
        timm.create_model = original


def open_clip_inputs(name: str, config: dict) -> tuple[list[list[int]], torch.Tensor, torch.Tensor]:
    """Captions, the same as a table, and pixels."""
    text = config["text_cfg"]
    end = 2 if text.get("pool_type") == "eos" else 599
    ids = captions(text["vocab_size"], text["context_length"], end, text.get("no_causal_mask", False))
    pixels = tiny_model.normalised_pixels(name, IMAGES, config["vision_cfg"]["image_size"])
    return ids, padded(ids, text["context_length"], end), torch.from_numpy(pixels)


def open_clip_golden(name: str, config: dict, out: pathlib.Path) -> None:
    reference = open_clip_reference(name, config)
    tensors = fill(reference)
    ids, table, pixels = open_clip_inputs(name, config)
    with torch.no_grad():
        images = reference.encode_image(pixels)
        texts = reference.encode_text(table)
    size = config["vision_cfg"]["image_size"]
    about = dict(layout="openclip", configuration={"model_cfg": config}, tensors=tensors, imageSize=size, captions=ids)
    write(out, name, about, embeddings(images), embeddings(texts))


def transformers_reference(name: str):
    kind, config = TRANSFORMERS[name]
    reference = getattr(transformers, kind)
    return reference(reference.config_class.from_dict(copy.deepcopy(config))).eval()


def transformers_inputs(name: str) -> tuple[list[list[int]], torch.Tensor, torch.Tensor]:
    """Captions, the same as a table, and pixels."""
    config = TRANSFORMERS[name][1]
    text = config["text_config"]
    context = text["max_position_embeddings"]
    ids = captions(text["vocab_size"], context, 2, config["model_type"] == "siglip")
    pixels = tiny_model.normalised_pixels(name, IMAGES, config["vision_config"]["image_size"])
    return ids, padded(ids, context, 2), torch.from_numpy(pixels)


def transformers_golden(name: str, out: pathlib.Path) -> None:
    config = TRANSFORMERS[name][1]
    reference = transformers_reference(name)
    tensors = fill(reference)
    ids, table, pixels = transformers_inputs(name)
    with torch.no_grad():
        images = reference.get_image_features(pixel_values=pixels)
        texts = reference.get_text_features(input_ids=table)
    size = config["vision_config"]["image_size"]
    about = dict(layout="transformers", configuration=config, tensors=tensors, imageSize=size, captions=ids)
    write(out, name, about, embeddings(images), embeddings(texts))


def tower_golden(name: str, out: pathlib.Path) -> None:
    kind, config = ALONE[name]
    reference = getattr(transformers, kind)
    reference = reference(reference.config_class.from_dict(copy.deepcopy(config))).eval()
    tensors = fill(reference)
    ids, size, nothing = [], 0, np.zeros((0, 0), np.float32)
    images = texts = nothing
    with torch.no_grad():
        if "vision" in name:
            size = config["image_size"]
            output = reference(pixel_values=torch.from_numpy(tiny_model.normalised_pixels(name, IMAGES, size)))
            images = output.pooler_output if "siglip" in name else output.image_embeds
        else:
            context, end = config["max_position_embeddings"], config["eos_token_id"]
            ids = captions(config["vocab_size"], context, end, "siglip" in name)
            output = reference(input_ids=padded(ids, context, end))
            texts = output.pooler_output if "siglip" in name else output.text_embeds
    config = {"architectures": [kind], **config}
    about = dict(layout="transformers", configuration=config, tensors=tensors, imageSize=size, captions=ids)
    write(out, name, about, np.asarray(images), np.asarray(texts))


def make(out: pathlib.Path) -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    for name, config in OPEN_CLIP.items():
        open_clip_golden(name, config, out)
    for name in TRANSFORMERS:
        transformers_golden(name, out)
    for name in ALONE:
        tower_golden(name, out)
