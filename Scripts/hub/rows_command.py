"""What the command does with it: tokens, room, and the server."""

import concurrent.futures
import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request

from stage import B32, BIG, PLAIN, expect


def tokens(stage):
    """The token goes to the hub and nobody else; from HF_TOKEN or its file."""
    stage.settings(private=["acme/private"], token="secret")
    stage.log()
    _, cache = stage.pull("acme/private", HF_TOKEN=" secret\n")
    log = stage.log()
    expect(all((e["token"] == "Bearer secret") == ("/signed/" not in e["path"]) for e in log), "the token went elsewhere")
    expect(any("/signed/" in e["path"] for e in log), "nothing was fetched")
    expect(all(e["encoding"] == "identity" for e in log), "compression was asked for")
    home = stage.folder / "home"
    home.mkdir(exist_ok=True)
    (home / "token").write_text("secret\n")
    stage.pull("acme/private", HF_HOME=home)
    stage.pull("acme/private", HF_HOME=home, HF_HUB_DISABLE_IMPLICIT_TOKEN=1, status=66)
    stage.pull("acme/private", HF_TOKEN_PATH=home / "token")
    stage.settings(private=[], token=None)
    return "sent to the endpoint only; HF_TOKEN, HF_TOKEN_PATH, HF_HOME/token; compression is never asked for"


def little_room(stage):
    """A file system with too little room: refused before a byte is fetched; with no room in the middle: kept for the next time."""
    if os.geteuid() != 0:
        return "not tried: root can mount a small file system"
    cache = stage.cache()
    cache.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "none", str(cache)], capture_output=True)
    if mounted.returncode:
        return "not tried: no file system can be mounted"
    try:
        stage.log()
        stage.pull("acme/plain", cache, status=74, says="Make room")
        expect(not [e for e in stage.log() if "/signed/" in e["path"]], "something was fetched")
        stage.rules({"path": "(resolve|signed)", "act": "unsized", "times": -1})
        stage.pull("acme/plain", cache, status=74, says="Make room")
        stage.rules()
        part = next(cache.rglob("*.clip.incomplete")).stat().st_size
        subprocess.run(["mount", "-o", "remount,size=90m", str(cache)], check=True)
        stage.log()
        result, _ = stage.pull("acme/plain", cache)
        stage.is_whole(result.stdout.strip(), "acme/plain", PLAIN)
        starts = [e["range"] for e in stage.log() if "/signed/acme/plain/model" in e["path"]]
        expect(starts == [f"bytes={part}-"], f"it began at {starts}, with {part} bytes there")
        subprocess.run(["mount", "-o", "remount,ro", str(cache)], check=True)
        stage.pull("acme/plain", cache, options=["--offline"])
        stage.pull("acme/plain", cache)
        stage.pull("acme/sharded", cache, status=73, says="Make it writable")
        return "refused before; full in the middle: kept and gone on with; a read-only cache serves"
    finally:
        subprocess.run(["umount", "-l", str(cache)])


