"""Goldens of the engine: base64 as Python reads it, and embeddings from the bytes and texts that a client sends.

The embeddings are open_clip's, of the tiny model `quick`, after Pillow, torchvision and OpenAI's tokenizer; once more after the
processor and the tokenizer of transformers, which prepare pictures and texts in their own ways.
"""

import base64
import io
import json
import pathlib
import random

import clip
import numpy as np
import open_clip
import piece_files
import tiny_model
import torch
from PIL import Image, ImageOps
from torchvision import transforms
from transformers import CLIPImageProcessor

PICTURES = pathlib.Path(__file__).resolve().parents[2] / "Tests/CLIPTestSupport/Fixtures/imaging"
NAMES = [
    "jpeg-baseline-420.jpg",
    "jpeg-baseline-444.jpg",
    "png-rgb.png",
    "png-rgba-hidden.png",
    "webp-lossless-alpha-hidden.webp",
    "tiff-lzw.tif",
    "bmp-pillow.bmp",
]
TEXTS = [
    "a photo of a cat",
    "A Very  Cute RACCOON &amp; a large dog!",
    "",
    "매우 귀여운 너구리",
    "l\u2019\u00e9t\u00e9 \U0001f408\u200d\u2b1b <|endoftext|> typed by a user",
    " ".join(["word"] * 75),
]


def make(out: pathlib.Path) -> None:
    (out / "base64.json").write_text(json.dumps(base64_cases(), indent=0) + "\n")
    quick = tiny_model.MODELS["quick"]
    size = quick["vision"]["image"]
    processor = CLIPImageProcessor(size={"shortest_edge": size}, crop_size={"height": size, "width": size})
    tokenizer = piece_files.clip_tokenizer()
    ways = {
        "embeddings.json": embeddings(quick),
        "embeddings-transformers.json": embeddings(
            quick,
            lambda picture: processor(picture, return_tensors="pt")["pixel_values"][0],
            # Filled up as the other is: the tower pools where the largest id stands, which is end-of-text.
            lambda text: tokenizer(text, padding="max_length", max_length=77, return_tensors="pt")["input_ids"],
        ),
    }
    for name, found in ways.items():
        (out / name).write_text(json.dumps(found, indent=0) + "\n")


def base64_cases() -> list[dict]:
    """Texts whole and damaged, with the bytes that Python makes of them; null where it refuses."""
    generator = random.Random(20261123)
    texts = ["", "=", "====", "!!!!", "A", "AA", "AAA", "AAAA", "AA==", "AAA=", "AA=A", "AA=A=", "A==="]
    texts += ["AA===", "AAAA=", "AAAA====", "AA==AAAA", "AA== trailing", "AAA=AA==", "-_-_", "QUJD\nREVG"]
    texts += [" Q U J D ", "QUJD\r\n", "QUI", "QUI=", "Q=UI", "QU=I", "QU==I", "QU=I=", "=QUJD", "==QUJD"]
    texts += ["QUJD==QUJD", "QQ=="]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    for _ in range(600):
        text = base64.b64encode(generator.randbytes(generator.randrange(40))).decode()
        for _ in range(generator.randrange(5)):
            place = generator.randrange(len(text) + 1)
            noise = ["=", "==", "\n", "-", "_", "!", " ", "\t", "é", "\0", generator.choice(alphabet)]
            other = generator.choice(noise)
            cut = generator.randrange(3) if generator.random() < 0.3 else 0
            text = text[:place] + other + text[place + cut :]
        texts.append(text)
    cases = []
    for text in texts:
        try:
            decoded = base64.b64decode(text.encode()).hex()
        except ValueError:
            decoded = None
        cases.append({"text": text, "hex": decoded})
    return cases


def embeddings(model: dict, prepare=None, tokenize=clip.tokenize) -> dict:
    """Each picture's and each text's embedding, of both prepared as open_clip does it or in another way."""
    size = model["resnet" if "resnet" in model else "vision"]["image"]
    reference = open_clip.CLIP(**tiny_model.open_clip_config(model)["model_cfg"]).eval()
    state = {key: torch.from_numpy(np.array(x)) for key, x in tiny_model.open_clip_tensors(model).items()}
    reference.load_state_dict(state, strict=True)
    prepare = prepare or transforms.Compose([
        transforms.Resize(size, interpolation=transforms.InterpolationMode.BICUBIC),
        transforms.CenterCrop(size),
        transforms.ToTensor(),
        transforms.Normalize(tiny_model.MEAN, tiny_model.DEVIATION),
    ])
    images, texts = [], []
    with torch.no_grad():
        for name in NAMES:
            picture = Image.open(io.BytesIO((PICTURES / name).read_bytes()))
            # The channels as they are: alpha is dropped, not composited.
            picture = ImageOps.exif_transpose(picture).convert("RGBA").convert("RGB")
            images.append({"file": name, "embedding": reference.encode_image(prepare(picture)[None])[0].tolist()})
        for text in TEXTS:
            ids = tokenize(text)
            texts.append({"text": text, "embedding": reference.encode_text(ids)[0].tolist()})
    return {"images": images, "texts": texts}
