"""Chroma: a collection of pictures that is searched by sentences, with Chroma's own embedding functions.

    pip install chromadb pillow openai
    python chroma_search.py
"""

import os
import pathlib

import chromadb
import numpy
from chromadb.utils import embedding_functions
from PIL import Image

URL = os.environ.get("CLIP_URL", "http://127.0.0.1:9001")
# Chroma wants keys to be there. Any will do unless the server was given some.
os.environ.setdefault("CHROMA_ROBOFLOW_API_KEY", "any")
os.environ.setdefault("CHROMA_OPENAI_API_KEY", "any")

pictures = sorted((pathlib.Path(__file__).resolve().parent.parent / "pictures").glob("*.jpg"))
client = chromadb.EphemeralClient()

# Pictures and sentences: the function for Roboflow's server, with our URL.
collection = client.create_collection(
    "pictures", embedding_function=embedding_functions.RoboflowEmbeddingFunction(api_url=URL)
)
collection.add(
    ids=[path.name for path in pictures],
    images=[numpy.array(Image.open(path).convert("RGB")) for path in pictures],
)
for sentence in ("a koala", "a truck", "의자"):
    found = collection.query(query_texts=[sentence], n_results=1)
    print(f"{sentence}\t{found['ids'][0][0]}\t{1 - found['distances'][0][0]:.3f}")

# Sentences alone: the functions for OpenAI and for text-embeddings-inference. They give the same vectors.
texts = ["a cat on a sofa", "의자 하나"]
openai = embedding_functions.OpenAIEmbeddingFunction(
    api_base=URL + "/v1", model_name=os.environ.get("CLIP_NAME", "clip-mini")
)
tei = embedding_functions.HuggingFaceEmbeddingServer(url=URL + "/embed")
difference = numpy.abs(numpy.array(openai(texts)) - numpy.array(tei(texts))).max()
print(f"OpenAI's and TEI's routes differ by {difference:.1f}")
