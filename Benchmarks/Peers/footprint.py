#!/usr/bin/env python3
"""What our server costs beside its passes: memory, its start, its first answers, HTTP and JSON, and all that is no product.

usage: footprint.py CLIP WEIGHTS OUTPUT [--minutes M] [--quick]

CLIP is the built command, WEIGHTS a folder that weights.py made, OUTPUT the JSON file to write. For each number format that
the processor has instructions for:

memory   a fresh server after one answer of each kind, and after 320 requests of all kinds by 16 clients, with the caches of
         embeddings as they come and without any
starts   from a new process to its first answer, asked from its start on, with and without packed weights of an earlier
         start, for captions and for pictures; and ten answers one after another, to distinct items, of a new process that
         is asked only once it is ready
inside   the share of a pass of eight on one thread that oneDNN says it spends in products, where all of them are left to it;
         and the time of such passes with the products that run otherwise

And for the format that is the default:

cached   requests a second for one caption whose embedding is kept, over connections that stay open, by `wrk` where there is one
wire     processor time of a request with eight photographs that are new, and with eight whose embeddings are kept: the latter
         is all that is neither decoding nor the network, namely HTTP, JSON, base64, hashes and the text of embeddings

Counts, not `--minutes`, decide how long the first three take: about five minutes. Linux only.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import load
import machine
from child import leave_on_signals
from server import Server, ours
from traffic import Mix, Pictures, Same, Traffic, photographs

# The part of `--minutes` that the phases of `cached` and `wire` take.
SHARE = 0.05
KINDS = ("image1", "image8", "text1", "text8", "compare8")
REQUESTS, CLIENTS = 320, 16
STARTS, ANSWERS = 7, 10
ASKED = {"caption": "text1", "picture": "image1"}
NO_CACHES = ("--text-cache-bytes", "0", "--image-cache-bytes", "0")
PASSES = 6
TIME_LIMIT = 60
# What oneDNN calls its products.
PRODUCTS = {"inner_product", "convolution", "matmul", "gemm_api"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip")
    parser.add_argument("weights", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--minutes", type=float, default=10, help="of the whole comparison; a twentieth of it is for phases")
    parser.add_argument("--quick", action="store_true", help="few starts and requests: to see that it works")
    options = parser.parse_args()
    leave_on_signals()
    formats = ["f32"] + ["bf16"] * machine.has_bf16() + ["int8"] * machine.has_int8()
    default = "bf16" if machine.has_bf16() else "f32"
    result = machine.provenance(options.clip, ()) | {"model": options.weights.name, "default": default}
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options, pathlib.Path(folder))
        result["starts"] = [start for precision in formats for start in bench.starts(precision)]
        result["memory"] = [bench.memory(precision, caches) for precision in formats for caches in (True, False)]
        result["inside"] = [bench.inside(precision) for precision in formats]
        result["cached"] = bench.cached(default)
        result["wire"] = bench.wire(default)
        result["disturbance"] = bench.guard.summary()
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=1) + "\n")


class Bench:
    """All measurements; their logs and packed weights lie in one folder."""

    def __init__(self, options: argparse.Namespace, folder: pathlib.Path) -> None:
        self.options, self.folder = options, folder
        self.model = options.weights.name
        self.pictures = Pictures(photographs(1))
        self.guard = machine.Guard(1 if options.quick else machine.MOST_TRIES)
        self.seconds = 1.0 if options.quick else max(2.0, options.minutes * 60 * SHARE / 3 / 3)
        self.rounds = 1 if options.quick else 3

    def server(self, precision: str, packed: bool, *arguments: str) -> Server:
        """A new process; its packed weights are those of an earlier one, or it keeps none."""
        directory = str(self.folder / "packed") if packed else "none"
        arguments = ("--precision", precision, "--packed-cache", directory, *arguments)
        return ours(self.options.clip, self.options.weights, self.folder, f"clip-{precision}", *arguments)

    def request(self, scenario: str) -> bytes:
        return Traffic(scenario, self.pictures, self.model).next()

    # Starts.

    def starts(self, precision: str) -> list[dict[str, object]]:
        with self.server(precision, packed=True) as server:  # writes the packed weights
            server.wait_until_ready()
        found = []
        ways = [(packed, False) for packed in (False, True)] + [(True, True)]
        for number in range(2 if self.options.quick else STARTS):
            for packed, waits in ways:
                for asked in ASKED:
                    start, disturbance = self.guard.measure(lambda: self.start(precision, packed, waits, asked))
                    case = {"round": number, "precision": precision, "packed": packed, "waits": waits, "asked": asked}
                    found.append(case | start | disturbance)
                    times = ", ".join(f"{start['answers_ms'][index]:.1f}" for index in (0, 1, -1))
                    print(
                        f"{precision} {'with' if packed else 'without'} packed weights, {asked}: first answer after "
                        f"{start['first_answer_ms']:.0f} ms, ready after {start['ready_ms']:.0f}; answers in {times} ms",
                        flush=True,
                    )
        return found

    def start(self, precision: str, packed: bool, waits: bool, asked: str) -> dict[str, object]:
        """One start: milliseconds to the first answer and to readiness, and of ten answers in turn; and memory.

        `waits` has the first request wait for readiness; otherwise it is sent as soon as there is a connection.
        """
        requests = [self.request(ASKED[asked]) for _ in range(ANSWERS)]
        answers: list[float] = []
        began = time.perf_counter()
        with self.server(precision, packed) as server:
            ready: list[float] = []
            watcher = threading.Thread(target=watch_readiness, args=(server, began, ready), daemon=True)
            watcher.start()
            connection = connected(server)
            if waits:
                watcher.join(timeout=TIME_LIMIT)
            for request in requests:
                sent = time.perf_counter()
                connection.ask(request)
                answered = time.perf_counter()
                answers.append(round((answered - sent) * 1e3, 2))
                if len(answers) == 1:
                    first = round((answered - began) * 1e3, 1)
            connection.close()
            watcher.join(timeout=TIME_LIMIT)
            if not ready:
                sys.exit(f"{server.name} answers, but does not say that it is ready")
            memory = server.child.status()
        return {"first_answer_ms": first, "ready_ms": ready[0], "answers_ms": answers, "memory_mb": memory}

    # Memory.

    def memory(self, precision: str, caches: bool) -> dict[str, object]:
        """Resident megabytes after the first answers and after many."""
        requests = 40 if self.options.quick else REQUESTS
        with self.server(precision, True, *(() if caches else NO_CACHES)) as server:
            server.wait_until_ready()
            ready = server.child.status()
            for scenario in KINDS:
                load.ask(server.port, self.request(scenario))
            first = server.child.status()
            load.run(server.port, Mix(KINDS, self.pictures, self.model), CLIENTS, 0, requests=requests)
            many = server.child.status()
        found = {"precision": precision, "caches": caches, "requests": requests, "clients": CLIENTS}
        found |= {"ready_mb": ready, "first_answers_mb": first, "many_answers_mb": many}
        print(f"{precision}, caches {caches}: {first['VmRSS']:.0f} MB, then {many['VmRSS']:.0f}", flush=True)
        return found

    # Products.

    def inside(self, precision: str) -> dict[str, object]:
        """Milliseconds of passes and, by oneDNN's account, of the products in them; the first two passes do not count."""
        command = [self.options.clip, "benchmark", "--commands", "--onednn", "--threads", "1", "--precision", precision]
        command += ["--packed-cache", "none", "--model", str(self.options.weights / "openclip")]
        cases = {"images 8": [], "captions 8 12": []}
        lines = [case for case in cases for _ in range(3 if self.options.quick else PASSES + 2)]
        environment = os.environ | {"DNNL_VERBOSE": "1", "ONEDNN_VERBOSE": "1"}

        def passes() -> str:
            text = "".join(f"{line}\n" for line in lines)
            return subprocess.run(command, input=text, capture_output=True, text=True, check=True, env=environment).stdout

        printed, disturbance = self.guard.measure(passes)
        command.remove("--onednn")
        environment = dict(os.environ)
        plain, _ = self.guard.measure(passes)
        usual: dict[str, list[float]] = {case: [] for case in cases}
        for case, line in zip(lines, plain.splitlines(), strict=True):
            usual[case].append(float(line))
        waiting, products = list(lines), 0.0
        for line in printed.splitlines():
            fields = line.split(",")
            if "exec" in fields and PRODUCTS & set(fields[:6]):
                products += float(fields[-1])
            elif re.fullmatch(r"[0-9.]+", line):
                cases[waiting.pop(0)].append({"pass_ms": float(line), "products_ms": round(products, 3)})
                products = 0.0
        found = {case: passes[2:] for case, passes in cases.items()}
        for case, rows in found.items():
            share = sum(one["products_ms"] for one in rows) / sum(one["pass_ms"] for one in rows)
            print(f"{precision}, {case}: {100 * share:.1f} % inside oneDNN's products", flush=True)
        return {
            "precision": precision, "passes": found, "usual_ms": {case: times[2:] for case, times in usual.items()},
        } | disturbance

    # HTTP.

    def phase(self, server: Server, traffic: Traffic | Same, connections: int) -> dict[str, object]:
        """One phase of load.py, and processor time of the server."""

        def work() -> dict[str, object]:
            before = server.child.cpu_seconds()
            found = load.run(server.port, traffic, connections, self.seconds)
            return found | {"cpu_seconds": round(server.child.cpu_seconds() - before, 2)}

        found, disturbance = self.guard.measure(work, server.child.cpu_seconds)
        return found | disturbance

    def cached(self, precision: str) -> dict[str, object]:
        """Phases with one caption again and again by eight connections."""
        traffic = Same("text1", self.pictures, self.model)
        wrk = shutil.which("wrk")
        if not wrk:
            print("wrk was not found: load.py, which is slower, asks for the cached caption", flush=True)
        with self.server(precision, True) as server:
            server.wait_until_ready()
            load.run(server.port, traffic, 1, 0.2)
            phases = [self.wrk(wrk, server, traffic) if wrk else self.phase(server, traffic, 8) for _ in range(self.rounds)]
        for phase in phases:
            print(f"cached caption: {phase['requests_per_second']:.0f} requests/s", flush=True)
        return {"precision": precision, "generator": "wrk" if wrk else "load.py", "connections": 8, "phases": phases}

    def wrk(self, program: str, server: Server, traffic: Same) -> dict[str, object]:
        """One phase of wrk, on one thread; its own processor time is in the result."""
        body = traffic.request.partition(b"\r\n\r\n")[2].decode()
        script = self.folder / "post.lua"
        script.write_text(
            f"wrk.method = 'POST'\nwrk.body = {json.dumps(body)}\nwrk.headers['Content-Type'] = 'application/json'\n"
        )
        command = [program, "-t1", "-c8", f"-d{max(1, round(self.seconds))}s", "-s", str(script)]
        command.append(f"http://127.0.0.1:{server.port}/clip/embed_text")

        def work() -> dict[str, object]:
            before, own = server.child.cpu_seconds(), machine.own_seconds()
            text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            used, own = server.child.cpu_seconds() - before, machine.own_seconds() - own
            if "Non-2xx" in text or "Socket errors" in text:
                raise load.BadAnswer(text)
            rate, count = re.search(r"Requests/sec:\s*([\d.]+)", text), re.search(r"(\d+) requests in", text)
            found = {"requests": int(count[1]), "requests_per_second": float(rate[1])}
            return found | {"cpu_seconds": round(used, 2), "generator_cpu_seconds": round(own, 2)}

        found, disturbance = self.guard.measure(work, server.child.cpu_seconds)
        return found | disturbance

    def wire(self, precision: str) -> dict[str, object]:
        """Phases of eight photographs, new ones and the same ones, by turns."""
        phases = []
        with self.server(precision, True) as server:
            server.wait_until_ready()
            kinds = {
                "new": Traffic("image8", self.pictures, self.model), "kept": Same("image8", self.pictures, self.model),
            }
            for number in range(self.rounds):
                for kind, traffic in kinds.items():
                    load.run(server.port, traffic, 4, 0.2)
                    phases.append({"round": number, "pictures": kind} | self.phase(server, traffic, 4))
                    one = phases[-1]["cpu_seconds"] / phases[-1]["requests"] * 1e3
                    print(f"eight {kind} photographs: {one:.2f} ms of processor time a request", flush=True)
        return {"precision": precision, "connections": 4, "bytes": len(kinds["kept"].request), "phases": phases}


def connected(server: Server) -> load.Connection:
    """A connection as soon as there can be one."""
    while True:
        with contextlib.suppress(ConnectionRefusedError):
            return load.Connection(server.port)
        if not server.child.is_running:
            raise server.child.failed()
        time.sleep(0.001)


def watch_readiness(server: Server, began: float, ready: list[float]) -> None:
    """Asks every five milliseconds; milliseconds from the start to the first yes."""
    request = b"GET /readiness HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with contextlib.suppress(OSError):
        connection = connected(server)
        while True:
            try:
                connection.ask(request)
                break
            except load.BadAnswer:
                time.sleep(0.005)
        ready.append(round((time.perf_counter() - began) * 1e3, 1))
        connection.close()


if __name__ == "__main__":
    main()
