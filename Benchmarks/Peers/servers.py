#!/usr/bin/env python3
"""Servers side by side: ours, Roboflow's and Infinity with the same weights, on the same cores, in turns.

usage: servers.py CLIP WEIGHTS OUTPUT [--roboflow PYTHON] [--infinity PYTHON] [--minutes M] [--rounds N] [--quick]

CLIP is the built command, WEIGHTS a folder that weights.py made, to which layouts.py added what Infinity reads, OUTPUT the JSON
file to write. The other servers are measured whose interpreters are named, which have requirements-roboflow.txt or
requirements-infinity.txt; each has requests of its own API. Roboflow's knows no ViT-L-14, and is left out there; Infinity
compares nothing. First the servers are asked for the same embeddings; if theirs are of another network, nothing is measured.
Then each round gives every server one phase of each scenario, in an order that turns from round to round, while the others are
stopped (SIGSTOP) and cost nothing. The load generator is on the same cores; what it used is in the result. After the phases of
eight items, our engine alone computes as many at once as all connections send together, and eight, which shows what the way
through a server costs.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import pathlib
import sys
import tempfile
import time

import load
import machine
import roboflow
from child import Child, leave_on_signals
from server import Server, agreement, infinities, ours, roboflows
from traffic import SCENARIOS, Pictures, Traffic, photographs

# The part of `--minutes` that this script takes.
SHARE = 0.50
CONNECTIONS = (1, 4)
# How close embeddings have to be: JPEG decoders differ by a step of a pixel, half precision more.
LEAST_COSINE = {"f32": {"image8": 0.998, "text8": 0.99999}, "bf16": {"image8": 0.99, "text8": 0.999}}
# What the engine alone computes beside a scenario: as many at once as all connections' requests have, and as one has.
ENGINE_WORK = {"image8": "images {}", "text8": "captions {} 12"}
ENGINE_BATCHES = (8 * CONNECTIONS[-1], 8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip")
    parser.add_argument("weights", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    # Not resolved, since an environment's interpreter is a link to one outside.
    interpreter = {"type": lambda path: pathlib.Path(path).absolute(), "metavar": "PYTHON"}
    parser.add_argument("--roboflow", **interpreter, help="the interpreter of Roboflow's server")
    parser.add_argument("--infinity", **interpreter, help="the interpreter of Infinity")
    parser.add_argument("--minutes", type=float, default=10, help="of the whole comparison; this is half of it")
    parser.add_argument("--rounds", type=int, default=3, help="into which the time is divided")
    parser.add_argument("--quick", action="store_true", help="one round of one second: to see that it works")
    options = parser.parse_args()
    leave_on_signals()
    result = machine.provenance(options.clip, ())
    if options.roboflow and options.weights.name not in roboflow.CACHE_NAMES:
        print(f"Roboflow's server knows no {options.weights.name}, and is left out", flush=True)
        options.roboflow = None
    if options.roboflow:
        result["versions"]["roboflow"] = package_version(options.roboflow, "inference-core")
        result["versions"]["roboflow's onnxruntime"] = package_version(options.roboflow, "onnxruntime")
    if options.infinity:
        result["versions"]["infinity"] = package_version(options.infinity, "infinity-emb")
        result["versions"]["infinity's torch"] = package_version(options.infinity, "torch")
    result["model"] = options.weights.name
    with contextlib.ExitStack() as stack:
        logs = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        result |= compare(options, logs, stack)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=1) + "\n")


def compare(options: argparse.Namespace, logs: pathlib.Path, stack: contextlib.ExitStack) -> dict[str, object]:
    precisions = ["f32", "bf16"] if machine.has_bf16() else ["f32"]
    servers = {
        f"swift-clip {precision}": stack.enter_context(
            ours(options.clip, options.weights, logs, f"swift-clip {precision}", "--precision", precision)
        )
        for precision in precisions
    }
    for python, start in ((options.roboflow, roboflows), (options.infinity, infinities)):
        if python:
            server = stack.enter_context(start(python, options.weights, logs))
            servers[server.name] = server
    for server in servers.values():
        server.wait_until_ready()
    pictures = Pictures(photographs())
    agreements = check(servers, pictures, options.weights.name)
    for server in servers.values():
        server.child.pause()
    engines = {
        f"swift-clip {precision}": stack.enter_context(engine(options, precision, logs)) for precision in precisions
    }
    rounds = 1 if options.quick else options.rounds
    cases = [(scenario, count) for scenario in SCENARIOS for count in CONNECTIONS]
    phases = rounds * (
        len(CONNECTIONS) * sum(len(server.scenarios) for server in servers.values())
        + len(ENGINE_WORK) * len(ENGINE_BATCHES) * len(engines)
    )
    seconds = 1.0 if options.quick else max(1.0, options.minutes * 60 * SHARE / phases)
    print(f"{phases} phases of {seconds:.1f} s", flush=True)
    found: list[dict[str, object]] = []
    engine_rates: list[dict[str, object]] = []
    guard = machine.Guard(1 if options.quick else machine.MOST_TRIES)
    for number in range(rounds):
        names = list(servers)
        names = names[number % len(names) :] + names[: number % len(names)]
        for scenario, connections in cases:
            for name in (name for name in names if scenario in servers[name].scenarios):
                traffic = Traffic(scenario, pictures, options.weights.name, servers[name].api)
                found.append(
                    {"round": number, "server": name, "scenario": scenario, "connections": connections}
                    | phase(servers[name], traffic, connections, seconds, guard)
                )
                show(found[-1])
            # Right after the servers' phases, so that a machine whose speed drifts is as fast for both.
            if scenario in ENGINE_WORK and connections == CONNECTIONS[-1]:
                for batch, name in ((batch, name) for batch in ENGINE_BATCHES for name in engines):
                    engine_rates.append(
                        {"round": number, "engine": name, "scenario": scenario, "batch": batch}
                        | alone(engines[name], ENGINE_WORK[scenario].format(batch), batch, seconds, guard)
                    )
                    rate = engine_rates[-1]["items_per_second"]
                    print(f"{scenario} {name}: engine alone, {batch} at once, {rate:.1f} items/s", flush=True)
    return {"agreement": agreements, "phases": found, "engine": engine_rates, "disturbance": guard.summary()}


def check(servers: dict[str, Server], pictures: Pictures, model: str) -> dict[str, dict[str, dict[str, float]]]:
    """Refuses to compare servers that run different networks: the least cosines, by peer and by ours."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    is_ours = {name: name.startswith("swift-clip") for name in servers}
    for peer, name in ((peer, name) for peer in servers for name in servers if is_ours[name] and not is_ours[peer]):
        cosines = agreement(servers[name], servers[peer], pictures, model)
        found.setdefault(peer, {})[name] = cosines
        for scenario, least in LEAST_COSINE[name.split()[-1]].items():
            if not cosines[scenario] >= least:
                sys.exit(f"{name} and {peer} run different networks: {scenario}, cosine {cosines[scenario]}")
    return found


