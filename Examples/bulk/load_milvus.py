#!/usr/bin/env python3
"""Load the Parquet files of `clip embed --output` into Milvus.

usage: load_milvus.py FOLDER URI [COLLECTION]      URI: http://localhost:19530, or the path of a file for Milvus Lite

Keys are the primary keys, so that what is loaded twice is there once. Needs pyarrow, pymilvus and, for a file, milvus-lite.
"""

import pathlib
import sys

import pyarrow.parquet
from pymilvus import DataType, MilvusClient

ROWS, LONGEST_KEY = 1000, 4096


def create(client: MilvusClient, collection: str, width: int) -> None:
    schema = client.create_schema(auto_id=False)
    schema.add_field("key", DataType.VARCHAR, is_primary=True, max_length=LONGEST_KEY)
    schema.add_field("embedding", DataType.FLOAT_VECTOR, dim=width)
    index = client.prepare_index_params()
    index.add_index("embedding", index_type="AUTOINDEX", metric_type="COSINE")
    client.create_collection(collection, schema=schema, index_params=index)


def load(folder: str, uri: str, collection: str) -> int:
    """How many rows there are in the end."""
    client = MilvusClient(uri)
    for path in sorted(pathlib.Path(folder).glob("*.parquet")):
        for batch in pyarrow.parquet.ParquetFile(path).iter_batches(ROWS):
            rows = batch.to_pylist()
            if not client.has_collection(collection):
                create(client, collection, len(rows[0]["embedding"]))
            client.upsert(collection, rows)
    client.flush(collection)
    client.load_collection(collection)
    count = client.query(collection, filter="", output_fields=["count(*)"])[0]["count(*)"]
    client.close()
    return count


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    print(f"{load(sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else 'pictures')} rows")
