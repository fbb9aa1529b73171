#!/usr/bin/env python3
"""What the processor and its memory do at most, whatever program runs: the limits that shares of a limit are held against.

usage: limits.py OUTPUT [--seconds S] [--compiler CC] [--quick]

OUTPUT is the JSON file to write. limits.c is compiled into a temporary folder and measures, with one thread and with all: one
instruction again and again in registers (f32 by AVX2 and AVX-512, products of bf16 and of bytes, where the processor has them),
and reading of 256 MiB a thread that no cache holds, from 1 to 16 places at once. A pass in registers takes 5 ms. What counts is the
best pass, since nothing makes one too quick; the median tells how quiet the machine was. Only x86-64 has loops of instructions.
"""

from __future__ import annotations

import argparse
import itertools
import json
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile

import machine
from child import leave_on_signals

SOURCE = pathlib.Path(__file__).with_suffix(".c")
SECONDS = 3.0
# The loops of limits.c, and the instructions that each needs, as Linux calls them.
LOOPS = {
    "f32-avx2": {"avx2"},
    "f32-avx512": {"avx512f"},
    "bf16-avx512": {"avx512_bf16"},
    "bf16-amx": {"amx_bf16"},
    "int8-avx-vnni": {"avx_vnni"},
    "int8-avx512": {"avx512_vnni"},
    "int8-amx": {"amx_int8"},
}
STREAMS = (1, 2, 4, 8, 16)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each loop with each number of threads")
    parser.add_argument("--compiler", default=compiler(), help="by default cc, or clang, or the one beside swift")
    parser.add_argument("--quick", action="store_true", help="a fifth of a second of each: to see that it works")
    options = parser.parse_args()
    leave_on_signals()
    seconds = 0.2 if options.quick else options.seconds
    flags = set(machine.facts()["flags"])
    kinds = [kind for kind, needed in LOOPS.items() if needed <= flags and platform.machine() == "x86_64"]
    kinds += [f"memory-{streams}" for streams in STREAMS]
    result = machine.provenance(None, ())
    result["versions"]["compiler"] = machine.output([options.compiler, "--version"]).partition("\n")[0]
    result["rates"] = {kind: {} for kind in kinds}
    guard = machine.Guard(1 if options.quick else machine.MOST_TRIES)
    with tempfile.TemporaryDirectory() as folder:
        program = compiled(options.compiler, pathlib.Path(folder))
        for kind, threads in itertools.product(kinds, sorted({1, machine.cores()})):
            rates, _ = guard.measure(lambda kind=kind, threads=threads: passes(program, kind, threads, seconds))
            found = {"best": max(rates), "median": round(statistics.median(rates), 2), "passes": len(rates)}
            result["rates"][kind][str(threads)] = found
    result["disturbance"] = guard.summary()
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=1) + "\n")
    show(result)


def compiler() -> str:
    swift = shutil.which("swift")
    beside = str(pathlib.Path(swift).resolve().with_name("clang")) if swift else "clang"
    return next((found for name in ("cc", "clang", beside) if (found := shutil.which(name))), "cc")


def compiled(compiler: str, folder: pathlib.Path) -> pathlib.Path:
    program = folder / "limits"
    subprocess.run([compiler, "-O2", "-pthread", str(SOURCE), "-o", str(program)], check=True)
    return program


def passes(program: pathlib.Path, kind: str, threads: int, seconds: float) -> list[float]:
    """What each pass did: billions of operations or of bytes a second."""
    run = subprocess.run([str(program), kind, str(threads), str(seconds)], capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"{kind} with {threads} threads ended with status {run.returncode}: {run.stderr}")
    return [round(float(line) / 1e9, 2) for line in run.stdout.split()]


def show(result: dict) -> None:
    facts, rates = result["machine"], result["rates"]
    print(f"{facts['processor']} ({facts['kind']}), {facts['cores']} cores: {', '.join(facts['flags'])}")
    counts = list(next(iter(rates.values())))
    print(f"{'best (median)':<16}" + "".join(f"{'threads: ' + count:>24}" for count in counts))
    for kind, by_threads in rates.items():
        unit = "GB/s" if kind.startswith("memory") else "GFLOP/s" if kind.startswith(("f32", "bf16")) else "GOP/s"
        cells = (f"{found['best']:.1f} ({found['median']:.1f}) {unit}" for found in by_threads.values())
        print(f"{kind:<16}" + "".join(f"{cell:>24}" for cell in cells))


if __name__ == "__main__":
    main()
