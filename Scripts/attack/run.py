#!/usr/bin/env python3
"""Attacks a server of its own on this machine, and says what held: every row is a promise of Documentation/ThreatModel.md.

usage: run.py CLIP [--only NAME,...] [--quick] [--results FILE] [--list]

CLIP is the built command. Every attack starts its own servers and origins on 127.0.0.1 and needs nothing beside Python. The
exit status is 1 where a bound was missed. Short forms (--quick) take some seconds each, and send less of the same; where they
let more pass than is promised, the row says both. No server is left running.
"""

from __future__ import annotations

import argparse
import pathlib
import resource
import signal
import sys
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import attack_checkpoints  # noqa: E402
import attack_connections  # noqa: E402
import attack_decoding  # noqa: E402
import attack_fetching  # noqa: E402
import attack_guards  # noqa: E402
import attack_http  # noqa: E402
import attack_load  # noqa: E402
import attack_memory  # noqa: E402
import attack_overload  # noqa: E402
import attack_room  # noqa: E402
import attack_shutdown  # noqa: E402
import attack_slow_origins  # noqa: E402
import attack_urls  # noqa: E402
import attack_watchdog  # noqa: E402
from report import Report  # noqa: E402
from server import Server  # noqa: E402
from stage import Stage  # noqa: E402

# Most seconds that one attack may take before it counts as missed.
LIMIT, QUICK_LIMIT = 3600, 240


def out_of_time(*_: object) -> None:
    raise TimeoutError("The attack did not end in its time.")


ROOMS = [
    attack_memory,
    attack_decoding,
    attack_fetching,
    attack_slow_origins,
    attack_urls,
    attack_connections,
    attack_http,
    attack_load,
    attack_overload,
    attack_room,
    attack_guards,
    attack_checkpoints,
    attack_shutdown,
    attack_watchdog,
]


def main() -> int:
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("clip", type=pathlib.Path, nargs="?")
    parser.add_argument("--only", default="")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--results", type=pathlib.Path)
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    attacks = {name: attack for room in ROOMS for name, attack in room.ATTACKS.items()}
    if options.list or options.clip is None:
        for name, attack in attacks.items():
            print(f"  {name:<18} {(attack.__doc__ or '').strip().splitlines()[0]}")
        return 0
    wanted = [name for name in options.only.split(",") if name]
    unknown = [name for name in wanted if name not in attacks]
    if unknown:
        parser.error(f"there is no attack {', '.join(unknown)}; --list names them")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGALRM, out_of_time)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard > 0 else soft, hard))

    report = Report("make attack ONLY=NAME" + (" QUICK=1" if options.quick else ""))
    print(f"each row: {report.command}, where NAME is the attack\n{report.heading()}")
    for name in wanted or attacks:
        begun = time.monotonic()
        signal.alarm(QUICK_LIMIT if options.quick else LIMIT)
        try:
            attacks[name](Stage(name, options.clip.resolve(), report, options.quick))
        except Exception as trouble:  # an attack that cannot be made is a bound that is not shown
            traceback.print_exc()
            report.add(name, f"the attack ended: {type(trouble).__name__}", "", "", False)
        finally:
            signal.alarm(0)
            Server.kill_all()
        print(f"{name:<18} took {time.monotonic() - begun:.0f} s", flush=True)
    report.print_end()
    if options.results:
        report.write(options.results)
    return 1 if report.missed else 0


if __name__ == "__main__":
    sys.exit(main())
