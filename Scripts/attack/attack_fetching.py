"""Origins that send too much, too little, too slowly, or something else than what was asked for."""

from __future__ import annotations

import socket
import time
import zlib

import pictures
import wire
from origins import Origin, chunked, whole
from stage import Stage, together

FIRST, LEFT, RIGHT = (pictures.png(64, 48, seed) for seed in (11, 12, 13))
ALLOWED = {"--allow-private-addresses": None}


# MARK: Bytes that belong to another


def gone(status: str, more: bytes, fields: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\n{fields}\r\n".encode() + more


def leaving_kinds() -> dict[str, tuple[bytes, bytes, float]]:
    """What an origin answers first, what it sends besides, and how many seconds later."""
    left = whole(LEFT)
    first = whole(FIRST)
    to_first = "Location: /first\r\nContent-Length: 0\r\n"
    return {
        "surplus bytes": (first, b"extra", 0),
        "a second answer": (first, left, 0),
        "two more answers": (first, left + left, 0),
        "half an answer": (first, left[: len(left) // 2], 0),
        "a head": (first, left[: left.index(b"\r\n\r\n") + 4], 0),
        "blank lines, then an answer": (first, b"\r\n\r\n" + left, 0),
        "behind a redirect": (gone("302 Found", b"", to_first), left, 0),
        "behind a redirect with a body": (whole(b"moved", status="302 Found", fields="Location: /first\r\n"), left, 0),
        "behind a 204": (gone("204 No Content", b""), left, 0),
        "behind a 304": (gone("304 Not Modified", b""), left, 0),
        "body of a 204": (gone("204 No Content", LEFT), left, 0),
        "behind a chunked answer": (chunked(FIRST), left, 0),
        "behind a chunked answer with trailers": (chunked(FIRST, trailers="X: y\r\n"), left, 0),
        "behind the last chunk": (chunked(FIRST), b"40\r\n" + LEFT[:64] + b"\r\n0\r\n\r\n", 0),
        "behind a 404": (whole(b"", status="404 Not Found"), left, 0),
        "behind an interim answer": (b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + first, left, 0),
        "behind two interim answers": (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + first, left, 0),
        "an interim answer too many": (first, b"HTTP/1.1 100 Continue\r\n\r\n", 0),
        "half an interim answer": (first, b"HTTP/1.1 10", 0),
        "behind a 205": (gone("205 Reset Content", b"", "Content-Length: 0\r\n"), left, 0),
        "body of a 304": (gone("304 Not Modified", LEFT, f"Content-Length: {len(LEFT)}\r\n"), left, 0),
        "body of an empty 200": (gone("200 OK", b"", "Content-Length: 0\r\n"), LEFT + left, 0),
        "body of an empty redirect": (gone("302 Found", b"", to_first), LEFT + left, 0),
        **{
            f"behind a {status} with a body": (whole(LEFT, status=f"{status} Moved", fields="Location: /first\r\n"), left, 0)
            for status in (301, 303, 307, 308)
        },
        "behind a chunked redirect": (chunked(LEFT, fields="Location: /first\r\n").replace(b"200 OK", b"302 Found"), left, 0),
        "behind a redirect to elsewhere": (gone("302 Found", b"", "Location: http://127.0.0.1:1/\r\nContent-Length: 0\r\n"), left, 0),
        "behind a 401": (whole(LEFT, status="401 Unauthorized", fields="WWW-Authenticate: Basic\r\n"), left, 0),
        "behind a 500": (whole(LEFT, status="500 Internal Server Error"), left, 0),
        "behind a 101": (gone("101 Switching Protocols", b"", "Connection: upgrade\r\nUpgrade: h2c\r\n"), left, 0),
        "behind a packed answer": (whole(gzip(FIRST), fields="Content-Encoding: gzip\r\n"), left, 0),
        "within the packing": (whole(gzip(FIRST) + gzip(LEFT), fields="Content-Encoding: gzip\r\n"), left, 0),
        "behind HTTP/1.0 that is kept": (first.replace(b"1.1 200 OK", b"1.0 200 OK\r\nConnection: keep-alive", 1), left, 0),
        "as to a HEAD": (first[: first.index(b"\r\n\r\n") + 4], left, 0),
        "two lengths, the shorter first": (whole(FIRST + LEFT, fields=f"Content-Length: {len(FIRST)}\r\n"), left, 0),
        "a length and chunks": (chunked(FIRST, fields="Content-Length: 5\r\n"), left, 0),
        "behind no picture": (whole(b"no picture"), left, 0),
        "3 ms later": (first, left, 0.003),
        "10 ms later": (first, left, 0.010),
        "30 ms later": (first, left, 0.030),
        "100 ms later": (first, left, 0.100),
        "redirect, 10 ms later": (gone("302 Found", b"", to_first), left, 0.010),
        "204, 10 ms later": (gone("204 No Content", b""), left, 0.010),
        "chunked, 10 ms later": (chunked(FIRST), left, 0.010),
    }


def leftovers(stage: Stage) -> None:
    """After an answer that was too long, the next URL of the same origin is answered by its own bytes, and so is the one before."""
    pairs, wrong, refused, asked = (6 if stage.quick else 200), 0, 0, 0
    with stage.server(ALLOWED) as server:
        known = [wire.embedded(server.port, picture).embedding for picture in (FIRST, RIGHT)]
        with stage.watch(server) as watch:
            for name, (answer, surplus, wait) in leaving_kinds().items():
                found = leftover_pairs(server.port, answer, surplus, wait, pairs, known)
                asked += len(found)
                wrong += found.count("wrong")
                refused += found.count("refused")
                if found.count("right") < len(found):
                    stage.tell(name, f"{found.count('wrong')} wrong, {found.count('refused')} refused")
        watch.report_health()
    stage.tell("pairs", str(asked))
    stage.exactly("wrong pictures", wrong, 0)
    stage.exactly("second pictures refused", refused, 0)


def leftover_pairs(port: int, answer: bytes, surplus: bytes, wait: float, pairs: int, known: list[list[float]]) -> list[str]:
    def serve(connection: socket.socket, path: bytes) -> str | None:
        if path.startswith(b"/right"):
            connection.sendall(whole(RIGHT))
        elif path.startswith(b"/first"):
            connection.sendall(whole(FIRST))
        elif not wait and path.startswith(b"/long/0"):
            connection.sendall(answer + surplus)
        else:
            connection.sendall(answer)
            time.sleep(wait)
            connection.sendall(surplus)
        return None

    found: list[str] = []
    first, right = known
    with Origin(serve) as origin:

        def ask(number: int) -> None:
            for pair in range(pairs // 2):
                before = wire.embedded(port, f"{origin.base}/long/{number}/{pair}")
                if before.status == 200 and before.embedding != first:
                    found.append("wrong")
                    continue
                time.sleep((0, 0.005, 0.05, 0.12)[pair % 4] if wait else (0, 0, 0.01)[pair % 3])
                second = wire.embedded(port, f"{origin.base}/right/{number}/{pair}")
                found.append("refused" if second.status != 200 else "right" if second.embedding == right else "wrong")

        crowd = together(2, ask)
        found += ["refused"] * len(crowd.troubles)
    return found


# MARK: Scripted origins


def drip(connection: socket.socket, data: bytes, size: int, pause: float, limit: float = 60) -> str:
    begun = time.monotonic()
    for at in range(0, len(data), size):
        connection.sendall(data[at : at + size])
        time.sleep(pause)
        if time.monotonic() - begun > limit:
            break
    return "close"


def flood(connection: socket.socket, piece: bytes, most: int = 1 << 30) -> str:
    for _ in range(most // len(piece)):
        connection.sendall(piece)
    return "close"


def reset(connection: socket.socket) -> str:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    return "close"


def gzip(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=31)
    return packer.compress(data) + packer.flush()


def origin_scripts() -> dict[str, tuple[bool | None, object]]:
    """Whether it is honest (None: the right picture and a refusal both do), and the bytes that it sends before it closes, or what it does."""
    picture = RIGHT
    head = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n"
    length = b"Content-Length: %d\r\n\r\n" % len(picture)
    bomb = b"\x1f\x8b\x08\0\0\0\0\0\0\3" + pictures.zeros(1 << 32)[2:-4]
    endless = head + b"\r\n"
    return {
        "length": (True, whole(picture)),
        "until the end": (True, head + b"Connection: close\r\n\r\n" + picture),
        "chunks": (True, chunked(picture)),
        "chunks of one byte": (True, chunked(picture, 1)),
        "chunk extensions": (True, chunked(picture, extension=";a=b")),
        "trailers": (True, chunked(picture, trailers="X-A: b\r\n")),
        "HTTP/1.0": (True, b"HTTP/1.0 200 OK\r\n\r\n" + picture),
        "early hints": (True, b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + whole(picture)),
        "called text": (True, whole(picture).replace(b"image/png", b"text/html")),
        "one redirect": (True, lambda c, p: c.sendall(whole(picture) if p == b"/to" else gone("302 Found", b"", "Location: /to\r\nContent-Length: 0\r\n"))),
        "in pieces": (True, lambda c, p: drip(c, whole(picture) , 40, 0.01)),
        "nothing": (False, b""),
        "a reset": (False, lambda c, p: reset(c)),
        "a reset amid a body": (False, lambda c, p: (c.sendall(head + length + picture[:50]), reset(c))[1]),
        "no HTTP": (False, b"SSH-2.0-OpenSSH_9.2\r\n"),
        "HTTP/0.9": (False, picture),
        "HTTP/2 at once": (False, b"\0\0\x12\4\0\0\0\0\0" + bytes(64)),
        "HTTP/3.0 in words": (False, whole(picture).replace(b"HTTP/1.1", b"HTTP/3.0")),
        "a half body": (False, head + length + picture[: len(picture) // 2]),
        "no end of chunks": (False, chunked(picture)[:-5]),
        "a chunk of 2^63": (False, head + b"Transfer-Encoding: chunked\r\n\r\n8000000000000000\r\n" + picture),
        "a chunk of letters": (False, head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + picture),
        "a negative length": (False, head + b"Content-Length: -1\r\n\r\n" + picture),
        "a length of 2^64": (False, head + b"Content-Length: 18446744073709551616\r\n\r\n" + picture),
        "a length of 1 TB": (False, head + b"Content-Length: 1000000000000\r\n\r\n" + picture),
        "two lengths": (None, head + b"Content-Length: 5\r\n" + length + picture),
        "a gzip bomb": (False, whole(bomb, fields="Content-Encoding: gzip\r\n")),
        "gzip in gzip": (False, whole(gzip(bomb), fields="Content-Encoding: gzip, gzip\r\n")),
        "a coding without a name": (None, whole(picture, fields="Content-Encoding: nonsense\r\n")),
        "a broken gzip": (False, whole(gzip(picture)[:40], fields="Content-Encoding: gzip\r\n")),
        "gzip that is none": (None, whole(picture, fields="Content-Encoding: gzip\r\n")),
        "a head of 1 GB": (False, lambda c, p: (c.sendall(head), flood(c, b"X-A: " + b"b" * 65536 + b"\r\n"))[1]),
        "a line of 1 GB": (False, lambda c, p: (c.sendall(head + b"X-A: "), flood(c, b"b" * 65536))[1]),
        "a million fields": (False, lambda c, p: (c.sendall(head), flood(c, b"A: b\r\n" * 10000, 60_000_000))[1]),
        "interim answers for ever": (False, lambda c, p: flood(c, b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, 1 << 28)),
        "a body for ever": (False, lambda c, p: (c.sendall(endless), flood(c, bytes(65536)))[1]),
        "chunks for ever": (False, lambda c, p: (c.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n"), flood(c, b"1\r\na\r\n" * 10000))[1]),
        "trailers for ever": (False, lambda c, p: (c.sendall(chunked(picture)[:-2]), flood(c, b"X-A: " + b"b" * 60000 + b"\r\n"))[1]),
        "an extension for ever": (False, lambda c, p: (c.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n1;"), flood(c, b"a" * 65536))[1]),
        "a redirect to itself": (False, gone("302 Found", b"", "Location: /loop\r\nContent-Length: 0\r\n")),
        "redirects without end": (False, lambda c, p: c.sendall(gone("302 Found", b"", f"Location: {p.decode()[:200]}x\r\nContent-Length: 0\r\n"))),
        "a redirect to a file": (False, gone("302 Found", b"", "Location: file:///etc/passwd\r\nContent-Length: 0\r\n")),
        "a redirect to gopher": (False, gone("302 Found", b"", "Location: gopher://127.0.0.1/_x\r\nContent-Length: 0\r\n")),
        "a redirect to dict": (False, gone("302 Found", b"", "Location: dict://127.0.0.1:1/x\r\nContent-Length: 0\r\n")),
        "a redirect to nowhere": (False, gone("302 Found", b"", "Content-Length: 0\r\n")),
        "a redirect of 1 MB": (False, gone("302 Found", b"", "Location: /" + "a" * 1_000_000 + "\r\nContent-Length: 0\r\n")),
        "a 204": (False, gone("204 No Content", b"")),
        "a 206 of a part": (False, whole(picture[:40], status="206 Partial Content")),
        "a 401": (False, whole(picture, status="401 Unauthorized", fields="WWW-Authenticate: Basic\r\n")),
        "a 500 with a picture": (False, whole(picture, status="500 Internal Server Error")),
        "a page": (False, whole(b"<html><body>no picture</body></html>")),
        "an upgrade": (False, gone("101 Switching Protocols", b"", "Upgrade: h2c\r\nConnection: upgrade\r\n")),
        "silence": (False, lambda c, p: time.sleep(25)),
        "a head in drips": (False, lambda c, p: drip(c, whole(picture), 1, 0.5, 25)),
        "a body in drips": (False, lambda c, p: (c.sendall(head + length), drip(c, picture, 1, 0.5, 25))[1]),
    }  # fmt: skip


def scripted_origins(stage: Stage) -> None:
    """Whatever an origin does, its picture is right or refused, in time, and costs nothing."""
    scripts = origin_scripts()
    strange: list[str] = []
    slowest = 0.0
    with stage.server(ALLOWED) as server:
        right = wire.embedded(server.port, RIGHT).embedding

        def ask(name: str) -> None:
            nonlocal slowest
            is_honest, script = scripts[name]

            def serve(connection: socket.socket, path: bytes) -> object:
                if isinstance(script, bytes):
                    connection.sendall(script)
                    return "close"
                return script(connection, path)

            begun = time.monotonic()
            with Origin(serve) as origin:
                answer = wire.embedded(server.port, f"{origin.base}/{len(name)}")
            slowest = max(slowest, time.monotonic() - begun)
            if answer.status == 200 and answer.embedding != right:
                strange.append(f"{name}: another picture")
            elif answer.status >= 500 or is_honest not in (None, answer.status == 200):
                strange.append(f"{name}: {answer.status}")

        with stage.watch(server) as watch:
            names = list(scripts)
            crowd = together(len(names), lambda number: ask(names[number]), 90)
        watch.report_memory()
        watch.report_health()
    stage.ended(crowd)
    stage.tell("origins", str(len(scripts)))
    stage.exactly("answered otherwise than they should be", len(strange), 0)
    for name in strange:
        stage.tell("an origin", name)
    stage.most("slowest answer", slowest, 12, lambda value: f"{value:.1f} s")


ATTACKS = {"leftovers": leftovers, "origins": scripted_origins}
