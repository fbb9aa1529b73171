#!/usr/bin/env python3
"""Compares the scores of `clip classify`, from pictures' bytes and labels' letters on, with the reference implementation's.

usage: check-scores.py CLIP MODEL_DIR...      CLIP: the built command, such as .build/release/clip

For an OpenCLIP directory the reference is open_clip: `get_logits`, or `build_zero_shot_classifier` if there are templates. For a
transformers directory it is `logits_per_image`. Scores are the softmax over the labels or, if the model has a bias, the sigmoid for
each label; all are f32. A SigLIP in transformers' layout is made with random weights and a vocabulary of its own, and is compared,
too. Fails if a score differs by more than 1e-5, or if labels whose scores differ by more than that are in another order. Run it in
an environment with Scripts/requirements.txt installed.
"""

import importlib.util
import json
import pathlib
import subprocess
import sys
import tempfile

import open_clip
import torch
from open_clip.zero_shot_metadata import SIMPLE_IMAGENET_TEMPLATES
from PIL import Image, ImageOps
from safetensors.torch import load_file
from transformers import AutoModel, SiglipConfig, SiglipImageProcessor, SiglipModel

HERE = pathlib.Path(__file__).resolve().parent
specification = importlib.util.spec_from_file_location("check_parity", HERE / "check-parity.py")
parity = importlib.util.module_from_spec(specification)
specification.loader.exec_module(parity)
import piece_files  # noqa: E402
import world_texts  # noqa: E402

LIMIT = 1e-5
NAMES = """cat dog koala truck chair bicycle tree river mountain bridge airplane teapot violin lighthouse penguin bread
고양이 강아지 코알라 트럭 의자 자전거 나무 강 산 다리 비행기 찻주전자 바이올린 등대 펭귄 빵""".split()


def siglip(work: pathlib.Path) -> pathlib.Path:
    """Makes a SigLIP with random weights, and with a scale and a bias that give scores of all sizes."""
    options = {"model_type": "unigram", "vocab_size": 2000, "pad_id": 0, "eos_id": 1, "unk_id": 2, "bos_id": -1}
    captions = [*world_texts.every_caption(), *NAMES] * 4
    pieces = piece_files.train(work / "unigram.model", captions, **options)
    directory = piece_files.siglip(work, pieces).directory
    tower = dict(hidden_size=64, intermediate_size=160, num_hidden_layers=3, num_attention_heads=4)
    ids = dict(bos_token_id=1, eos_token_id=1, pad_token_id=0)
    text = dict(tower, vocab_size=2000, max_position_embeddings=16, projection_size=64, **ids)
    torch.manual_seed(0)
    model = SiglipModel(SiglipConfig(text_config=text, vision_config=dict(tower, image_size=64, patch_size=16)))
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.normal_(0, 0.3) if weight.ndim > 1 else weight.add_(torch.randn_like(weight) * 0.1)
        model.logit_scale.fill_(2.5)
        model.logit_bias.fill_(-1.5)
    model.save_pretrained(directory)
    SiglipImageProcessor(size={"height": 64, "width": 64}).save_pretrained(directory)
    return directory


def open_clip_model(directory: pathlib.Path):
    config = dict(json.loads((directory / "open_clip_config.json").read_text()))
    config = dict(config.get("model_cfg", config))
    kind = open_clip.CustomTextCLIP if config.pop("custom_text", False) else open_clip.CLIP
    model = kind(**config).eval()
    model.load_state_dict(load_file(directory / "open_clip_model.safetensors"), strict=True)
    return model


def own_tokens(command: str, directory: pathlib.Path, length: int):
    """Ids of a vocabulary that no library looks for in an OpenCLIP directory, as that of clip-mini; they have checks of their own."""

    def tokens(text: str) -> torch.Tensor:
        arguments = [command, "tokenize", "--model", str(directory), text]
        ids = json.loads(subprocess.run(arguments, stdout=subprocess.PIPE, check=True).stdout)
        return torch.tensor([ids + [0] * (length - len(ids))])

    return tokens


def scores(logits: torch.Tensor, model) -> torch.Tensor:
    return logits.sigmoid() if getattr(model, "logit_bias", None) is not None else logits.softmax(dim=-1)


def reference(directory: pathlib.Path, pixels: torch.Tensor, tokens) -> dict[str, torch.Tensor]:
    """The scores of the labels as they are and, for open_clip, in its seven templates."""
    ids = torch.cat([tokens(name) for name in NAMES])
    if not (directory / "open_clip_config.json").exists():
        model = AutoModel.from_pretrained(directory, dtype=torch.float32).eval()
        return {"names": scores(model(input_ids=ids, pixel_values=pixels).logits_per_image, model)}
    model = open_clip_model(directory)
    classifier = open_clip.build_zero_shot_classifier(
        model, lambda texts: torch.cat([tokens(text) for text in texts]), NAMES, SIMPLE_IMAGENET_TEMPLATES
    )
    logits = model.logit_scale.exp() * model.encode_image(pixels, normalize=True) @ classifier
    if model.logit_bias is not None:
        logits = logits + model.logit_bias
    return {"names": scores(model.get_logits(pixels, ids)[0], model), "templates": scores(logits, model)}


def ours(command: str, directory: pathlib.Path, images: list[pathlib.Path], templates: list[str]) -> list[list[dict]]:
    arguments = [command, "classify", "--model", str(directory), "--precision", "f32", "--json", "--top", "1000"]
    arguments += ["--labels", ",".join(NAMES)]
    for template in templates:
        arguments += ["--template", template]
    result = subprocess.run([*arguments, *map(str, images)], stdout=subprocess.PIPE, check=True)
    return [json.loads(line)["predictions"] for line in result.stdout.decode().splitlines()]


def difference(found: list[list[dict]], expected: torch.Tensor) -> float:
    """The greatest difference between the scores of a label, or between the scores at a rank."""
    assert len(found) == len(expected)
    worst = 0.0
    for predictions, row in zip(found, expected.tolist()):
        assert len(predictions) == len(row)
        for prediction, score in zip(predictions, sorted(row, reverse=True)):
            right = row[NAMES.index(prediction["label"])]
            worst = max(worst, abs(prediction["score"] - right), abs(prediction["score"] - score))
    return worst


def main() -> None:
    command, failed = sys.argv[1], False
    with tempfile.TemporaryDirectory() as work:
        for directory in [*map(pathlib.Path, sys.argv[2:]), siglip(pathlib.Path(work))]:
            _, _, name, prepare, tokens = parity.reference(directory)
            if (directory / "open_clip_config.json").exists() and (directory / "vocab.json").exists():
                tokens = own_tokens(command, directory, open_clip_model(directory).context_length)
            images = parity.pictures()
            with torch.no_grad():
                pixels = torch.stack(
                    [prepare(ImageOps.exif_transpose(Image.open(path)).convert("RGBA").convert("RGB")) for path in images]
                )
                expected = reference(directory, pixels, tokens)
            templates = {"names": [], "templates": [template("{}") for template in SIMPLE_IMAGENET_TEMPLATES]}
            for kind, rows in expected.items():
                worst = difference(ours(command, directory, images, templates[kind]), rows)
                failed |= not worst <= LIMIT
                spread = f"scores {rows.min():.1e} to {rows.max():.2f}"
                print(f"{directory.name} against {name}, {kind}: {len(images)} pictures, {len(NAMES)} labels,", end=" ")
                print(f"{spread}, at most {worst:.1e} apart", flush=True)
    sys.exit("above the limit of 1e-5" if failed else None)


if __name__ == "__main__":
    main()
