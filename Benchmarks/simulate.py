#!/usr/bin/env python3
"""What waiting does to single pictures and captions: latency by load, between tenants, and behind balancers, by simulation.

usage: simulate.py RESULTS [--requests N] [--check CLIP --weights FOLDER [--seconds S]] [--quick]

RESULTS is the folder of one kind of processor, with engines.json, scaling.json and servers.json, whose measured times are all that
goes in: passes by their size with one thread and with all, and what a lone request takes beside its pass. RESULTS/simulated.json is
written. simulation.py has the rules.

How fast the simulated server answers connections that each wait for an answer is told beside what servers.json measured of them.
With --check the built command CLIP serves the weights of FOLDER on this machine, which has to be the one of the results, and gets
requests at random times (open loop) at 50 and 70 % of the simulated capacity; simulated and measured percentiles are told side by
side. That needs numpy and Pillow.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import pathlib
import statistics
import sys
import tempfile

from simulation import BALANCERS, Costs, Machine, Request, by_turns, capacity, latencies, poisson

HERE = pathlib.Path(__file__).resolve().parent
# What is read.
SOURCES = ("engines", "scaling", "servers")
# What a pass may take, as in Sources/CLIPEngine/Batching/BatchLimits.swift, and what an item weighs.
SCENARIOS = {"image1": ("images", 8, 1), "text1": ("captions", 512, 12)}
LOADS = (0.5, 0.7, 0.9)
CHECKED_LOADS = (0.5, 0.7)
MACHINES = (1, 2, 4, 8)
BALANCED_LOAD = 0.7
# Three tenants that together ask for so much of the capacity, beside one that keeps so many requests in hand.
QUIET, QUIET_LOAD, FLOOD = ("one", "two", "three"), 0.2, ("flood", 200)
RANKS = (50, 95, 99)
# How long connections ask again and again.
CLOSED_SECONDS = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("--requests", type=int, default=20_000, help="of each point and machine")
    parser.add_argument("--check", metavar="CLIP", help="the built command")
    parser.add_argument("--weights", type=pathlib.Path, help="a model's folder that weights.py made")
    parser.add_argument("--seconds", type=float, default=60, help="of each measured point")
    parser.add_argument("--quick", action="store_true", help="few requests, eight seconds: to see that it works")
    options = parser.parse_args()
    if options.check and not options.weights:
        parser.error("--check needs --weights")
    missing = [name for name in SOURCES if not (options.results / f"{name}.json").exists()]
    if missing:
        sys.exit(f"{options.results} has no {', '.join(missing)}; make bench-peers measures them")
    requests = 2_000 if options.quick else options.requests
    engines, scaling, servers = (
        json.loads((options.results / f"{name}.json").read_text()) for name in SOURCES
    )
    result = {name: scaling[name] for name in ("machine", "day", "commit", "versions", "model")}
    result |= {"requests": requests, "loads": [], "fairness": [], "machines": [], "closed": [], "checks": []}
    for precision in dict.fromkeys(name.split()[1] for name in scaling["curves"] if name.startswith("images ")):
        for scenario in SCENARIOS:
            costs = measured(engines, scaling, servers, scenario, precision)
            most = capacity(costs)
            named = {"scenario": scenario, "precision": precision}
            print(f"{scenario} {precision}: at most {most:.1f} requests/s", flush=True)
            result["loads"] += [named | one for one in by_load(costs, most, requests, scenario)]
            result["fairness"] += [named | one for one in between_tenants(costs, most, requests, scenario)]
            result["machines"] += [named | one for one in behind_balancers(costs, most, requests, scenario)]
            result["closed"] += [named | one for one in closed_loops(costs, servers, scenario, precision)]
            if options.check:
                loads = [one for one in result["loads"] if named.items() <= one.items() and one["load"] in CHECKED_LOADS]
                seconds = 8 if options.quick else options.seconds
                result["checks"] += check(options, scaling["machine"], loads, seconds)
    (options.results / "simulated.json").write_text(json.dumps(result, indent=1) + "\n")


def measured(engines: dict, scaling: dict, servers: dict, scenario: str, precision: str) -> Costs:
    """Seconds, of medians."""
    kind, limit, weight = SCENARIOS[scenario]
    name = f"swift-clip {precision}"
    run = next(run for run in engines["runs"] if run["threads"] == 1)
    one_thread = {
        int(case.split()[1]): statistics.median(times[name]) / 1e3
        for case, times in run["times_ms"].items() if case.startswith(kind)
    }
    curve = f"{kind} {precision}"
    all_threads = {int(place): statistics.median(values) / 1e3 for place, values in scaling["curves"][curve].items()}
    lone = [
        phase["p50_ms"] / 1e3 for phase in servers["phases"]
        if (phase["server"], phase["scenario"], phase["connections"]) == (name, scenario, 1)
    ]
    beside = max(0.0, statistics.median(lone) - all_threads[1])
    return Costs(scaling["threads"][curve], one_thread, all_threads, beside, weight, limit)


def percentiles(values: list[float]) -> dict[str, float]:
    """Milliseconds, by the nearest rank."""
    ordered = sorted(values)
    return {f"p{rank}_ms": round(ordered[math.ceil(rank / 100 * len(ordered)) - 1] * 1e3, 2) for rank in RANKS}


# MARK: The questions


def by_load(costs: Costs, most: float, requests: int, scenario: str) -> list[dict]:
    found = []
    for load in LOADS:
        machine = Machine(costs)
        values = latencies([machine], poisson(load * most, requests, f"{scenario} {load}"), by_turns(""))["one"]
        found.append(
            {"load": load, "rate": round(load * most, 2), "items_a_pass": round(machine.items / machine.passes, 2)}
            | percentiles(values)
        )
    return found


def between_tenants(costs: Costs, most: float, requests: int, scenario: str) -> list[dict]:
    """What tenants of few requests wait: alone, and beside a flood, if clients take turns or if the first to come is first."""
    found = []
    ways = (("no flood", None, True), ("flood, clients take turns", FLOOD, True), ("flood, first come", FLOOD, False))
    for way, flood, turns in ways:
        arrivals = poisson(QUIET_LOAD * most, requests, f"{scenario} tenants", QUIET)
        by_client = latencies([Machine(costs, turns)], arrivals, by_turns(""), flood)
        found.append({"way": way} | percentiles([value for client in QUIET for value in by_client[client]]))
    return found


def behind_balancers(costs: Costs, most: float, requests: int, scenario: str) -> list[dict]:
    found = []
    for count in MACHINES:
        for name, balancer in BALANCERS.items():
            arrivals = poisson(BALANCED_LOAD * most * count, requests * count, f"{scenario} {count}")
            values = latencies([Machine(costs) for _ in range(count)], arrivals, balancer(f"{name} {count}"))["one"]
            found.append({"machines": count, "balancer": name} | percentiles(values))
    return found


# MARK: The real thing


def closed_loops(costs: Costs, servers: dict, scenario: str, precision: str) -> list[dict]:
    """Connections of which each sends its next request when the answer is there, simulated and as they were measured."""
    found = []
    phases = [
        phase for phase in servers["phases"]
        if (phase["server"], phase["scenario"]) == (f"swift-clip {precision}", scenario) and phase["connections"] > 1
    ]
    for connections, group in itertools.groupby(sorted(phases, key=connections_of), connections_of):
        end = iter([Request("the end", CLOSED_SECONDS)])
        values = latencies([Machine(costs)], end, by_turns(""), ("closed", connections))["closed"]
        rate = {"requests_per_second": round(connections / statistics.mean(values), 2), "p50_ms": percentiles(values)["p50_ms"]}
        group = list(group)
        real = {name: round(statistics.median(phase[name] for phase in group), 2) for name in rate}
        found.append({"connections": connections} | rate | {"measured": real})
    return found


def connections_of(phase: dict) -> int:
    return phase["connections"]


def check(options: argparse.Namespace, facts: dict, loads: list[dict], seconds: float) -> list[dict]:
    """Measured percentiles beside simulated ones."""
    sys.path.insert(0, str(HERE / "Peers"))
    import load
    import machine
    from child import leave_on_signals
    from server import ours
    from traffic import Pictures, Traffic, photographs

    if machine.facts()["processor"] != facts["processor"]:
        sys.exit(f"the results are of another processor ({facts['processor']}), so that there is nothing to check")
    leave_on_signals()
    found = []
    pictures, guard = Pictures(photographs(1)), machine.Guard(1 if options.quick else machine.MOST_TRIES)
    with tempfile.TemporaryDirectory() as folder:
        precision = loads[0]["precision"]
        with ours(options.check, options.weights, pathlib.Path(folder), "swift-clip", "--precision", precision) as server:
            server.wait_until_ready()
            for simulated in loads:
                traffic = Traffic(simulated["scenario"], pictures, options.weights.name)
                load.run(server.port, traffic, 4, min(2, seconds / 4))
                measured, disturbance = guard.measure(
                    lambda traffic=traffic, rate=simulated["rate"]: load.run_open(server.port, traffic, rate, seconds),
                    server.child.cpu_seconds,
                )
                found.append(simulated | {"measured": measured | disturbance})
                show(found[-1])
    return found


def show(checked: dict) -> None:
    simulated, real = (" / ".join(f"{of[f'p{rank}_ms']:.1f}" for rank in RANKS) for of in (checked, checked["measured"]))
    print(
        f"{checked['scenario']} {checked['precision']}, {100 * checked['load']:.0f} %, {checked['rate']:.1f} requests/s: "
        f"p50 / p95 / p99 simulated {simulated} ms, measured {real} ms of {checked['measured']['requests']} requests; "
        f"others used {checked['measured']['others']:.2f} cores",
        flush=True,
    )


if __name__ == "__main__":
    main()
