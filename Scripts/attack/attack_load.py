"""Crowds and long lists: who waits, how long, and what those who are sent away are told."""

from __future__ import annotations

import itertools
import random
import statistics
import threading
import time

import wire
from report import percentile
from server import Server
from stage import Stage, in_milliseconds, together

WORDS = "red cat tree blue dog house snow car river cloud stone bird green lamp field boat night road".split()
DEADLINE = 5.0
REFUSED_LIMIT = 0.02


def long_text(draw: random.Random) -> str:
    """A caption that nobody has asked for before, about as long as the model takes."""
    return " ".join(draw.choices(WORDS, k=20)) + f" {draw.randrange(1 << 40)}"


def lists_of_texts(stage: Stage) -> None:
    """Five lists of 16,384 new texts at any time, beside single captions."""
    draw = random.Random(7)
    with stage.server() as server:
        with stage.watch(server, captions=True) as before:
            time.sleep(4 if stage.quick else 10)
        end = time.monotonic() + (10 if stage.quick else 60)
        finished: list[int] = []
        words = [" ".join(draw.choices(WORDS, k=7)) for _ in range(4096 if stage.quick else 16384)]

        def ask(number: int) -> None:
            for turn in itertools.count():
                if time.monotonic() > end:
                    return
                body = wire.text_body([f"{number} {turn} {text}" for text in words])
                answer = wire.asked(server.port, body, limit=300, source=f"127.0.0.{2 + number}")
                finished.append(answer.status)
                if answer.status != 200:
                    time.sleep(0.5)

        with stage.watch(server, captions=True) as watch:
            crowd = together(5, ask, 200)
        watch.report_health()
        watch.report_memory()
        stage.tell("lists", " ".join(f"{status}:{finished.count(status)}" for status in sorted(set(finished))))
        stage.exactly("lists without an answer", len(crowd.troubles), 0)
        stage.exactly("captions not answered 200", watch.refused("captions"), 0)
        stage.tell("captions p99 without load", in_milliseconds(before.p99("captions")))
        bound = 10 * max(before.p99("captions"), 0.002)
        stage.most("captions p99 beside five lists, and ten times that", watch.p99("captions"), bound, in_milliseconds)


def shared_captions(stage: Stage) -> None:
    """Captions that also stand in somebody's long list."""
    slowest = 0.0
    with stage.server() as server:
        for turn, place in enumerate((0, 0.01, 0.5, 0.99, 1) if not stage.quick else (0.5, 1)):
            draw = random.Random(100 + turn)
            texts = [long_text(draw) for _ in range(4096 if stage.quick else 16384)]
            statuses: list[int] = []
            body = wire.text_body(texts)
            crowd = wire.Crowd(1, lambda _, body=body, to=statuses: to.append(wire.asked(server.port, body, limit=300).status)).start()
            time.sleep(0.3)
            begun = time.monotonic()
            answer = wire.asked(server.port, wire.text_body(texts[int(place * (len(texts) - 1))]), limit=300)
            slowest = max(slowest, time.monotonic() - begun if answer.status == 200 else 300)
            crowd.join(300)
            if crowd.troubles or statuses[-1:] != [200]:
                slowest = 300
    stage.most("slowest caption of somebody's list", slowest, 0.5, in_milliseconds)


