"""A CLIP small enough for tests, with made-up weights that are the same everywhere.

usage: tiny_model.py OUT [--layout transformers|openclip] [--name quick|odd|resnet]

Every number is a function of its tensor's name and its index (SplitMix64), so nothing has to be
committed or downloaded: Tests/CLIPTestSupport/TinyModel.swift writes the same bytes. Needs numpy
only. The embeddings mean nothing, but they are proper numbers: norms and biases are away from 1
and 0, so that a forgotten one shows.
"""

import argparse
import json
import pathlib

import numpy as np

LAYOUTS = ("transformers", "openclip")

MODELS = {
    # OpenAI's form: QuickGELU, the full vocabulary.
    "quick": dict(
        embedding=32,
        quick_gelu=True,
        vision=dict(image=64, patch=16, width=64, heads=2, layers=3, mlp=256),
        text=dict(context=77, vocabulary=49408, width=64, heads=2, layers=2, mlp=256),
    ),
    # Nothing is a power of two, and the image is no multiple of the patch.
    "odd": dict(
        embedding=40,
        quick_gelu=False,
        vision=dict(image=50, patch=16, width=72, heads=3, layers=2, mlp=216),
        text=dict(context=20, vocabulary=600, width=48, heads=2, layers=3, mlp=192),
    ),
}

# Image towers of open_clip's other kind; transformers has none.
RESNETS = {
    # Nothing is a power of two: channels fill no block of eight, the image is no multiple of 32.
    "resnet": dict(
        embedding=24,
        quick_gelu=True,
        resnet=dict(image=70, width=10, layers=[2, 1, 2, 1], head_width=40),
        text=dict(context=77, vocabulary=49408, width=32, heads=2, layers=1, mlp=128),
    ),
}

MEAN = [0.48145466, 0.4578275, 0.40821073]
DEVIATION = [0.26862954, 0.26130258, 0.27577711]


def numbers(name: str, count: int, scale: float = 1.0, offset: float = 0.0) -> np.ndarray:
    """`count` floats, uniform within offset +- scale; in Swift: CounterNumbers.floats."""
    fraction = (mixed(name, count) >> np.uint64(40)).astype(np.float32) * np.float32(2**-23) - np.float32(1)
    return fraction * np.float32(scale) + np.float32(offset)


