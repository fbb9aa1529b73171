#!/usr/bin/env python3
"""What a cached caption costs two builds of our server, in turns.

usage: builds.py BEFORE AFTER [--rounds N] [--requests N]

BEFORE and AFTER are built commands; both serve the bundled model on one machine. In each round each server answers so many
requests over one connection while the other has nothing to do, in an order that turns; the requests are sent 32 at a time, so
that the server does not sleep between them and is not measured waking up. Counted is the processor time of the
server's threads, which the kernel keeps in nanoseconds, and the time until all answers were there. Printed is the median of the
rounds' ratios, AFTER to BEFORE, with the quartiles: a machine whose speed drifts bends neither.
"""

from __future__ import annotations

import argparse
import contextlib
import pathlib
import re
import socket
import statistics
import tempfile
import time

from child import Child, leave_on_signals
from server import Server, free_port

MODEL = pathlib.Path(__file__).parents[2] / "Models/clip-mini"
BODY = b'{"text": "a photo of a cat"}'
REQUEST = (
    b"POST /clip/embed_text HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    + b"Content-Length: %d\r\n\r\n" % len(BODY)
    + BODY
)

TOGETHER = 32
LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before")
    parser.add_argument("after")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--requests", type=int, default=2000)
    arguments = parser.parse_args()
    leave_on_signals()
    with contextlib.ExitStack() as stack:
        logs = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = [stack.enter_context(started(name, getattr(arguments, name), logs)) for name in ("before", "after")]
        for server in servers:
            server.wait_until_ready()
        connections = [socket.create_connection(("127.0.0.1", server.port)) for server in servers]
        for connection in connections:
            burst(connection, arguments.requests)
        found: dict[str, list[float]] = {"processor time": [], "time": []}
        costs: list[float] = []
        for number in range(arguments.rounds):
            order = (0, 1) if number % 2 == 0 else (1, 0)
            measured = {at: one(servers[at], connections[at], arguments.requests) for at in order}
            for name, (before, after) in zip(found, zip(measured[0], measured[1], strict=True), strict=True):
                found[name].append(after / before)
            costs.append(measured[1][0] / arguments.requests)
    for name, ratios in found.items():
        low, middle, high = statistics.quantiles(ratios, n=4)
        print(f"{name:<16} {(middle - 1) * 100:+.1f} % ({(low - 1) * 100:+.1f} to {(high - 1) * 100:+.1f} %), {len(ratios)} rounds")
    print(f"processor time of a request after: {statistics.median(costs) * 1e6:.1f} us")


def started(name: str, clip: str, logs: pathlib.Path) -> Server:
    port = free_port()
    command = [clip, "serve", "--model", f"clip-mini={MODEL}", "--port", str(port), "--log-level", "warning"]
    return Server(name, Child(name, command, logs / f"{name}.log", answers=False), port, "/readiness")


def one(server: Server, connection: socket.socket, requests: int) -> tuple[float, float]:
    """The seconds of the processor and of the clock that so many requests took."""
    processor, clock = processor_seconds(server.child.process.pid), time.perf_counter()
    burst(connection, requests)
    return processor_seconds(server.child.process.pid) - processor, time.perf_counter() - clock


def burst(connection: socket.socket, requests: int) -> None:
    """Asks and waits for all answers, which have to be of status 200."""
    left = b""
    for first in range(0, requests, TOGETHER):
        missing = min(TOGETHER, requests - first)
        connection.sendall(REQUEST * missing)
        while missing:
            head, found, rest = left.partition(b"\r\n\r\n")
            length = LENGTH.search(head)
            if found and not (head.startswith(b"HTTP/1.1 200 ") and length):
                raise SystemExit(head.decode(errors="replace"))
            if found and len(rest) >= int(length[1]):
                left = rest[int(length[1]) :]
                missing -= 1
                continue
            piece = connection.recv(1 << 20)
            if not piece:
                raise SystemExit("The connection ended.")
            left += piece


def processor_seconds(pid: int) -> float:
    """What all threads of a process have run, by the kernel's scheduler."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


if __name__ == "__main__":
    main()
