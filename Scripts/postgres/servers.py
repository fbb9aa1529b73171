"""Servers that search the tables of one index, while these change, go away and come back, and are made anew."""

from __future__ import annotations

import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request

from server import PASSWORD

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "goldens"))
import tiny_model  # noqa: E402

SEARCHES = 64


class Serving:
    """A server that ends with `close`."""

    def __init__(self, clip: str, place: pathlib.Path, *arguments: str, env: dict[str, str] | None = None) -> None:
        self.log = place
        clean = {name: value for name, value in os.environ.items() if not name.startswith("CLIP_")}
        with place.open("wb") as log:
            command = [clip, "serve", "--host", "127.0.0.1", "--port", "0", "--offline", *arguments]
            self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log, env=clean | (env or {}))
        end = time.monotonic() + 30
        while not (found := re.search(r"listening on (http://\S+:\d+)", self.words())):
            if self.process.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"The server did not start: {self.words()}")
            time.sleep(0.05)
        self.base = found.group(1)

    def words(self) -> str:
        return self.log.read_text(errors="replace")

    def ask(self, path: str, body: object = None) -> tuple[int, bytes]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def search(self, **body: object) -> dict:
        status, answer = self.ask("/search", body)
        return json.loads(answer) if status == 200 else {"status": status, "results": [], "searched": -1}

    def close(self) -> int:
        self.process.terminate()
        return self.process.wait(30)


def index(check: object, url: str, folder: pathlib.Path, *arguments: str) -> int:
    return subprocess.run([check.clip, "index", "--index", url, *arguments, str(folder)], capture_output=True).returncode


def measure(check: object) -> None:
    folder, url = check.place / "served", check.server.url(parameters="?clip_schema=served&clip_wait=3")
    check.make(60, folder)
    check.add("an index of 60 is made", index(check, url, folder), 0)
    bare = url.replace(f":{PASSWORD}", "")
    servers = [
        Serving(check.clip, check.place / "log0", "--index", url),
        Serving(check.clip, check.place / "log1", env={"CLIP_SERVE_INDEX": bare, "PGPASSWORD": PASSWORD}),
    ]
    try:
        search(check, servers, url, folder)
        away(check, servers)
        anew(check, servers, url, folder)
    finally:
        ends = [one.close() for one in servers]
    check.add("how the servers end", ends, [0, 0])
    check.add("the password in their logs", any(PASSWORD in one.words() for one in servers), False)


def search(check: object, servers: list[Serving], url: str, folder: pathlib.Path) -> None:
    command = [check.clip, "search", "--index", url, "--json", "--top", "10", "고양이"]
    lines = subprocess.run(command, capture_output=True, check=True).stdout.splitlines()
    expected = [json.loads(line) for line in lines]

    def difference(found: dict) -> float:
        if [one["path"] for one in found["results"]] != [one["path"] for one in expected]:
            return 1
        return max(abs(one["score"] - other["score"]) for one, other in zip(found["results"], expected, strict=True))

    with concurrent.futures.ThreadPoolExecutor(2 * SEARCHES) as pool:
        found = list(pool.map(lambda number: servers[number % 2].search(text="고양이", top=10), range(2 * SEARCHES)))
    check.add(f"{SEARCHES} searches at once of each of two servers: answered as by clip search", sum(difference(one) <= 1e-6 for one in found), 2 * SEARCHES)
    check.add("pictures that each compared", {one["searched"] for one in found}, {60})
    first = found[0]["results"][0]["id"]
    check.add("a thumbnail of each", [one.ask(f"/thumbnails/{first}")[0] for one in servers], [200, 200])
    like = [one.search(like=first, under=str(folder / "3")) for one in servers]
    check.add("more like a picture, below a folder: pictures compared", [one["searched"] for one in like], [6, 6])
    shown = pathlib.Path(f"/proc/{servers[0].process.pid}/cmdline").read_bytes()
    check.add("the password in the list of processes", PASSWORD.encode() in shown, False)
    settings = subprocess.run([check.clip, "serve", "--print-config", "--index", url], capture_output=True, text=True)
    check.add("the settings show the address without it", PASSWORD not in settings.stdout and "postgresql://postgres@127" in settings.stdout)
    check.make(80, folder)
    check.add("twenty pictures more come", index(check, url, folder), 0)
    time.sleep(1)
    check.add("pictures that each compares then", [one.search(text="red")["searched"] for one in servers], [80, 80])


def away(check: object, servers: list[Serving]) -> None:
    check.server.stop("immediate")
    begun = time.monotonic()
    found = [one.search(text="red")["status"] for one in servers]
    seconds = time.monotonic() - begun
    check.rows.add(f"the database is away: searches of each ({seconds:.1f} s)", found, "[503, 503]", found == [503, 503] and seconds < 25)
    embedded = [one.ask("/clip/embed_text", {"text": "red"})[0] for one in servers]
    check.add("what needs no database is answered", embedded, [200, 200])
    command = [check.clip, "serve", "--port", "0", "--offline", "--index", check.server.url(parameters="?clip_schema=served&clip_wait=2")]
    done = subprocess.run(command, capture_output=True, timeout=60)
    check.add("a server that is started meanwhile ends with", (done.returncode, PASSWORD.encode() in done.stderr), (69, False))
    check.server.start()
    time.sleep(2)
    check.add("it is back: searches of each compare", [one.search(text="red")["searched"] for one in servers], [80, 80])


def anew(check: object, servers: list[Serving], url: str, folder: pathlib.Path) -> None:
    check.sql("DROP SCHEMA served CASCADE")
    check.add("the tables are gone: searches of each", [one.search(text="red").get("status") for one in servers], [503, 503])
    check.add("they are made anew in another precision", index(check, url, folder, "--precision", "int8"), 0)
    check.add("searches of each", [one.search(text="red").get("status") for one in servers], [500, 500])
    check.add("and for a picture of the index", [one.search(text="red", like=1).get("status") for one in servers], [500, 500])
    check.add("and the logs say why", ["made in int8, not in" in one.words() for one in servers], [True, True])
    check.sql("DROP SCHEMA served CASCADE")
    check.add("they are made anew as they were", index(check, url, folder), 0)
    found = [one.search(text="red") for one in servers]
    check.add("searches of each compare", [one["searched"] for one in found], [80, 80])
    shown = [one.ask(f"/thumbnails/{answer['results'][0]['id']}")[0] for one, answer in zip(servers, found, strict=True)]
    check.add("and thumbnails are shown", shown, [200, 200])
    check.sql("DROP SCHEMA served CASCADE")
    tiny_model.write(check.place / "tiny")
    check.add("they are made anew for a narrower model", index(check, url, folder, "--model", str(check.place / "tiny")), 0)
    found = [one.search(like=1, plus=["red"]).get("status") for one in servers]
    check.add("searches for a text and a picture of the index", found, [500, 500])
