#!/usr/bin/env python3
"""An honest client beside an attack, as a process of its own, so that the attacker's threads do not count as waiting.

usage: probe.py PORT health|captions [SOURCE]      says "ready", asks until its standard input ends, then prints one JSON object

`health` asks /healthz, each time over a connection of its own; `captions` asks for one caption that nobody asked for before,
over a connection that is kept until it breaks.
"""

from __future__ import annotations

import contextlib
import json
import random
import sys
import threading
import time

import wire

PAUSE = 0.02
PATIENCE = 60.0


class Probe:
    """Asks, and keeps how long each answer took and what did not come."""

    def __init__(self, port: int, kind: str, source: str | None) -> None:
        self.port, self.kind, self.source = port, kind, source
        self.seconds: list[float] = []
        self.statuses: dict[str, int] = {}
        self.connection: wire.Wire | None = None
        self.random = random.Random()

    def ask(self) -> None:
        begun = time.monotonic()
        try:
            if self.kind == "health":
                with wire.Wire(self.port, PATIENCE, self.source) as connection:
                    connection.send(wire.get("/healthz", "Connection: close\r\n"))
                    outcome = str(connection.answer().status)
            else:
                outcome = str(self._caption().status)
        except (OSError, wire.Gone) as trouble:
            outcome = f"{type(trouble).__name__}: {trouble}"
            self.connection = None
        self.seconds.append(time.monotonic() - begun)
        self.statuses[outcome] = self.statuses.get(outcome, 0) + 1

    def _caption(self) -> wire.Answer:
        # As common clients do: a connection that the server has closed meanwhile is not asked.
        if self.connection and self.connection.ended(0):
            self.connection.close()
            self.connection = None
        connection = self.connection or wire.Wire(self.port, PATIENCE, self.source)
        self.connection = connection
        words = " ".join(self.random.choices(("red", "cat", "tree", "blue", "dog", "house", "snow", "car"), k=7))
        # In two pieces, as common clients send the head and the body.
        request = wire.post(wire.text_body(f"{words} {self.random.randrange(1 << 40)}"))
        head, gap, body = request.partition(b"\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            connection.send(head + gap)
            connection.send(body)
        answer = connection.answer()
        if answer.fields.get("connection", "").lower() == "close":
            connection.close()
            self.connection = None
        return answer


def main() -> None:
    probe = Probe(int(sys.argv[1]), sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None)
    done = threading.Event()

    def wait_for_end() -> None:
        sys.stdin.buffer.read()
        done.set()

    threading.Thread(target=wait_for_end, daemon=True).start()
    print("ready", flush=True)
    while not done.wait(PAUSE):
        probe.ask()
    print(json.dumps({"seconds": probe.seconds, "statuses": probe.statuses}))


if __name__ == "__main__":
    main()
