#!/usr/bin/env python3
"""One process on one core against two processes on a core each, behind nginx and behind HAProxy.

usage: several.py CLIP WEIGHTS OUTPUT [--nginx PROGRAM] [--haproxy PROGRAM] [--seconds S] [--rounds N]

CLIP is the built command, WEIGHTS a folder that weights.py made, OUTPUT the JSON file to write. The proxies run with the
files of Examples/several, in which only ports and places for temporary files are changed. Each process of ours is bound
to its core (taskset); the proxy and the load generator run where there is room. Phases alternate; the processes that a
phase does not need are stopped. Linux only.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pathlib
import sys
import tempfile

import load
import machine
from child import Child, leave_on_signals
from server import Server, free_port, ours
from traffic import Pictures, Traffic, photographs

EXAMPLES = machine.ROOT / "Examples/several"
SCENARIOS = ("image1", "text8")
CONNECTIONS = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip")
    parser.add_argument("weights", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--nginx", default="nginx")
    parser.add_argument("--haproxy", default="haproxy")
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    leave_on_signals()
    cores = sorted(os.sched_getaffinity(0))[:2]
    if len(cores) < 2:
        sys.exit("two processes on a core each need two cores")
    result = machine.provenance(options.clip, ())
    result |= {"model": options.weights.name, "connections": CONNECTIONS, "phases": []}
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        processes = [
            stack.enter_context(
                ours(
                    options.clip, options.weights, folder, f"core-{core}", "--threads", "1", "--decode-threads", "1",
                    prefix=("taskset", "-c", str(core)),
                )
            )
            for core in cores
        ]
        for process in processes:
            process.wait_until_ready()
        ports = [process.port for process in processes]
        ways = {
            "one process": processes[0],
            "two processes, nginx": stack.enter_context(nginx(options.nginx, ports, folder)),
            "two processes, HAProxy": stack.enter_context(haproxy(options.haproxy, ports, folder)),
        }
        for way in list(ways.values())[1:]:
            way.wait_until_ready()
        pictures = Pictures(photographs(1))
        for number in range(options.rounds):
            for scenario in SCENARIOS:
                for name, way in ways.items():
                    with alone(processes, way):
                        traffic = Traffic(scenario, pictures, options.weights.name)
                        load.run(way.port, traffic, CONNECTIONS, 0.5)
                        phase = {"round": number, "way": name, "scenario": scenario}
                        phase |= load.run(way.port, traffic, CONNECTIONS, options.seconds)
                    result["phases"].append(phase)
                    print(f"{scenario} {name}: {phase['requests_per_second']:.1f} requests/s", flush=True)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=1) + "\n")


@contextlib.contextmanager
def alone(processes: list[Server], way: Server):
    """Stops the second process while the first one is measured."""
    idle = processes[1:] if way is processes[0] else []
    for process in idle:
        process.child.pause()
    try:
        yield
    finally:
        for process in idle:
            process.child.resume()


def with_ports(file: str, port: int, ports: list[int]) -> str:
    """An example's text with the ports of this run."""
    text = (EXAMPLES / file).read_text()
    for documented, actual in (("9000", port), ("9001", ports[0]), ("9002", ports[1])):
        text = text.replace(f"127.0.0.1:{documented}", f"127.0.0.1:{actual}")
    return text


def nginx(program: str, ports: list[int], folder: pathlib.Path) -> Server:
    port = free_port()
    prefix = folder / "nginx"
    prefix.mkdir()
    # Where an unprivileged user may write.
    places = "".join(
        f"    {name}_temp_path {prefix}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    text = f"pid {prefix}/pid;\nerror_log {prefix}/errors;\n" + with_ports("nginx.conf", port, ports)
    (prefix / "nginx.conf").write_text(text.replace("http {\n", "http {\n" + places, 1))
    options = ["-p", str(prefix), "-c", str(prefix / "nginx.conf"), "-e", str(prefix / "errors"), "-g", "daemon off;"]
    child = Child("nginx", [program, *options], folder / "nginx.log", answers=False)
    return Server("nginx", child, port, "/readiness")


def haproxy(program: str, ports: list[int], folder: pathlib.Path) -> Server:
    port = free_port()
    file = folder / "haproxy.cfg"
    file.write_text(with_ports("haproxy.cfg", port, ports))
    child = Child("haproxy", [program, "-db", "-f", str(file)], folder / "haproxy.log", answers=False)
    return Server("haproxy", child, port, "/readiness")


if __name__ == "__main__":
    main()
