"""Passes of several programs side by side: each a process of its own that waits on a pipe, all in turns."""

from __future__ import annotations

import contextlib
import math
import pathlib
import time
from collections.abc import Iterator

import machine
from child import Child

# Lets the threads of the last program fall asleep.
PAUSE = 0.02


@contextlib.contextmanager
def started(commands: dict[str, list[str]], logs: pathlib.Path) -> Iterator[list[Child]]:
    """The processes of commands by name; they end with the block."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Child(name, command, logs / f"{name}.log")) for name, command in commands.items()]


def measure(
    children: list[Child],
    cases: list[str],
    guard: machine.Guard,
    seconds: float = math.inf,
    fewest: int = 3,
    most: int = 31,
) -> dict[str, object]:
    """Milliseconds of every case and program, by round, and what the processes weigh.

    In each round each program runs each case once, in an order that turns from round to round. There are as many rounds as the
    seconds allow, within the two bounds; one during which others used the processor is measured again.
    """
    for child in children:  # twice, since a runtime may choose its kernels in a second pass
        for case in cases * 2:
            child.milliseconds(case)
    times: dict[str, dict[str, list[float]]] = {case: {child.name: [] for child in children} for case in cases}
    disturbances = []
    start = time.monotonic()
    rounds, longest = 0, 0.0
    while rounds < most and (rounds < fewest or time.monotonic() - start + longest < seconds):
        began = time.monotonic()
        order = children[rounds % len(children) :] + children[: rounds % len(children)]
        found, disturbance = guard.measure(
            lambda: one_round(order, cases), lambda: sum(child.cpu_seconds() for child in order)
        )
        for case, name, milliseconds in found:
            times[case][name].append(milliseconds)
        disturbances.append(disturbance)
        rounds += 1
        longest = max(longest, time.monotonic() - began)
    return {"times_ms": times, "rounds": disturbances, "memory": {child.name: child.memory() for child in children}}


def one_round(order: list[Child], cases: list[str]) -> list[tuple[str, str, float]]:
    """Each case by each program once: case, program, milliseconds."""
    found = []
    for case in cases:
        for child in order:
            time.sleep(PAUSE)
            found.append((case, child.name, round(child.milliseconds(case), 3)))
    return found
