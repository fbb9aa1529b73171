"""Load on few cores: closed, where each connection sends its next request when the answer is there, or open, at random times.

Sockets and threads only, answers are counted by their Content-Length and not parsed, so that the servers have the processor;
what the generator itself used is reported with each phase.
"""

from __future__ import annotations

import itertools
import math
import random
import socket
import threading
import time

from traffic import Mix, Same, Traffic

TIME_LIMIT = 120
# Of the open loop: more requests than these are never under way.
OPEN_CONNECTIONS = 96


class BadAnswer(Exception):
    """An answer that is none: a status other than 200, or a connection that ends."""


class Connection:
    """One keep-alive connection."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=TIME_LIMIT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray(1 << 16)

    def ask(self, request: bytes) -> bytes:
        """Sends a request and returns the body of its answer."""
        self.socket.sendall(request)
        head, rest = b"", b""
        while not rest and b"\r\n\r\n" not in head:
            head += self.receive()
        head, _, rest = head.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        lengths = [int(line[15:]) for line in lines if line[:15].lower() == b"content-length:"]
        if not lengths:
            raise BadAnswer("no Content-Length")
        parts, missing = [rest], lengths[0] - len(rest)
        while missing > 0:
            parts.append(self.receive())
            missing -= len(parts[-1])
        body = b"".join(parts)
        if b" 200" not in lines[0]:
            raise BadAnswer(f"{lines[0].decode(errors='replace')}: {body[:200].decode(errors='replace')}")
        return body

    def receive(self) -> bytes:
        count = self.socket.recv_into(self.buffer)
        if count == 0:
            raise BadAnswer("the connection ended")
        return bytes(memoryview(self.buffer)[:count])

    def close(self) -> None:
        self.socket.close()


def ask(port: int, request: bytes) -> bytes:
    """One request on a connection of its own."""
    connection = Connection(port)
    try:
        return connection.ask(request)
    finally:
        connection.close()


def run(
    port: int,
    traffic: Traffic | Mix | Same,
    connections: int,
    seconds: float,
    requests: int | None = None,
    failures: list[str] | None = None,
) -> dict[str, float | int]:
    """Sends for so long, and at least one request a connection, or exactly so many requests; waits for what is under way.

    Anything but answers with status 200 ends the measurement: a server that refuses is not fast. Where there is a list of
    failures, they go there instead, and the connection is opened anew.
    """
    latencies: list[float] = []
    problems: list[BaseException] = []
    ready = threading.Barrier(connections + 1)
    left = itertools.count(1)

    def is_over() -> bool:
        if problems:
            return True
        return time.perf_counter() >= deadline if requests is None else next(left) > requests

    def work() -> None:
        try:
            connection = Connection(port)
        except OSError as problem:
            problems.append(problem)
            ready.abort()
            return
        try:
            request = traffic.next()
            ready.wait()
            if requests is not None and is_over():
                return
            while True:
                start = time.perf_counter()
                try:
                    connection.ask(request)
                    latencies.append(time.perf_counter() - start)
                except (OSError, BadAnswer) as problem:
                    if failures is None:
                        raise
                    failures.append(f"{type(problem).__name__}: {problem}")
                    connection.close()
                    connection = Connection(port)
                if is_over():
                    return
                request = traffic.next()
        except (OSError, BadAnswer, threading.BrokenBarrierError) as problem:
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, daemon=True) for _ in range(connections)]
    deadline = time.perf_counter() + TIME_LIMIT
    for thread in threads:
        thread.start()
    try:
        processor = time.process_time()
        deadline = time.perf_counter() + seconds
        start = time.perf_counter()
        ready.wait(timeout=TIME_LIMIT)
    except threading.BrokenBarrierError as problem:
        problems.append(problem)
    for thread in threads:
        thread.join()
    if problems:
        raise BadAnswer(str(problems[0]))
    elapsed = time.perf_counter() - start
    latencies.sort()
    return {
        "requests": len(latencies),
        "seconds": round(elapsed, 3),
        "requests_per_second": round(len(latencies) / elapsed, 3),
        "items_per_second": round(len(latencies) * traffic.items / elapsed, 3),
        "p50_ms": percentile(latencies, 0.50),
        "p95_ms": percentile(latencies, 0.95),
        "p99_ms": percentile(latencies, 0.99),
        "most_ms": percentile(latencies, 1),
        "generator_cpu_seconds": round(time.process_time() - processor, 3),
    }


def run_open(port: int, traffic: Traffic, rate: float, seconds: float) -> dict[str, float | int]:
    """Sends so many requests a second at random times (Poisson), whether earlier ones are answered or not.

    Latencies are from the time at which a request was to be sent, so that a late generator does not hide waiting; how late it
    was is told, too.
    """
    numbers, times, now = random.Random(f"{rate} {seconds}"), [], 0.0
    while (now := now + numbers.expovariate(rate)) < seconds:
        times.append(now)
    left, latencies, lateness, problems = iter(times), [], [], []
    lock = threading.Lock()
    connections = [Connection(port) for _ in range(min(OPEN_CONNECTIONS, len(times)))]
    start = time.perf_counter() + 0.1

    def work(connection: Connection) -> None:
        try:
            while not problems:
                request = traffic.next()
                with lock:
                    due = next(left, None)
                if due is None:
                    return
                time.sleep(max(0.0, start + due - time.perf_counter()))
                lateness.append(time.perf_counter() - start - due)
                connection.ask(request)
                latencies.append(time.perf_counter() - start - due)
        except (OSError, BadAnswer) as problem:
            problems.append(problem)
        finally:
            connection.close()

    processor = time.process_time()
    threads = [threading.Thread(target=work, args=(connection,), daemon=True) for connection in connections]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise BadAnswer(str(problems[0]))
    latencies.sort()
    return {
        "requests": len(latencies),
        "seconds": seconds,
        "p50_ms": percentile(latencies, 0.50),
        "p95_ms": percentile(latencies, 0.95),
        "p99_ms": percentile(latencies, 0.99),
        "late_p99_ms": percentile(sorted(lateness), 0.99),
        "generator_cpu_seconds": round(time.process_time() - processor, 3),
    }


def percentile(latencies: list[float], part: float) -> float:
    """The nearest rank, in milliseconds."""
    return round(latencies[math.ceil(part * len(latencies)) - 1] * 1e3, 3)
