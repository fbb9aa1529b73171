#!/usr/bin/env python3
"""One process on one core against two processes on a core each, behind nginx and behind HAProxy; and what clients see when
one of the two ends.

usage: several.py CLIP WEIGHTS OUTPUT [--nginx PROGRAM] [--haproxy PROGRAM] [--minutes M] [--rounds N] [--quick]

CLIP is the built command, WEIGHTS a folder that weights.py made, OUTPUT the JSON file to write. The proxies run with the
files of Deploy/proxies, in which only ports and places for temporary files are changed. Each process of ours is bound
to its core (taskset); the proxy and the load generator run where there is room. Phases alternate; the processes that a
phase does not need are stopped. At last, under load, one of the two is told to end (SIGTERM), and later killed (SIGKILL), and
started anew each time: requests are counted, and those that were not answered with status 200. Where a proxy or a second
core is missing, nothing is measured, and no file is written. Linux only.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import os
import pathlib
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable

import load
import machine
from child import Child, leave_on_signals
from server import Server, free_port, ours
from traffic import Mix, Pictures, Traffic, photographs

# The part of `--minutes` that this script takes: four fifths of it for phases, the rest for endings.
SHARE = 0.08
PROXIES = machine.ROOT / "Deploy/proxies"
SCENARIOS = ("image1", "text8")
ENDING_SCENARIOS = ("image1", "image8", "text1", "text8", "compare8")
CONNECTIONS = 8
SIGNALS = ("SIGTERM", "SIGKILL")
# Where distributions put servers, and where a user's search path may not lead.
PLACES = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip")
    parser.add_argument("weights", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--nginx", default="nginx")
    parser.add_argument("--haproxy", default="haproxy")
    parser.add_argument("--minutes", type=float, default=10, help="of the whole comparison; this is a twelfth of it")
    parser.add_argument("--rounds", type=int, default=3, help="into which the time is divided")
    parser.add_argument("--quick", action="store_true", help="one round of one second: to see that it works")
    options = parser.parse_args()
    leave_on_signals()
    cores = sorted(os.sched_getaffinity(0))[:2] if hasattr(os, "sched_getaffinity") else []
    missing = [program for program in (options.nginx, options.haproxy) if not shutil.which(program, path=PLACES)]
    missing += [] if len(cores) == 2 else ["a second core"]
    if missing:
        print(f"several.py measures nothing: {' and '.join(missing)} not found", flush=True)
        return
    result = machine.provenance(options.clip, ())
    result["versions"]["nginx"] = machine.output([found(options.nginx), "-v"], errors=True).rpartition("/")[2]
    result["versions"]["haproxy"] = machine.output([found(options.haproxy), "-v"]).split()[2]
    result |= {"model": options.weights.name, "connections": CONNECTIONS}
    with tempfile.TemporaryDirectory() as folder:
        result |= measure(options, cores, pathlib.Path(folder))
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=1) + "\n")


def measure(options: argparse.Namespace, cores: list[int], folder: pathlib.Path) -> dict[str, object]:
    rounds = 1 if options.quick else options.rounds
    phase_seconds = 1.0 if options.quick else max(1.0, options.minutes * 60 * SHARE * 0.8 / rounds / len(SCENARIOS) / 3)
    guard = machine.Guard(1 if options.quick else machine.MOST_TRIES)
    phases: list[dict[str, object]] = []
    with contextlib.ExitStack() as stack:

        def start(core: int, port: int) -> Server:
            arguments = ("--threads", "1", "--decode-threads", "1")
            name, prefix = f"core-{core}", ("taskset", "-c", str(core))
            return stack.enter_context(ours(options.clip, options.weights, folder, name, *arguments, prefix=prefix, port=port))

        processes = [start(core, free_port()) for core in cores]
        ports = [process.port for process in processes]
        proxies = [
            stack.enter_context(nginx(found(options.nginx), ports, folder)),
            stack.enter_context(haproxy(found(options.haproxy), ports, folder)),
        ]
        for server in (*processes, *proxies):
            server.wait_until_ready()
        ways = {"one process": processes[0], "two processes, nginx": proxies[0], "two processes, HAProxy": proxies[1]}
        children = [server.child for server in (*processes, *proxies)]
        pictures = Pictures(photographs(1))
        for number in range(rounds):
            for scenario in SCENARIOS:
                for name, way in ways.items():
                    with alone(processes, way):
                        traffic = Traffic(scenario, pictures, options.weights.name)
                        load.run(way.port, traffic, CONNECTIONS, 0.5)
                        measured, disturbance = guard.measure(
                            lambda: load.run(way.port, traffic, CONNECTIONS, phase_seconds),
                            lambda: sum(child.cpu_seconds() for child in children),
                        )
                    phases.append({"round": number, "way": name, "scenario": scenario} | measured | disturbance)
                    print(f"{scenario} {name}: {measured['requests_per_second']:.1f} requests/s", flush=True)
        endings = []
        ending_seconds = 2.0 if options.quick else max(2.0, options.minutes * 60 * SHARE * 0.2 / 4)
        for name, way in list(ways.items())[1:]:
            for number in SIGNALS:
                traffic = Mix(ENDING_SCENARIOS, pictures, options.weights.name)
                restart = functools.partial(start, cores[1], ports[1])
                ended = ending(way, processes[1], signal.Signals[number], traffic, ending_seconds, restart)
                processes[1] = ended.pop("process")
                endings.append({"way": name, "signal": number} | ended)
                print(f"{name}, {number}: {ended['failed']} of {ended['requests']} failed {ended['failures'][:2]}", flush=True)
    return {"phases": phases, "endings": endings, "disturbance": guard.summary()}


def ending(
    way: Server, process: Server, number: signal.Signals, traffic: Mix, seconds: float, restart: Callable[[], Server]
) -> dict[str, object]:
    """Ends one of the processes under load, and starts it anew where it was; requests, and those that failed."""
    failures: list[str] = []
    answered: list[dict] = []
    thread = threading.Thread(
        target=lambda: answered.append(load.run(way.port, traffic, CONNECTIONS, seconds, failures=failures))
    )
    thread.start()
    time.sleep(seconds / 4)
    process.child.signal(number)
    process.child.process.wait(timeout=60)
    time.sleep(seconds / 4)
    process = restart()
    thread.join()
    process.wait_until_ready()
    time.sleep(6)  # until both proxies send it requests again
    requests = answered[0]["requests"] + len(failures)
    return {"process": process, "requests": requests, "failed": len(failures), "failures": failures} | {
        name: answered[0][name] for name in ("seconds", "p50_ms", "most_ms")
    }


def found(program: str) -> str:
    return shutil.which(program, path=PLACES) or program


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
    """A proxy's file with the ports of this run, on this machine alone."""
    text = (PROXIES / file).read_text()
    for documented, actual in (("listen 8080;", f"listen 127.0.0.1:{port};"), ("bind :8080", f"bind 127.0.0.1:{port}")):
        text = text.replace(documented, actual)
    for documented, actual in zip(("9001", "9002"), ports):
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
    (prefix / "nginx.conf").write_text(
        f"worker_processes auto;\npid {prefix}/pid;\nerror_log {prefix}/errors;\nevents {{}}\nhttp {{\n    access_log off;\n"
        + places + with_ports("nginx.conf", port, ports) + "}\n"
    )
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
