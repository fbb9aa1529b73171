#!/usr/bin/env python3
"""Index pictures, kill that at random moments, rename their folder, and tell what was lost and what was computed again.

Then two thirds of them go, and what has forgotten them is killed at random moments, too, while others search. At last a folder is watched.

usage: check-index.py CLIP [--pictures N] [--kills N]

Prints a row for each promise, and ends with 1 if one is missed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pathlib
import pty
import random
import re
import shutil
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

    def __init__(self, clip: str, index: object, *folders: object) -> None:
        reader, writer = pty.openpty()
        self.computed = 0
        # The last of what was said.
        self.words = b""
        self.begun = time.monotonic()
        # Pairs of the time and how many were computed by then.
        self.history: list[tuple[float, int]] = []
        self.process = subprocess.Popen(
            [clip, "index", "--index", str(index), *map(str, folders)], stdout=subprocess.PIPE, stderr=writer, close_fds=True
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
            self.words = (self.words + piece)[-10_000:]
            # The last line that is whole, or begins to be.
            counts = re.findall(rb"(\d+) new[, (]", self.words)
            if counts and int(counts[-1]) != self.computed:
                self.computed = int(counts[-1])
                self.history.append((time.monotonic(), self.computed))
        os.close(reader)

    def kill(self) -> tuple[float, bool]:
        """The moment, and whether it was still at work: what has ended by itself was not killed."""
        moment = time.monotonic()
        self.process.send_signal(signal.SIGKILL)
        status = self.process.wait()
        self.process.stdout.close()
        self.thread.join(5)
        return moment, status == -signal.SIGKILL

    def outcome(self) -> tuple[int, str]:
        """The status that it ends with, and what it printed."""
        output = self.process.stdout.read().decode()
        status = self.process.wait()
        self.thread.join(5)
        return status, output

    def end(self) -> str:
        status, output = self.outcome()
        if status != 0:
            sys.exit(f"clip index ended with {status}: {output}")
        return output


def count(index: pathlib.Path) -> int:
    if not index.exists():
        return 0
    with contextlib.closing(sqlite3.connect(f"file:{index}?mode=ro", uri=True)) as database:
        [[result]] = database.execute("PRAGMA integrity_check").fetchall()
        if result != "ok":
            sys.exit(f"The index is damaged: {result}")
        return database.execute("SELECT count(*) FROM files WHERE missing IS NULL").fetchone()[0]


def figures(output: str) -> dict[str, int]:
    """The numbers of the last line."""
    line = output.strip().splitlines()[-1]
    return {word: int(number) for number, word in re.findall(r"(\d+) (new|moved|copies|as before|gone|failed)", line)}


def generation(index: pathlib.Path) -> int:
    """Another one after vectors were put together anew."""
    with contextlib.closing(sqlite3.connect(f"file:{index}?mode=ro", uri=True)) as database:
        return database.execute("SELECT value FROM facts WHERE name = 'generation'").fetchone()[0]


class Searches:
    """Searches by other processes, one after the other, for a picture that stays."""

    def __init__(self, clip: str, index: pathlib.Path, sample: pathlib.Path) -> None:
        self.command = [clip, "search", "--index", str(index), "--like", str(sample), "--top", "3", "--json"]
        self.count, self.failures, self.ended = 0, [], threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        while not self.ended.is_set():
            run = subprocess.run(self.command, capture_output=True, text=True)
            self.count += 1
            if run.returncode or len(run.stdout.splitlines()) != 3:
                self.failures.append(run.stderr.strip() or run.stdout)

    def end(self) -> None:
        self.ended.set()
        self.thread.join()


def kill(clip: str, index: pathlib.Path, pictures: pathlib.Path, number: int, kills: int, draw: random.Random, rows: Rows) -> int:
    """Kills what makes the index, and says how many pictures are in it at last.

    A kill counts if the run had computed pictures and left others to do. When all are in, the index is made anew.
    """
    hits, idle, anew = 0, 0, 0
    kept, lost, longest, again, computed = 0, 0, 0.0, 0, 0
    while hits < kills:
        if kept == number:
            for ending in ("", "-wal", "-shm"):
                pathlib.Path(f"{index}{ending}").unlink(missing_ok=True)
            kept, anew = 0, anew + 1
            if anew > 10 * kills:
                sys.exit("Pictures are all in before a kill comes. Take more of them.")
        update = Update(clip, index, pictures)
        # Some live longer than what is written takes to come, so that it is seen to be kept.
        time.sleep(draw.uniform(0.05, 7))
        moment, was_at_work = update.kill()
        if not was_at_work and update.process.returncode:
            sys.exit(f"clip index ended by itself with {update.process.returncode}: {update.words.decode(errors='replace')}")
        now = count(index)
        if now < kept:
            sys.exit(f"{kept - now} pictures that were there are gone.")
        if was_at_work and update.computed == 0:
            idle += 1
            if idle > 20 * kills:
                sys.exit("No run computes anything before it is killed.")
        elif was_at_work and now < number:
            hits += 1
        # What was written is as old as the last moment at which no more had been computed.
        if update.computed > now - kept:
            written = [when for when, done in update.history if done <= now - kept]
            lost = max(lost, update.computed - (now - kept))
            longest = max(longest, moment - (written[-1] if written else update.begun))
            again += update.computed - (now - kept)
        computed += update.computed if was_at_work else 0
        kept = now
    rows.add(f"kills while {number} pictures were indexed, with some left to do: it is whole", hits, str(kills), hits == kills)
    rows.add("further kills, before the first picture of a run", idle, "", True)
    rows.add("times that the index was made anew, since all pictures were in", anew, "", True)
    rows.add("the longest time whose work was lost", f"{longest:.1f} s", f"<= {LONGEST_LOSS} s", longest <= LONGEST_LOSS)
    rows.add("the most pictures whose work was lost at once", lost, "", True)
    rows.add("pictures computed again, of those that the killed runs computed", f"{again} of {computed}", "not all", again < computed)
    return kept


def prune(clip: str, index: pathlib.Path, pictures: pathlib.Path, kills: int, draw: random.Random, rows: Rows) -> None:
    """Two of three pictures go, are forgotten, and their vectors taken out."""
    kept = []
    for number, file in enumerate(sorted(pictures.rglob("*.png"))):
        if number % 3:
            file.unlink()
        else:
            kept.append(file)
    Update(clip, index, pictures).end()
    before = index.with_name("before")

    def restore(source: pathlib.Path, target: pathlib.Path) -> None:
        for ending in ("-wal", "-shm"):
            pathlib.Path(f"{target}{ending}").unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect(source)) as one, contextlib.closing(sqlite3.connect(target)) as other:
            one.backup(other)

    restore(index, before)
    command = [clip, "index", "--index", str(index), str(pictures), "--prune"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    process.stdout.readline()
    # From here on it forgets.
    start = time.monotonic()
    process.stdout.read()
    length = time.monotonic() - start
    if process.wait() != 0:
        sys.exit(f"clip index --prune ended with {process.returncode}")
    process.stdout.close()
    size = index.stat().st_size
    rows.add("vectors that were taken out made the file smaller", f"{size / before.stat().st_size:.2f}", "<= 0.75", size <= 0.75 * before.stat().st_size)
    done, told, late, made = 0, 0, 0, 0
    while made < kills:
        shutil.copyfile(before, index)
        for ending in ("-wal", "-shm"):
            pathlib.Path(f"{index}{ending}").unlink(missing_ok=True)
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        process.stdout.readline()
        time.sleep(draw.uniform(0, length))
        process.kill()
        status = process.wait()
        process.stdout.close()
        if status != -signal.SIGKILL:
            late += 1
            if late > 20 * kills:
                sys.exit("Forgetting is over before it can be killed. Take more pictures.")
            continue
        made += 1
        if count(index) != len(kept):
            sys.exit(f"{count(index)} pictures are left of {len(kept)} after a kill.")
        done += generation(index) > 1
        found = subprocess.run([clip, "search", "--index", str(index), "--like", str(kept[-1]), "--top", "3", "--json"], capture_output=True, text=True)
        told += found.returncode == 0 and len(found.stdout.splitlines()) == 3
    rows.add("kills while pictures were forgotten: each time the index is whole", made, str(kills), made == kills)
    rows.add("of these with vectors taken out already", done, "", True)
    rows.add("searches after a kill that find what they should", told, str(kills), told == kills)
    shutil.copyfile(before, index)
    for ending in ("-wal", "-shm"):
        pathlib.Path(f"{index}{ending}").unlink(missing_ok=True)
    searches = Searches(clip, index, kept[0])
    while searches.count < 2:
        time.sleep(0.01)
    subprocess.run(command, check=True, capture_output=True)
    searches.end()
    rows.add(f"of {searches.count} searches meanwhile, failed", len(searches.failures), "0", not searches.failures)
    same = figures(Update(clip, index, pictures).end())
    rows.add("as before afterwards", same["as before"], str(len(kept)), same["as before"] == len(kept))
    copy = kept[0].with_name("copy.png")
    shutil.copyfile(kept[0], copy)
    Update(clip, index, pictures).end()
    run = subprocess.run([clip, "duplicates", "--index", str(index), "--equal", "--paths"], check=True, capture_output=True, text=True)
    told = run.stdout.splitlines()
    rows.add("files of equal bytes that are found", len(told), "1", len(told) == 1 and told[0] in (str(copy), str(kept[0])))
    copy.unlink()


def watch(clip: str, index: pathlib.Path, pictures: pathlib.Path, number: int, draw: random.Random, rows: Rows) -> None:
    """Pictures come and go while the folder is watched."""
    process = subprocess.Popen([clip, "index", "--index", str(index), str(pictures), "--watch"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        for line in process.stderr:
            if line.startswith("Watching"):
                break
        before = count(index)
        for place in range(number):
            folder = pictures / f"new {place % 7}"
            folder.mkdir(exist_ok=True)
            (folder / f"{place}.png").write_bytes(png(draw))
        (pictures / "new 0").rename(pictures / "renamed")
        for file in (pictures / "new 1").iterdir():
            file.unlink()
        expected = before + number - len(range(1, number, 7))
        deadline = time.monotonic() + 60
        while count(index) != expected and time.monotonic() < deadline:
            time.sleep(0.1)
        rows.add("pictures in the index after some came, moved and went while it was watched", count(index), str(expected), count(index) == expected)
        process.terminate()
        status = process.wait(30)
    finally:
        process.kill()
    process.stdout.close()
    process.stderr.close()
    rows.add("the status that it ends with when it is told to", status, "0", status == 0)
    same = figures(Update(clip, index, pictures).end())
    rows.add("new in a run afterwards", same["new"], "0", same["new"] == 0)


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
        kept = kill(arguments.clip, index, pictures, arguments.pictures, arguments.kills, draw, rows)
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
        prune(arguments.clip, index, moved, arguments.kills, draw, rows)
        if sys.platform == "linux":
            watch(arguments.clip, index, moved, min(200, arguments.pictures // 10), draw, rows)
    sys.exit(1 if rows.missed else 0)


if __name__ == "__main__":
    main()
