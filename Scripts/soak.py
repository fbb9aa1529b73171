#!/usr/bin/env python3
"""Sends many mixed requests from many connections, compares each answer with the right one, and watches the memory.

usage: soak.py CLIP [--requests N] [--clients N] [--minutes N] [--results FILE]

CLIP is the built command; the servers are its own, on 127.0.0.1, with clip-mini. Half of the requests repeat about 150,
whose answers are learnt first, one at a time. The other half were never sent before, and a second server gives their right
answers in another way: texts in lists, pictures encoded differently. The caches are small, so that they drop entries all the time.
Needs only Python. The exit status is 1 if an answer was wrong or lost, or if memory grew by 3 percent or more after the first
tenth of the requests, or after the first 3,000 if that is more.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import pathlib
import random
import signal
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "Scripts" / "attack"))
import pictures  # noqa: E402
import wire  # noqa: E402
from fresh import WORDS, Fresh  # noqa: E402
from origins import Origin, chunked, whole  # noqa: E402
from report import Report, percentile  # noqa: E402
from server import Server  # noqa: E402

PROMISED = 100_000
GROWTH_LIMIT = 3.0
FIXTURES = ROOT / "Tests" / "CLIPTestSupport" / "Fixtures" / "imaging"
# A tenth of the new requests fill these caches.
CACHES = {"--text-cache-bytes": "1000000", "--image-cache-bytes": "1000000"}
# In a batch of another size, sums are computed in another order.
TOLERANCE = 1e-4


class Request:
    """A request, and its answer when no other request was being answered."""

    def __init__(self, kind: str, body: bytes, path: str = "/clip/embed_text", fields: str = "") -> None:
        self.kind, self.message = kind, wire.post(body, path, fields)
        self.status = 0
        self.numbers: list[list[float]] = []
        self.text = b""

    def learn(self, port: int) -> None:
        with wire.Wire(port) as connection:
            connection.send(self.message)
            answer = connection.answer()
        self.status, self.numbers, self.text = answer.status, numbers(answer), answer.body

    def fault(self, answer: wire.Answer) -> str | None:
        """What is wrong with another answer to the same request; None if nothing is."""
        if answer.status != self.status:
            return f"{self.kind}: {answer.status} instead of {self.status}: {answer.message[:80]}"
        if self.status != 200:
            return None if answer.body == self.text else f"{self.kind}: another refusal"
        found = numbers(answer)
        if [len(row) for row in found] != [len(row) for row in self.numbers]:
            return f"{self.kind}: another number of embeddings"
        for row, known in zip(found, self.numbers):
            # A value that is not a number is not near to one either.
            if None in row or not distance(row, known) <= TOLERANCE:
                return f"{self.kind}: another embedding"
        return None


def numbers(answer: wire.Answer) -> list[list[float]]:
    if answer.status != 200:
        return []
    found = json.loads(answer.body)
    if "embeddings" in found:
        return found["embeddings"]
    similarity = found["similarity"]
    return [list(similarity.values()) if isinstance(similarity, dict) else similarity]


def distance(row: list[float], known: list[float]) -> float:
    """The distance between two embeddings, as a fraction of the known one's length."""
    if row == known:
        return 0
    return math.dist(row, known) / max(math.hypot(*known), 1e-9)


def fixtures() -> list[bytes]:
    wanted = "jpeg-baseline-420.jpg jpeg-progressive.jpg png-rgb.png png-palette.png webp-lossy-odd.webp gif-animated.gif tiff-lzw.tif bmp-24-bit.bmp"
    return [(FIXTURES / name).read_bytes() for name in wanted.split()]


