"""Goldens of the network: what open_clip and transformers make of the tiny models.

For each tiny model one NAME.bin (little-endian f32, stages behind each other) and one NAME.json
that says where which stage lies. Captions are in the order of their length and only real tokens
are kept, packed, as CLIPModels packs them; of the last block and after only the pooled rows are
kept.
"""

import json
import pathlib
import tempfile

import numpy as np
import open_clip
import tiny_model
import torch
from transformers import CLIPModel

IMAGES = 3


def captions(model: dict) -> list[list[int]]:
    """Token ids of captions as a tokenizer gives them: start, words, end; the lengths ascend."""
    text = model["text"]
    start, end = text["vocabulary"] - 2, text["vocabulary"] - 1

    def words(name, count):
        return (
            ((tiny_model.numbers(name, count) + 1) / 2 * (text["vocabulary"] - 2))
            .astype(int)
            .tolist()
        )

    lengths = [2, 5, 9, 9, 13, text["context"]]
    plain = [[start, *words(f"caption.{i}", length - 2), end] for i, length in enumerate(lengths)]
    # An end-of-text that a user typed ends the caption for the network.
    typed = [start, *words("caption.typed", 3), end, *words("caption.rest", 4), end]
    return plain[:1] + [typed] + plain[1:]


def padded(ids: list[list[int]], context: int) -> torch.Tensor:
    table = torch.zeros(len(ids), context, dtype=torch.long)
    for row, caption in enumerate(ids):
        table[row, : len(caption)] = torch.tensor(caption)
    return table


def keep_output(module, seen: dict[str, torch.Tensor], key: str) -> None:
    """From now on, keeps what a module gives."""
    module.register_forward_hook(lambda _, __, output: seen.__setitem__(key, output.detach()))


def text_goldens(
    model: dict, reference
) -> tuple[list[list[int]], torch.Tensor, list[tuple[str, str, np.ndarray]]]:
    """The captions, the same as a table, and the stages of the text tower."""
    seen: dict[str, torch.Tensor] = {}
    keep_output(reference.ln_final, seen, "ln_final")
    for index, block in enumerate(reference.transformer.resblocks):
        keep_output(block, seen, f"text.{index}")
    reference.transformer.register_forward_pre_hook(
        lambda _, inputs: seen.__setitem__("text.tokens", inputs[0].detach())
    )
    ids = captions(model)
    table = padded(ids, model["text"]["context"])
    pooled = table.argmax(dim=-1)
    with torch.no_grad():
        embeddings = reference.encode_text(table)
    rows = torch.arange(len(ids))

    def packed(value):
        return np.concatenate([value[row, : end + 1].numpy() for row, end in enumerate(pooled)])

    last = model["text"]["layers"] - 1
    stages = [("text", "tokens", packed(seen["text.tokens"]))]
    for index in range(last + 1):
        value = seen[f"text.{index}"]
        stages.append(
            (
                "text",
                f"block {index}",
                packed(value) if index < last else value[rows, pooled].numpy(),
            )
        )
    stages.append(("text", "features", seen["ln_final"][rows, pooled].numpy()))
    stages.append(("text", "embedding", embeddings.numpy()))
    return ids, table, stages


def golden(name: str, out: pathlib.Path) -> None:
    model = tiny_model.MODELS[name]
    config = tiny_model.open_clip_config(model)["model_cfg"]
    reference = open_clip.CLIP(**config).eval()
    state = {
        key: torch.from_numpy(np.array(x)) for key, x in tiny_model.open_clip_tensors(model).items()
    }
    reference.load_state_dict(state, strict=True)

    stages: list[tuple[str, str, np.ndarray]] = []
    seen: dict[str, torch.Tensor] = {}

    def watch(module, key):
        keep_output(module, seen, key)

    vision = reference.visual
    vision.ln_pre.register_forward_pre_hook(
        lambda _, inputs: seen.__setitem__("tokens", inputs[0].detach())
    )
    watch(vision.ln_pre, "ln_pre")
    watch(vision.ln_post, "ln_post")
    for index, block in enumerate(vision.transformer.resblocks):
        watch(block, f"vision.{index}")

    size = model["vision"]["image"]
    pixels = torch.from_numpy(tiny_model.normalised_pixels(name, IMAGES, size))
    with torch.no_grad():
        embeddings = reference.encode_image(pixels)
    last = model["vision"]["layers"] - 1
    stages.append(("vision", "tokens", seen["tokens"].numpy()))
    stages.append(("vision", "inputNorm", seen["ln_pre"].numpy()))
    for index in range(last + 1):
        value = seen[f"vision.{index}"].numpy()
        stages.append(("vision", f"block {index}", value if index < last else value[:, 0]))
    stages.append(("vision", "features", seen["ln_post"].numpy()[:, 0]))
    stages.append(("vision", "embedding", embeddings.numpy()))

    ids, table, text_stages = text_goldens(model, reference)
    stages += text_stages

    # transformers loads the directory that tiny_model.py writes; only its embeddings are kept.
    with tempfile.TemporaryDirectory() as directory:
        tiny_model.write(pathlib.Path(directory), name, "transformers")
        other = CLIPModel.from_pretrained(directory).eval()
        with torch.no_grad():
            for tower, output in (
                ("vision", other.get_image_features(pixel_values=pixels)),
                ("text", other.get_text_features(input_ids=table)),
            ):
                value = output if torch.is_tensor(output) else output.pooler_output
                stages.append((tower, "transformers embedding", value.numpy()))

    checksums = {
        layout: checksum(tiny_model.weights(model, layout)) for layout in tiny_model.LAYOUTS
    }
    write(out, name, stages, ids, IMAGES, checksums)


def write(
    out: pathlib.Path,
    name: str,
    stages: list[tuple[str, str, np.ndarray]],
    ids: list[list[int]],
    images: int,
    checksums: dict[str, str],
) -> None:
    """Writes NAME.bin and NAME.json."""
    index, data, offset = [], [], 0
    for tower, stage, value in stages:
        flat = np.ascontiguousarray(value, dtype="<f4").reshape(-1)
        index.append(
            {
                "tower": tower,
                "stage": stage,
                "offset": offset,
                "count": flat.size,
                "width": int(value.shape[-1]),
            }
        )
        data.append(flat)
        offset += flat.size
    np.concatenate(data).tofile(out / f"{name}.bin")
    about = {
        "images": images,
        "captions": ids,
        "checksums": checksums,
        "stages": index,
    }
    (out / f"{name}.json").write_text(json.dumps(about) + "\n")


def checksum(data: bytes) -> str:
    """FNV-1a over 64-bit words, the last filled up with zeros: quick in a debug build."""
    data += b"\0" * (-len(data) % 8)
    value = 0xCBF29CE484222325
    for word in np.frombuffer(data, dtype="<u8").tolist():
        value = ((value ^ word) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def make(out: pathlib.Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    torch.set_num_threads(1)
    for name in tiny_model.MODELS:
        golden(name, out)
