"""Roboflow's own client: which of three words fits each picture.

    pip install inference-sdk
    python roboflow_sdk.py
"""

import os
import pathlib

from inference_sdk import InferenceHTTPClient

# The one line that is different: where the server is. No key is needed unless the server was given some.
client = InferenceHTTPClient(api_url=os.environ.get("CLIP_URL", "http://127.0.0.1:9001"))

pictures = pathlib.Path(__file__).resolve().parent.parent / "pictures"
words = ["a koala", "a truck", "의자"]

for name in ("koala.jpg", "truck-1.jpg", "chair.jpg"):
    answer = client.clip_compare(subject=str(pictures / name), prompt=words)
    scores = answer["similarity"]
    best = max(range(len(words)), key=scores.__getitem__)
    print(f"{words[best]}\t{name}\t{scores[best]:.3f}")