def phase(
    server: Server, traffic: Traffic, connections: int, seconds: float, guard: machine.Guard
) -> dict[str, float | int]:
    """One server's rates, latencies, processor time and memory under one load; it alone runs."""

    def work() -> dict[str, float | int]:
        before = server.child.cpu_seconds()
        found = load.run(server.port, traffic, connections, seconds)
        return found | {"cpu_seconds": round(server.child.cpu_seconds() - before, 2)}

    server.child.resume()
    try:
        load.run(server.port, traffic, connections, min(0.5, seconds / 4))
        found, disturbance = guard.measure(work, server.child.cpu_seconds)
        return found | disturbance | server.child.memory()
    finally:
        server.child.pause()


def show(phase: dict[str, object]) -> None:
    print(
        f"{phase['scenario']} x{phase['connections']} {phase['server']}: {phase['requests_per_second']:.1f} requests/s, "
        f"p50 {phase['p50_ms']:.1f} p99 {phase['p99_ms']:.1f} ms, {phase['rss_mb']:.0f} MB"
        + (f", disturbed: others used {phase['others']:.2f} cores" if phase["others"] > machine.MOST_OTHERS else ""),
        flush=True,
    )


def engine(options: argparse.Namespace, precision: str, logs: pathlib.Path) -> Child:
    model = str(options.weights / "openclip")
    command = [options.clip, "benchmark", "--commands", "--precision", precision, "--model", model]
    child = Child(f"engine {precision}", command, logs / f"engine {precision}.log")
    for work in ENGINE_WORK.values():
        for batch in ENGINE_BATCHES:
            child.milliseconds(work.format(batch))
    return child


def alone(child: Child, work: str, batch: int, seconds: float, guard: machine.Guard) -> dict[str, float]:
    """What the engine computes without decoding, tokenising and HTTP, in passes of so many."""

    def passes() -> float:
        start, items, milliseconds = time.monotonic(), 0, 0.0
        while items == 0 or time.monotonic() - start < seconds:
            milliseconds += child.milliseconds(work)
            items += batch
        return round(items / milliseconds * 1e3, 3)

    child.milliseconds(work)  # wakes what slept through the phases of the servers
    rate, disturbance = guard.measure(passes, child.cpu_seconds)
    return {"items_per_second": rate} | disturbance


def package_version(python: pathlib.Path, package: str) -> str:
    return machine.output([str(python), "-c", f"import importlib.metadata as m; print(m.version('{package}'))"])


if __name__ == "__main__":
    main()
