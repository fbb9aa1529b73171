#!/usr/bin/env python3
"""Tries every configuration of open_clip's, one by one, and compares `clip embed` with open_clip.

usage: check-configurations.py CLIP [--only NAME ...] [--whole] [--document FILE]

Each network has its full width, random weights, and two blocks or one bottleneck in a layer (--whole gives it all of them).
No norm, bias, gain or latent is trivial. The vocabulary is OpenAI's, or a small one that is trained here in the form that the
configuration names, so that the token table is short. Pictures go through open_clip's own transform, texts through its own
tokenizer.

A configuration that is supported has to match: for the worst picture or text, the relative error may be 1e-5 at most in f32, and
the cosine has to be at least 0.999 in bf16 and 0.99 in int8, unless int8 is refused. A configuration that is not supported has to
be refused with the setting's name. --document writes the table between the markers of that file. Run it in an environment with
Scripts/requirements.txt installed.
"""

import argparse
import copy
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import numpy as np
import open_clip
import timm
import torch
from open_clip.tokenizer import HFTokenizer
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image
from safetensors.torch import save_file

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "Scripts/goldens"))
import families  # noqa: E402
import piece_files  # noqa: E402
import world_texts  # noqa: E402

PICTURES = sorted((ROOT / "Examples/pictures").glob("*.jpg"))[:4]
TEXTS = ["a photo of a cat", "Two dogs, running!", "고양이 두 마리", "un vélo rouge; 12 €", "   ", "x" * 40]
MARKS = ("<!-- configurations -->", "<!-- end of configurations -->")
HALF = dict(mean=[0.5, 0.5, 0.5], std=[0.5, 0.5, 0.5])


def preprocessing(name: str) -> dict:
    """The preprocessing of open_clip's published weights of a configuration (open_clip/pretrained.py)."""
    if "SigLIP" in name:
        return dict(HALF, interpolation="bicubic", resize_mode="squash")
    if name.startswith("PE-Core"):
        return dict(HALF, interpolation="bilinear", resize_mode="squash")
    if name.startswith("MobileCLIP"):
        return dict(mean=[0.0, 0.0, 0.0], std=[1.0, 1.0, 1.0], interpolation="bilinear", resize_mode="shortest")
    if "CLIPA" in name:
        return dict(
            mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225], interpolation="bilinear", resize_mode="squash"
        )
    if name in ("ViT-H-14-378-quickgelu", "ViT-H-14-378", "ViT-H-14-worldwide-378", "ViT-bigG-14-worldwide-378"):
        return dict(resize_mode="squash")
    return {}


def word_pieces(directory: pathlib.Path, captions: list[str]) -> pathlib.Path:
    """Makes a small uncased vocabulary of BERT's kind."""
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertTokenizer

    directory.mkdir(exist_ok=True)
    trainer = BertWordPieceTokenizer(lowercase=True)
    trainer.train_from_iterator(captions, vocab_size=4000, show_progress=False)
    trainer.save_model(str(directory))
    BertTokenizer(str(directory / "vocab.txt")).save_pretrained(directory)
    return directory


def tokenizers(work: pathlib.Path) -> dict[str, pathlib.Path]:
    """Directories of tokenizer files, by the kind of tokenizer that a configuration names."""
    captions = world_texts.every_caption() * 3
    models = {model.stem: model for model in piece_files.trained(work, captions)}
    return {
        "gemma": piece_files.gemma(work, models["bpe-gemma"], "GemmaTokenizer").directory,
        "t5": piece_files.class_file(work, models["unigram-t5"], "t5").directory,
        "xlm": piece_files.class_file(work, models["unigram-xlm"], "xlm").directory,
        "bert": word_pieces(work / "bert", captions),
    }


def kind_of(name: str) -> str:
    if "SigLIP2" in name:
        return "gemma"
    if "SigLIP" in name or "mt5" in name:
        return "t5"
    return "xlm" if "xlm" in name else "bert"


def shallow(config: dict) -> dict:
    config = copy.deepcopy(config)
    vision, text = config["vision_cfg"], config["text_cfg"]
    if isinstance(vision.get("layers"), list):
        vision["layers"] = [1] * 4
    elif "layers" in vision:
        vision["layers"] = 2
    if "layers" in text:
        text["layers"] = 2
    return config


def network(config: dict, whole: bool):
    """open_clip's network, with two blocks of a timm trunk, or all of them."""
    config = copy.deepcopy(config)
    custom = config.pop("custom_text", False)
    original = timm.create_model
    depth = {} if whole else {"depth": 2}
    timm.create_model = lambda name, **given: original(name, **depth, **given)
    try:
        return (open_clip.CustomTextCLIP if custom else open_clip.CLIP)(**config).eval()
    finally:
        timm.create_model = original


def fill(reference, seed: int) -> dict:
    """Fills all tensors with random numbers; the norms after convolutions are filled as in the tiny models."""
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for name, value in reference.state_dict().items():
        if not value.is_floating_point():
            state[name] = value
            continue
        scale, offset = families.scale_and_offset(name, tuple(value.shape))
        if name.endswith("running_var"):
            scale, offset = 0.5, 1.0
        numbers = torch.rand(value.shape, generator=generator) * 2 - 1
        state[name] = (numbers * scale + offset).contiguous()
    reference.load_state_dict(state, strict=True)
    return state


