#!/usr/bin/env python3
"""A server that searches an index of a million made-up vectors: by one client, by 32 at once, and while pictures are indexed.

usage: served.py CLIP OUTPUT [--count N] [--seconds S] [--pictures N] [--folder FOLDER]

The index is one that `clip index` has begun with a picture; the rest is put into its tables here. Searches are for what is like a
picture of the index, so that they have no forward pass, and below no folder. In turns one client searches and 32 do, without and with
pictures being indexed into the same file meanwhile. Memory is what the server has more than it had before it read the index, and more
than the vectors that a search goes through.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import pathlib
import random
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Peers"))
sys.path.insert(0, str(HERE))

import indexing  # noqa: E402
import machine  # noqa: E402
import numpy as np  # noqa: E402

CHUNK = 1024
CLIENTS = 32


def fill(place: pathlib.Path, count: int, width: int) -> None:
    """Adds contents with vectors that point anywhere, each of one file, behind the only one that is there."""
    draw = np.random.default_rng(1)
    with sqlite3.connect(place) as access:
        [(high, terms, low)] = access.execute("SELECT high, terms, (SELECT low FROM tails) FROM chunks").fetchall()
        for chunk in range((count + CHUNK - 1) // CHUNK):
            first, number = chunk * CHUNK, min(CHUNK, count - chunk * CHUNK)
            vectors = draw.standard_normal((number, width), np.float32)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            scales = np.abs(vectors).max(axis=1, keepdims=True) / 127
            steps = vectors / scales
            highs = np.rint(steps)
            lows = np.rint((steps - highs) * 254)
            errors = scales[:, 0] * np.linalg.norm(lows / 254, axis=1) * 1.0001
            kept = 1 if chunk == 0 else 0
            rows = (highs + 128).astype(np.uint8)[kept:].tobytes()
            both = np.stack([scales[:, 0], errors], axis=1).astype("<f4")[kept:].tobytes()
            access.execute(
                "INSERT OR REPLACE INTO chunks (id, count, high, terms) VALUES (?, ?, ?, ?)",
                (chunk, number, (high if kept else b"") + rows, (terms if kept else b"") + both),
            )
            ids = range(first + 1 + kept, first + 1 + number)
            access.executemany("INSERT INTO contents VALUES (?, ?, 1000)", ((one, one.to_bytes(16, "big")) for one in ids))
            access.executemany("INSERT INTO tails VALUES (?, ?)", ((one, lows[one - first - 1].astype(np.int8).tobytes()) for one in ids))
            paths = ((f"/made-up/{one:08}.jpg".encode(), one) for one in ids)
            access.executemany("INSERT INTO files (path, content, bytes, modified) VALUES (?, ?, 1000, 0)", paths)


class Client:
    """Searches one after the other until it is told to stop."""

    def __init__(self, port: int, count: int, seed: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.count, self.random = count, random.Random(seed)
        self.times: list[float] = []
        self.failures = 0

    def search(self) -> None:
        body = json.dumps({"like": self.random.randint(2, self.count), "top": 10})
        start = time.monotonic()
        self.connection.request("POST", "/search", body, {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        found = json.loads(answer.read())
        self.times.append(1000 * (time.monotonic() - start))
        self.failures += answer.status != 200 or len(found["results"]) != 10 or found["searched"] < self.count


def searched(port: int, count: int, clients: int, seconds: float) -> dict[str, float]:
    """How many searches are answered, and in what time."""
    made = [Client(port, count, number) for number in range(clients)]
    end = time.monotonic() + seconds

    def run(client: Client) -> None:
        while time.monotonic() < end:
            client.search()

    threads = [threading.Thread(target=run, args=(client,)) for client in made]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - start
    times = sorted(value for client in made for value in client.times)
    return {
        "searches": len(times), "per_second": round(len(times) / took, 2), "median_ms": round(statistics.median(times), 1),
        "p99_ms": round(times[int(0.99 * (len(times) - 1))], 1), "failures": sum(client.failures for client in made),
    }


def resident(process: subprocess.Popen) -> int:
    """Bytes of memory that are the process' own: what it has mapped of files aside."""
    return 1024 * int(re.search(r"RssAnon:\s+(\d+)", pathlib.Path(f"/proc/{process.pid}/status").read_text()).group(1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=lambda path: str(pathlib.Path(path).resolve()))
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path(".build/search-bench"))
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    model, _, folders = indexing.make(folder, arguments.pictures)
    settings = ["--model", str(model), "--precision", "int8"]
    with tempfile.TemporaryDirectory(dir=folder) as name:
        place = pathlib.Path(name) / "index"
        index = [arguments.clip, "index", *settings, "--index", str(place)]
        subprocess.run([*index, str(folders["one"])], check=True, capture_output=True)
        with sqlite3.connect(place) as access:
            [(width,)] = access.execute("SELECT length(high) / count FROM chunks").fetchall()
        fill(place, arguments.count, width)
        log = (pathlib.Path(name) / "log").open("w+")
        command = [arguments.clip, "serve", "--host", "127.0.0.1", "--port", "0", *settings, "--index", str(place)]
        start = time.monotonic()
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log)
        update = None
        try:
            while not (found := re.search(r"listening on http://127\.0\.0\.1:(\d+)", pathlib.Path(log.name).read_text())):
                time.sleep(0.02)
            port = int(found.group(1))
            before = resident(server)
            first = Client(port, arguments.count, 99)
            first.search()
            result: dict[str, object] = {"first_answer_s": round(time.monotonic() - start, 2)}
            for times in range(2):
                for clients in (1, CLIENTS):
                    result[f"{clients} at rest {times + 1}"] = searched(port, arguments.count, clients, arguments.seconds)
            result["memory_bytes"] = resident(server) - before - arguments.count * width
            update = subprocess.Popen([*index, str(folders["all"])], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            for clients in (1, CLIENTS):
                found = searched(port, arguments.count, clients, arguments.seconds)
                found["indexing"] = update.poll() is None
                result[f"{clients} while indexing"] = found
            told = update.communicate()[0].strip().splitlines()
            result["index"] = told[-1] if told else ""
            last = Client(port, arguments.count + arguments.pictures - 1, 7)
            last.search()
            result["all_found_afterwards"] = last.failures == 0
        finally:
            for process in filter(None, (update, server)):
                process.terminate()
                process.wait(60)
    result = machine.provenance(pathlib.Path(arguments.clip), ()) | {"count": arguments.count, "width": width} | result
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps({name: value for name, value in result.items() if isinstance(value, (dict, float, int, str))}, indent=1))
    rests = [value for value in result.values() if isinstance(value, dict) and "failures" in value]
    sys.exit(1 if any(value["failures"] for value in rests) or not result["all_found_afterwards"] else 0)


if __name__ == "__main__":
    main()
