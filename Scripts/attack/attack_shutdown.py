"""SIGTERM amid work: what was accepted is answered, and the end comes in time."""

from __future__ import annotations

import random
import signal
import threading
import time

import pictures
import wire
from attack_load import long_text
from attack_memory import unlike
from server import Server
from stage import Stage

DRAIN = 5.0
GRACE = 1.0


class Rush:
    """Clients that ask without a pause until the server is gone."""

    def __init__(self, server: Server) -> None:
        self.server = server
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

    @staticmethod
    def _request(draw: random.Random, number: int) -> tuple[bytes, str]:
        kind = number % 4
        if kind == 0:
            return wire.text_body([long_text(draw) for _ in range(256)]), "/clip/embed_text"
        if kind == 1:
            return wire.image_body(wire.encoded(pictures.png(600, 400, draw.randrange(1 << 30)))), "/clip/embed_image"
        return wire.text_body(long_text(draw)), "/clip/embed_text"


def sigterm(stage: Stage) -> None:
    """20 times under load, half of them while a picture is being decoded that would take longer than there is."""
    slow = pictures.endless_png((4 if stage.quick else 20) << 30)
    times = 4 if stage.quick else 20
    lost, whole, longest, dirty = [], 0, 0.0, 0
    for turn in range(times):
        with stage.server({"--drain-seconds": str(int(DRAIN))}) as server:
            rush = Rush(server)
            crowd = wire.Crowd(8, rush.client).start()
            if turn % 2:
                # Its client stays; its answer may be a refusal.
                wire.Crowd(2, lambda _: wire.embedded(server.port, unlike(slow), limit=60)).start()
            time.sleep(0.6 + 0.07 * turn)
            rush.told = time.monotonic()
            status = server.stop(60)
            longest = max(longest, time.monotonic() - rush.told)
            dirty += status != 0
            crowd.join(10)
            lost += rush.lost
            whole += rush.whole
    stage.tell("answers", str(whole))
    stage.exactly(f"accepted answers lost in {times} ends under load", len(lost), 0)
    for line in sorted(set(lost)):
        stage.tell("lost", f"{lost.count(line)} x {line}")
    stage.most("longest end, and the drain limit", longest, DRAIN + GRACE, lambda value: f"{value:.1f} s")
    stage.exactly("exit statuses other than 0", dirty, 0)
    readiness(stage)


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
    with stage.server({"--drain-seconds": "30"}) as server:
        crowd = wire.Crowd(1, lambda _: wire.embedded(server.port, pictures.endless_png(4 << 30))).start()
        time.sleep(0.3)
        begun = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        timer = threading.Timer(0.3, server.process.send_signal, (signal.SIGTERM,))
        timer.start()
        server.stop(60)
        stage.most("end after a second signal", time.monotonic() - begun, 2, lambda value: f"{value:.1f} s")
        crowd.join(1)


ATTACKS = {"sigterm": sigterm}
