"""LiteLLM: the picture that fits each sentence best, through the library that many gateways stand on.

    pip install litellm numpy
    python litellm_client.py
"""

import base64
import os
import pathlib

import litellm
import numpy

URL = os.environ.get("CLIP_URL", "http://127.0.0.1:9001")
NAME = os.environ.get("CLIP_NAME", "clip-mini")


def embed(inputs: list[str]) -> numpy.ndarray:
    """One row an input, of length one. What begins with data:image/ is a picture."""
    answer = litellm.embedding(
        # The two lines that are different: the name behind `openai/`, and api_base.
        model=f"openai/{NAME}",
        api_base=URL + "/v1",
        api_key=os.environ.get("CLIP_API_KEY", "any"),
        input=inputs,
    )
    return numpy.array([item["embedding"] for item in answer.data], dtype=numpy.float32)


pictures = sorted((pathlib.Path(__file__).resolve().parent.parent / "pictures").glob("*.jpg"))
data_urls = [
    "data:image/jpeg;base64," + base64.b64encode(path.read_bytes()).decode() for path in pictures
]
sentences = ["a koala", "a truck", "의자"]

# At most eight pictures in one request, unless the server was started with a larger --max-batch.
rows = numpy.concatenate([embed(data_urls[i : i + 8]) for i in range(0, len(data_urls), 8)])

for sentence, row in zip(sentences, embed(sentences) @ rows.T):
    best = int(row.argmax())
    print(f"{sentence}\t{pictures[best].name}\t{row[best]:.3f}")
