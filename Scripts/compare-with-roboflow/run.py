#!/usr/bin/env python3
"""Asks our server and Roboflow's the same questions and compares the answers, one by one.

    run.py --theirs URL [--theirs-open URL] --record roboflow-1.8.3.json
    run.py --ours URL [--ours-open URL] --theirs URL [--theirs-open URL] --write REPORT.md
    run.py --ours URL [--ours-open URL] --replay roboflow-1.8.3.json

The first form keeps the real server's answers, without their numbers. The second compares two
running servers, embeddings included, and writes the table. The third repeats the comparison
against the kept answers, without a real server and without numbers. All end with the lines "N same,
N different on purpose, N unexpected" and "N passed, N failed", and with a non-zero exit code if
anything was unexpected.

Needs Python 3.11 and Pillow 12 (AVIF included).

whole.py starts both servers and this. To start them by hand, with the same checkpoints under the
names ViT-B-16 and ViT-B-32 (ONNX files for Roboflow's, safetensors for ours), PE-Core-L14-336 and
PE-Core-B16-224 (perception_weights.py), each once with its default settings and once "open", which
allows pictures from http URLs of any host: see there.

Cases that need an open server are left out where none is given.
"""

from __future__ import annotations

import argparse
import http.client
import json
import pathlib
import sys
import urllib.request

from case import Case
from cases import cases
from loopback import LoopbackServer
from recording import Recording
from report import markdown
from verdict import ON_PURPOSE, SAME, UNEXPECTED, Verdict, judge
from wire import COMPARED_HEADERS, Answer, Request, send


def main() -> int:
    options = arguments()
    loopback = LoopbackServer(options.loopback_port if options.theirs else 0)
    try:
        table = [case for case in cases(loopback.base) if options.only in title(case)]
        return compare(table, options)
    finally:
        loopback.close()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--ours", help="base URL of our server")
    parser.add_argument("--ours-open", help="base URL of ours that fetches from any host")
    parser.add_argument("--theirs", help="base URL of Roboflow's server")
    parser.add_argument("--theirs-open", help="base URL of theirs that fetches from any host")
    parser.add_argument("--record", type=pathlib.Path, help="keep the real server's answers here")
    parser.add_argument("--replay", type=pathlib.Path, help="use the answers kept here")
    parser.add_argument("--write", type=pathlib.Path, help="write the table here, in Markdown")
    parser.add_argument("--only", default="", help="only cases whose title contains this text")
    parser.add_argument("--loopback-port", type=int, default=19400)
    options = parser.parse_args()
    if bool(options.theirs) == bool(options.replay):
        parser.error("either --theirs or --replay")
    if not options.ours and not options.record:
        parser.error("--ours is missing")
    return options


def title(case: Case) -> str:
    return f"{case.section}: {case.name}"


def compare(table: list[Case], options: argparse.Namespace) -> int:
    recording = Recording.read(options.replay) if options.replay else Recording("")
    verdicts: list[Verdict] = []
    left_out = 0
    for case in table:
        theirs = their_answer(case, options, recording)
        ours = options.ours_open if case.open else options.ours
        if theirs is None or (options.ours and not ours):
            left_out += 1
        elif ours:
            verdicts.append(judge(case, ask(ours, case.request), theirs))
            explain(verdicts[-1])
    if options.theirs:
        recording.theirs = version(options.theirs)
    if options.record:
        recording.write(options.record)
        print(f"{len(recording.answers)} answers kept")
    if left_out:
        print(f"{left_out} cases left out: no open server given")
    if not verdicts:
        return 0
    if options.write:
        names = {"ours": version(options.ours), "theirs": recording.theirs}
        options.write.write_text(markdown(verdicts, names, COMPARED_HEADERS))
    counts = {kind: 0 for kind in (SAME, ON_PURPOSE, UNEXPECTED)}
    for verdict in verdicts:
        counts[verdict.kind] += 1
    print(", ".join(f"{count} {kind.lower()}" for kind, count in counts.items()))
    print(f"{counts[SAME] + counts[ON_PURPOSE]} passed, {counts[UNEXPECTED]} failed")
    return 1 if counts[UNEXPECTED] else 0


def ask(base: str, request: Request) -> Answer:
    """An answer, or what stands for none: status 0."""
    try:
        return send(base, request)
    except (OSError, ValueError, http.client.HTTPException) as error:
        return Answer(0, {}, f"<no answer: {type(error).__name__}>")


def their_answer(case: Case, options: argparse.Namespace, recording: Recording) -> Answer | None:
    """From the real server if there is one, and kept then; otherwise the one that was kept."""
    name, fingerprint = title(case), case.request.fingerprint()
    if options.replay:
        return recording.answer(name, fingerprint)
    base = options.theirs_open if case.open else options.theirs
    if not base:
        return None
    answer = ask(base, case.request)
    recording.keep(name, fingerprint, answer)
    return answer


def version(base: str) -> str:
    with urllib.request.urlopen(f"{base}/info", timeout=60) as response:
        info = json.load(response)
    return f"{info['name']} {info['version']}"


def explain(verdict: Verdict) -> None:
    if verdict.kind == UNEXPECTED:
        print(f"UNEXPECTED {title(verdict.case)}")
        for difference in verdict.differences:
            print(f"    {difference[:400]}")


if __name__ == "__main__":
    sys.exit(main())
