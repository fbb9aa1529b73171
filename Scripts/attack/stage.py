"""What every attack stands on: servers, honest clients beside it, and the rows it adds to the report."""

from __future__ import annotations

import json
import math
import pathlib
import resource
import subprocess
import sys
import threading
import time

import pictures
import wire
from report import Report, percentile
from server import Sampler, Server

BUDGET = 512_000_000
# What the process may hold beyond the budget of bytes: its allocator's leftovers and its buffers.
BEYOND_BUDGET = 64_000_000
HEALTH_LIMIT = 0.1
# What short forms allow of a time in milliseconds.
QUICK_TOLERANCE = 10
PROBE = pathlib.Path(__file__).with_name("probe.py")


def in_megabytes(count: float) -> str:
    return f"{count / 1e6:.0f} MB"


def in_milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:.1f} ms" if seconds < 0.1 else f"{seconds * 1e3:.0f} ms"


def in_seconds(seconds: float) -> str:
    return f"{seconds:.1f} s"


def in_parts(part: float) -> str:
    return f"{part * 100:.0f} %"


class Stage:
    """One attack's tools."""

    def __init__(self, name: str, binary: pathlib.Path, report: Report, quick: bool) -> None:
        self.name, self.binary, self.report, self.quick = name, binary, report, quick

    def server(self, flags: dict[str, str | None] | None = None, **options) -> Server:
        """A server with the budget that the bounds are about, warmed up, so that its memory is what it is at rest."""
        return warmed_up(Server(self.binary, {"--memory-budget": str(BUDGET), **(flags or {})}, **options))

    def confined(self, address_space: int, flags: dict[str, str | None] | None = None) -> Server:
        """A server that is refused memory beyond so many bytes of address space, and finds its budget itself."""
        return warmed_up(Server(self.binary, flags, limits={resource.RLIMIT_AS: (address_space, address_space)}))

    def watch(self, server: Server, *, captions: bool = False, source: str | None = None, port: int = 0) -> Watch:
        """Honest clients beside an attack; health is asked at another port where one is named."""
        return Watch(self, server, captions, source, port)

    # MARK: Rows

    def tell(self, measure: str, figure: object) -> None:
        self.report.add(self.name, measure, str(figure))

    def most(self, measure: str, value: float, bound: float, write=str, short: float | None = None) -> None:
        """At most so much; short forms let `short` pass, by default ten times of a time that is written in milliseconds."""
        # They run where other things run, too: a time that is missed by little is told, and is no failure.
        limit = bound
        if self.quick and (short is not None or write is in_milliseconds):
            limit = bound * QUICK_TOLERANCE if short is None else short
        allowed = f"<= {write(limit)}" if limit > bound else ""
        self.report.add(self.name, measure, write(value), f"<= {write(bound)}", value <= bound, allowed, value <= limit)

    def least(self, measure: str, value: float, bound: float, write=str, short: float | None = None) -> None:
        """At least so much; short forms let `short` pass."""
        limit = short if self.quick and short is not None else bound
        allowed = f">= {write(limit)}" if limit < bound else ""
        self.report.add(self.name, measure, write(value), f">= {write(bound)}", value >= bound, allowed, value >= limit)

    def ended(self, *crowds: wire.Crowd, measure: str = "clients that got no answer") -> None:
        """That every client of an attack came to its end, and what was the matter with those that did not."""
        troubles = [f"{type(trouble).__name__}: {trouble}"[:54] for crowd in crowds for trouble in crowd.troubles]
        self.exactly(measure, len(troubles), 0)
        for trouble in sorted(set(troubles))[:8]:
            self.tell("a client", f"{troubles.count(trouble)} x {trouble}")

    def exactly(self, measure: str, value: object, wanted: object) -> None:
        self.report.add(self.name, measure, str(value), str(wanted), value == wanted)

    def holds(self, measure: str, value: bool) -> None:
        self.report.add(self.name, measure, "yes" if value else "no", "yes", value)


