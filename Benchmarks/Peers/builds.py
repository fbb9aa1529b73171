#!/usr/bin/env python3
"""What a cached caption costs two builds of our server, in turns.

usage: builds.py BEFORE AFTER [--starts N] [--rounds N] [--requests N]

BEFORE and AFTER are built commands; both serve the bundled model on one machine. In each round each server answers so many
requests over one connection while the other has nothing to do, in an order that turns; the requests are sent 32 at a time, so
that the server does not sleep between them and is not measured waking up. Counted is the processor time of the
server's threads, which the kernel keeps in nanoseconds, and the time until all answers were there.

Where a process happens to lie in memory makes a server some percents faster or slower for as long as it runs. So both are
started anew many times. Printed is the median over the starts of the median of a start's ratios, AFTER to BEFORE, and the
range that holds the true median in 19 of 20 such runs.
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
    parser.add_argument("--starts", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--requests", type=int, default=1000)
    arguments = parser.parse_args()
    leave_on_signals()
    found: dict[str, list[float]] = {"processor time": [], "time": []}
    costs: list[float] = []
    for _ in range(arguments.starts):
        pairs = one_start(arguments.before, arguments.after, arguments.rounds, arguments.requests)
        for name, place in (("processor time", 0), ("time", 1)):
            found[name].append(statistics.median(after[place] / before[place] for before, after in pairs))
        costs.append(statistics.median(after[0] for _, after in pairs) / arguments.requests)
    for name, ratios in found.items():
        low, high = interval_of_median(ratios)
        middle = statistics.median(ratios)
        print(f"{name:<16} {(middle - 1) * 100:+.1f} % ({(low - 1) * 100:+.1f} to {(high - 1) * 100:+.1f} %), {len(ratios)} starts")
    print(f"processor time of a request after: {statistics.median(costs) * 1e6:.1f} us")


Cost = tuple[float, float]  # seconds of the processor, and of the clock


def one_start(before: str, after: str, rounds: int, requests: int) -> list[tuple[Cost, Cost]]:
    """What so many requests cost each of two new servers, round by round."""
    with contextlib.ExitStack() as stack:
        logs = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = [stack.enter_context(started(name, clip, logs)) for name, clip in (("before", before), ("after", after))]
        for server in servers:
            server.wait_until_ready()
        connections = [socket.create_connection(("127.0.0.1", server.port)) for server in servers]
        for connection in connections:
            burst(connection, requests)
        pairs = []
        for number in range(rounds):
            order = (0, 1) if number % 2 == 0 else (1, 0)
            measured = {at: one(servers[at], connections[at], requests) for at in order}
            pairs.append((measured[0], measured[1]))
        return pairs


def interval_of_median(values: list[float]) -> tuple[float, float]:
    """Between which values the median of their distribution lies, at 95 %: by the ranks, whatever the distribution."""
    ordered, reach = sorted(values), 0.98 * len(values) ** 0.5
    first = max(0, int(len(values) / 2 - reach))
    last = min(len(values) - 1, int(len(values) / 2 + reach))
    return ordered[first], ordered[last]


def started(name: str, clip: str, logs: pathlib.Path) -> Server:
    port = free_port()
    command = [clip, "serve", "--model", f"clip-mini={MODEL}", "--port", str(port), "--log-level", "warning"]
    return Server(name, Child(name, command, logs / f"{name}.log", answers=False), port, "/readiness")


def one(server: Server, connection: socket.socket, requests: int) -> Cost:
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
