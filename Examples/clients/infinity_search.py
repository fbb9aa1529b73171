"""Infinity's client: pictures and sentences in parallel.

    pip install infinity-client requests numpy pillow
    python infinity_search.py
"""

import os
import pathlib

import numpy
from infinity_client.vision_client import InfinityVisionAPI
from PIL import Image

MODEL = os.environ.get("CLIP_NAME", "clip-mini")
# The one line that is different: url.
client = InfinityVisionAPI(url=os.environ.get("CLIP_URL", "http://127.0.0.1:9001"), model=MODEL)

pictures = sorted((pathlib.Path(__file__).resolve().parent.parent / "pictures").glob("*.jpg"))
sentences = ["a koala", "a truck", "의자"]

images = [Image.open(path).convert("RGB") for path in pictures]
# At most eight pictures in one request, unless the server was started with a larger --max-batch.
asked = [client.image_embed(MODEL, images[i : i + 8]) for i in range(0, len(images), 8)]
rows = numpy.concatenate([numpy.concatenate(future.result()[0]) for future in asked])
queries = numpy.concatenate(client.embed(MODEL, sentences).result()[0])

for sentence, row in zip(sentences, queries @ rows.T):
    best = int(row.argmax())
    print(f"{sentence}\t{pictures[best].name}\t{row[best]:.3f}")