class Watch:
    """From `with` on, honest clients ask and memory is sampled; afterwards it knows what they saw."""

    def __init__(self, stage: Stage, server: Server, captions: bool, source: str | None, port: int) -> None:
        self.stage, self.server, self.source = stage, server, source
        self.health_port = port or server.port
        self.kinds = ["health", "captions"] if captions else ["health"]
        self.seen: dict[str, dict] = {}

    def __enter__(self) -> Watch:
        self.idle = self.server.resident()
        self.probes = {kind: self._start(kind) for kind in self.kinds}
        # An interpreter takes longer to start than the shortest attacks last.
        for probe in self.probes.values():
            probe.stdout.readline()
        self.sampler = Sampler(self.server).__enter__()
        self.processor = self.server.processor_seconds()
        self.begun = time.monotonic()
        return self

    def _start(self, kind: str) -> subprocess.Popen[bytes]:
        port = self.health_port if kind == "health" else self.server.port
        command = [sys.executable, str(PROBE), str(port), kind]
        command += [self.source] if self.source else []
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __exit__(self, *_: object) -> None:
        self.seconds = time.monotonic() - self.begun
        self.processor_seconds = self.server.processor_seconds() - self.processor
        self.sampler.__exit__()
        for kind, probe in self.probes.items():
            output, _ = probe.communicate(b"", timeout=90)
            self.seen[kind] = json.loads(output)
        self.survived = self.server.is_alive

    @property
    def over_idle(self) -> int:
        return self.sampler.highest - self.idle

    def p99(self, kind: str) -> float:
        """Without end where nobody asked, so that an attack which nobody watched holds nothing."""
        seconds = self.seen[kind]["seconds"]
        return percentile(seconds, 0.99) if seconds else math.inf

    def refused(self, kind: str) -> int:
        """How many honest requests did not get a 200."""
        return sum(count for status, count in self.seen[kind]["statuses"].items() if status != "200")

    def report_health(self, label: str = "") -> None:
        """The rows that every attack has."""
        stage, suffix = self.stage, f" ({label})" if label else ""
        stage.exactly("deaths" + suffix, 0 if self.survived else 1, 0)
        stage.most("/healthz p99" + suffix, self.p99("health"), HEALTH_LIMIT, in_milliseconds)
        stage.exactly("/healthz not answered 200" + suffix, self.refused("health"), 0)
        asked = len(self.seen["health"]["seconds"])
        stage.tell("processor time; /healthz asked" + suffix, f"{self.processor_seconds:.1f} s of {self.seconds:.0f} s; {asked}")

    def report_captions(self, whose: str = "captions") -> None:
        """That each was answered, and what became of those that were not."""
        self.stage.exactly(f"{whose} not answered 200", self.refused("captions"), 0)
        for outcome, count in self.seen["captions"]["statuses"].items():
            if outcome != "200":
                self.stage.tell(f"{whose} that were not", f"{count} x {outcome}"[:54])

    def report_memory(self, label: str = "") -> None:
        suffix = f" ({label})" if label else ""
        bound = BUDGET + BEYOND_BUDGET
        self.stage.most("resident memory over idle" + suffix, self.over_idle, bound, in_megabytes)


def warmed_up(server: Server) -> Server:
    """Texts, lists and pictures, so that what a server takes once it has taken."""
    try:
        for size in (1, 8, 64, 256):
            wire.asked(server.port, wire.text_body([f"a photo of {number} things, {size}" for number in range(size)]))
        for side in (64, 300, 1200):
            wire.embedded(server.port, pictures.png(side, side))
    except BaseException:
        server.kill()
        raise
    return server


def together(size: int, run, limit: float = 120) -> wire.Crowd:
    """Runs `run(number)` so many times at once, and waits for all of them; what becomes of the crowd is for its caller to say."""
    return wire.Crowd(size, run).start().join(limit)


def after(seconds: float, run) -> threading.Timer:
    timer = threading.Timer(seconds, run)
    timer.daemon = True
    timer.start()
    return timer