def refusal(command: str, directory: pathlib.Path, config: dict) -> str:
    """The program's refusal of a configuration that it does not support."""
    (directory / "open_clip_config.json").write_text(json.dumps({"model_cfg": config}))
    save_file({"logit_scale": torch.zeros(1)}, directory / "open_clip_model.safetensors")
    result = subprocess.run(
        [command, "embed", "--model", str(directory), "--text", "a cat"], capture_output=True, text=True, timeout=60
    )
    assert result.returncode != 0
    return result.stderr


def ours(command: str, directory: pathlib.Path, precision: str):
    """The program's embeddings (pictures, texts), or its refusal."""
    result = subprocess.run(
        [command, "embed", "--model", str(directory), "--precision", precision, "--packed-cache", "none", "--truncate"]
        + [str(path) for path in PICTURES]
        + [part for text in TEXTS for part in ("--text", text)],
        capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    if result.returncode != 0:
        return result.stderr.strip()
    rows = [json.loads(line)["embedding"] for line in result.stdout.splitlines()]
    return np.array(rows[: len(PICTURES)]), np.array(rows[len(PICTURES) :])


def error(found: np.ndarray, expected: np.ndarray) -> float:
    return float((np.linalg.norm(found - expected, axis=1) / np.linalg.norm(expected, axis=1)).max())


def cosine(found: np.ndarray, expected: np.ndarray) -> float:
    norms = np.linalg.norm(found, axis=1) * np.linalg.norm(expected, axis=1)
    return float(((found * expected).sum(axis=1) / norms).min())


def attempt(command: str, name: str, kinds: dict[str, pathlib.Path], whole: bool) -> tuple[str, bool]:
    """The table row of a configuration, and whether the promises hold for it."""
    full = open_clip.get_model_config(name)
    config = full if whole else shallow(full)
    with tempfile.TemporaryDirectory() as folder:
        directory = pathlib.Path(folder)
        said = refusal(command, directory, config)
        setting = re.search(r"not built here: (\S+) is (.+?)\. ", said)
        if setting:
            return f"| {name} | refused: `{setting[1]}` is {setting[2]} | | | |", True
        text = config["text_cfg"]
        context = text.get("context_length", 77)
        if "hf_tokenizer_name" in text:
            source = kinds[kind_of(text["hf_tokenizer_name"])]
            shutil.copytree(source, directory, dirs_exist_ok=True)
            tokenizer = HFTokenizer(str(source), context_length=context, **text.get("tokenizer_kwargs") or {})
            text["vocab_size"] = len(tokenizer.tokenizer)
            if text.get("pool_type") == "eos":
                text["eos_id"] = tokenizer.tokenizer.eos_token_id
        else:
            tokenizer = open_clip.get_tokenizer("ViT-B-32", context_length=context)
        preprocess = preprocessing(name)
        (directory / "open_clip_config.json").write_text(
            json.dumps({"model_cfg": config, "preprocess_cfg": preprocess})
        )
        reference = network(config, whole)
        save_file(fill(reference, seed=len(name)), directory / "open_clip_model.safetensors")
        transform = image_transform_v2(
            PreprocessCfg(**{"size": config["vision_cfg"]["image_size"], **preprocess}), is_train=False
        )
        with torch.no_grad():
            pixels = torch.stack([transform(Image.open(path).convert("RGB")) for path in PICTURES])
            images = reference.encode_image(pixels).double().numpy()
            texts = reference.encode_text(tokenizer(TEXTS)).double().numpy()
        del reference
        cells, is_right = [], True
        for precision in ("f32", "bf16", "int8"):
            found = ours(command, directory, precision)
            if isinstance(found, str):
                cells.append("refused")
                is_right &= precision == "int8" and "int8" in found
                print(found)
            elif precision == "f32":
                worst = max(error(found[0], images), error(found[1], texts))
                cells.append(f"{worst:.1e}")
                is_right &= worst <= 1e-5
            else:
                least = min(cosine(found[0], images), cosine(found[1], texts))
                cells.append(f"{least:.5f}")
                is_right &= least >= (0.999 if precision == "bf16" else 0.99)
    return f"| {name} | {'matches' if is_right else 'DIFFERS'} | " + " | ".join(cells) + " |", is_right


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip")
    parser.add_argument("--only", nargs="+")
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--document", type=pathlib.Path)
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()) / "check-configurations")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.work.mkdir(exist_ok=True)
    kinds = tokenizers(arguments.work)
    rows, wrong = [], []
    for name in arguments.only or open_clip.list_models():
        try:
            row, is_right = attempt(arguments.clip, name, kinds, arguments.whole)
        except Exception as problem:  # one that cannot be tried is no reason to leave out the others
            row, is_right = f"| {name} | FAILED: {str(problem)[:200]} | | | |", False
        print(row, flush=True)
        rows.append(row)
        if not is_right:
            wrong.append(name)
    matching = sum("| matches |" in row for row in rows)
    refused = sum("| refused: " in row for row in rows)
    summary = f"{matching} of {len(rows)} configurations of open_clip {open_clip.__version__} load and match, {refused} are refused by a setting's name"
    print(summary)
    if arguments.document and not wrong:
        head = ["", f"{summary}.", "", "| configuration | | f32, relative error | bf16, cosine | int8, cosine |", "|---|---|---|---|---|"]
        page = arguments.document.read_text()
        start, end = page.index(MARKS[0]) + len(MARKS[0]), page.index(MARKS[1])
        arguments.document.write_text(page[:start] + "\n".join(head + rows) + "\n\n" + page[end:])
    sys.exit(f"not as promised: {', '.join(wrong)}" if wrong else 0)


if __name__ == "__main__":
    main()
