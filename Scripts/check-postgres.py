#!/usr/bin/env python3
"""Index pictures into a PostgreSQL with pgvector as into a file, and compare; have processes killed, the database go away, and others misuse it.

usage: check-postgres.py CLIP [--quick]

Prints a row for each promise, and ends with 1 if one is missed.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

import numpy
import psycopg2

sys.path.insert(0, str(pathlib.Path(__file__).parent / "postgres"))
import scale
import servers
from server import PASSWORD, Server

specification = importlib.util.spec_from_file_location("check_index", pathlib.Path(__file__).parent / "check-index.py")
check_index = importlib.util.module_from_spec(specification)
specification.loader.exec_module(check_index)
figures = check_index.figures

NEAR = 1e-3


def run(clip: str, *arguments: object, env: dict[str, str] | None = None, text: bytes | None = None) -> subprocess.CompletedProcess:
    return subprocess.run(
        [clip, *map(os.fsencode, map(lambda value: value if isinstance(value, (str, bytes)) else str(value), arguments))],
        capture_output=True, input=text, env=os.environ | (env or {}), timeout=300,
    )


def search(clip: str, index: object, *arguments: object, text: bytes | None = None) -> list[dict]:
    done = run(clip, "search", "--index", index, "--json", "--top", "10", *arguments, text=text)
    if done.returncode != 0:
        sys.exit(f"clip search failed: {done.stderr.decode()}")
    return [json.loads(line) for line in done.stdout.splitlines()]


class Check:
    def __init__(self, clip: str, server: Server, place: pathlib.Path, isQuick: bool) -> None:
        self.clip, self.server, self.place, self.isQuick = clip, server, place, isQuick
        self.rows = check_index.Rows()
        self.draw = random.Random(1)
        self.pictures = place / "pictures"

    def add(self, measure: str, value: object, bound: object = True) -> None:
        self.rows.add(measure, value, str(bound), value == bound)

    def sql(self, statement: str, database: str = "postgres", values: object = None) -> list[tuple]:
        connection = psycopg2.connect(self.server.url(database))
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            rows = cursor.fetchall() if cursor.description else []
        connection.close()
        return rows

    def count(self, schema: str) -> tuple[int, int]:
        """Files that are there, and contents."""
        return self.sql(f"SELECT (SELECT count(*) FROM {schema}.files WHERE missing IS NULL), (SELECT count(*) FROM {schema}.contents)")[0]

    def make(self, count: int, folder: pathlib.Path) -> None:
        for number in range(count):
            path = folder / f"{number % 10}"
            path.mkdir(parents=True, exist_ok=True)
            (path / f"{number}.png").write_bytes(check_index.png(self.draw))

    # What both stores answer

    def failures(self, file: pathlib.Path, url: str) -> None:
        """Files that were no pictures: one, which goes."""
        path = self.pictures / "none.png"

        def told() -> list[list[str]]:
            lists = [run(self.clip, "index", "--index", index, "--failures", "--json").stdout.splitlines() for index in (file, url)]
            return [[json.loads(line)["path"] for line in lines] for lines in lists]

        self.add("files that were no pictures are kept", told(), [[str(path)]] * 2)
        path.unlink()
        for index in (file, url):
            run(self.clip, "index", "--index", index, "--prune")
        self.add("and forgotten when they are gone", told(), [[], []])

    def spare(self, file: pathlib.Path, url: str) -> None:
        """A disk behind a link is taken away while another picture goes."""
        disk, gone = self.place / "disk", self.pictures / "gone.png"
        disk.mkdir()
        (self.pictures / "link").symlink_to(disk)
        for path in (disk / "on disk.png", gone):
            path.write_bytes(check_index.png(self.draw))
        command = (self.pictures, "--follow")
        for index in (file, url):
            run(self.clip, "index", "--index", index, *command)
        disk.rename(self.place / "taken out")
        gone.unlink()
        told = [figures(run(self.clip, "index", "--index", index, *command).stdout.decode())["gone"] for index in (file, url)]
        self.add("what could not be looked at stays, and what is gone does not", told, [1, 1])
        (self.pictures / "link").unlink()
        told = [figures(run(self.clip, "index", "--index", index, *command).stdout.decode())["gone"] for index in (file, url)]
        self.add("until its link is gone, too", told, [1, 1])

    def compare(self) -> None:
        self.make(300, self.pictures)
        folder = os.fsencode(self.pictures)
        odd = [folder + b"/\xff\xfe \xed\x95\x9c.png", folder + b"".join(b"/" + bytes([97 + n]) * 240 for n in range(13)) + b"/deep.png"]
        os.makedirs(os.path.dirname(odd[1]))
        for path in odd:
            with open(path, "wb") as file:
                file.write(check_index.png(self.draw))
        (self.pictures / "copy.png").write_bytes((self.pictures / "3" / "3.png").read_bytes())
        (self.pictures / "none.png").write_bytes(b"no picture")
        file, url = self.place / "index", self.server.url(parameters="?clip_schema=Same%20%22quoted%22")
        told = [figures(run(self.clip, "index", "--index", index, self.pictures).stdout.decode()) for index in (file, url)]
        # Two of equal bytes that are in hand together are both told as new.
        sums = [(one["new"] + one["copies"], one["failed"]) for one in told]
        self.add("the first run tells the same of both: pictures, and failures", sums, [(303, 1), (303, 1)])
        told = [figures(run(self.clip, "index", "--index", index, self.pictures).stdout.decode()) for index in (file, url)]
        self.add("the second run, too, and all is as before", told[0] == told[1] and told[0]["as before"] == 303)
        like = self.pictures / "7" / "7.png"
        asked = [
            ["red"], ["고양이"], ["--like", like], ["red", "--plus", like, "--minus", "0.5:blue"], ["green", "--min-score", "0.0"],
            ["red", "--under", self.pictures / "4"], ["red", "--under", os.path.dirname(odd[1])], ["red", "--since", "1h"],
            ["red", "--since", "2200-01-01"], ["red", "--under", "/nowhere"],
        ]
        worst, differences = 0.0, 0
        for terms in asked:
            one, other = search(self.clip, file, *terms), search(self.clip, url, *terms)
            if len(one) != len(other):
                sys.exit(f"{terms} finds {len(one)} and {len(other)} pictures.")
            worst = max([worst] + [abs(a["score"] - b["score"]) for a, b in zip(one, other, strict=True)])
            # Two whose scores are as good as equal may change places.
            known = {a["path"]: a["score"] for a in one}
            differences += sum(abs(known.get(b["path"], one[-1]["score"]) - b["score"]) > NEAR for b in other)
            differences += sum(a.get("copies") != b.get("copies") for a, b in zip(one, other, strict=True) if a["path"] == b["path"])
        self.rows.add(f"the greatest difference of scores in {len(asked)} searches", f"{worst:.1e}", f"<= {NEAR}", worst <= NEAR)
        self.add("pictures of the ten best that are not the other's", differences, 0)
        lines = "red\n고양이\n".encode()
        many = [search(self.clip, index, "-", text=lines) for index in (file, url)]
        self.add("several texts of standard input", [row["path"] for row in many[0]] == [row["path"] for row in many[1]])
        self.duplicates(file, url)
        for path in odd:
            done = run(self.clip, "search", "--index", url, "--like", path, "--plus", path, "--top", "1", "--paths", "-0")
            kind = "not" if b"\xff" in path else "all"
            self.add(f"a path of {len(path)} bytes comes back, {kind} UTF-8", done.stdout == path + b"\0")
        moved = self.pictures.rename(self.place / "moved")
        told = [figures(run(self.clip, "index", "--index", index, moved, self.pictures).stdout.decode()) for index in (file, url)]
        sums = [(one["new"], one["moved"] + one["copies"]) for one in told]
        self.add("a folder that was renamed: forward passes, and told as moved or copies", sums, [(0, 303), (0, 303)])
        moved.rename(self.pictures)
        for index in (file, url):
            run(self.clip, "index", "--index", index, self.pictures, moved)
        for number in range(0, 40):
            (self.pictures / f"{number % 10}" / f"{number}.png").unlink()
        told = [figures(run(self.clip, "index", "--index", index, self.pictures).stdout.decode()) for index in (file, url)]
        self.add("files that are gone are told the same", (told[0]["gone"], told[1]["gone"]), (40, 40))
        told = [run(self.clip, "index", "--index", index, "--prune").stdout.decode().splitlines()[-1].split()[0] for index in (file, url)]
        self.add("and forgotten the same", told[1], told[0])
        self.failures(file, url)
        self.spare(file, url)
        found = [[row["path"] for row in search(self.clip, index, "--like", self.pictures / "9" / "59.png")] for index in (file, url)]
        self.rows.add("the ten best are the same afterwards", sum(a in found[0] for a in found[1]), ">= 9", sum(a in found[0] for a in found[1]) >= 9)
        done = run(self.clip, "index", "--index", url, "--hnsw")
        rows = search(self.clip, url, "red")
        exact = search(self.clip, file, "red")
        self.rows.add("the ten best by the graph, of those by all", sum(a["path"] in [b["path"] for b in exact] for a in rows), ">= 9",
                      done.returncode == 0 and sum(a["path"] in [b["path"] for b in exact] for a in rows) >= 9)
        self.add("the graph is there, and valid", self.sql("SELECT indisvalid FROM pg_index WHERE indexrelid::regclass::text LIKE '%contents_hnsw'"), [(True,)])
        done = run(self.clip, "index", "--index", url, "--no-hnsw")
        self.add("and goes again", self.sql("SELECT count(*) FROM pg_class WHERE relname = 'contents_hnsw'"), [(0,)])
        self.add("--hnsw with a file is wrong usage", run(self.clip, "index", "--index", file, "--hnsw").returncode, 64)

    def duplicates(self, file: pathlib.Path, url: str) -> None:
        for terms in ([], ["--under", self.pictures / "4"], ["--under", os.path.dirname(os.fsencode(self.pictures / "x"))]):
            told = []
            for index in (file, url):
                done = run(self.clip, "duplicates", "--index", index, "--json", "--min-score", "0.99", *terms)
                groups = [json.loads(line) for line in done.stdout.splitlines()]
                equal = [group["paths"] for group in groups if group["kind"] == "equal"]
                alike = sorted(sorted(picture["path"] for picture in group["pictures"]) for group in groups if group["kind"] == "alike")
                told.append((done.returncode, equal, alike))
            (_, equal, alike) = told[0]
            count = f"{len(equal)} of equal bytes, {len(alike)} alike, with {sum(map(len, alike))} pictures"
            self.rows.add(f"duplicates {' '.join(map(str, terms[:1]))}", count, "the same of both", told[0] == told[1] and told[0][0] == 0)

    # Several processes

    def several(self) -> None:
        count = 1000 if self.isQuick else 5000
        folder, url = self.place / "several", self.server.url(parameters="?clip_schema=several")
        self.make(count, folder)
        begun = time.monotonic()
        updates = [check_index.Update(self.clip, url, folder) for _ in range(4)]
        while sum(update.computed for update in updates) < count // 3 and time.monotonic() - begun < 300:
            time.sleep(0.02)
        updates[2].process.send_signal(signal.SIGKILL)
        searches = [subprocess.Popen([self.clip, "search", "--index", url, "red", "--paths"], stdout=subprocess.PIPE) for _ in range(3)]
        found = [len(process.communicate()[0].splitlines()) for process in searches]
        self.add("pictures that three searches find meanwhile", found, [20, 20, 20])
        ends = [update.outcome() for update in updates]
        seconds = time.monotonic() - begun
        self.add("four processes, one of them killed: how the others end", [ends[n][0] for n in (0, 1, 3)], [0, 0, 0])
        self.add("pictures in the index, and vectors", self.count("several"), (count, count))
        computed = updates[2].computed + sum(figures(ends[n][1])["new"] for n in (0, 1, 3))
        # What the killed one had not written is computed again, and does not grow with the pictures: 32 were seen of 1,000.
        most = 50 if self.isQuick else 100
        self.rows.add(f"forward passes of all four for {count} pictures ({seconds:.0f} s)", computed, f"<= {count + most}", computed <= count + most)
        self.add("claims that are left", self.sql("SELECT count(*) FROM several.claims"), [(0,)])
        shares = [updates[2].computed] + [figures(ends[n][1])["new"] for n in (0, 1, 3)]
        self.rows.add("each has computed some", min(shares), "> 0", min(shares) > 0)
        same = figures(check_index.Update(self.clip, url, folder).outcome()[1])
        self.add("as before in another run", same["as before"], count)
        # The same pictures below other names, as another machine may have them.
        other, url = self.place / "linked", self.server.url(parameters="?clip_schema=linked")
        other.mkdir()
        for path in sorted(folder.rglob("*.png")):
            os.link(path, other / path.name)
        # Copies of what is no picture keep nobody waiting.
        for number in range(20):
            for place in (folder, other):
                (place / f"broken{number}.png").write_bytes(f"no picture {number}".encode())
        begun = time.monotonic()
        updates = [check_index.Update(self.clip, url, folder), check_index.Update(self.clip, url, other)]
        computed = sum(figures(update.outcome()[1])["new"] for update in updates)
        self.add("the same pictures below two folders, by two processes: files, and vectors", self.count("linked"), (2 * count, count))
        seconds = time.monotonic() - begun
        self.rows.add(f"forward passes of both ({seconds:.0f} s)", computed, f"<= {round(1.02 * count)}", computed <= 1.02 * count)

    # A database that goes away

    def away(self) -> None:
        count = 1000 if self.isQuick else 3000
        folder, url = self.place / "away", self.server.url(parameters="?clip_schema=away")
        self.make(count, folder)
        update = check_index.Update(self.clip, url, folder)
        while update.computed < count // 4 and update.process.poll() is None:
            time.sleep(0.02)
        self.server.restart(3)
        status, output = update.outcome()
        self.add("the database is killed for 3 s meanwhile: how the update ends", status, 0)
        self.add("pictures in the index, and vectors", self.count("away"), (count, count))
        url = self.server.url(parameters="?clip_schema=gone&clip_wait=2")
        update = check_index.Update(self.clip, url, folder)
        while update.computed < count // 4 and update.process.poll() is None:
            time.sleep(0.02)
        shown = pathlib.Path(f"/proc/{update.process.pid}/cmdline").read_bytes()
        self.add("the list of processes shows the address without the password", PASSWORD.encode() not in shown and b"postgresql://" in shown)
        self.server.stop("immediate")
        begun = time.monotonic()
        status, output = update.outcome()
        seconds = time.monotonic() - begun
        self.add("the database is stopped for good: how the update ends", status, 69)
        self.rows.add("after so long, with clip_wait=2", f"{seconds:.1f} s", "<= 10 s", seconds <= 10)
        self.add("with a sentence, and no password", b"cannot be reached" in update.words and PASSWORD.encode() not in update.words)
        self.add("a search then ends with", run(self.clip, "search", "--index", url, "red").returncode, 69)
        self.server.start()
        files, contents = self.count("gone")
        self.rows.add("what was written is whole: files, and vectors", f"{files}, {contents}", "equal", files == contents)
        status, _ = check_index.Update(self.clip, url, folder).outcome()
        self.add("the next run goes on from there", (status, self.count("gone")), (0, (count, count)))
        update = check_index.Update(self.clip, self.server.url(parameters="?clip_schema=stopped"), folder)
        while update.computed < count // 8 and update.process.poll() is None:
            time.sleep(0.02)
        update.process.send_signal(signal.SIGINT)
        update.outcome()
        busy = 1
        for _ in range(50):
            busy = self.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'clip'")[0][0]
            if busy == 0:
                break
            time.sleep(0.1)
        self.add("connections that are left 5 s after an interrupt", busy, 0)

    # Misuse

    def misuse(self) -> None:
        folder = self.place / "few"
        self.make(4, folder)
        clip, server = self.clip, self.server

        def refused(measure: str, status: int, *arguments: object, env: dict[str, str] | None = None) -> str:
            done = run(clip, *arguments, env=env)
            words = (done.stdout + done.stderr).decode()
            self.add(measure, done.returncode, status)
            if PASSWORD in words:
                self.add(f"the password is shown: {words}", False)
            return words

        good = server.url(parameters="?clip_schema=few")
        self.add("an index of four", run(clip, "index", "--index", good, folder).returncode, 0)
        refused("a wrong password", 77, "index", "--index", server.url(password="wrong"), folder)
        refused("no password", 77, "search", "--index", server.url().replace(f":{PASSWORD}", ""), "red", env={"PGPASSFILE": "/dev/null"})
        bare = good.replace(f":{PASSWORD}", "")
        refused("the password of PGPASSWORD", 0, "search", "--index", bare, "red", env={"PGPASSWORD": PASSWORD})
        secret = self.place / "pgpass"
        secret.write_text(f"127.0.0.1:{server.port}:*:postgres:{PASSWORD}\n")
        secret.chmod(0o600)
        refused("the password of a file", 0, "search", "--index", bare, "red", env={"PGPASSFILE": str(secret)})
        refused("no such database", 77, "search", "--index", server.url("nothing"), "red")
        refused("nobody there", 69, "search", "--index", "postgresql://me@127.0.0.1:1/x?clip_wait=1", "red")
        refused("an address that cannot be read", 64, "search", "--index", f"postgresql://me:{PASSWORD}%zz@h/x", "red")
        refused("an unknown parameter", 64, "search", "--index", server.url(parameters="?clip_shema=x"), "red")
        refused("TLS that the server does not have", 69, "search", "--index", server.url(parameters="?sslmode=require&clip_wait=1"), "red")
        refused("no index there", 66, "search", "--index", server.url(parameters="?clip_schema=nowhere"), "red")
        refused("a search makes no schema", 0, "search", "--index", good, "red")
        self.add("and none is there", self.sql("SELECT count(*) FROM pg_namespace WHERE nspname = 'nowhere'"), [(0,)])
        self.sql("CREATE SCHEMA others; CREATE TABLE others.facts (a int); CREATE TABLE others.x (b int)")
        self.sql("CREATE SCHEMA strange; CREATE TABLE strange.contents (a int)")
        for schema in ("others", "strange"):
            refused(f"tables of something else ({schema}): index", 65, "index", "--index", server.url(parameters=f"?clip_schema={schema}"), folder)
            refused(f"tables of something else ({schema}): search", 65, "search", "--index", server.url(parameters=f"?clip_schema={schema}"), "red")
        self.add("they stay as they are", self.sql("SELECT count(*) FROM pg_tables WHERE schemaname IN ('others', 'strange')"), [(3,)])
        refused("another precision", 65, "index", "--index", good, "--precision", "int8", folder)
        self.sql("CREATE ROLE reader LOGIN PASSWORD 'r'; GRANT USAGE ON SCHEMA few TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA few TO reader")
        reader = server.url(user="reader", password="r", parameters="?clip_schema=few")
        refused("who may only read searches", 0, "search", "--index", reader, "red")
        refused("who may only read changes nothing", 77, "index", "--index", reader, folder)
        self.sql("DROP TABLE few.claims; DROP SEQUENCE few.workers; UPDATE few.facts SET value = '1' WHERE name = 'format'")
        refused("tables of an earlier version are searched", 0, "search", "--index", good, "red")
        (folder / "new.png").write_bytes(check_index.png(self.draw))
        updates = [check_index.Update(clip, good, folder) for _ in range(3)]
        self.add("and changed by the first of three updates", [update.outcome()[0] for update in updates], [0, 0, 0])
        self.add("after which all is there", self.count("few"), (5, 5))
        self.sql("UPDATE few.facts SET value = '99' WHERE name = 'format'")
        refused("tables of a later version: index", 65, "index", "--index", good, folder)
        refused("tables of a later version: search", 65, "search", "--index", good, "red")
        self.sql("UPDATE few.facts SET value = '2' WHERE name = 'format'; DELETE FROM few.facts WHERE name = 'sample'")
        refused("a fact is missing", 65, "search", "--index", good, "red")
        self.sql("CREATE DATABASE plain")
        self.sql("CREATE ROLE weak LOGIN PASSWORD 'w'")
        weak = server.url("plain", "weak", "w")
        refused("no pgvector: search", 65, "search", "--index", weak, "red")
        refused("no pgvector, and no right to have it: index", 65, "index", "--index", weak, folder)
        self.sql("CREATE EXTENSION vector; UPDATE pg_extension SET extversion = '0.6.2' WHERE extname = 'vector'", "plain")
        words = refused("pgvector 0.6.2", 65, "index", "--index", server.url("plain"), folder)
        self.add("which is named", "0.6.2" in words and "0.7" in words)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="compare,several,away,misuse,servers,scale")
    parser.add_argument("--rows", type=int, default=200_000)
    arguments = parser.parse_args()
    server = Server()
    try:
        with tempfile.TemporaryDirectory() as place:
            check = Check(arguments.clip, server, pathlib.Path(place).resolve(), arguments.quick)
            for part in arguments.only.split(","):
                if part == "servers":
                    servers.measure(check)
                elif part != "scale":
                    getattr(check, part)()
                elif not arguments.quick:
                    scale.measure(check, arguments.rows)
    finally:
        server.close()
    sys.exit(1 if check.rows.missed else 0)


if __name__ == "__main__":
    main()
