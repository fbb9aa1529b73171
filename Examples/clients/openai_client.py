"""OpenAI's client: the picture that fits each sentence best.

    pip install openai numpy
    python openai_client.py
"""

import base64
import os
import pathlib

import numpy
from openai import OpenAI

# The one line that is different: base_url. The key may be anything unless the server was given some.
client = OpenAI(
    base_url=os.environ.get("CLIP_URL", "http://127.0.0.1:9001") + "/v1",
    api_key=os.environ.get("CLIP_API_KEY", "any"),
)
MODEL = client.models.list().data[0].id  # or its name, such as "clip-mini"


def embed(inputs: list[str]) -> numpy.ndarray:
    """One row an input, of length one. What begins with data:image/ is a picture."""
    answer = client.embeddings.create(model=MODEL, input=inputs)
    return numpy.array([item.embedding for item in answer.data], dtype=numpy.float32)


def data_url(path: pathlib.Path) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(path.read_bytes()).decode()


pictures = sorted((pathlib.Path(__file__).resolve().parent.parent / "pictures").glob("*.jpg"))
sentences = ["a koala", "a truck", "의자"]

# At most eight pictures in one request, unless the server was started with a larger --max-batch.
rows = [embed([data_url(path) for path in pictures[i : i + 8]]) for i in range(0, len(pictures), 8)]
scores = embed(sentences) @ numpy.concatenate(rows).T  # both have length one, so these are cosines

for sentence, row in zip(sentences, scores):
    best = int(row.argmax())
    print(f"{sentence}\t{pictures[best].name}\t{row[best]:.3f}")
