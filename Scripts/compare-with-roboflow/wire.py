"""Requests, answers, and the form of an answer in which two servers can be compared."""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import socket
import struct
import urllib.parse
from dataclasses import dataclass, field
from typing import Any

# Headers whose value is compared; an absent one is compared as absent.
COMPARED_HEADERS = (
    "allow",
    "content-type",
    "retry-after",
    "vary",
    "x-model-id",
    "x-model-cold-start",
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-max-age",
    "access-control-expose-headers",
)


@dataclass(frozen=True)
class Request:
    """What goes over the wire. A body that is not bytes is sent as JSON."""

    method: str
    path: str
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def payload(self) -> bytes | None:
        if self.body is None or isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body).encode()

    def fingerprint(self) -> str:
        """Tells a recorded answer to another request from one to this; pictures do not count,
        because another version of Pillow writes other bytes."""
        body = self.payload() or b""
        body = re.sub(rb"[A-Za-z0-9+/=_\\-]{60,}", b"picture", body)
        body = re.sub(rb"127\.0\.0\.1:\d+", b"loopback", body)
        parts = [self.method, self.path, json.dumps(self.headers, sort_keys=True)]
        return hashlib.sha256("\n".join(parts).encode() + body).hexdigest()[:12]


@dataclass
class Answer:
    """A server's answer: the comparable part, and the numbers apart from it."""

    status: int
    headers: dict[str, str]
    body: Any
    vectors: list[list[float]] | None = None
    similarities: list[float] | None = None

    def without_numbers(self) -> dict[str, Any]:
        return {"status": self.status, "headers": self.headers, "body": self.body}


def send(base: str, request: Request, timeout: float = 60) -> Answer:
    """One request on a connection of its own."""
    url = urllib.parse.urlsplit(base)
    assert url.hostname, f"{base} is not a URL"
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=timeout)
    # Leave without waiting: hundreds of connections would otherwise linger on the loopback.
    payload = request.payload()
    try:
        connection.connect()
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.putrequest(request.method, request.path, skip_accept_encoding=True)
        for name, value in request.headers.items():
            connection.putheader(name, value)
        if request.body is not None and not isinstance(request.body, bytes):
            connection.putheader("Content-Type", "application/json")
        if payload and "Transfer-Encoding" in request.headers:
            payload = chunked(payload)
        elif payload is not None or request.method in ("POST", "PUT", "PATCH"):
            connection.putheader("Content-Length", str(len(payload or b"")))
        connection.endheaders()
        if payload:
            try:
                connection.send(payload)
            except (BrokenPipeError, ConnectionResetError):
                pass  # refused before its end: the answer may be there all the same
        response = connection.getresponse()
        return comparable(request, response.status, response.getheaders(), response.read())
    finally:
        connection.close()


def chunked(payload: bytes, size: int = 1000) -> bytes:
    """A body in the form of `Transfer-Encoding: chunked`."""
    pieces = (payload[at : at + size] for at in range(0, len(payload), size))
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def comparable(
    request: Request, status: int, headers: list[tuple[str, str]], body: bytes
) -> Answer:
    """Replaces what differs from run to run (times, identifiers) and sets the numbers aside."""
    received = {name.lower(): value for name, value in headers}
    kept = {name: received[name] for name in COMPARED_HEADERS if name in received}
    if "allow" in kept:
        kept["allow"] = ", ".join(sorted(kept["allow"].replace(" ", "").split(",")))
    if "x-model-cold-start" in kept:
        known = kept["x-model-cold-start"] in ("true", "false")
        kept["x-model-cold-start"] = "<true or false>" if known else kept["x-model-cold-start"]
    if "x-request-id" in received:
        kept["x-request-id"] = request_id(request, received["x-request-id"])
    answer = Answer(status, kept, None)
    if not kept.get("content-type", "").startswith("application/json"):
        text = body.decode("utf-8", "replace")
        answer.body = text if len(text) <= 200 else f"<{len(text)} characters>"
        return answer
    try:
        value = json.loads(body) if body else "<no body>"
    except ValueError:
        answer.body = "<not JSON>"
        return answer
    if isinstance(value, dict):
        value = without_input(numbers_apart(value, answer))
        for model in value.get("models", []):
            if isinstance(model, dict) and isinstance(model.get("request_paths"), list):
                model["request_paths"] = "<paths>"
    answer.body = value
    return answer


def request_id(request: Request, value: str) -> str:
    sent = {name.lower(): sent for name, sent in request.headers.items()}.get("x-request-id")
    if sent is not None and sent == value:
        return "<the client's>"
    if re.fullmatch(r"[0-9a-f]{32}", value):
        return "<32 hexadecimal digits>"
    return "<another form>"


def numbers_apart(value: dict[str, Any], answer: Answer) -> dict[str, Any]:
    value = dict(value)
    if isinstance(value.get("time"), float):
        value["time"] = "<seconds>"
    for name in ("uuid", "version"):
        if isinstance(value.get(name), str):
            value[name] = "<text>"
    resolved = value.get("resolved_model")
    if isinstance(resolved, dict) and str(resolved.get("model_id")).startswith("perception_encoder/"):
        # In small letters there, while its header has the name as it was asked for.
        value["resolved_model"] = {**resolved, "model_id": resolved["model_id"].lower()}
    embeddings = value.get("embeddings")
    if isinstance(embeddings, list) and all(isinstance(vector, list) for vector in embeddings):
        answer.vectors = embeddings
        value["embeddings"] = f"<{len(embeddings)} vectors>"
    similarity = value.get("similarity")
    if isinstance(similarity, list):
        answer.similarities = similarity
        value["similarity"] = f"<list of {len(similarity)}>"
    if isinstance(similarity, dict):
        answer.similarities = list(similarity.values())
        value["similarity"] = {name: "<number>" for name in similarity}
    return value


def without_input(value: dict[str, Any]) -> dict[str, Any]:
    """The real server repeats the offending input, megabytes of it, in every 422; we never do."""
    details = value.get("detail")
    if not isinstance(details, list):
        return value
    trimmed = [
        {name: part for name, part in detail.items() if name != "input"}
        if isinstance(detail, dict)
        else detail
        for detail in details
    ]
    return {**value, "detail": trimmed}