def requests(origin: str) -> list[Request]:
    """About 150 requests of every kind; kinds that are common in practice are common here, too."""
    draw = random.Random(5)

    def text(count: int = 6) -> str:
        return " ".join(draw.choices(WORDS, k=draw.randrange(1, count)))

    images = [wire.encoded(data) for data in [*fixtures(), *(pictures.png(32 + 40 * n, 24 + 31 * n, n) for n in range(12))]]
    links = [wire.linked(f"{origin}/{n}") for n in range(12)] + [wire.linked(f"{origin}/chunked/{n}") for n in range(4)]
    links += [wire.linked(f"{origin}/moved/{n}") for n in range(3)]
    found = [Request("a text", wire.text_body(text())) for _ in range(60)]
    found += [Request("texts", wire.text_body([text() for _ in range(draw.choice((2, 8, 32)))])) for _ in range(12)]
    found += [Request("a list", wire.text_body([f"{text()} {n}" for n in range(300)])) for _ in range(2)]
    found += [Request("an image", wire.image_body(image), "/clip/embed_image") for image in images]
    found += [Request("images", wire.image_body(*draw.sample(images, 4)), "/clip/embed_image") for _ in range(6)]
    found += [Request("a URL", wire.image_body(link), "/clip/embed_image") for link in links]
    found += [Request("URLs", wire.image_body(*draw.sample(links, 3)), "/clip/embed_image") for _ in range(4)]
    for _ in range(12):
        body = {"subject": draw.choice(images + links), "prompt": [text() for _ in range(draw.randrange(1, 6))]}
        found.append(Request("a comparison", json.dumps(body).encode(), "/clip/compare"))
    for _ in range(4):
        body = {"subject": text(), "subject_type": "text", "prompt": {"one": text(), "two": text(), "": text()}}
        found.append(Request("a named comparison", json.dumps(body).encode(), "/clip/compare"))
    wrong = [
        (b"{", "/clip/embed_text"), (b"", "/clip/embed_text"), (b"[]", "/clip/embed_text"), (b'{"text":1}', "/clip/embed_text"),
        (b'{"text":"\xff"}', "/clip/embed_text"), (wire.text_body("word " * 500), "/clip/embed_text"), (b'{"text":[]}', "/clip/embed_text"),
        (wire.image_body(wire.encoded(b"no picture")), "/clip/embed_image"), (wire.image_body(wire.encoded(pictures.png()[:60])), "/clip/embed_image"),
        (b'{"image":{"type":"base64","value":"%%%"}}', "/clip/embed_image"), (wire.image_body(wire.linked(f"{origin}/page")), "/clip/embed_image"),
        (wire.image_body(wire.linked(f"{origin}/missing")), "/clip/embed_image"), (wire.image_body(wire.linked("ftp://127.0.0.1/")), "/clip/embed_image"),
        (b'{"subject":"a","subject_type":"text","prompt":[]}', "/clip/compare"), (b"{}", "/nowhere"),
        (b'{"text":"a","clip_version_id":"no such model"}', "/clip/embed_text"),
    ]  # fmt: skip
    return found + [Request("a wrong request", body, path) for body, path in wrong]


def serve(connection, path: bytes, fresh: Fresh | None) -> None:
    number = int(path.rpartition(b"/")[2]) if path[-1:].isdigit() else 0
    if path.startswith(b"/fresh"):
        made = fresh.serve(number) if fresh else None
        connection.sendall(whole(made) if made else whole(b"", status="404 Not Found"))
        return
    picture = pictures.png(50 + number, 40 + number, 100 + number)
    if path.startswith(b"/chunked"):
        connection.sendall(chunked(picture))
    elif path.startswith(b"/moved"):
        connection.sendall(f"HTTP/1.1 302 Found\r\nLocation: /{number}\r\nContent-Length: 0\r\n\r\n".encode())
    elif path.startswith(b"/page"):
        connection.sendall(whole(b"<html></html>"))
    elif path.startswith(b"/missing"):
        connection.sendall(whole(b"", status="404 Not Found"))
    else:
        connection.sendall(whole(picture))