def serves(stage):
    """`clip serve` with nothing cached: the first answer over the transfer itself."""
    names = ["open_clip_model.safetensors", "vocab.json", "merges.txt", "open_clip_config.json"]
    if stage.checkpoint:
        for name in names:
            (stage.root / B32 / name).unlink()
        names = [name for name in names if (stage.checkpoint / name).exists()]
        for name in names:
            shutil.copy(stage.checkpoint / name, stage.root / B32 / name)
        stage.server.hub.files(B32, "main")
    size = sum((stage.root / B32 / name).stat().st_size for name in names)
    width = json.loads((stage.root / B32 / "open_clip_config.json").read_bytes())["model_cfg"]["embed_dim"]
    rate = max(8_000_000, size // 8)
    best = None
    for _ in range(3):
        cache = stage.cache()
        stage.server.hub.rate = rate
        started = time.monotonic()
        process = subprocess.Popen([stage.clip, "serve", "--port", "0", "--log-level", "warning", "--model", "ViT-B-32", "--packed-cache", "none"],
                                   env=stage.environment(cache), stderr=subprocess.PIPE, text=True)
        try:
            port = None
            for line in process.stderr:
                if "listening on port" in line:
                    port = int(line.split()[-1])
                    break
            body = json.dumps({"clip_version_id": "ViT-B-32", "text": "a cat"}).encode()
            request = urllib.request.Request(f"http://127.0.0.1:{port}/clip/embed_text", body, {"Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=60) as answer:
                expect(len(json.load(answer)["embeddings"][0]) == width, "no embedding")
            seconds = time.monotonic() - started
        finally:
            process.kill()
            process.wait()
            stage.server.hub.rate = 0
        over = seconds - size / rate
        best = over if best is None else min(best, over)
        expect(over < 1.5, f"{over:.2f} s over the transfer of {size / rate:.2f} s")
    return f"{size / 1e6:.1f} MB in {size / rate:.2f} s, first answer {best:.2f} s after (best of 3; all under 1.5 s)"


class Server:
    """A `clip serve` in a row; `with` ends it."""

    def __init__(self, stage, model, cache, *options, **more):
        self.started = time.monotonic()
        self.process = subprocess.Popen([stage.clip, "serve", "--port", "0", "--log-level", "warning", "--model", model, "--packed-cache", "none",
                                         *options], env=stage.environment(cache, **more), stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def listening(self):
        """Waits until it says where it listens; how long that took from the start."""
        self.port = next(int(line.split()[-1]) for line in self.process.stderr if "listening on port" in line)
        return time.monotonic() - self.started

    def ask(self, path, body=None, **fields):
        """Status, body and the seconds to try again in."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in fields.items()}}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer), answer.headers.get("Retry-After")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()[:200], error.headers.get("Retry-After")

    def end(self, within):
        """Waits for its end; status, what it said besides, seconds."""
        begun = time.monotonic()
        errors = self.process.communicate(timeout=within)[1]
        return self.process.returncode, errors, time.monotonic() - begun


def listens(stage):
    """The port is open while the first model is fetched: health, readiness, requests that wait or come back, failures, SIGTERM."""
    cache = stage.cache()
    whole = (stage.root / B32 / "open_clip_model.safetensors").stat().st_size
    text = {"clip_version_id": "ViT-B-32", "text": "a cat"}
    stage.server.hub.rate = whole // 6
    try:
        with Server(stage, "ViT-B-32", cache, "--shutdown-delay", "30") as server:
            opened = server.listening()
            expect(opened < 2, f"it listened after {opened:.1f} s")
            expect(server.ask("/healthz")[0] == 200, "not healthy")
            expect(server.ask("/readiness")[0] == 503, "ready without its model")
            late = server.ask("/clip/embed_text", text, X_Request_Timeout="0.5")
            expect(late[0] == 503 and late[2], f"a request that cannot wait: {late}")
            listed = server.ask("/model/registry")[1]["available"]
            expect([m["state"] for m in listed if m["model_id"] == "clip/ViT-B-32"] == ["loading"], listed)
            with concurrent.futures.ThreadPoolExecutor(3) as pool:
                waiting = [pool.submit(server.ask, "/clip/embed_text", text) for _ in range(3)]
                deadline = time.monotonic() + 10
                while time.monotonic() < deadline and not any(p.stat().st_size > whole / 10 for p in cache.rglob("*.clip.incomplete")):
                    time.sleep(0.02)
                server.process.terminate()
                status, errors, ended = server.end(10)
                answers = [w.result()[0] for w in waiting]
            expect(status == 0 and ended < 2, f"SIGTERM: status {status} after {ended:.1f} s: {errors[-300:]}")
            expect(answers == [503] * 3, f"who waited was answered {answers}")
        part = max((p.stat().st_size for p in cache.rglob("*.clip.incomplete")), default=0)
        expect(0 < part < whole, f"{part} bytes are left")
        stage.log()
        stage.server.hub.rate = whole // 2
        with Server(stage, "ViT-B-32", cache) as server:
            server.listening()
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                answers = [a[0] for a in pool.map(lambda _: server.ask("/clip/embed_text", text), range(4))]
            expect(answers == [200] * 4, answers)
            # The start counts as done a moment after the first answer.
            deadline = time.monotonic() + 5
            while server.ask("/readiness")[0] != 200:
                expect(time.monotonic() < deadline, "not ready with its model")
                time.sleep(0.02)
        gets = [e["range"] for e in stage.log() if e["method"] == "GET" and "/signed/" in e["path"] and "model" in e["path"]]
        expect(gets == [f"bytes={part}-"], f"downloads began at {gets}, with {part} bytes there")
    finally:
        stage.server.hub.rate = 0
    with Server(stage, "ViT-B-32", cache, HF_ENDPOINT="http://127.0.0.1:9") as server:
        again = server.listening()
        expect(server.ask("/clip/embed_text", text)[0] == 200, "a whole cache does not serve")
    stage.settings(gated=["acme/gated"])
    slowest = 0
    for name, status, says, more in [
        ("acme/none", 66, "has no repository", {}), ("acme/gated", 77, "is gated", {}), ("acme/pickle", 65, "clip convert", {}),
        ("acme/plain@none", 66, "has no revision", {}), ("acme/plain", 69, "accepts no connection", {"HF_ENDPOINT": "http://127.0.0.1:9"}),
        ("acme/plain", 69, "network is switched off", {"HF_HUB_OFFLINE": "1"}), ("acme/sharded", 65, "cannot be loaded", {}),
    ]:
        with Server(stage, name, stage.cache(), **more) as server:
            found, errors, seconds = server.end(60)
        expect(found == status and says in errors, f"{name}: status {found}, not {status}: {errors[-300:]}")
        slowest = max(slowest, seconds)
    stage.settings(gated=[])
    return (f"open after {opened:.2f} s ({again:.2f} s from a whole cache), alive and not ready; SIGTERM ended it in {ended:.2f} s, the next start "
            f"went on at {part} bytes; 7 failures, each its status, {slowest:.1f} s at most")


def on_demand(stage):
    """A request that names one of the nine has it fetched and loaded; what is not allowed is never asked for."""
    cache = stage.cache()
    process = subprocess.Popen([stage.clip, "serve", "--port", "0", "--log-level", "warning"], env=stage.environment(cache), stderr=subprocess.PIPE, text=True)
    try:
        port = next(int(line.split()[-1]) for line in process.stderr if "listening on port" in line)

        def ask(version):
            body = json.dumps({"clip_version_id": version, "text": "a cat"}).encode()
            request = urllib.request.Request(f"http://127.0.0.1:{port}/clip/embed_text", body, {"Content-Type": "application/json"})
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    return answer.status, len(json.load(answer)["embeddings"][0])
            except urllib.error.HTTPError as error:
                return error.code, error.read().decode()[:200]

        stage.log()
        for name in ["acme/plain", "ViT-B-33", "siglip2-base-patch16-256"]:
            expect(ask(name)[0] in (400, 404), f"{name}: {ask(name)}")
        expect(not stage.log(), "the hub was asked for what is not allowed")
        expect(ask("ViT-L-14")[0] == 404, f"a repository that is not there: {ask('ViT-L-14')}")
        expect(ask("clip-mini") == (200, 256), "the others are not served")
        stage.log()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(ask, ["ViT-B-32"] * 4))
        expect(answers == [(200, 256)] * 4, answers)
        gets = [e for e in stage.log() if e["method"] == "GET" and "/signed/" in e["path"] and "model" in e["path"]]
        expect(len(gets) == 1, f"{len(gets)} downloads")
    finally:
        process.kill()
        process.wait()
    # What cannot be built is refused by its configuration.
    with Server(stage, "ViT-B-32", cache, "--allow-models", "acme/*") as server:
        server.listening()
        stage.log()
        for name in ["acme/trunk", "acme/words", "acme/folder"]:
            found = server.ask("/clip/embed_text", {"clip_version_id": name, "text": "a cat"})
            expect(found[0] == 500, f"{name}: {found}")
        log = stage.log()
        expect(any("config.json" in e["path"] for e in log), "the hub was not asked")
        expect(not [e for e in log if e["method"] == "GET" and e["path"].endswith(".safetensors") or "/signed/" in e["path"]], "weights were fetched")
    return ("4 first requests, 1 download; 3 names that are not allowed never reach the hub; one that fails leaves the others served; of 3 that "
            "cannot be built no weights come")


def quick(stage):
    """How fast bytes come, digest included, and how fast what is there is compared."""
    size = 512 << 20
    (stage.root / "acme/large").mkdir(exist_ok=True)
    stage.write("acme/large/config.json", {"model_type": "clip"})
    with open(stage.root / "acme/large" / BIG, "wb") as file:
        block = stage.random.randbytes(1 << 20)
        for _ in range(size >> 20):
            file.write(block)
    stage.server.hub.files("acme/large", "main")
    started = time.monotonic()
    _, cache = stage.pull("acme/large")
    fetched = size / (time.monotonic() - started) / 1e6
    started = time.monotonic()
    stage.pull("acme/large", cache, options=["--offline"])
    compared = size / (time.monotonic() - started) / 1e6
    shutil.rmtree(cache)
    shutil.rmtree(stage.root / "acme/large")
    expect(compared >= 400, f"{compared:.0f} MB/s")
    return f"512 MiB: fetched at {fetched:.0f} MB/s beside a server in Python, compared at {compared:.0f} MB/s"
