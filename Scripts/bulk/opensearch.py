"""Stands in for OpenSearch: what load_opensearch.py asks, answered as its documentation has it."""

from __future__ import annotations

import http.server
import json
import threading


class OpenSearch:
    """One index in memory; documents without an embedding of the mapping's width are refused, in an answer of 200."""

    def __init__(self) -> None:
        self.width: int | None = None
        self.documents: dict[str, list[float]] = {}
        stand_in = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self, status: int, value: dict) -> None:
                body = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def handle_one(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"] or 0))
                self.answer(*stand_in.answer(f"{self.command} {self.path}", body))

            do_HEAD = do_PUT = do_POST = do_GET = handle_one

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, request: str, body: bytes) -> tuple[int, dict]:
        match request:
            case "HEAD /pictures":
                return (404 if self.width is None else 200), {}
            case "PUT /pictures":
                asked = json.loads(body)
                self.width = asked["mappings"]["properties"]["embedding"]["dimension"]
                return (200 if asked["settings"]["index.knn"] else 400), {"acknowledged": True}
            case "POST /pictures/_bulk":
                lines = [json.loads(line) for line in body.splitlines()]
                items = [self.take(action["index"]["_id"], row) for action, row in zip(lines[::2], lines[1::2], strict=True)]
                return 200, {"errors": any("error" in item["index"] for item in items), "items": items}
            case "POST /pictures/_refresh":
                return 200, {}
            case "GET /pictures/_count":
                return 200, {"count": len(self.documents)}
        return 400, {}

    def take(self, key: str, row: dict) -> dict:
        if len(row.get("embedding", [])) != self.width or row["key"] != key:
            return {"index": {"_id": key, "status": 400, "error": {"type": "mapper_parsing_exception"}}}
        self.documents[key] = row["embedding"]
        return {"index": {"_id": key, "status": 201}}

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
