"""Origins of pictures that do as they are told."""

from __future__ import annotations

import socket
import threading
import typing

Script = typing.Callable[[socket.socket, bytes], object]


def whole(picture: bytes, *, fields: str = "", status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Type: image/png\r\n{fields}Content-Length: {len(picture)}\r\n\r\n".encode() + picture


def chunked(picture: bytes, size: int = 64, *, extension: str = "", trailers: str = "", fields: str = "") -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n{fields}Transfer-Encoding: chunked\r\n\r\n".encode()
    parts = [picture[at : at + size] for at in range(0, len(picture), size)]
    pieces = [f"{len(part):x}{extension}\r\n".encode() + part + b"\r\n" for part in parts]
    return head + b"".join(pieces) + b"0\r\n" + trailers.encode() + b"\r\n"


class Origin:
    """Calls its script for each request of each connection, with the connection and the path."""

    def __init__(self, script: Script, host: str = "127.0.0.1", backlog: int = 2048) -> None:
        self.script = script
        self.listener = socket.create_server((host, 0), backlog=backlog)
        self.port = self.listener.getsockname()[1]
        self.base = f"http://{host}:{self.port}"
        self.requests = 0
        self.connections = 0
        self.is_open = True
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        rest = b""
        try:
            while True:
                while b"\r\n\r\n" not in rest:
                    more = connection.recv(65536)
                    if not more:
                        return
                    rest += more
                head, _, rest = rest.partition(b"\r\n\r\n")
                self.requests += 1
                if self.script(connection, head.split()[1]) == "close":
                    return
        except (OSError, IndexError):
            pass
        finally:
            connection.close()

    def __enter__(self) -> Origin:
        return self

    def __exit__(self, *_: object) -> None:
        self.is_open = False
        self.listener.close()
