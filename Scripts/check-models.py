#!/usr/bin/env python3
"""Measures several models in one server: how loading one delays requests to another, and what remains after one was removed.

usage: check-models.py CLIP [--large DIRECTORY] [--seconds N] [--cycles N] [--precision P] [--quick] [--results FILE]

CLIP is the built command; the servers are its own, on 127.0.0.1. The small model is clip-mini. The large one is a checkpoint of
real size, such as Benchmarks/Peers/weights.py makes (ViT-B-32/openclip); without it, only clip-mini is measured.

Under load: four connections ask one model, each sending its next request when it has its answer. They do so first alone, then
while the other model is removed and loaded again without a pause; the 99th percentile may become twice as long. This is done with
either model, with captions and with pictures that were never asked for before. No copy of packed weights is kept, so that every
load converts them.

Cycles: a model is added, asked, and removed over HTTP, a thousand times. Afterwards memory has to be within 5 % of what it was,
and no thread and no descriptor may be left. The exit status is 1 if a figure is not as it should be. Linux only.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import pathlib
import random
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "Scripts" / "attack"))
import wire  # noqa: E402
from report import Report, percentile  # noqa: E402
from server import Server  # noqa: E402

MINI = ROOT / "Models" / "clip-mini"
PICTURE = ROOT / "Tests" / "CLIPTestSupport" / "Fixtures" / "imaging" / "jpeg-baseline-420.jpg"
CONNECTIONS = 4
MOST_TIMES = 2.0
MOST_GROWTH = 5.0
WORDS = ("red", "cat", "tree", "blue", "dog", "house", "snow", "car", "river", "old")


class Asker:
    """Sends requests that were never sent before."""

    def __init__(self) -> None:
        self.random = random.Random(random.getrandbits(64))
        self.picture = PICTURE.read_bytes()

    def request(self, model: str, kind: str) -> bytes:
        if kind == "captions":
            words = " ".join(self.random.choices(WORDS, k=8))
            body = {"clip_version_id": model, "text": f"{words} {self.random.randrange(1 << 40)}"}
            return wire.post(json.dumps(body).encode(), "/clip/embed_text")
        # Bytes after the end of a JPEG make it another file, but not another picture.
        packed = self.picture + self.random.randbytes(8)
        body = {"clip_version_id": model, "image": {"type": "base64", "value": base64.b64encode(packed).decode()}}
        return wire.post(json.dumps(body).encode(), "/clip/embed_image")


def asked(server: Server, model: str, kind: str, until: threading.Event) -> tuple[list[float], list[str]]:
    """The seconds of each answer to four connections until a time, and the failures."""
    seconds: list[float] = []
    troubles: list[str] = []

    def ask() -> None:
        asker = Asker()
        with wire.Wire(server.port) as connection:
            while not until.is_set():
                request = asker.request(model, kind)
                begun = time.monotonic()
                connection.send(request)
                answer = connection.answer()
                seconds.append(time.monotonic() - begun)
                if answer.status != 200:
                    troubles.append(f"{answer.status} {answer.message}")

    threads = [threading.Thread(target=ask) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seconds, troubles


def manage(connection: wire.Wire, verb: str, model: str) -> dict:
    body = json.dumps({"model_id": f"clip/{model}"}).encode()
    connection.send(wire.post(body, f"/model/{verb}"))
    answer = connection.answer()
    if answer.status != 200:
        raise SystemExit(f"/model/{verb} {model}: {answer.status} {answer.message}")
    return answer.fields


def reload(server: Server, model: str, until: threading.Event) -> list[float]:
    """Removes a model and loads it again, repeatedly, and returns the seconds of each load."""
    loads: list[float] = []
    with wire.Wire(server.port, 600) as connection:
        while not until.is_set():
            manage(connection, "remove", model)
            fields = manage(connection, "add", model)
            loads.append(float(fields["x-model-load-time"]))
    return loads


def phase(server: Server, model: str, kind: str, seconds: float, other: str | None = None) -> tuple[list[float], list[float]]:
    """The times of answers, and of loads of another model at the same time."""
    until = threading.Event()
    loads: list[float] = []
    loader = threading.Thread(target=lambda: loads.extend(reload(server, other, until)), daemon=True) if other else None
    timer = threading.Timer(seconds, until.set)
    timer.start()
    if loader:
        loader.start()
    times, troubles = asked(server, model, kind, until)
    if loader:
        loader.join()
    if troubles:
        raise SystemExit(f"{len(troubles)} requests were not answered, such as: {troubles[0]}")
    return times, loads


def under_load(report: Report, server: Server, first: str, second: str, seconds: float) -> None:
    for kind in ("captions", "pictures"):
        phase(server, first, kind, min(2.0, seconds))
        alone: list[float] = []
        beside: list[float] = []
        loads: list[float] = []
        # The two phases take turns, since the machine's speed varies.
        for _ in range(4):
            alone += phase(server, first, kind, seconds / 4)[0]
            times, took = phase(server, first, kind, seconds / 4, second)
            beside, loads = beside + times, loads + took
        before, after = percentile(alone, 0.99), percentile(beside, 0.99)
        report.add(
            "under load",
            f"{kind} of {first} while {second} is loaded {len(loads)} times, in {percentile(loads, 0.5):.2f} s each: p99",
            f"{after * 1000:.1f} ms, alone {before * 1000:.1f} ms ({after / before:.2f} x); "
            f"p50 {percentile(beside, 0.5) * 1000:.1f} and {percentile(alone, 0.5) * 1000:.1f} ms; {len(beside)} answers",
            f"{MOST_TIMES:g} x",
            after <= MOST_TIMES * before,
        )


def descriptors(server: Server) -> int:
    return len(os.listdir(f"/proc/{server.pid}/fd"))


def settled(server: Server) -> tuple[int, int, int]:
    """The resident bytes, threads and descriptors, once nothing is being removed any more."""
    found = (0, 0, 0)
    for _ in range(20):
        time.sleep(0.25)
        now = (server.resident(), len(server.threads("")), descriptors(server))
        if now == found:
            break
        found = now
    return found


def cycles(report: Report, server: Server, model: str, count: int) -> None:
    asker = Asker()

    def cycle(connection: wire.Wire) -> None:
        manage(connection, "add", model)
        for kind in ("captions", "pictures"):
            connection.send(asker.request(model, kind))
            answer = connection.answer()
            if answer.status != 200:
                raise SystemExit(f"{model}: {answer.status} {answer.message}")
        manage(connection, "remove", model)

    with wire.Wire(server.port, 600) as connection:
        # The first cycles make what the process keeps: pools, compiled operations, the vocabulary.
        for _ in range(3):
            cycle(connection)
        before = settled(server)
        marks = []
        for number in range(count):
            cycle(connection)
            if (number + 1) % max(1, count // 5) == 0:
                marks.append(f"{server.resident() / 1e6:.0f}")
        after = settled(server)
    growth = (after[0] / before[0] - 1) * 100
    report.add(
        "cycles",
        f"{model} added, asked and removed {count} times: memory",
        f"{before[0] / 1e6:.1f} MB before, {after[0] / 1e6:.1f} MB after ({growth:+.1f} %); on the way {' '.join(marks)} MB",
        f"{MOST_GROWTH:g} %",
        growth <= MOST_GROWTH,
    )
    report.add("cycles", f"{model}: threads", f"{before[1]} before, {after[1]} after", "none left", after[1] <= before[1])
    report.add("cycles", f"{model}: descriptors", f"{before[2]} before, {after[2]} after", "none left", after[2] <= before[2])


def figures(report: Report, server: Server, model: str) -> None:
    """The memory that a model reports, and by how much it increases the process's memory."""
    with wire.Wire(server.port, 600) as connection:
        manage(connection, "remove", model)
        without = settled(server)[0]
        manage(connection, "add", model)
        within = settled(server)[0]
        connection.send(wire.get("/model/registry"))
        registry = json.loads(connection.answer().body)
    told = next(found["bytes"] for found in registry["models"] if found["model_id"] == f"clip/{model}")
    report.add(
        "figures",
        f"{model}: bytes, less its caches' limits (nothing is in them), and what the process takes more",
        f"{(told - (32 << 20)) / 1e6:.1f} MB told, {(within - without) / 1e6:.1f} MB more resident",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=pathlib.Path)
    parser.add_argument("--large", type=pathlib.Path, help="a checkpoint directory of real size")
    parser.add_argument("--seconds", type=float, default=40, help="of each way round, with captions and with pictures")
    parser.add_argument("--cycles", type=int, default=1000)
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--quick", action="store_true", help="a few seconds and cycles: to see that it works")
    parser.add_argument("--results", type=pathlib.Path)
    options = parser.parse_args()
    seconds, count = (4.0, 20) if options.quick else (options.seconds, options.cycles)
    report = Report(" ".join(sys.argv))
    names = {"clip-mini": MINI, ("large" if options.large else "other"): options.large or MINI}
    environment = {
        "CLIP_PRECISION": options.precision,
        "CLIP_MODEL": ",".join(f"{name}={directory}" for name, directory in names.items()),
    }
    mini, large = names
    try:
        with Server(options.clip, environment=environment) as server:
            wait(server, len(names))
            figures(report, server, large)
            under_load(report, server, mini, large, seconds)
            under_load(report, server, large, mini, seconds)
        with Server(options.clip, environment=environment) as server:
            wait(server, len(names))
            with wire.Wire(server.port) as connection:
                manage(connection, "remove", mini)
            cycles(report, server, mini, count)
        if options.large:
            with Server(options.clip, environment=environment) as server:
                wait(server, len(names))
                with wire.Wire(server.port) as connection:
                    manage(connection, "remove", large)
                cycles(report, server, large, max(5, count // 10))
    finally:
        Server.kill_all()
    if options.results:
        report.write(options.results)
    sys.exit(0 if all(row.ok is not False for row in report.rows) else 1)


def wait(server: Server, count: int) -> None:
    """Waits until all of the models are loaded."""
    deadline = time.monotonic() + 120
    while server.words().count(" is ready") < count:
        if time.monotonic() > deadline or not server.is_alive:
            raise SystemExit("The models were not loaded:\n" + server.words()[-2000:])
        time.sleep(0.05)


if __name__ == "__main__":
    main()
