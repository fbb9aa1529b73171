"""SIGTERM amid work: what was accepted is answered, and the end comes in time."""

from __future__ import annotations

import random
import time

import pictures
import wire
from attack_load import long_text
from attack_memory import unlike
from report import counted
from server import Server
from stage import Stage, in_seconds

DRAIN = 3.0
GRACE = 1.0


class Rush:
    """Clients that ask without a pause until the server is gone."""

    def __init__(self, server: Server, *, with_pictures: bool) -> None:
        self.server, self.with_pictures = server, with_pictures
        self.told: float | None = None
        self.lost: list[str] = []
        self.whole = 0

    def client(self, number: int) -> None:
        draw = random.Random(number)
        while True:
            sent = 0.0
            connection = None
            try:
                with wire.Wire(self.server.port, 30) as connection:
                    while True:
                        body, path = self._request(draw, number)
                        connection.send(wire.post(body, path))
                        sent = time.monotonic()
                        answer = connection.answer()
                        sent = 0.0
                        self.whole += answer.status == 200
                        if answer.status not in (200, 429, 503):
                            self.lost.append(f"answered {answer.status}")
                        if answer.fields.get("connection", "").lower() == "close":
                            break
            except (OSError, wire.Gone, ValueError) as trouble:
                began = connection is not None and bool(connection.rest)
                # What was sent before the signal has been accepted; what was begun has to be whole.
                if sent and (began or self.told is None or sent < self.told - 0.05):
                    self.lost.append(f"{type(trouble).__name__} {'amid an answer' if began else 'before an answer'}")
                if self.told is not None:
                    return
                time.sleep(0.05)
            if self.told is not None and not self.server.is_alive:
                return

    def _request(self, draw: random.Random, number: int) -> tuple[bytes, str]:
        kind = number % 4
        if kind == 0:
            return wire.text_body([long_text(draw) for _ in range(256)]), "/clip/embed_text"
        if kind == 1 and self.with_pictures:
            return wire.image_body(wire.encoded(pictures.png(600, 400, draw.randrange(1 << 30)))), "/clip/embed_image"
        return wire.text_body(long_text(draw)), "/clip/embed_text"


class Decodes:
    """Pictures that take a second each, more of them than there is time for, and what their senders were answered."""

    def __init__(self, server: Server, count: int) -> None:
        self.server = server
        self.threads = server.threads("decode")
        self.statuses: list[int] = []
        self.crowd = wire.Crowd(count, self._ask).start()

    def _ask(self, _: int) -> None:
        self.statuses.append(wire.embedded(self.server.port, unlike(pictures.dear_jpeg()), limit=60).status)

    def are_under_way(self, seconds: float = 0.15) -> bool:
        """Whether a decoder computes all the while."""
        before = self.server.thread_seconds(self.threads)
        time.sleep(seconds)
        return self.server.thread_seconds(self.threads) - before > seconds / 5

    def await_start(self, limit: float = 10) -> bool:
        """Whether one does at some time within the limit; where the machine is busy, that may take a moment."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            if self.are_under_way():
                return True
        return False


def sigterm(stage: Stage) -> None:
    """20 times under load, half of them while pictures are being decoded that would take longer than there is."""
    times = 4 if stage.quick else 20
    lost, whole, longest, dirty, under_way, statuses = [], 0, 0.0, 0, 0, []
    for turn in range(times):
        with stage.server({"--drain-seconds": f"{DRAIN:.0f}"}) as server:
            rush = Rush(server, with_pictures=turn % 2 == 0)
            crowd = wire.Crowd(8, rush.client).start()
            time.sleep(0.6 + 0.07 * turn)
            decodes = Decodes(server, 8) if turn % 2 else None
            began = decodes is not None and decodes.await_start()
            rush.told = time.monotonic()
            server.ask_to_stop()
            under_way += began and decodes.await_start(0.6)
            status = server.end(60)
            longest = max(longest, time.monotonic() - rush.told)
            dirty += status != 0
            rush.lost += [f"{type(trouble).__name__} of a client" for trouble in crowd.join(10).troubles]
            if decodes:
                rush.lost += [f"{type(trouble).__name__} of a picture" for trouble in decodes.crowd.join(10).troubles]
                rush.lost += [f"a picture answered {status}" for status in decodes.statuses if status not in (200, 429, 503)]
                statuses += decodes.statuses
            lost += rush.lost
            whole += rush.whole
    stage.tell("answers", whole)
    stage.tell("answers to the pictures", counted(statuses))
    stage.exactly("signals before and after which a decoder computed", under_way, times // 2)
    stage.exactly(f"accepted answers lost in {times} ends under load", len(lost), 0)
    for line in sorted(set(lost)):
        stage.tell("lost", f"{lost.count(line)} x {line}")
    stage.most("longest end, and the drain limit", longest, DRAIN + GRACE, in_seconds)
    stage.exactly("exit statuses other than 0", dirty, 0)
    readiness(stage)
    second_signal(stage)


def readiness(stage: Stage) -> None:
    """Before the listener closes, /readiness says that it will, while requests are still taken."""
    with stage.server({"--shutdown-delay": "2"}) as server:
        if "--shutdown-delay" in server.missing:
            stage.holds("--shutdown-delay is there", False)
            return
        server.ask_to_stop()
        time.sleep(0.5)
        statuses = []
        for path in ("/readiness", "/healthz"):
            with wire.Wire(server.port, 5) as connection:
                connection.send(wire.get(path))
                statuses.append(connection.answer().status)
        statuses.append(wire.asked(server.port, wire.text_body("a cat")).status)
        stage.exactly("/readiness, /healthz, a caption in the delay", " ".join(map(str, statuses)), "503 200 200")


def second_signal(stage: Stage) -> None:
    """Whoever asks twice does not wait for what is being decoded."""
    with stage.server({"--drain-seconds": "30"}) as server:
        decodes = Decodes(server, 8)
        began = decodes.await_start()
        server.ask_to_stop()
        time.sleep(0.3)
        stage.holds("a decoder computes between two signals", began and decodes.await_start(0.6) and server.is_alive)
        begun = time.monotonic()
        server.stop(60)
        stage.most("end after a second signal", time.monotonic() - begun, 2, in_seconds)
        decodes.crowd.join(1)


ATTACKS = {"sigterm": sigterm}
