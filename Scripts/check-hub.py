#!/usr/bin/env python3
"""Checks `clip pull` and what the server fetches against a stand-in hub, and prints a table.

usage: check-hub.py CLIP [--only WORD] [--reference PYTHON] [--kills 20] [--checkpoint DIRECTORY] [--results FILE]

The stand-in (Scripts/hub/hub.py) is first checked with the real huggingface_hub client, if PYTHON has it. That client also reads
offline what this program has fetched, and the reverse. Everything is on 127.0.0.1 and in a temporary folder. The exit status is 1
if a row failed.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "hub"))
from rows_answers import endless, held_commit, mirrors, misbehaviour, numbers, only_needed, redirects, refusals, renamed, whatever_fails  # noqa: E402
from rows_command import little_room, listens, on_demand, quick, serves, tokens  # noqa: E402
from rows_disk import corrupt_at_rest, corrupt_on_the_way, damaged_forms, damaged_partial, eight, foreign_partials, killed, no_connection, others_files, states_offline, with_reference  # noqa: E402
from rows_reference import ours_read_by_theirs, reference_reads, reference_survives, theirs_in_part, theirs_read_by_ours, without_links  # noqa: E402
from stage import Failure, Stage  # noqa: E402

ROWS = [
    ("the stand-in, by the real client", reference_reads), ("the stand-in misbehaves, the real client", reference_survives),
    ("our cache, the real client offline", ours_read_by_theirs), ("its cache, ours", theirs_read_by_ours),
    ("its cache in part", theirs_in_part),
    ("a file system without links", without_links), ("killed at random points", killed), ("eight processes", eight),
    ("ours and the real client at once", with_reference), ("corrupt on the way", corrupt_on_the_way), ("corrupt at rest", corrupt_at_rest),
    ("damage in every form", damaged_forms), ("files of other programs", others_files), ("states without the hub", states_offline),
    ("a damaged remainder", damaged_partial), ("remainders of other clients", foreign_partials), ("a whole cache", no_connection),
    ("whatever fails", whatever_fails), ("only what is needed", only_needed), ("misbehaviour that passes", misbehaviour), ("mirrors", mirrors),
    ("refusals", refusals), ("redirects", redirects), ("numbers at the edge", numbers), ("a commit that is held", held_commit), ("bodies without end", endless),
    ("other names", renamed), ("tokens", tokens), ("little room", little_room), ("serve with nothing cached", serves),
    ("serve listens while it fetches", listens), ("on demand", on_demand), ("speed", quick),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("clip")
    parser.add_argument("--only", default="", help="rows whose function or title has one of these words, separated by commas")
    parser.add_argument("--reference", default=sys.executable, help="a Python with huggingface_hub; rows that need it are left out without")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--checkpoint", type=pathlib.Path, help="an OpenCLIP directory of real size, with --only 'nothing cached'")
    parser.add_argument("--results")
    options = parser.parse_args()
    has_reference = subprocess.run([options.reference, "-c", "import huggingface_hub"], capture_output=True).returncode == 0
    needs = {reference_reads, reference_survives, ours_read_by_theirs, theirs_read_by_ours, theirs_in_part, without_links, with_reference}
    stage = Stage(os.path.abspath(options.clip), options.reference, options.kills, options.checkpoint)
    results, failed = [], 0
    try:
        for title, row in ROWS:
            words = [w for w in options.only.split(",") if w]
            if words and not any(w in title or w in row.__name__ for w in words):
                continue
            if row in needs and not has_reference:
                print(f"left out  {title}: no huggingface_hub here", flush=True)
                continue
            stage.rules()
            stage.server.hub.renamed = {}
            stage.log()
            started = time.monotonic()
            try:
                what, held = row(stage), True
            except (Failure, subprocess.TimeoutExpired, StopIteration) as failure:
                what, held = str(failure), False
            failed += not held
            seconds = time.monotonic() - started
            results.append({"row": title, "held": held, "what": what, "seconds": round(seconds, 2)})
            print(f"{'held  ' if held else 'FAILED'}  {title}: {what}  ({seconds:.1f} s)", flush=True)
    finally:
        stage.close()
    if options.results:
        path = pathlib.Path(options.results)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(results, indent=1) + "\n")
    print(f"{len(results) - failed} rows held, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
