#!/usr/bin/env python3
"""Load the Parquet files of `clip embed --output` into Qdrant.

usage: load_qdrant.py FOLDER URL [COLLECTION]      URL: http://localhost:6333, or the path of a folder for Qdrant's local mode

A point's number follows from its key, so that what is loaded twice is there once. Needs pyarrow and qdrant-client.
"""

import pathlib
import sys
import uuid

import pyarrow.parquet
from qdrant_client import QdrantClient, models

ROWS = 1000


def load(folder: str, url: str, collection: str) -> int:
    """How many points there are in the end."""
    client = QdrantClient(url=url) if "://" in url else QdrantClient(path=url)
    for path in sorted(pathlib.Path(folder).glob("*.parquet")):
        for batch in pyarrow.parquet.ParquetFile(path).iter_batches(ROWS):
            keys, vectors = batch["key"].to_pylist(), batch["embedding"].to_pylist()
            if not client.collection_exists(collection):
                shape = models.VectorParams(size=len(vectors[0]), distance=models.Distance.COSINE)
                client.create_collection(collection, vectors_config=shape)
            ids = [str(uuid.uuid5(uuid.NAMESPACE_URL, str(key))) for key in keys]
            client.upsert(collection, models.Batch(ids=ids, vectors=vectors, payloads=[{"key": str(key)} for key in keys]))
    count = client.count(collection).count
    client.close()
    return count


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    print(f"{load(sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else 'pictures')} points")
