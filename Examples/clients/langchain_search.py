"""LangChain: a vector store of pictures that is searched by sentences.

    pip install langchain-openai numpy
    python langchain_search.py
"""

import base64
import os
import pathlib

from langchain_core.documents import Document
from langchain_core.vectorstores import InMemoryVectorStore
from langchain_openai import OpenAIEmbeddings

embeddings = OpenAIEmbeddings(
    base_url=os.environ.get("CLIP_URL", "http://127.0.0.1:9001") + "/v1",
    api_key=os.environ.get("CLIP_API_KEY", "any"),
    model=os.environ.get("CLIP_NAME", "clip-mini"),
    # Without this LangChain sends the numbers of OpenAI's tokenizer instead of text; they mean nothing to another model.
    check_embedding_ctx_length=False,
    # As many pictures as the server takes at once (--max-batch).
    chunk_size=8,
)

pictures = sorted((pathlib.Path(__file__).resolve().parent.parent / "pictures").glob("*.jpg"))
data_urls = [
    "data:image/jpeg;base64," + base64.b64encode(path.read_bytes()).decode() for path in pictures
]

store = InMemoryVectorStore(embeddings)
store.add_documents([Document(url, metadata={"name": p.name}) for url, p in zip(data_urls, pictures)])

for sentence in ("a koala", "a truck", "의자"):
    [(document, score)] = store.similarity_search_with_score(sentence, k=1)
    print(f"{sentence}\t{document.metadata['name']}\t{score:.3f}")