def mixed(name: str, count: int) -> np.ndarray:
    """Random 64-bit numbers, each a function of the name and its place; in Swift: CounterNumbers."""
    key = 0xCBF29CE484222325
    for byte in name.encode():
        key = ((key ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    with np.errstate(over="ignore"):
        z = np.uint64(key) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(
            0x9E3779B97F4A7C15
        )
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def integers(name: str, count: int, bound: int) -> np.ndarray:
    """`count` integers from 0 to below `bound`; in Swift: CounterNumbers.integers."""
    return (mixed(name, count) >> np.uint64(33)) % np.uint64(bound)


def normalised_pixels(name: str, images: int, size: int) -> np.ndarray:
    """Random bytes as the network sees them, (images, 3, size, size); in Swift the bytes are TinyModel.pixels."""
    pixels = integers(f"pixels.{name}", images * size * size * 3, 256).reshape(images, size, size, 3)
    values = pixels.astype(np.float32) / np.float32(255)
    values = (values - np.float32(MEAN)) / np.float32(DEVIATION)
    return np.ascontiguousarray(values.transpose(0, 3, 1, 2))


def open_clip_tensors(model: dict) -> dict[str, np.ndarray]:
    """The weights under open_clip's names."""
    tensors = {}

    def add(name, *shape, scale, offset=0.0):
        tensors[name] = numbers(name, int(np.prod(shape)), scale, offset).reshape(shape)

    def weight(name, outputs, inputs):
        # A variance of 1 / inputs: a layer's outputs are about as large as its inputs.
        add(name, outputs, inputs, scale=np.sqrt(3.0 / inputs))

    def norm(name, width):
        add(f"{name}.weight", width, scale=0.2, offset=1.0)
        add(f"{name}.bias", width, scale=0.1)

    def blocks(prefix, tower):
        width, mlp = tower["width"], tower["mlp"]
        for layer in range(tower["layers"]):
            block = f"{prefix}.{layer}"
            norm(f"{block}.ln_1", width)
            weight(f"{block}.attn.in_proj_weight", 3 * width, width)
            add(f"{block}.attn.in_proj_bias", 3 * width, scale=0.1)
            norm(f"{block}.ln_2", width)
            for name, outputs, inputs in (
                ("attn.out_proj", width, width),
                ("mlp.c_fc", mlp, width),
                ("mlp.c_proj", width, mlp),
            ):
                weight(f"{block}.{name}.weight", outputs, inputs)
                add(f"{block}.{name}.bias", outputs, scale=0.1)

    def convolution(name, bn, outputs, inputs, kernel, gain=6.0):
        # ReLU takes half of the variance away, so twice as much is put in, but where a block's end is added.
        shape = (outputs, inputs, kernel, kernel)
        add(f"{name}.weight", *shape, scale=np.sqrt(gain / (inputs * kernel * kernel)))
        norm(bn, outputs)
        add(f"{bn}.running_mean", outputs, scale=0.3)
        add(f"{bn}.running_var", outputs, scale=0.5, offset=1.0)
        tensors[f"{bn}.num_batches_tracked"] = np.array(1000, dtype=np.int64)

    def resnet(shape):
        width = shape["width"]
        half = width // 2
        for index, (outputs, inputs) in enumerate(((half, 3), (half, half), (width, half)), 1):
            convolution(f"visual.conv{index}", f"visual.bn{index}", outputs, inputs, 3)
        inputs = width
        for layer, count in enumerate(shape["layers"]):
            inner = width << layer
            for index in range(count):
                block = f"visual.layer{layer + 1}.{index}"
                convolution(f"{block}.conv1", f"{block}.bn1", inner, inputs, 1)
                convolution(f"{block}.conv2", f"{block}.bn2", inner, inner, 3)
                convolution(f"{block}.conv3", f"{block}.bn3", 4 * inner, inner, 1, 1.5)
                if index == 0:
                    short = f"{block}.downsample"
                    convolution(f"{short}.0", f"{short}.1", 4 * inner, inputs, 1, 3.0)
                inputs = 4 * inner
        tokens = (shape["image"] // 32) ** 2 + 1
        add("visual.attnpool.positional_embedding", tokens, inputs, scale=0.5)
        for name, outputs in (("q", inputs), ("k", inputs), ("v", inputs), ("c", embedding)):
            weight(f"visual.attnpool.{name}_proj.weight", outputs, inputs)
            add(f"visual.attnpool.{name}_proj.bias", outputs, scale=0.1)

    text, embedding = model["text"], model["embedding"]
    if "resnet" in model:
        resnet(model["resnet"])
    else:
        vision = model["vision"]
        width, patch = vision["width"], vision["patch"]
        inputs = 3 * patch * patch
        add("visual.conv1.weight", width, 3, patch, patch, scale=np.sqrt(3.0 / inputs))
        add("visual.class_embedding", width, scale=0.5)
        add("visual.positional_embedding", (vision["image"] // patch) ** 2 + 1, width, scale=0.5)
        norm("visual.ln_pre", width)
        blocks("visual.transformer.resblocks", vision)
        norm("visual.ln_post", width)
        add("visual.proj", width, embedding, scale=np.sqrt(3.0 / width))

    width = text["width"]
    add("token_embedding.weight", text["vocabulary"], width, scale=0.5)
    add("positional_embedding", text["context"], width, scale=0.5)
    blocks("transformer.resblocks", text)
    norm("ln_final", width)
    add("text_projection", width, embedding, scale=np.sqrt(3.0 / width))
    tensors["logit_scale"] = np.array(4.0, dtype=np.float32)
    return tensors


def transformers_tensors(tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The same weights under transformers' names: q, k and v apart, projections turned."""
    renamed = {"logit_scale": tensors["logit_scale"]}
    for tower, blocks, positions, projection in (
        (
            "vision_model",
            "visual.transformer.resblocks",
            "visual.positional_embedding",
            "visual.proj",
        ),
        ("text_model", "transformer.resblocks", "positional_embedding", "text_projection"),
    ):
        renamed[f"{tower}.embeddings.position_embedding.weight"] = tensors[positions]
        target = "visual_projection" if tower == "vision_model" else "text_projection"
        renamed[f"{target}.weight"] = tensors[projection].T
        for name, value in tensors.items():
            if not name.startswith(blocks + "."):
                continue
            layer, part = name[len(blocks) + 1 :].split(".", 1)
            block = f"{tower}.encoder.layers.{layer}"
            if part.startswith("attn.in_proj_"):
                kind = part.removeprefix("attn.in_proj_")
                for letter, third in zip("qkv", np.split(value, 3)):
                    renamed[f"{block}.self_attn.{letter}_proj.{kind}"] = third
                continue
            for old, new in (
                ("attn.out_proj", "self_attn.out_proj"),
                ("ln_1", "layer_norm1"),
                ("ln_2", "layer_norm2"),
                ("mlp.c_fc", "mlp.fc1"),
                ("mlp.c_proj", "mlp.fc2"),
            ):
                if part.startswith(old + "."):
                    renamed[f"{block}.{new}.{part.removeprefix(old + '.')}"] = value
    renamed["vision_model.embeddings.class_embedding"] = tensors["visual.class_embedding"]
    renamed["vision_model.embeddings.patch_embedding.weight"] = tensors["visual.conv1.weight"]
    renamed["text_model.embeddings.token_embedding.weight"] = tensors["token_embedding.weight"]
    for old, new in (
        ("visual.ln_pre", "vision_model.pre_layrnorm"),
        ("visual.ln_post", "vision_model.post_layernorm"),
        ("ln_final", "text_model.final_layer_norm"),
    ):
        for kind in ("weight", "bias"):
            renamed[f"{new}.{kind}"] = tensors[f"{old}.{kind}"]
    return renamed


def safetensors(tensors: dict[str, np.ndarray]) -> bytes:
    """The file format, tensors in the order of their names."""
    header, data, offset = {"__metadata__": {"format": "pt"}}, [], 0
    for name in sorted(tensors):
        whole = np.issubdtype(tensors[name].dtype, np.integer)
        raw = np.ascontiguousarray(tensors[name], dtype="<i8" if whole else "<f4").tobytes()
        header[name] = {
            "dtype": "I64" if whole else "F32",
            "shape": list(tensors[name].shape),
            "data_offsets": [offset, offset + len(raw)],
        }
        data.append(raw)
        offset += len(raw)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + b"".join(data)


def vit_config(vision: dict) -> dict:
    return {
        "image_size": vision["image"],
        "patch_size": vision["patch"],
        "width": vision["width"],
        "head_width": vision["width"] // vision["heads"],
        "layers": vision["layers"],
        "mlp_ratio": vision["mlp"] / vision["width"],
    }


def resnet_config(shape: dict) -> dict:
    return {
        "image_size": shape["image"],
        "layers": shape["layers"],
        "width": shape["width"],
        "head_width": shape["head_width"],
        "patch_size": None,
    }


def open_clip_config(model: dict) -> dict:
    text = model["text"]
    return {
        "model_cfg": {
            "embed_dim": model["embedding"],
            "quick_gelu": model["quick_gelu"],
            "vision_cfg": resnet_config(model["resnet"]) if "resnet" in model else vit_config(model["vision"]),
            "text_cfg": {
                "context_length": text["context"],
                "vocab_size": text["vocabulary"],
                "width": text["width"],
                "heads": text["heads"],
                "layers": text["layers"],
                "mlp_ratio": text["mlp"] / text["width"],
            },
        },
        "preprocess_cfg": {
            "mean": MEAN,
            "std": DEVIATION,
            "interpolation": "bicubic",
            "resize_mode": "shortest",
        },
    }


def transformers_config(model: dict) -> dict:
    vision, text = model["vision"], model["text"]
    activation = "quick_gelu" if model["quick_gelu"] else "gelu"

    def tower(it):
        return {
            "hidden_size": it["width"],
            "intermediate_size": it["mlp"],
            "num_hidden_layers": it["layers"],
            "num_attention_heads": it["heads"],
            "hidden_act": activation,
            "projection_dim": model["embedding"],
        }

    return {
        "architectures": ["CLIPModel"],
        "model_type": "clip",
        "projection_dim": model["embedding"],
        "vision_config": tower(vision)
        | {"image_size": vision["image"], "patch_size": vision["patch"]},
        "text_config": tower(text)
        | {
            "max_position_embeddings": text["context"],
            "vocab_size": text["vocabulary"],
            "bos_token_id": text["vocabulary"] - 2,
            "eos_token_id": text["vocabulary"] - 1,
        },
    }


def preprocessor_config(model: dict) -> dict:
    size = model["vision"]["image"]
    return {
        "image_processor_type": "CLIPImageProcessor",
        "do_convert_rgb": True,
        "do_resize": True,
        "size": {"shortest_edge": size},
        "resample": 3,
        "do_center_crop": True,
        "crop_size": {"height": size, "width": size},
        "do_normalize": True,
        "image_mean": MEAN,
        "image_std": DEVIATION,
    }


def weights(model: dict, layout: str) -> bytes:
    tensors = open_clip_tensors(model)
    return safetensors(tensors if layout == "openclip" else transformers_tensors(tensors))


def write(out: pathlib.Path, name: str = "quick", layout: str = "openclip") -> None:
    """Writes a model directory."""
    model = (MODELS | RESNETS)[name]
    out.mkdir(parents=True, exist_ok=True)
    if layout == "openclip":
        files = {"open_clip_config.json": open_clip_config(model)}
        (out / "open_clip_model.safetensors").write_bytes(weights(model, layout))
    else:
        files = {
            "config.json": transformers_config(model),
            "preprocessor_config.json": preprocessor_config(model),
        }
        (out / "model.safetensors").write_bytes(weights(model, layout))
    for file, content in files.items():
        (out / file).write_text(json.dumps(content, indent=2) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=pathlib.Path, help="the directory to write")
    parser.add_argument("--layout", choices=LAYOUTS, default="openclip")
    parser.add_argument("--name", choices=MODELS | RESNETS, default="quick")
    arguments = parser.parse_args()
    if arguments.name in RESNETS and arguments.layout != "openclip":
        parser.error("transformers has no ResNet")
    write(arguments.out, arguments.name, arguments.layout)
