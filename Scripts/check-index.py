#!/usr/bin/env python3
"""Index pictures, kill that at random moments, rename their folder, and tell what was lost and what was computed again.

usage: check-index.py CLIP [--pictures N] [--kills N]

Prints a row for each promise, and ends with 1 if one is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import pty
import random
import re
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib

LONGEST_LOSS = 5.0
SIDE = 32


def png(draw: random.Random) -> bytes:
    """A picture of its own: a colour that fades into another, and noise."""
    first, second = draw.randbytes(3), draw.randbytes(3)
    rows = b""
    for y in range(SIDE):
        rows += b"\0"
        for x in range(SIDE):
            part = (x + y) / (2 * SIDE)
            rows += bytes(int(a + (b - a) * part) & 0xF8 | draw.getrandbits(3) for a, b in zip(first, second, strict=True))

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")


class Update:
    """`clip index` at a terminal, whose progress is read."""

    def __init__(self, clip: str, index: pathlib.Path, pictures: pathlib.Path) -> None:
        reader, writer = pty.openpty()
        self.computed, self.output = 0, b""
        self.begun = time.monotonic()
        # Pairs of the time and how many were computed by then.
        self.history: list[tuple[float, int]] = []
        self.process = subprocess.Popen(
            [clip, "index", "--index", str(index), str(pictures)], stdout=subprocess.PIPE, stderr=writer, close_fds=True
        )
        os.close(writer)
        self.thread = threading.Thread(target=self._read, args=(reader,), daemon=True)
        self.thread.start()

    def _read(self, reader: int) -> None:
        while True:
            try:
                piece = os.read(reader, 4096)
            except OSError:
                break
            if not piece:
                break
            for match in re.finditer(rb"files: (\d+) new", piece):
                self.computed = int(match[1])
                self.history.append((time.monotonic(), self.computed))
        os.close(reader)

    def kill(self) -> float:
        """The moment."""
        moment = time.monotonic()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()
        self.thread.join(5)
        return moment

    def end(self) -> str:
        output = self.process.stdout.read().decode()
        if self.process.wait() != 0:
            sys.exit(f"clip index ended with {self.process.returncode}: {output}")
        self.thread.join(5)
        return output


def count(index: pathlib.Path) -> int:
    if not index.exists():
        return 0
    with sqlite3.connect(f"file:{index}?mode=ro", uri=True) as database:
        [[result]] = database.execute("PRAGMA integrity_check").fetchall()
        if result != "ok":
            sys.exit(f"The index is damaged: {result}")
        return database.execute("SELECT count(*) FROM files WHERE missing IS NULL").fetchone()[0]


def figures(output: str) -> dict[str, int]:
    """The numbers of the last line."""
    line = output.strip().splitlines()[-1]
    return {word: int(number) for number, word in re.findall(r"(\d+) (new|moved|copies|as before|gone|failed)", line)}


class Rows:
    def __init__(self) -> None:
        self.missed = 0

    def add(self, measure: str, value: object, bound: str, holds: bool) -> None:
        self.missed += not holds
        print(f"{measure:<66} {value!s:>12}   {bound:>12}  {'ok' if holds else 'MISSED'}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip")
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=30)
    arguments = parser.parse_args()
    draw, rows = random.Random(1), Rows()
    with tempfile.TemporaryDirectory() as place:
        pictures, index = pathlib.Path(place, "pictures"), pathlib.Path(place, "index")
        for number in range(arguments.pictures):
            folder = pictures / f"{number % 10}"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{number}.png").write_bytes(png(draw))
        kept, lost, longest, again = 0, 0, 0.0, 0
        for number in range(arguments.kills):
            update = Update(arguments.clip, index, pictures)
            time.sleep(draw.uniform(0.05, 2.5))
            moment = update.kill()
            now = count(index)
            if now < kept:
                sys.exit(f"{kept - now} pictures that were there are gone.")
            # What was written is as old as the last moment at which no more had been computed.
            written = [when for when, computed in update.history if computed <= now - kept]
            if update.history and update.history[-1][1] > now - kept:
                lost = max(lost, update.history[-1][1] - (now - kept))
                longest = max(longest, moment - (written[-1] if written else update.begun))
            again += max(0, update.computed - (now - kept))
            kept = now
        rows.add(f"kills while {arguments.pictures} pictures were indexed, after each the index is whole", arguments.kills, "", True)
        rows.add("the longest time whose work was lost", f"{longest:.1f} s", f"<= {LONGEST_LOSS} s", longest <= LONGEST_LOSS)
        rows.add("the most pictures whose work was lost at once", lost, "", True)
        last = figures(Update(arguments.clip, index, pictures).end())
        rows.add("computed by the last run, of those that were missing", last["new"], str(arguments.pictures - kept), last["new"] == arguments.pictures - kept)
        rows.add("pictures in the index", count(index), str(arguments.pictures), count(index) == arguments.pictures)
        same = figures(Update(arguments.clip, index, pictures).end())
        rows.add("as before in another run", same["as before"], str(arguments.pictures), same["as before"] == arguments.pictures)
        moved = pictures.rename(pathlib.Path(place, "renamed"))
        first = figures(Update(arguments.clip, index, moved).end())
        rows.add("forward passes after the folder was renamed", first["new"], "0", first["new"] == 0)
        rows.add("told as moved", first["moved"], str(arguments.pictures), first["moved"] == arguments.pictures)
        sample = moved / "3" / "3.png"
        [found] = subprocess.run(
            [arguments.clip, "search", "--index", str(index), "--like", str(sample), "--top", "1", "--json"],
            check=True, capture_output=True, text=True,
        ).stdout.splitlines()
        rows.add("a search finds a picture beside the one that it is like", json.loads(found)["path"] != str(sample), "True", json.loads(found)["path"] != str(sample))
    sys.exit(1 if rows.missed else 0)


if __name__ == "__main__":
    main()
