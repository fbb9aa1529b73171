"""Servers under measurement: started, waited for, asked whether they compute the same network, and ended."""

from __future__ import annotations

import http.client
import json
import math
import operator
import pathlib
import socket
import time

import infinity
import load
import roboflow
from child import Child, ChildFailed
from traffic import INFINITY, ROBOFLOW, SCENARIOS, Pictures, Traffic

START_SECONDS = 240


class Server:
    """A process that answers on a port of 127.0.0.1, to requests of one API and of the scenarios that it knows."""

    def __init__(
        self, name: str, child: Child, port: int, health: str, api: str = ROBOFLOW, scenarios: tuple[str, ...] = SCENARIOS
    ) -> None:
        self.name, self.child, self.port, self.health = name, child, port, health
        self.api, self.scenarios = api, scenarios

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.child.end()

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if not self.child.is_running:
                raise self.child.failed()
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", self.health)
                if connection.getresponse().status == 200:
                    return
            except OSError:
                pass
            finally:
                connection.close()
            time.sleep(0.2)
        raise ChildFailed(f"{self.name} was not ready after {START_SECONDS} s")

    def embeddings(self, request: bytes) -> list[list[float]]:
        answer = json.loads(load.ask(self.port, request))
        return answer["embeddings"] if self.api == ROBOFLOW else [row["embedding"] for row in answer["data"]]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ours(
    clip: str,
    weights: pathlib.Path,
    logs: pathlib.Path,
    name: str,
    *options: str,
    prefix: tuple[str, ...] = (),
    port: int | None = None,
) -> Server:
    """Our server on one model, at a free port if none is named; `prefix` is put before the command, such as `taskset -c 0`."""
    port = port or free_port()
    model = f"{weights.name}={weights / 'openclip'}"
    command = [*prefix, clip, "serve", "--port", str(port), "--model", model, "--log-level", "warning", *options]
    return Server(name, Child(name, command, logs / f"{name}.log", answers=False), port, "/readiness")


def roboflows(python: pathlib.Path, weights: pathlib.Path, logs: pathlib.Path) -> Server:
    """Roboflow's server on the same weights."""
    port = free_port()
    return Server("roboflow", roboflow.start(python, weights, port, logs / "roboflow"), port, "/healthz")


def infinities(python: pathlib.Path, weights: pathlib.Path, logs: pathlib.Path) -> Server:
    """Infinity's server on the same weights."""
    port = free_port()
    child = infinity.start(python, weights, port, logs / "infinity")
    return Server("infinity", child, port, "/health", INFINITY, infinity.SCENARIOS)


def agreement(first: Server, second: Server, pictures: Pictures, model: str) -> dict[str, float]:
    """The least cosine between two servers' embeddings of eight photographs and eight captions."""
    found = {}
    for scenario in ("image8", "text8"):
        items = Traffic(scenario, pictures, model).take()
        answers = (
            server.embeddings(Traffic(scenario, pictures, model, server.api).request(*items)) for server in (first, second)
        )
        pairs = zip(*answers, strict=True)
        found[scenario] = round(min(cosine(one, other) for one, other in pairs), 7)
    return found


def cosine(one: list[float], other: list[float]) -> float:
    return sum(map(operator.mul, one, other)) / math.hypot(*one) / math.hypot(*other)
