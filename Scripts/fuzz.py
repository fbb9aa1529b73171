#!/usr/bin/env python3
"""Builds the fuzz driver with the sanitizers and tries every parser on made-up inputs, and pictures on random changes.

usage: fuzz.py [--runs N] [--seconds S] [--pictures N] [--fresh] [--only NAME,...] [--jobs N] [--results FILE] [--build-only]

Each parser gets N inputs from libFuzzer, or runs for S seconds, whichever ends first. Findings are a crash, a report of the
address or the undefined behaviour sanitizer, more than 5 s or 4 GB for one input, and a broken promise
(Fuzz/Driver/Parser*.swift). Their inputs are kept under .build-fuzz/findings, and the exit status is 1. Swift and C of this package
are instrumented; the system's libraries are not. Leaks are not searched for, because Swift keeps pointers in forms that the leak
sanitizer does not know. Inputs that reached new code are kept under .build-fuzz/corpus for the next time; with --fresh they are not
used, and the inputs are the same every time.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import glob
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import time
import typing

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "Scripts" / "attack"))
from report import Report  # noqa: E402

SCRATCH = ROOT / ".build-fuzz"
DRIVER = SCRATCH / "release" / "clip-fuzz"
FINDINGS = SCRATCH / "findings"
FIXTURES = ROOT / "Tests" / "CLIPTestSupport" / "Fixtures"
PICTURES = f"{FIXTURES / 'imaging'},{FIXTURES / 'opencv'}"
# The longest inputs that libFuzzer makes.
PARSERS = {
    "json": 1024, "bodies": 4096, "forms": 4096, "heads": 4096, "safetensors": 4096, "archives": 4096, "tokenizers": 8192, "pieces": 8192,
    "configurations": 4096, "preprocessing": 2048, "checkpoints": 8192, "hub": 4096, "urls": 512, "texts": 512, "tars": 8192,
}
# The promised numbers of a whole run.
RUNS_PROMISED, PICTURES_PROMISED = 1_000_000, 100_000
COVERAGE = "edge,indirect-calls,trace-cmp,inline-8bit-counters,pc-table"
ENVIRONMENT = {
    # The sanitizer reports a crash; Swift's own reporter would stop and ask.
    "SWIFT_BACKTRACE": "enable=no",
    "ASAN_OPTIONS": "detect_leaks=0:handle_sigill=1:allocator_may_return_null=1:abort_on_error=0",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
}


def runtime() -> pathlib.Path:
    """The archive of libFuzzer without a `main`, in the toolchain of `swift`."""
    swift = pathlib.Path(subprocess.run(["which", "swift"], capture_output=True, text=True, check=True).stdout.strip()).resolve()
    found = sorted(glob.glob(str(swift.parents[1] / "lib" / "clang" / "*" / "lib" / "*" / "libclang_rt.fuzzer_no_main-*.a")))
    if not found:
        sys.exit("The toolchain has no libFuzzer.")
    return pathlib.Path(found[-1])


def build(jobs: int) -> None:
    flags = ["-Xswiftc", f"-sanitize-coverage={COVERAGE}", "-Xswiftc", "-enable-testing"]
    for flag in ("-fsanitize=fuzzer-no-link", "-fsanitize=undefined", "-fno-sanitize-recover=undefined"):
        flags += ["-Xcc", flag]
    for flag in (str(runtime()), "-lstdc++"):
        flags += ["-Xlinker", flag]
    command = ["swift", "build", "-c", "release", "--product", "clip-fuzz", "--scratch-path", str(SCRATCH), "--sanitize", "address"]
    command += ["--jobs", str(jobs), *flags]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | {"CLIP_FUZZ": "1"}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        print(done.stdout[-8000:])
        sys.exit("The fuzz driver does not build.")


class Tried(typing.NamedTuple):
    """The result of fuzzing one parser."""

    name: str
    executions: int
    seconds: float
    # The finding, if there is one.
    finding: str
    edges: int


def fuzz(name: str, options: argparse.Namespace) -> Tried:
    """Runs one parser."""
    corpus = SCRATCH / "corpus" / ("fresh" if options.fresh else "grown") / name
    if options.fresh:
        shutil.rmtree(corpus, ignore_errors=True)
    corpus.mkdir(parents=True, exist_ok=True)
    command = [str(DRIVER), name, f"-runs={options.runs}", f"-max_len={PARSERS[name]}", "-timeout=5", "-rss_limit_mb=4096"]
    command += ["-print_final_stats=1", f"-artifact_prefix={FINDINGS}/{name}-", "-report_slow_units=5"]
    command += ["-seed=1"] if options.fresh else []
    command += [f"-max_total_time={options.seconds}"] if options.seconds else []
    dictionary = ROOT / "Fuzz" / "Dictionaries" / f"{name}.dict"
    command += [f"-dict={dictionary}"] if dictionary.exists() else []
    command += [str(corpus), str(ROOT / "Fuzz" / "Seeds" / name)]
    begun = time.monotonic()
    done = subprocess.run(command, capture_output=True, env=os.environ | ENVIRONMENT)
    words = done.stderr.decode(errors="replace")
    found = re.search(r"number_of_executed_units:\s+(\d+)", words)
    finding = "" if done.returncode == 0 else words[-3000:]
    edges = re.findall(r"\bcov: (\d+)", words)
    executions = int(found.group(1)) if found else 0
    return Tried(name, executions, time.monotonic() - begun, finding, int(edges[-1]) if edges else 0)


def mutate_pictures(first: int, count: int) -> Tried:
    """Decodes changed pictures; if the process dies, the present number is reported, and the run continues after it."""
    begun, state = time.monotonic(), FINDINGS / f"at-{first}"
    at, end, findings, told = first, first + count, [], []
    while at < end and len(findings) < 5:
        command = [str(DRIVER), "pictures", PICTURES, str(at), str(end - at), "--state", str(state)]
        done = subprocess.run(command, capture_output=True, env=os.environ | ENVIRONMENT)
        if done.returncode == 0:
            told.append(done.stdout.decode().strip())
            at = end
            break
        number = struct.unpack("<Q", state.read_bytes())[0]
        path = FINDINGS / f"picture-{number}"
        subprocess.run([str(DRIVER), "pictures", PICTURES, str(number), "1", "--write", str(path)], env=os.environ | ENVIRONMENT)
        why = "longer than 5 s" if done.returncode == -14 else done.stderr.decode(errors="replace")[-2500:]
        findings.append(f"picture {number}, exit {done.returncode}, {path}: {why}")
        at = number + 1
    for line in told:
        print(line)
    return Tried("pictures", at - first, time.monotonic() - begun, "\n".join(findings), 0)


def main() -> int:
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=0)
    parser.add_argument("--pictures", type=int, default=100_000)
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--results", type=pathlib.Path)
    parser.add_argument("--build-only", action="store_true")
    options = parser.parse_args()
    names = [*PARSERS, "pictures"]
    wanted = [name for name in options.only.split(",") if name] or names
    if set(wanted) - set(names):
        parser.error(f"there are only {', '.join(names)}")
    build(options.jobs)
    if options.build_only:
        return 0
    FINDINGS.mkdir(exist_ok=True)
    report = Report(f"make fuzz ONLY=NAME RUNS={options.runs}" + (f" SECONDS={options.seconds}" if options.seconds else ""))
    print(f"each row: {report.command}, where NAME is the attack\n{report.heading()}")
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        work = [pool.submit(fuzz, name, options) for name in wanted if name != "pictures"]
        if "pictures" in wanted:
            share = -(-options.pictures // options.jobs)
            work += [pool.submit(mutate_pictures, 1 + part * share, share) for part in range(options.jobs)]
        found = [done.result() for done in work]
    for name in wanted:
        ours = [one for one in found if one.name == name]
        findings = [one.finding for one in ours if one.finding]
        count, seconds = sum(one.executions for one in ours), max(one.seconds for one in ours)
        promised, wanted_here = (PICTURES_PROMISED, options.pictures) if name == "pictures" else (RUNS_PROMISED, options.runs)
        least = 1 if options.seconds and name != "pictures" else min(wanted_here, promised)
        allowed = f">= {least:,}" if least < promised else ""
        report.add(name, "executions", f"{count:,}", f">= {promised:,}", count >= promised, allowed, count >= least)
        report.add(name, "crashes, hangs over 5 s, reports", str(len(findings)), "0", not findings)
        report.add(name, "executions a second", f"{count / max(seconds, 0.001):,.0f}")
        if name != "pictures":
            # Pictures are changed blindly, without counting the reached code of the decoders.
            edges = sum(one.edges for one in ours)
            report.add(name, "edges reached", f"{edges:,}", "> 0", edges > 0)
        for finding in findings:
            print(finding)
    report.print_end()
    if options.results:
        report.write(options.results)
    return 1 if report.missed else 0


if __name__ == "__main__":
    sys.exit(main())