class Soak:
    """Clients that send requests until a number of them are answered."""

    def __init__(self, server: Server, known: list[Request], fresh: Fresh, count: int, seconds: float) -> None:
        self.server, self.known, self.fresh, self.count = server, known, fresh, count
        self.end = time.monotonic() + seconds
        self.turn = itertools.count()
        self.answered = 0
        self.faults: list[str] = []
        self.lost: list[str] = []
        self.waited = 0
        self.seconds: list[float] = []
        self.lock = threading.Lock()

    def client(self, number: int) -> None:
        draw = random.Random(number)
        connection: wire.Wire | None = None
        while next(self.turn) < self.count and time.monotonic() < self.end:
            request = draw.choice(self.known) if draw.random() < 0.5 else self._new(draw)
            for attempt in range(200):
                begun = time.monotonic()
                try:
                    connection = connection or wire.Wire(self.server.port, 60)
                    connection.send(request.message)
                    answer = connection.answer()
                except (OSError, wire.Gone, ValueError) as trouble:
                    self.lost.append(f"{request.kind}: {trouble!r}")
                    connection = None
                    break
                if draw.random() < 0.02 or answer.fields.get("connection", "").lower() == "close":
                    connection.close()
                    connection = None
                if answer.status in (429, 503) and request.status not in (429, 503):
                    # The client was told to wait; the request is not lost.
                    self.waited += 1
                    time.sleep(0.05)
                    continue
                self.seconds.append(time.monotonic() - begun)
                fault = request.fault(answer)
                if fault:
                    self.faults.append(fault)
                break
            else:
                self.lost.append(f"{request.kind}: told to wait 200 times")
            with self.lock:
                self.answered += 1

    def _new(self, draw: random.Random) -> Request:
        made = self.fresh.request(draw)
        request = Request(made.kind, made.body, made.path)
        request.status, request.numbers = 200, made.numbers
        return request

    def run(self, clients: int, first: int) -> tuple[int, int]:
        """The memory after the `first` requests and at the end, each the smallest of some samples."""
        crowd = wire.Crowd(clients, self.client).start()
        samples: list[tuple[int, int]] = []
        while crowd.is_busy and time.monotonic() < self.end + 130:
            time.sleep(0.1)
            samples.append((self.answered, self.server.resident()))
        crowd.join(1)
        self.lost += [repr(trouble) for trouble in crowd.troubles]
        time.sleep(1)
        samples += [(self.answered, self.server.resident())]
        early = [memory for answered, memory in samples if first <= answered <= first * 1.5] or [samples[0][1]]
        late = [memory for answered, memory in samples if answered >= self.count - first * 0.5] or [samples[-1][1]]
        return sorted(early)[len(early) // 2], sorted(late)[len(late) // 2]


def main() -> int:
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("clip", type=pathlib.Path)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--clients", type=int, default=24)
    parser.add_argument("--results", type=pathlib.Path)
    parser.add_argument("--minutes", type=float, default=40)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        report = soak(options)
    finally:
        Server.kill_all()
    report.print_end()
    if options.results:
        report.write(options.results)
    return 1 if report.missed else 0


def soak(options: argparse.Namespace) -> Report:
    binary = options.clip.resolve()
    flags = {"--allow-private-addresses": None, "--memory-budget": "512000000"}
    report = Report(f"make soak REQUESTS={options.requests}")
    fresh: Fresh | None = None
    with Origin(lambda connection, path: serve(connection, path, fresh)) as origin:
        known = requests(origin.base)
        with Server(binary, flags) as calm:
            for request in known:
                request.learn(calm.port)
        nothing = {"--text-cache-bytes": "0", "--image-cache-bytes": "0"}
        with Server(binary, flags | nothing) as second, Server(binary, flags | CACHES) as server:
            fresh = Fresh(second, origin.base)
            soak = Soak(server, known, fresh, options.requests, options.minutes * 60)
            begun = time.monotonic()
            # A few requests do not fill everything that a server fills once.
            first = max(options.requests // 10, min(3000, options.requests // 2))
            early, late = soak.run(options.clients, first)
            seconds = time.monotonic() - begun
            computing = server.thread_seconds(server.threads("model-"))
            decoding = server.thread_seconds(server.threads("decode"))
            died = not server.is_alive
            status = server.stop()
    print(f"{report.command}\n{report.heading()}")

    def tell(measure: str, figure: str) -> None:
        report.add("soak", measure, figure)

    def judge(measure: str, figure: str, bound: str, holds: bool) -> None:
        report.add("soak", measure, figure, bound, holds)

    allowed = f">= {options.requests}" if options.requests < PROMISED else ""
    report.add("soak", "requests", f"{soak.answered}", f">= {PROMISED}", soak.answered >= PROMISED, allowed, soak.answered == options.requests)
    # If all requests were known ones, neither the network nor a decoder would have been used.
    judge("of them asked for the first time", f"{fresh.made}", f">= {options.requests * 2 // 5}", fresh.made >= options.requests * 2 // 5)
    judge("computing for each of these", f"{computing / max(1, fresh.made) * 1e3:.2f} ms", ">= 0.05 ms", computing >= fresh.made * 5e-5)
    judge("decoding for each of these", f"{decoding / max(1, fresh.made) * 1e3:.2f} ms", ">= 0.02 ms", decoding >= fresh.made * 2e-5)
    tell("requests a second", f"{soak.answered / seconds:.0f}")
    tell("p99", f"{percentile(soak.seconds, 0.99) * 1e3:.0f} ms")
    tell("told to wait, and asked again", f"{soak.waited}")
    judge("nearest two right answers, of their length", f"{fresh.closest:.4f}", f">= {TOLERANCE * 10}", fresh.closest >= TOLERANCE * 10)
    judge("wrong", str(len(soak.faults)), "0", not soak.faults)
    judge("lost", str(len(soak.lost)), "0", not soak.lost)
    growth = (late / early - 1) * 100
    tell(f"memory after {first} requests", f"{early / 1e6:.1f} MB")
    judge("growth from there to the end", f"{growth:.1f} %", f"< {GROWTH_LIMIT:.0f} %", growth < GROWTH_LIMIT)
    judge("deaths", str(int(died or status != 0)), "0", not died and status == 0)
    for line in sorted(set(soak.faults + soak.lost))[:12]:
        print("   ", line)
    return report


if __name__ == "__main__":
    sys.exit(main())
