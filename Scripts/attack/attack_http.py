"""Messages that servers disagree about: what follows one on its connection is what counts."""

from __future__ import annotations

import json
import time

import wire
from server import Server
from stage import Stage, together

BODY = wire.text_body("a photo of a cat")
JSON = "Content-Type: application/json\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"


def message(fields: str, body: bytes = BODY, version: str = "HTTP/1.1", host: str = "Host: 127.0.0.1\r\n", line: str = "POST /clip/embed_text") -> bytes:
    return f"{line} {version}\r\n{host}{JSON}{fields}\r\n".encode("latin-1") + body


LENGTH = f"Content-Length: {len(BODY)}\r\n"
CHUNKED = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
TWICE = f"Content-Length: {len(BODY)}\r\nContent-Length: {len(BODY) + 1}\r\n"
STAY, CLOSE = "stays open", "closes"


def cases() -> dict[str, tuple[bytes, tuple[int, ...], str | None]]:
    """What is sent, with which statuses it may be answered, and what becomes of the connection (None: as it likes)."""
    te = "Transfer-Encoding: "
    refused = (400, 411, 413, 431, 501, 505)
    return {
        "plain": (message(LENGTH), (200,), STAY),
        "HTTP/1.0": (message(LENGTH, version="HTTP/1.0"), (200,), CLOSE),
        "HTTP/1.0 without a host": (message(LENGTH, version="HTTP/1.0", host=""), (200,), CLOSE),
        "HTTP/1.0, to be kept": (message(LENGTH + "Connection: keep-alive\r\n", version="HTTP/1.0"), (200,), None),
        "HTTP/0.9": (b"GET /healthz\r\n\r\n", refused, CLOSE),
        "HTTP/1.2": (message(LENGTH, version="HTTP/1.2"), (200,), None),
        "HTTP/2.0": (message(LENGTH, version="HTTP/2.0"), refused, CLOSE),
        "HTTP/9.9": (message(LENGTH, version="HTTP/9.9"), refused, CLOSE),
        "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", refused, CLOSE),
        "Connection: close": (message(LENGTH + "Connection: close\r\n"), (200,), CLOSE),
        "Connection: Close": (message(LENGTH + "Connection: Close\r\n"), (200,), CLOSE),
        "Connection: TE, close": (message(LENGTH + "Connection: TE, close\r\n"), (200,), CLOSE),
        "Connection on two lines": (message(LENGTH + "Connection: keep-alive\r\nConnection: CLOSE\r\n"), (200,), CLOSE),
        "Connection: close,": (message(LENGTH + "Connection: ,close ,\r\n"), (200,), CLOSE),
        "Connection: closely": (message(LENGTH + "Connection: closely\r\n"), (200,), STAY),
        "h2c, as Java offers it": (
            message(LENGTH + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABk\r\n"),
            (200,), STAY,
        ),
        "WebSocket": (message(LENGTH + "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZQ==\r\n"), (200, 400), None),
        "Upgrade without Connection": (message(LENGTH + "Upgrade: h2c\r\n"), (200,), STAY),
        "Upgrade to TLS": (message(LENGTH + "Connection: upgrade\r\nUpgrade: TLS/1.0, HTTP/1.1\r\n"), (200,), STAY),
        "chunked": (message(te + "chunked\r\n", CHUNKED), (200,), STAY),
        "Chunked": (message(te + "Chunked\r\n", CHUNKED), (200,), STAY),
        "chunks of one byte": (message(te + "chunked\r\n", b"".join(b"1\r\n%c\r\n" % b for b in BODY) + b"0\r\n\r\n"), (200,), STAY),
        "an extension": (message(te + "chunked\r\n", b"%x;a=b;c=\"d\"\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)), (200, 400), None),
        "trailers": (message(te + "chunked\r\n", CHUNKED[:-2] + b"X-A: b\r\n\r\n"), (200,), STAY),
        "a trailer that would be a length": (message(te + "chunked\r\n", CHUNKED[:-2] + b"Content-Length: 100\r\n\r\n"), (200, 400), None),
        "gzip, chunked": (message(te + "gzip, chunked\r\n", CHUNKED), refused, CLOSE),
        "chunked, gzip": (message(te + "chunked, gzip\r\n", CHUNKED), refused, CLOSE),
        "chunked, chunked": (message(te + "chunked, chunked\r\n", CHUNKED), refused, CLOSE),
        "chunked on two lines": (message(te + "chunked\r\n" + te + "chunked\r\n", CHUNKED), refused, CLOSE),
        "identity": (message(te + "identity\r\n" + LENGTH), refused, CLOSE),
        "xchunked": (message(te + "xchunked\r\n", CHUNKED), refused, CLOSE),
        "chunked with a tab": (message("Transfer-Encoding:\tchunked\r\n", CHUNKED), (200, *refused), None),
        "chunked behind a control": (message(te + "\x0bchunked\r\n", CHUNKED), refused, CLOSE),
        "a blank before the colon": (message("Transfer-Encoding : chunked\r\n", CHUNKED), refused, CLOSE),
        "coding and length": (message(te + "chunked\r\n" + LENGTH, CHUNKED), refused, CLOSE),
        "length and coding, smuggling": (message(f"Content-Length: {len(BODY)}\r\n" + te + "chunked\r\n", b"0\r\n\r\n" + SMUGGLED), refused, CLOSE),
        "coding in HTTP/1.0": (message(te + "chunked\r\n", CHUNKED, version="HTTP/1.0"), (200, *refused), CLOSE),
        "a chunk beyond 64 bits": (message(te + "chunked\r\n", b"FFFFFFFFFFFFFFFFF\r\n" + CHUNKED), refused, CLOSE),
        "a chunk of -1": (message(te + "chunked\r\n", b"-1\r\n" + CHUNKED), refused, CLOSE),
        "a chunk of 0x10": (message(te + "chunked\r\n", b"0x10\r\n" + CHUNKED), refused, CLOSE),
        "a chunk that goes on": (message(te + "chunked\r\n", b"%x\r\n%bXX0\r\n\r\n" % (len(BODY), BODY)), refused, CLOSE),
        "no host": (message(LENGTH, host=""), refused, CLOSE),
        "two hosts": (message(LENGTH, host="Host: a\r\nHost: b\r\n"), refused, CLOSE),
        "the same host twice": (message(LENGTH, host="Host: a\r\nHost: a\r\n"), refused, CLOSE),
        "an empty host": (message(LENGTH, host="Host:\r\n"), (200, 400), None),
        "a host with a blank": (message(LENGTH, host="Host: a b\r\n"), (200, *refused), None),
        "two lengths": (message(TWICE, BODY + b" "), refused, CLOSE),
        "two equal lengths": (message(LENGTH + LENGTH), (200, *refused), None),
        "a list of lengths": (message(f"Content-Length: {len(BODY)}, {len(BODY)}\r\n"), (200, *refused), None),
        "a list of two lengths": (message(f"Content-Length: {len(BODY)}, 3\r\n"), refused, CLOSE),
        "+length": (message(f"Content-Length: +{len(BODY)}\r\n"), refused, CLOSE),
        "-length": (message("Content-Length: -1\r\n"), refused, CLOSE),
        "length of a blank": (message("Content-Length: 1 2\r\n"), refused, CLOSE),
        "length in hex": (message("Content-Length: 0x20\r\n"), refused, CLOSE),
        "no digits": (message("Content-Length: \r\n"), refused, CLOSE),
        "2^63": (message("Content-Length: 9223372036854775808\r\n"), refused, CLOSE),
        "2^63 - 1": (message("Content-Length: 9223372036854775807\r\n"), refused, CLOSE),
        "2^64": (message("Content-Length: 18446744073709551616\r\n"), refused, CLOSE),
        "2^64 + the length": (message(f"Content-Length: {(1 << 64) + len(BODY)}\r\n"), refused, CLOSE),
        "a thousand digits": (message("Content-Length: " + "9" * 1000 + "\r\n"), refused, CLOSE),
        "1 TB": (message("Content-Length: 1000000000000\r\n"), (413,), CLOSE),
        "no length": (message("", b""), (411, 400, 422), None),
        "bare line feeds": (message(LENGTH).replace(b"\r\n", b"\n", 6), (200, *refused), None),
        "a bare carriage return": (message("X-A: a\rX-B: c\r\n" + LENGTH), refused, CLOSE),
        "a folded field": (message("X-A: a\r\n b\r\n" + LENGTH), (200, *refused), None),
        "a field without a name": (message(": a\r\n" + LENGTH), refused, CLOSE),
        "a field without a colon": (message("nothing\r\n" + LENGTH), refused, CLOSE),
        "a zero byte": (message("X-A: a\0b\r\n" + LENGTH), refused, CLOSE),
        "a name that is no token": (message("X A: b\r\n" + LENGTH), refused, CLOSE),
        "two blanks": (message(LENGTH, line="POST  /clip/embed_text"), (200, *refused), None),
        "a method of 8,000 letters": (message(LENGTH, line="A" * 8000 + " /"), (404, 405, *refused), None),
        "a target of 100,000": (message(LENGTH, line="POST /" + "a" * 100_000), (404, 405, 414, *refused), None),
        "100 kB of fields": (message("".join(f"X-{n}: {'a' * 90}\r\n" for n in range(1000)) + LENGTH), (200, *refused), None),
        "2 MB in a field": (message("X-A: " + "a" * 2_000_000 + "\r\n" + LENGTH), refused, CLOSE),
        "the whole URL": (message(LENGTH, line="POST http://127.0.0.1/clip/embed_text"), (200, 404, 405, *refused), None),
        "CONNECT": (message(LENGTH, line="CONNECT example.com:443"), (404, 405, *refused), None),
        "OPTIONS *": (b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", (200, 204, 404, 405, 400), None),
        "TRACE": (message(LENGTH, line="TRACE /clip/embed_text"), (404, 405, *refused), None),
        "GET with a body": (message(LENGTH, line="GET /healthz"), (200, 400), None),
        "Expect": (message(LENGTH + "Expect: 100-continue\r\n"), (200, 417), STAY),
        "an unknown expectation": (message(LENGTH + "Expect: 200-maybe\r\n"), (200, 417), None),
        "blank lines first": (b"\r\n\r\n" + message(LENGTH), (200, 400), None),
        "garbage": (bytes(range(256)) * 4, refused, CLOSE),
        "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500) + b"\r\n\r\n", refused, CLOSE),
    }  # fmt: skip


def check(server: Server, sent: bytes, statuses: tuple[int, ...], end: str | None) -> str | None:
    """What is wrong with how a message was answered; nil where all is well. The second message is one that cannot be mistaken."""
    with wire.Wire(server.port, 5) as connection:
        try:
            connection.send(sent)
            first = connection.answer()
        except (wire.Gone, ConnectionError):
            # To be cut off without a word is a refusal, too, but not of what is fine.
            return None if 200 not in statuses and end != STAY else "cut off"
        except TimeoutError:
            return "no answer within 5 s"
        if first.status not in statuses:
            return f"answered {first.status}, not {' or '.join(map(str, statuses))}"
        says_close = "close" in first.fields.get("connection", "").lower()
        if end == CLOSE:
            # Nothing that follows may be answered.
            return None if connection.ended(1) and not connection.rest else "stays open" if not connection.rest else "a second answer"
        try:
            for number in (2, 3):
                connection.send(wire.post(wire.text_body(f"message {number} of a connection")))
                second = connection.answer()
                if second.status != 200:
                    return f"message {number} was answered {second.status}"
        except (wire.Gone, ConnectionError):
            return None if says_close or (end is None and first.status >= 400) else "closes without having said so"
        except TimeoutError:
            return "the next message gets no answer"
        return "goes on after it said close" if says_close else None


def messages(stage: Stage) -> None:
    """Each message's answer, and what the second and third on its connection get."""
    found = cases()
    wrong: list[str] = []
    with stage.server() as server:
        names = list(found)

        def one(number: int) -> None:
            for name in names[number::8]:
                trouble = check(server, *found[name])
                if trouble:
                    wrong.append(f"{name}: {trouble}")

        with stage.watch(server) as watch:
            crowd = together(8, one, 60)
        watch.report_health()
        pipelined = pipelining(server)
    stage.tell("kinds of messages", str(len(found)))
    stage.ended(crowd)
    stage.exactly("answered otherwise than RFC 9112 has it", len(wrong), 0)
    for line in sorted(wrong):
        stage.tell("a message", line[:58])
    stage.exactly("of 500 pipelined messages answered in turn", pipelined, 500)


def pipelining(server: Server) -> int:
    """Many messages in one packet, short and long in turns, are answered in their order."""
    with wire.Wire(server.port, 30) as connection:
        sizes = [1 + number % 7 for number in range(500)]
        bodies = [wire.text_body([f"{number} {part}" for part in range(size)]) for number, size in enumerate(sizes)]
        sender = wire.Crowd(1, lambda _: connection.send(b"".join(map(wire.post, bodies)))).start()
        right = 0
        for size in sizes:
            answer = connection.answer()
            right += answer.status == 200 and len(json.loads(answer.body)["embeddings"]) == size
        right -= len(sender.join(30).troubles)
    return right


def floods(stage: Stage) -> None:
    """Heads, chunks, extensions and trailers without end, from many at once."""
    chunked = b"POST /clip/embed_text HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    kinds = {
        "fields": (b"GET / HTTP/1.1\r\nHost: a\r\n", b"X-A: b\r\n" * 8000),
        "one field": (b"GET / HTTP/1.1\r\nHost: a\r\nX-A: ", b"b" * 65536),
        "a target": (b"GET /", b"a" * 65536),
        "blank lines": (b"", b"\r\n" * 32768),
        "a method": (b"", b"A" * 65536),
        "chunks of one byte": (chunked, b"1\r\n \r\n" * 10000),
        "an extension": (chunked + b"1;", b"a" * 65536),
        "extensions": (chunked, b"1;a=b\r\n \r\n" * 8000),
        "trailers": (chunked + b"0\r\n", b"X-A: b\r\n" * 8000),
        "one trailer": (chunked + b"0\r\nX-A: ", b"b" * 65536),
        "empty requests": (b"", b"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n" * 1000),
        "wrong requests": (b"", wire.post(b"{") * 500),
    }
    with stage.server() as server:
        seconds = 5 if stage.quick else 40
        names = list(kinds) * 2

        def pour(number: int) -> None:
            start, piece = kinds[names[number]]
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                try:
                    with wire.Wire(server.port, 2) as connection:
                        connection.send(start)
                        while time.monotonic() < end:
                            connection.send(piece)
                except OSError:
                    time.sleep(0.01)

        with stage.watch(server, captions=True) as watch:
            crowd = together(len(names), pour, seconds + 20)
        stage.ended(crowd, measure="clients that could not pour")
        watch.report_health()
        watch.report_memory()
        watch.report_captions()


ATTACKS = {"messages": messages, "floods": floods}