class Overload:
    """Asks at a steady pace, whatever becomes of the answers; the schedule is kept by as many clients as it takes."""

    def __init__(self, server: Server, each: int) -> None:
        self.server, self.each = server, each
        self.sent: list[tuple[float, str, float, float]] = []  # when, outcome, seconds, Retry-After
        self.late = 0

    def capacity(self, seconds: float) -> float:
        """Requests a second with some clients that wait for their answers."""
        done, end = [], time.monotonic() + seconds

        def ask(number: int) -> None:
            draw = random.Random(number)
            with wire.Wire(self.server.port) as connection:
                while time.monotonic() < end:
                    if connection.ask(self._body(draw)).status == 200:
                        done.append(1)

        together(6, ask)
        return len(done) / seconds

    def _body(self, draw: random.Random) -> bytes:
        return wire.text_body([long_text(draw) for _ in range(self.each)])

    def run(self, rate: float, seconds: float, clients: int = 400) -> None:
        begun, turn, lock = time.monotonic() + 0.5, itertools.count(), threading.Lock()

        def client(number: int) -> None:
            draw = random.Random(1000 + number)
            connection: wire.Wire | None = None
            while True:
                with lock:
                    due = begun + next(turn) / rate
                if due > begun + seconds:
                    return
                body = self._body(draw)
                wait = due - time.monotonic()
                if wait > 0:
                    time.sleep(wait)
                else:
                    self.late += wait < -0.2
                sent = time.monotonic()
                retry = 0.0
                try:
                    connection = connection or wire.Wire(self.server.port, 60)
                    fields = f"X-Request-Timeout: {DEADLINE}\r\n"
                    answer = connection.ask(body, fields=fields)
                    outcome, retry = str(answer.status), float(answer.fields.get("retry-after", 0))
                    if answer.fields.get("connection", "").lower() == "close":
                        connection.close()
                        connection = None
                except (OSError, wire.Gone) as trouble:
                    outcome, connection = type(trouble).__name__, None
                self.sent.append((sent, outcome, time.monotonic() - sent, retry))

        together(clients, client, seconds + 90)

    def seconds_of(self, *statuses: str) -> list[float]:
        return [seconds for _, outcome, seconds, _ in self.sent if outcome in statuses]


def overload(stage: Stage) -> None:
    """Four times as many requests as can be answered, each with a deadline."""
    with stage.server() as server:
        load = Overload(server, 48)
        capacity = load.capacity(3 if stage.quick else 10)
        idle = server.resident()
        with stage.watch(server) as watch:
            load.run(4 * capacity, 8 if stage.quick else 60)
        watch.report_health()
        watch.report_memory()
        time.sleep(2)
        stage.tell("capacity, requests/s", f"{capacity:.0f}")
        outcomes = [outcome for _, outcome, _, _ in load.sent]
        stage.tell("answers", " ".join(f"{name}:{outcomes.count(name)}" for name in sorted(set(outcomes))))
        stage.tell("requests sent later than they were due", str(load.late))
        stage.exactly("lost", sum(1 for outcome in outcomes if not outcome.isdigit()), 0)
        accepted, refused = load.seconds_of("200"), load.seconds_of("429")
        stage.holds("the overload was one: some were refused", len(refused) > 0)
        stage.most("refused p99", percentile(refused, 0.99), REFUSED_LIMIT, in_milliseconds)
        stage.most("accepted p99, and the deadline", percentile(accepted, 0.99), DEADLINE, in_milliseconds)
        dropped = outcomes.count("503")
        stage.most("accepted, but past their time (503)", dropped / max(1, len(accepted) + dropped), 0.01, lambda v: f"{v * 100:.1f} %")
        stage.tell("answered in time, of the capacity", f"{len(accepted) / max(1e-9, capacity * watch.seconds) * 100:.0f} %")
        report_retry(stage, load)
        stage.tell("memory over idle 2 s later", f"{(server.resident() - idle) / 1e6:.0f} MB")


def report_retry(stage: Stage, load: Overload) -> None:
    """Whether those who were told to come back in so many seconds would have had to wait about as long."""
    waits = sorted((when, seconds) for when, outcome, seconds, _ in load.sent if outcome == "200")
    said = [(when, retry) for when, outcome, _, retry in load.sent if outcome == "429"]
    if not waits or not said:
        return
    settled = said[len(said) // 4 :]  # the queue is filling until then
    fitting = 0
    truths = []
    for when, retry in settled:
        near = min(waits, key=lambda wait: abs(wait[0] - when))[1]
        truths.append(near)
        # The field holds whole seconds, and never none.
        fitting += near / 2 <= retry <= max(2 * near, 1)
    label = f"median {statistics.median(r for _, r in settled):.0f} s said, {statistics.median(truths):.1f} s waited"
    stage.tell("Retry-After", label)
    share = fitting / len(settled)
    least = 0.6 if stage.quick else 0.95
    stage.report.add(stage.name, "Retry-After within a factor of 2", f"{share * 100:.0f} %", f">= {least:.0%}", share >= least)


ATTACKS = {"lists": lists_of_texts, "shared-captions": shared_captions, "overload": overload}
