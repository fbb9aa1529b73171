#!/usr/bin/env python3
"""Load the JSON Lines of `clip embed --output --format jsonl` into an index of OpenSearch.

usage: load_opensearch.py FOLDER URL [INDEX]      URL: http://localhost:9200, with user:password@ before the host where there are users

The index is made where there is none. A document's id is its key, so that what is loaded twice is there once. Needs nothing but Python.
"""

from __future__ import annotations

import base64
import collections.abc
import json
import pathlib
import sys
import urllib.error
import urllib.parse
import urllib.request

ROWS = 1000


class OpenSearch:
    def __init__(self, url: str) -> None:
        parts = urllib.parse.urlsplit(url)
        self.url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl().rstrip("/")
        self.headers = {}
        if parts.username:
            user = urllib.parse.unquote(f"{parts.username}:{parts.password or ''}")
            self.headers["Authorization"] = "Basic " + base64.b64encode(user.encode()).decode()

    def ask(self, method: str, path: str, body: str | None = None, kind: str = "application/json") -> dict:
        data = None if body is None else body.encode()
        request = urllib.request.Request(f"{self.url}/{path}", data, self.headers | {"Content-Type": kind}, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read() or b"{}")

    def create(self, index: str, width: int) -> None:
        try:
            self.ask("HEAD", index)
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
            method = {"name": "hnsw", "engine": "lucene", "space_type": "cosinesimil"}
            embedding = {"type": "knn_vector", "dimension": width, "method": method}
            fields = {"key": {"type": "keyword"}, "embedding": embedding}
            self.ask("PUT", index, json.dumps({"settings": {"index.knn": True}, "mappings": {"properties": fields}}))

    def load(self, index: str, rows: list[dict]) -> None:
        """One request for all rows; it is answered with 200 even where none was taken."""
        lines = [json.dumps(line) for row in rows for line in ({"index": {"_id": row["key"]}}, row)]
        answer = self.ask("POST", f"{index}/_bulk", "\n".join(lines) + "\n", "application/x-ndjson")
        if answer["errors"]:
            refused = [item["index"] for item in answer["items"] if item["index"].get("error")]
            raise SystemExit(f"{len(refused)} of {len(rows)} rows were refused, the first with: {json.dumps(refused[0])}")


def rows(folder: str) -> collections.abc.Iterator[dict]:
    """The rows of all shards with a record; other files beside them, such as those of failures, have none."""
    end = ".done.json"
    for record in sorted(pathlib.Path(folder).glob("*" + end)):
        with open(str(record).removesuffix(end) + ".jsonl", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                # A key that is not UTF-8 cannot be sent; the replacement keeps it apart from others as far as it can.
                row["key"] = row["key"].encode("utf-8", "backslashreplace").decode()
                yield row


def load(folder: str, url: str, index: str) -> int:
    """How many documents there are in the end."""
    search, piece, known = OpenSearch(url), [], False
    for row in rows(folder):
        if not known:
            search.create(index, len(row["embedding"]))
            known = True
        piece.append(row)
        if len(piece) == ROWS:
            search.load(index, piece)
            piece = []
    if piece:
        search.load(index, piece)
    if not known:
        return 0
    search.ask("POST", f"{index}/_refresh")
    return search.ask("GET", f"{index}/_count")["count"]


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    print(f"{load(sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else 'pictures')} documents")
