"""Requests that hold some of the memory and ask for more, and clients that take as many places as they get."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import os
import random
import socket
import threading
import time

import pictures
import wire
from attack_load import long_text
from attack_memory import unlike
from origins import Origin, chunked, whole
from report import counted
from stage import BEYOND_BUDGET, HEALTH_LIMIT, Stage, Watch, in_megabytes, in_milliseconds, in_seconds, together

# What a request may take by --body-seconds and --request-seconds, and what its sending needs besides.
BODY_TIME, TIME, GRACE = 15.0, 10.0, 3.0
# How long an honest photograph or list may take beside them.
MIDDLING = 6.0
HOSTILE, HONEST = "127.0.0.2", "127.0.0.9"


def padded(body: bytes, count: int) -> bytes:
    return body[:-1] + b" " * count + b"}"


def holding_requests(origin: str) -> dict[str, tuple[int, bool, list[tuple[bytes, str, str]]]]:
    """By what they do: the budget of the server, whether each fits alone, and bodies, paths and fields, sent at the same time."""
    image, text, compare = "/clip/embed_image", "/clip/embed_text", "/clip/compare"
    budget, small = 256_000_000, 128_000_000
    packed = "Content-Encoding: gzip\r\n"
    noise = base64.b64encode(os.urandom(33_000_000)).decode()

    def picture(side: int, count: int = 1) -> bytes:
        return wire.image_body(*(wire.encoded(unlike(pictures.jpeg_of_scans(side, 3, 3))) for _ in range(count)))

    big = [(padded(picture(side), pad), image, "") for side, pad in ((5300, 60_000_000), (5500, 20_000_000), (5700, 1_000_000), (5900, 100))]
    squeezed = [(gzip.compress(padded(picture(side), 40_000_000), 1), image, packed) for side in (5000, 5500, 5700)]
    unpacking = (gzip.compress(json.dumps({"text": "a cat", "pad": noise}).encode(), 1), text, packed)
    subject = {"subject": wire.encoded(unlike(pictures.jpeg_of_scans(5600, 3, 3))), "prompt": ["a cat", "a dog"]}
    links = wire.image_body(*(wire.linked(f"{origin}/{name}") for name in ("heavy", "chunks", "large", "large")))
    return {
        "a large picture in a long body": (budget, False, big),
        "four large pictures at once": (budget, True, [(picture(5600), image, "")] * 4),
        "large pictures in lists": (budget, True, [(picture(5500, 4), image, "")] * 3),
        "a large picture, packed": (budget, False, squeezed),
        "a body that unpacks beside itself": (small, False, [unpacking]),
        "bodies that unpack beside each other": (small, False, [unpacking] * 4),
        "an answer as large as the rest": (budget, False, [(wire.text_body(["x" * 3000] * 16384), text, "")] * 2),
        "answers beside long bodies": (budget, True, [(padded(wire.text_body([f"a {n}" for n in range(9000)]), 50_000_000), text, "")] * 4),
        "long bodies that come together": (small, True, [(padded(wire.text_body("a cat"), 60_000_000), text, "")] * 6),
        "long bodies in chunks": (small, True, [(padded(wire.text_body("a cat"), 60_000_000), text, "chunked")] * 6),
        "a comparison in a long body": (budget, False, [(padded(json.dumps(subject).encode(), 50_000_000), compare, "")] * 2),
        "fetched pictures": (budget, True, [(links, image, "")] * 6),
    }


def send(connection: wire.Wire, body: bytes, path: str, fields: str) -> None:
    """Sends what is taken of a request; what is refused before all of it has come has its answer, too."""
    if fields != "chunked":
        with contextlib.suppress(ConnectionError):
            connection.send(wire.post(body, path, fields))
        return
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    with contextlib.suppress(ConnectionError):
        connection.send(head.encode())
        for at in range(0, len(body), 1 << 20):
            part = body[at : at + (1 << 20)]
            connection.send(b"%x\r\n%b\r\n" % (len(part), part))
        connection.send(b"0\r\n\r\n")


def honest_photo(seed: int) -> bytes:
    """A photograph of 3 MB, as such are sent."""
    rows = random.Random(seed).randbytes(3000)
    data = b"".join(b"\0" + rows[at:] + rows[:at] for at in range(1000))
    return pictures.PNG_SIGNATURE + pictures.header(1000, 1000) + pictures.chunk(b"IDAT", pictures.stored(data)) + pictures.chunk(b"IEND", b"")


class Held:
    """What came of all cases together."""

    def __init__(self) -> None:
        self.unanswered: list[str] = []
        self.strange: list[str] = []
        self.hungry: list[str] = []
        self.beside: list[tuple[str, float]] = []
        self.slowest_body = self.slowest = self.health = 0.0
        self.over_budget = -BEYOND_BUDGET
        self.deaths = self.refused = 0

    def take_in(self, stage: Stage, case: Case, budget: int, watch: Watch) -> None:
        self.unanswered += [f"{case.name}: {trouble}" for trouble in case.crowd.troubles]
        self.strange += [f"{case.name}: {status}" for status in case.statuses if status not in (200, 400, 408, 413, 429, 503)]
        # Each alone would fit, so that one of them has to.
        self.hungry += [case.name] if case.each_fits and 200 not in case.statuses else []
        self.beside += [(f"{case.name}: {outcome}", seconds) for outcome, seconds in case.beside]
        self.slowest_body = max([self.slowest_body, *(body for body, _ in case.times)])
        self.slowest = max([self.slowest, *(rest for _, rest in case.times)])
        self.over_budget = max(self.over_budget, watch.over_idle - budget)
        self.deaths += not watch.survived
        self.health = max(self.health, watch.p99("health"))
        self.refused += watch.refused("captions")
        longest = max((body + rest for body, rest in case.times), default=0)
        honest_longest = max(seconds for _, seconds in case.beside)
        stage.tell(case.name, f"{counted(case.statuses)}, {longest:.1f} s; {honest_longest:.1f} s beside")

    def report(self, stage: Stage) -> None:
        stage.exactly("deaths", self.deaths, 0)
        stage.most("/healthz p99", self.health, HEALTH_LIMIT, in_milliseconds)
        stage.most("resident memory over idle and over the budget", self.over_budget, BEYOND_BUDGET, in_megabytes)
        stage.exactly("captions not answered 200", self.refused, 0)
        stage.exactly("hostile requests without an answer", len(self.unanswered), 0)
        stage.exactly("hostile requests with another answer than 200, 4xx, 503", len(self.strange), 0)
        stage.exactly("kinds of which each fits alone, and none was served", len(self.hungry), 0)
        for line in (self.unanswered + self.strange + self.hungry)[:8]:
            stage.tell("a request", line[:54])
        stage.most("slowest body of theirs, and the time it has", self.slowest_body, BODY_TIME + GRACE, in_seconds)
        stage.most("slowest answer to one, and the time it has", self.slowest, TIME + GRACE, in_seconds)
        refused = [line for line, _ in self.beside if not line.endswith(" 200")]
        stage.exactly(f"honest photographs and lists refused, of {len(self.beside)}", len(refused), 0)
        for line in sorted(set(refused))[:8]:
            stage.tell("refused", f"{refused.count(line)} x {line}"[:54])
        stage.most("slowest honest photograph or list", max(seconds for _, seconds in self.beside), MIDDLING, in_seconds)


class Case:
    """One kind of them, all at the same time, and honest requests beside."""

    def __init__(self, name: str, requests: list[tuple[bytes, str, str]], each_fits: bool, rounds: int) -> None:
        self.name, self.requests, self.each_fits, self.rounds = name, requests, each_fits, rounds
        self.statuses: list[int] = []
        self.times: list[tuple[float, float]] = []
        self.beside: list[tuple[str, float]] = []

    def run(self, port: int) -> None:
        start = threading.Barrier(len(self.requests))

        def attack(number: int) -> None:
            for _ in range(self.rounds):
                start.wait(120)
                begun = time.monotonic()
                with wire.Wire(port, 60, HOSTILE) as connection:
                    send(connection, *self.requests[number])
                    came = time.monotonic()
                    self.statuses.append(connection.answer().status)
                self.times.append((came - begun, time.monotonic() - came))

        self.crowd = wire.Crowd(len(self.requests), attack).start()
        time.sleep(0.5)
        while len(self.beside) < 3 or self.crowd.is_busy and len(self.beside) < 40:
            self.beside.append(honest(port, len(self.beside)))
        self.crowd.join(60)


def held_room(stage: Stage) -> None:
    """Requests that hold a part of the memory and wait for more until nothing fits: each is answered, and so are others beside."""
    heavy, chunks = whole(pictures.heavy_png(20_000_000)), chunked(pictures.heavy_png(19_000_000), 1 << 16)
    large = whole(pictures.jpeg_of_scans(5500, 3, 3))

    def serve(connection, path: bytes) -> None:
        connection.sendall(heavy if path == b"/heavy" else chunks if path == b"/chunks" else large)

    held = Held()
    with Origin(serve) as origin:
        for name, (budget, each_fits, requests) in holding_requests(origin.base).items():
            flags = {"--memory-budget": str(budget), "--request-seconds": f"{TIME:.0f}", "--body-seconds": f"{BODY_TIME:.0f}"}
            with stage.server(flags | {"--allow-private-addresses": None}) as server:
                case = Case(name, requests, each_fits, 1 if stage.quick else 4)
                with stage.watch(server, captions=True, source=HONEST) as watch:
                    case.run(server.port)
            held.take_in(stage, case, budget, watch)
    held.report(stage)


def honest(port: int, number: int) -> tuple[str, float]:
    """A photograph, a list, a small picture in turn, and how long it took."""
    draw = random.Random()
    begun = time.monotonic()
    try:
        if number % 3 == 0:
            outcome = f"photo {wire.embedded(port, honest_photo(draw.randrange(1 << 30)), limit=40, source=HONEST).status}"
        elif number % 3 == 1:
            texts = [f"{draw.randrange(1 << 30)} dogs {n}" for n in range(300)]
            outcome = f"list {wire.asked(port, wire.text_body(texts), limit=40, source=HONEST).status}"
        else:
            outcome = f"small {wire.embedded(port, pictures.png(300, 300, draw.randrange(1 << 30)), limit=40, source=HONEST).status}"
    except (OSError, wire.Gone) as trouble:
        outcome = type(trouble).__name__
    return outcome, time.monotonic() - begun


# MARK: One client


def one_client(stage: Stage) -> None:
    """32 connections of one address that each ask for 64 new texts, again and again; and 400 lists of one that wait."""
    seconds = 6 if stage.quick else 60
    with stage.server() as server:
        with stage.watch(server, captions=True, source=HONEST) as before:
            time.sleep(3)
        statuses: list[int] = []
        end = time.monotonic() + seconds

        def ask(number: int) -> None:
            draw = random.Random(number)
            with wire.Wire(server.port, 60, HOSTILE) as connection:
                while time.monotonic() < end:
                    answer = connection.ask(wire.text_body([long_text(draw) for _ in range(64)]))
                    statuses.append(answer.status)
                    if answer.status != 200:
                        time.sleep(0.02)

        with stage.watch(server, captions=True, source=HONEST) as watch:
            crowd = together(32, ask, seconds + 60)
        watch.report_health()
        stage.tell("answers to the one", counted(statuses))
        stage.ended(crowd)
        stage.least("of its requests answered 200", statuses.count(200), 20)
        stage.least("cores at work", watch.processor_seconds / watch.seconds, 1, lambda value: f"{value:.1f}", short=0.5)
        watch.report_captions("captions of another address")
        stage.tell("captions p99 without load", in_milliseconds(before.p99("captions")))
        stage.most("captions p99 of another address", watch.p99("captions"), 1, in_milliseconds, short=2)
    waiting_lists(stage)


def waiting_lists(stage: Stage) -> None:
    """400 lists of one client in flight, more than may wait, beside lists of others."""
    with stage.server() as server:
        statuses: list[int] = []
        open_ones: list[wire.Wire] = []
        body = wire.text_body([f"{number} dogs in a river" for number in range(400)])

        def wait(number: int) -> None:
            connection = wire.Wire(server.port, 90, HOSTILE)
            open_ones.append(connection)
            fresh = body.replace(b" dogs", b" dogs %d" % number)
            try:
                statuses.append(connection.ask(fresh).status)
            except (OSError, wire.Gone):
                statuses.append(0)  # its own end came first

        with stage.watch(server, captions=True, source=HONEST) as watch:
            crowd = wire.Crowd(400, wait).start()
            time.sleep(1)
            still = 400 - len(statuses)
            outcomes = []
            for number in range(6):
                begun = time.monotonic()
                texts = [f"cat {number} {part}" for part in range(300)]
                try:
                    status = wire.asked(server.port, wire.text_body(texts), limit=60, source=f"127.0.0.{10 + number % 3}").status
                except (OSError, wire.Gone):
                    status = 0
                outcomes.append((status, time.monotonic() - begun))
            crowd_left = sum(thread.is_alive() for thread in crowd.threads)
            for connection in open_ones:
                with contextlib.suppress(OSError):  # to close it would not wake who reads from it
                    connection.socket.shutdown(socket.SHUT_RDWR)
            crowd.join(60)
        stage.ended(crowd, measure="lists of the one that could not be left")
        stage.tell("answers to 400 lists of one client", counted(statuses))
        # Refused ones are answered at once, so that what is left is what waits.
        stage.least("lists of the one that waited when others came", still, 100)
        stage.tell("and when these were answered", crowd_left)
        stage.exactly("lists of others refused, of 6", sum(status != 200 for status, _ in outcomes), 0)
        stage.most("slowest list of others", max(seconds for _, seconds in outcomes), MIDDLING, in_seconds)
        stage.exactly("captions not answered 200 beside them", watch.refused("captions"), 0)


ATTACKS = {"held-room": held_room, "one-client": one_client}
