"""HTTP by hand: what is sent is sent as it stands, and answers are read to their last byte."""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import threading
import time
import typing

TIME_LIMIT = 60.0


class Gone(Exception):
    """The connection ended where an answer was due."""


class Answer(typing.NamedTuple):
    status: int
    fields: dict[str, str]
    body: bytes

    @property
    def embedding(self) -> list[float]:
        return json.loads(self.body)["embeddings"][0]

    @property
    def message(self) -> str:
        try:
            found = json.loads(self.body)
        except ValueError:
            return self.body[:200].decode(errors="replace")
        return str(found.get("message", found.get("detail", ""))) if isinstance(found, dict) else str(found)


class Wire:
    """A connection; `source` is the address it comes from, which makes it another client."""

    def __init__(self, port: int, time_limit: float = TIME_LIMIT, source: str | None = None, receive: int = 0) -> None:
        self.socket = socket.socket()
        self.socket.settimeout(time_limit)
        if receive:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        try:
            if source:
                self.socket.bind((source, 0))
            self.socket.connect(("127.0.0.1", port))
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            self.socket.close()
            raise
        self.rest = b""

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def _more(self) -> bool:
        try:
            more = self.socket.recv(1 << 18)
        except ConnectionError:
            return False
        self.rest += more
        return bool(more)

    def answer(self, has_body: bool = True) -> Answer:
        """The next final answer; interim ones are passed over."""
        while True:
            while b"\r\n\r\n" not in self.rest:
                if not self._more():
                    raise Gone(f"{len(self.rest)} bytes of a head")
            head, _, self.rest = self.rest.partition(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            status = int(lines[0].split()[1])
            if status >= 200:
                break
        fields = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            fields[name.strip().lower()] = value.strip()
        if not has_body:
            return Answer(status, fields, b"")
        if "chunked" in fields.get("transfer-encoding", ""):
            return Answer(status, fields, self._chunks())
        length = int(fields.get("content-length", 0))
        while len(self.rest) < length:
            if not self._more():
                raise Gone(f"{len(self.rest)} bytes of a body of {length}")
        body, self.rest = self.rest[:length], self.rest[length:]
        return Answer(status, fields, body)

    def _line(self) -> bytes:
        while b"\r\n" not in self.rest:
            if not self._more():
                raise Gone("a chunk's head")
        line, _, self.rest = self.rest.partition(b"\r\n")
        return line

    def _chunks(self) -> bytes:
        parts = []
        while size := int(self._line().split(b";")[0], 16):
            while len(self.rest) < size + 2:
                if not self._more():
                    raise Gone("a chunk")
            parts.append(self.rest[:size])
            self.rest = self.rest[size + 2 :]
        while self._line():
            pass
        return b"".join(parts)

    def ask(self, body: bytes, path: str = "/clip/embed_text", fields: str = "") -> Answer:
        # What is refused before all of it has come has its answer, too.
        with contextlib.suppress(ConnectionError):
            self.send(post(body, path, fields))
        return self.answer()

    def ended(self, limit: float = 1.0) -> bool:
        """Whether the other side closes within the limit, with nothing more to say."""
        before = self.socket.gettimeout()
        self.socket.settimeout(limit)
        try:
            while more := self.socket.recv(65536):
                self.rest += more
        except (TimeoutError, BlockingIOError):
            return False
        except OSError:
            return True
        finally:
            self.socket.settimeout(before)
        return True


def post(body: bytes, path: str = "/clip/embed_text", fields: str = "") -> bytes:
    """A request as it goes over the wire; `fields` are whole lines."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"{fields}Content-Length: {len(body)}\r\n\r\n"
    ).encode("latin-1") + body


def get(path: str, fields: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{fields}\r\n".encode("latin-1")


def text_body(text: str | list[str]) -> bytes:
    return json.dumps({"text": text}).encode()


def encoded(picture: bytes) -> dict[str, str]:
    return {"type": "base64", "value": base64.b64encode(picture).decode()}


def linked(url: str) -> dict[str, str]:
    return {"type": "url", "value": url}


def image_body(*images: dict[str, str]) -> bytes:
    return json.dumps({"image": list(images) if len(images) > 1 else images[0]}).encode()


def asked(port: int, body: bytes, path: str = "/clip/embed_text", *, limit: float = TIME_LIMIT, **options: str) -> Answer:
    """One request over a connection of its own."""
    with Wire(port, limit, options.get("source")) as wire:
        return wire.ask(body, path, options.get("fields", ""))


def embedded(port: int, picture: bytes | str, **options: typing.Any) -> Answer:
    """The answer to one picture, or to one URL."""
    image = linked(picture) if isinstance(picture, str) else encoded(picture)
    return asked(port, image_body(image), "/clip/embed_image", **options)


class Crowd:
    """Many at the same time: each call of `run` gets its number, and whatever it raises is kept, as is that it has not ended."""

    def __init__(self, size: int, run: typing.Callable[[int], None]) -> None:
        self.troubles: list[BaseException] = []
        self.run = run
        self.threads = [threading.Thread(target=self._one, args=(number,), daemon=True) for number in range(size)]

    def _one(self, number: int) -> None:
        try:
            self.run(number)
        except Exception as trouble:  # a client that ended in any other way has not been answered either
            self.troubles.append(trouble)

    def start(self) -> Crowd:
        for thread in self.threads:
            thread.start()
        return self

    @property
    def is_busy(self) -> bool:
        return any(thread.is_alive() for thread in self.threads)

    def join(self, limit: float) -> Crowd:
        """Waits for all of them, so long in all; whoever has not ended by then is a trouble."""
        end = time.monotonic() + limit
        for thread in self.threads:
            thread.join(max(0.0, end - time.monotonic()))
        self.troubles += [TimeoutError(f"not ended after {limit:g} s") for thread in self.threads if thread.is_alive()]
        return self
