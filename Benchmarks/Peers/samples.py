"""Pictures and captions that are made up, as files for us and as numbers for engines: to calibrate by and to compare."""

from __future__ import annotations

import pathlib
import random

import numpy as np
from PIL import Image
from traffic import WORDS

CONTEXT = 77


def pictures(count: int, side: int, seed: int = 0) -> np.ndarray:
    """Random pictures (count, side, side, 3): smooth, so that patches differ from each other, with some noise."""
    numbers = np.random.default_rng((side, seed))
    pixels = np.empty((count, side, side, 3), np.uint8)
    for number in range(count):
        coarse = Image.fromarray(numbers.integers(0, 256, (7, 7, 3), np.uint8)).resize((side, side), Image.Resampling.BICUBIC)
        noise = numbers.integers(-20, 21, (side, side, 3))
        pixels[number] = np.clip(np.asarray(coarse, np.int64) + noise, 0, 255)
    return pixels


def pixel_values(count: int, configuration: dict, seed: int = 0, folder: pathlib.Path | None = None) -> np.ndarray:
    """What a model of that configuration is given for such pictures (count, 3, side, side); as PNG they go to the folder."""
    pixels = pictures(count, configuration["model_cfg"]["vision_cfg"]["image_size"], seed)
    if folder is not None:
        for number, picture in enumerate(pixels):
            Image.fromarray(picture).save(folder / f"{number}.png")
    mean, deviation = (np.array(configuration["preprocess_cfg"][key]) for key in ("mean", "std"))
    return ((pixels / 255 - mean) / deviation).transpose(0, 3, 1, 2).astype(np.float32)


def captions(count: int, seed: int = 0) -> list[str]:
    """Sentences of 1 to 20 words, none of which is another's."""
    words = random.Random(f"captions {seed}")
    return [" ".join(words.choices(WORDS, k=1 + number % 20)) for number in range(count)]


def token_ids(texts: list[str]) -> np.ndarray:
    """(texts, 77) as OpenAI's tokenizer has them, padded with zeros."""
    import open_clip  # by which the ids are made, so that ours are compared with somebody else's

    return open_clip.tokenize(texts, CONTEXT).numpy().astype(np.int32)
