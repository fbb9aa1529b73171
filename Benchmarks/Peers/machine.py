"""What a figure depends on beside the program: the machine, whoever else uses it, and the versions of all that was measured.

Run as a program it prints the kind of this processor, by which results are kept.
"""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import pathlib
import platform
import subprocess
import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What the kernels of this project and its peers choose by.
FLAGS = (
    "avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_bf16", "amx_int8", "asimd", "asimddp", "i8mm",
    "bf16", "sve",
)
# Kinds of processors, by the best instructions that a program may choose; the first that fits counts.
KINDS = {
    "avx512-amx": {"avx512f", "amx_int8"},
    "avx512-bf16": {"avx512f", "avx512_bf16"},
    "avx512-vnni": {"avx512f", "avx512_vnni"},
    "avx512": {"avx512f"},
    "avx2-vnni": {"avx2", "avx_vnni"},
    "avx2": {"avx2"},
    "neon-i8mm": {"asimd", "i8mm"},
    "neon": {"asimd"},
}
# How much of a core anybody else may use during a measurement, and how often it is tried for that.
MOST_OTHERS, MOST_TRIES = 0.15, 4


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def facts() -> dict[str, object]:
    """Processor, its instructions that matter, cores, memory, system, and how busy it was before the measurement."""
    fields = processor_fields()
    present = (fields.get("flags") or fields.get("Features") or "").split()
    flags = [flag for flag in FLAGS if flag in present]
    return {
        "processor": processor_name(fields),
        "kind": kind(flags),
        "flags": flags,
        "cores": cores(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "load_before": round(os.getloadavg()[0], 2),
    }


def kind(flags: list[str]) -> str:
    """The kind of a processor with these instructions; results of one kind are kept apart from another's."""
    return next((name for name, needed in KINDS.items() if needed <= set(flags)), "plain")


def has_bf16() -> bool:
    """Whether half precision is computed by instructions of its own here."""
    return bool({"avx512_bf16", "amx_bf16", "bf16"} & set(facts()["flags"]))


def has_int8() -> bool:
    """Whether products of bytes are computed by instructions of their own here; `clip` refuses to imitate them."""
    return bool({"avx512_vnni", "i8mm"} & set(facts()["flags"]))


def busy_seconds() -> float:
    """Processor time that everything on this machine has used, and that its host has given to others."""
    try:
        fields = pathlib.Path("/proc/stat").read_text().split("\n")[0].split()[1:]
    except OSError:
        return 0
    user, nice, system, _, _, interrupts, soft, stolen = map(int, fields[:8])
    return (user + nice + system + interrupts + soft + stolen) / os.sysconf("SC_CLK_TCK")


def own_seconds() -> float:
    """Processor time of this process and of its children that have ended."""
    return sum(os.times()[:4])


class Guard:
    """Watches what others use of the processor during measurements, and has disturbed ones made again, a few times at most.

    Others are all but this process, its children that end during the measurement, and those that `using` weighs.
    """

    def __init__(self, tries: int = MOST_TRIES) -> None:
        self.tries = tries
        self.most = 0.0
        self.repeats = 0
        self.measurements = 0

    def measure(self, work: Callable[[], Found], using: Callable[[], float] = lambda: 0.0) -> tuple[Found, dict[str, float]]:
        """The least disturbed of the tries: what `work` returned, the share of a core that others used, how many tries."""
        best: tuple[float, Found] | None = None
        for tries in range(1, self.tries + 1):
            own, busy, start = using() + own_seconds(), busy_seconds(), time.monotonic()
            found = work()
            elapsed = time.monotonic() - start
            others = busy_seconds() - busy - (using() + own_seconds() - own)
            share = round(max(0, others) / elapsed, 3)
            if best is None or share < best[0]:
                best = (share, found)
            if share <= MOST_OTHERS:
                break
        self.most = max(self.most, best[0])
        self.repeats += tries - 1
        self.measurements += 1
        return best[1], {"others": best[0], "tries": tries}

    def summary(self) -> dict[str, float]:
        """For the result: the greatest share in what was kept, how many measurements there were and how many were repeats."""
        return {"others": self.most, "measurements": self.measurements, "repeats": self.repeats, "limit": MOST_OTHERS}


def provenance(clip: pathlib.Path | str | None, packages: tuple[str, ...]) -> dict[str, object]:
    """The head of every result: machine, day, commit, versions; without a command where none is measured."""
    ours = {} if clip is None else {"swift-clip": output([str(clip), "--version"])}
    return {
        "machine": facts(),
        "day": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "commit": commit(),
        "versions": ours | {name: importlib.metadata.version(name) for name in packages},
    }


def commit() -> str:
    """The commit that was measured; '+' says that files differed from it."""
    git = ["git", "-C", str(ROOT)]
    changed = output([*git, "status", "--porcelain", "--untracked-files=no", "--", "Sources", "Package.swift"])
    return output([*git, "rev-parse", "--short=12", "HEAD"]) + ("+" if changed else "")


def output(command: list[str], errors: bool = False) -> str:
    """What a command prints, on standard error if that is asked for; nothing if it fails."""
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=True)
        return (run.stderr if errors else run.stdout).strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def processor_fields() -> dict[str, str]:
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text().split("\n\n")[0]
    except OSError:
        return {}
    pairs = (line.partition(":") for line in text.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def processor_name(fields: dict[str, str]) -> str:
    name = fields.get("model name")
    if not name:
        rows = (line.partition(":") for line in output(["lscpu"]).splitlines())
        name = {key.strip(): value.strip() for key, _, value in rows}.get("Model name")
    return name or output(["sysctl", "-n", "machdep.cpu.brand_string"]) or platform.processor() or "unknown"


if __name__ == "__main__":
    print(facts()["kind"])
