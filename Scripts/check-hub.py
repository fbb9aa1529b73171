#!/usr/bin/env python3
"""Checks `clip pull` and what the server fetches against a stand-in hub, and prints a table.

usage: check-hub.py CLIP [--only WORD] [--reference PYTHON] [--kills 20] [--megabytes 24] [--results FILE]

The stand-in (Scripts/hub/hub.py) is checked with the real huggingface_hub client first, where PYTHON has it; and what we write is read by that
client offline, and the reverse. Everything is on 127.0.0.1 and in a temporary folder. The exit status is 1 where a row failed.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "hub"))
import hub as standin  # noqa: E402

B32 = "timm/vit_base_patch32_clip_224.openai"
B32_COMMIT = "ab5b8ef490e86faa07d3523926b842c765de1de5"
BIG = "model.safetensors"


class Failure(Exception):
    pass


def expect(condition, what):
    if not condition:
        raise Failure(what)


class Stage:
    """The stand-in hub, its repositories, and a new cache for each row."""

    def __init__(self, clip, reference, megabytes, kills):
        self.clip, self.reference, self.kills = clip, reference, kills
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="check-hub-"))
        self.root = self.folder / "root"
        self.caches = 0
        self.random = random.Random(7)
        self.make_repositories(megabytes)
        self.server = standin.Server(str(self.root))
        self.server.__enter__()

    def close(self):
        self.server.__exit__()
        shutil.rmtree(self.folder, ignore_errors=True)

    def write(self, path, content):
        path = self.root / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())

    def make_repositories(self, megabytes):
        mini = HERE.parent / "Models" / "clip-mini"
        for name in ["open_clip_config.json", "open_clip_model.safetensors", "vocab.json", "merges.txt", "README.md"]:
            self.write(f"{B32}/{name}", (mini / name).read_bytes())
        # As timm's repositories do: its own configuration and the image tower alone.
        self.write(f"{B32}/config.json", {"architecture": "vit_base_patch32_clip_224", "num_classes": 512})
        self.write(f"{B32}/model.safetensors", self.random.randbytes(20_000))
        self.write(f"{B32}.refs.json", {B32_COMMIT: {}})
        plain = {
            "config.json": {"model_type": "clip"}, "preprocessor_config.json": {"size": 224}, "README.md": b"words",
            "tokenizer.json": self.random.randbytes(30_000), BIG: self.random.randbytes(megabytes << 20),
        }
        for name, content in plain.items():
            self.write(f"acme/plain/{name}", content)
        for name in ["gated", "private"]:
            self.write(f"acme/{name}/config.json", {"model_type": "clip"})
            self.write(f"acme/{name}/{BIG}", self.random.randbytes(20_000))
        self.write("acme/pickle/config.json", {"model_type": "clip"})
        self.write("acme/pickle/pytorch_model.bin", self.random.randbytes(20_000))
        self.write("acme/converted.safetensors", self.random.randbytes(50_000))
        self.write("acme/pickle.refs.json", {"refs/pr/1": {BIG: "acme/converted.safetensors"}})
        shards = {f"model-0000{i}-of-00003.safetensors": self.random.randbytes(100_000) for i in (1, 2, 3)}
        self.write("acme/sharded/config.json", {"model_type": "siglip"})
        self.write("acme/sharded/model.safetensors.index.json", {"weight_map": {f"w{i}": n for i, n in enumerate(shards)}})
        for name, content in shards.items():
            self.write(f"acme/sharded/{name}", content)
        self.write("acme/sentences/modules.json", [{"idx": 0, "name": "0", "path": "0_CLIPModel", "type": "sentence_transformers.models.CLIPModel"}])
        self.write("acme/sentences/0_CLIPModel/config.json", {"model_type": "clip"})
        self.write(f"acme/sentences/0_CLIPModel/{BIG}", self.random.randbytes(40_000))
        self.write("acme/sentences/0_CLIPModel/vocab.json", {"a": 1})
        self.write("acme/sentences/0_CLIPModel/merges.txt", b"#version: 0.2\n")
        self.write("acme/text-only/README.md", b"nothing else")
        self.write("timm/tower/config.json", {"architecture": "vit", "num_classes": 0})
        self.write(f"timm/tower/{BIG}", self.random.randbytes(20_000))

    # What rows use

    def cache(self):
        self.caches += 1
        return self.folder / f"cache-{self.caches}"

    def environment(self, cache, **more):
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "HUGGING", "CLIP_")) and "proxy" not in k.lower()}
        environment.update(HF_ENDPOINT=self.server.url, HF_HUB_CACHE=str(cache), HOME=str(self.folder), HF_HUB_DISABLE_XET="1",
                           HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_PROGRESS_BARS="1")
        environment.update({k: str(v) for k, v in more.items()})
        return environment

    def rules(self, *rules):
        self.server.hub.rules = list(rules)

    def settings(self, **settings):
        self.server.hub.settings.update(settings)

    def log(self):
        log, self.server.hub.log = self.server.hub.log, []
        return log

    def run(self, *arguments, cache, **more):
        return subprocess.run([self.clip, *arguments], env=self.environment(cache, **more), capture_output=True, text=True, timeout=180)

    def pull(self, name, cache=None, status=0, says=None, options=(), **more):
        """Pulls and expects; the result, and the cache that it went to."""
        cache = cache or self.cache()
        result = self.run("pull", *options, name, cache=cache, **more)
        expect(result.returncode == status, f"status {result.returncode}, not {status}: {result.stderr.strip()[-300:]}")
        if says:
            expect(says in result.stderr, f"'{says}' is not said: {result.stderr.strip()[-300:]}")
        return result, cache

    def python(self, code, cache, **more):
        """Runs code with the real client; what it prints."""
        result = subprocess.run([self.reference, "-c", code], env=self.environment(cache, **more), capture_output=True, text=True, timeout=180)
        expect(result.returncode == 0, result.stderr.strip()[-400:])
        return result.stdout.strip()

    def is_whole(self, directory, repository, names):
        for name in names:
            path = pathlib.Path(directory) / name
            expect(path.exists(), f"{name} is missing")
            expect(path.read_bytes() == (self.root / repository / name).read_bytes(), f"{name} is another file")

    def leftovers(self, cache):
        return [str(p.relative_to(cache)) for p in cache.rglob("*") if p.name.endswith((".incomplete", ".tmp"))]


PLAIN = ["config.json", "preprocessor_config.json", "tokenizer.json", BIG]

# The stand-in, by the real client


def reference_reads(stage):
    code = """
import huggingface_hub as h, os
from huggingface_hub.errors import *
p = h.snapshot_download("acme/plain")
print(p)
print(h.hf_hub_download("acme/pickle", "model.safetensors", revision="refs/pr/1"))
for arguments, kind in [
    (("acme/none", "config.json"), RepositoryNotFoundError), (("acme/plain", "none.json"), EntryNotFoundError),
    (("acme/gated", "model.safetensors"), GatedRepoError), (("acme/private", "config.json"), RepositoryNotFoundError),
]:
    try:
        h.hf_hub_download(*arguments)
        print("no error for", arguments)
    except kind:
        pass
try:
    h.hf_hub_download("acme/plain", "config.json", revision="none")
except RevisionNotFoundError:
    print("all errors")
"""
    stage.settings(gated=["acme/gated"], private=["acme/private"])
    lines = stage.python(code, stage.cache()).splitlines()
    stage.settings(gated=[], private=[])
    stage.is_whole(lines[0], "acme/plain", PLAIN)
    expect(lines[-1] == "all errors", lines[-1])
    return f"huggingface_hub {stage.python('import huggingface_hub as h; print(h.__version__)', stage.cache())}: files equal, 5 errors as the hub's"


def reference_survives(stage):
    stage.rules(
        {"method": "GET", "path": "/signed/.*plain/model", "act": "cut", "after": 12_000_000, "gently": True},
        {"method": "GET", "path": "/signed/.*plain/model", "act": "status", "status": 429, "fields": {"RateLimit": '"resolvers";r=0;t=1'}},
    )
    path = stage.python('import huggingface_hub as h; print(h.snapshot_download("acme/plain"))', stage.cache())
    stage.is_whole(path, "acme/plain", PLAIN)
    log = stage.log()
    ranges = [entry["range"] for entry in log if entry["range"]]
    expect(ranges, f"no ranges: {[(e['method'], e['path'][:60]) for e in log]}")
    expect( set(ranges) == {"bytes=10485760-"}, f"ranges {ranges}")
    return "a cut answer goes on by Range, 429 with RateLimit is waited for"


# One cache for both


def ours_read_by_theirs(stage):
    names = {"acme/plain": PLAIN, "acme/sharded": None, "acme/sentences": None}
    cache = stage.cache()
    for repository in names:
        stage.pull(repository, cache)
    stage.pull("acme/pickle@refs/pr/1", cache)
    stage.log()
    code = f"""
import huggingface_hub as h
for repository, files in [("acme/plain", {PLAIN}), ("acme/sharded", ["model-00002-of-00003.safetensors"]),
                          ("acme/sentences", ["0_CLIPModel/model.safetensors"])]:
    for file in files:
        h.hf_hub_download(repository, file)
h.hf_hub_download("acme/pickle", "model.safetensors", revision="refs/pr/1")
assert h.try_to_load_from_cache("acme/plain", "vocab.json") is h.file_download._CACHED_NO_EXIST
report = h.scan_cache_dir()
print(len(report.repos), len(report.warnings), h.snapshot_download("acme/plain"))
"""
    repositories, warnings, path = stage.python(code, cache, HF_HUB_OFFLINE=1).split(" ", 2)
    stage.is_whole(path, "acme/plain", PLAIN)
    expect((repositories, warnings) == ("4", "0"), f"{repositories} repositories, {warnings} warnings")
    expect(not stage.log(), "a connection was made")
    return "4 repositories read offline, 0 warnings of its scan, absences known"


def theirs_read_by_ours(stage):
    cache = stage.cache()
    stage.python('import huggingface_hub as h\nfor r in ["acme/plain", "acme/sharded", "acme/sentences"]: h.snapshot_download(r)', cache)
    stage.python('import huggingface_hub as h; h.snapshot_download("acme/pickle", revision="refs/pr/1")', cache)
    stage.log()
    names = ["acme/plain", "acme/sharded", "acme/sentences", "acme/pickle@refs/pr/1"]
    for name in names:
        stage.pull(name, cache, options=["--offline"])
    expect(not stage.log(), "a connection was made")
    # What their client knows nothing of is asked for once: whether there is a tokenizer.
    for name in names:
        stage.pull(name, cache)
        expect(not [e for e in stage.log() if e["method"] == "GET" and "/signed/" in e["path"]], "files were fetched again")
        stage.pull(name, cache, options=["--offline"])
    return "4 repositories used, nothing fetched again"


def without_links(stage):
    cache = stage.cache()
    stage.pull("acme/plain", cache, HF_HUB_DISABLE_SYMLINKS=1)
    expect(not [p for p in cache.rglob("*") if p.is_symlink()], "there are links")
    path = stage.python('import huggingface_hub as h; print(h.snapshot_download("acme/plain"))', cache, HF_HUB_OFFLINE=1, HF_HUB_DISABLE_SYMLINKS=1)
    stage.is_whole(path, "acme/plain", PLAIN)
    stage.log()
    stage.pull("acme/plain", cache, HF_HUB_DISABLE_SYMLINKS=1)
    expect(not [e for e in stage.log() if "/signed/" in e["path"]], "files were fetched again")
    return "files moved in place, read by the real client, not fetched again"


# The must-show rows


def killed(stage):
    """A download that is killed at random points goes on where it was."""
    size = (stage.root / "acme/plain" / BIG).stat().st_size
    cache, last, resumed, killed = stage.cache(), 0, 0, 0
    stage.server.hub.rate = 1_000_000
    stage.log()
    try:
        while killed < stage.kills:
            process = subprocess.Popen([stage.clip, "pull", "acme/plain"], env=stage.environment(cache), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(stage.random.uniform(0.1, 0.9))
            if process.poll() is not None:
                break
            process.send_signal(signal.SIGKILL)
            process.wait()
            killed += 1
            parts = [p.stat().st_size for p in cache.rglob("*.clip.incomplete")]
            now = max(parts, default=0)
            expect(now >= last, f"{now} bytes after {last}")
            last = now
    finally:
        stage.server.hub.rate = 0
    log = stage.log()
    starts = sorted({int(e["range"][6:-1]) for e in log if e["range"]})
    result, _ = stage.pull("acme/plain", cache)
    final = [e["range"] for e in stage.log() if "/signed/acme/plain/model" in e["path"]]
    stage.is_whole(result.stdout.strip(), "acme/plain", PLAIN)
    expect(final == [f"bytes={last}-"] or last == size, f"the last try began at {final}")
    expect(not stage.leftovers(cache), "something is left")
    return f"{killed} times SIGKILL, {len(starts)} different starts, {last} of {size} bytes kept, verified"


def eight(stage):
    cache = stage.cache()
    stage.log()
    stage.server.hub.rate = 12_000_000
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: stage.run("pull", "acme/plain", cache=cache), range(8)))
    stage.server.hub.rate = 0
    expect(all(r.returncode == 0 for r in results), [r.stderr for r in results if r.returncode][:1])
    gets = [e for e in stage.log() if e["method"] == "GET" and "/signed/acme/plain/model" in e["path"]]
    expect(len(gets) == 1, f"{len(gets)} downloads")
    stage.is_whole(results[0].stdout.strip(), "acme/plain", PLAIN)
    expect(not stage.leftovers(cache), "something is left")
    return f"8 processes, {len(gets)} download"


def with_reference(stage):
    """The real client and ours at once, in one cache."""
    cache = stage.cache()
    stage.log()
    stage.server.hub.rate = 12_000_000
    code = 'import huggingface_hub as h; h.snapshot_download("acme/plain")'
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(stage.python, code, cache), pool.submit(stage.pull, "acme/plain", cache), pool.submit(stage.pull, "acme/plain", cache)]
        for job in jobs:
            job.result()
    stage.server.hub.rate = 0
    gets = [e for e in stage.log() if e["method"] == "GET" and "/signed/acme/plain/model" in e["path"]]
    expect(len(gets) == 1, f"{len(gets)} downloads")
    return "two of ours and huggingface_hub at once: 1 download"


def corrupt_on_the_way(stage):
    stage.rules({"method": "GET", "path": "/signed/.*model", "act": "corrupt", "at": 1_234_567, "times": -1})
    _, cache = stage.pull("acme/plain", status=65, says="are not those that the hub promises")
    expect(not list((cache / "models--acme--plain/blobs").glob("*.incomplete")) or not stage.leftovers(cache) or
           all((cache / p).stat().st_size == 0 for p in stage.leftovers(cache)), "wrong bytes are kept")
    expect(not [p for p in cache.rglob("model.safetensors")], "the model appeared")
    stage.rules({"method": "GET", "path": "resolve/.*config.json", "act": "corrupt", "at": 3, "times": -1})
    stage.pull("acme/plain", status=65, says="are not those that the hub promises")
    stage.rules()
    result, _ = stage.pull("acme/plain", cache)
    stage.is_whole(result.stdout.strip(), "acme/plain", PLAIN)
    return "SHA-256 and git's SHA-1 both refuse a bit; status 65; the next pull is right"


def corrupt_at_rest(stage):
    result, cache = stage.pull("acme/plain")
    blob = (pathlib.Path(result.stdout.strip()) / BIG).resolve()
    bytes_ = bytearray(blob.read_bytes())
    bytes_[12_345] ^= 1
    blob.write_bytes(bytes_)
    stage.pull("acme/plain", cache, status=65, says="are not those that the hub promises", options=["--offline"])
    result, _ = stage.pull("acme/plain", cache)
    stage.is_whole(result.stdout.strip(), "acme/plain", PLAIN)
    return "found by pull --offline (65), mended by pull"


def damaged_partial(stage):
    """What an earlier try left is damaged: the digest says so, and the file is fetched once more."""
    cache = stage.cache()
    stage.rules({"method": "GET", "path": "/signed/.*model", "act": "cut", "after": 3_000_000, "gently": True},
                {"method": "GET", "path": "/signed/.*model", "act": "status", "status": 500, "times": -1})
    process = subprocess.Popen([stage.clip, "pull", "acme/plain"], env=stage.environment(cache), stderr=subprocess.DEVNULL)
    deadline = time.time() + 20
    while time.time() < deadline and not any(p.stat().st_size > 100_000 for p in cache.rglob("*.clip.incomplete")):
        time.sleep(0.05)
    time.sleep(0.2)
    expect(time.time() < deadline, f"no remainder: {[(str(p), p.stat().st_size) for p in cache.rglob('*') if p.is_file()]}")
    process.kill()
    process.wait()
    stage.rules()
    part = next(cache.rglob("*.clip.incomplete"))
    content = bytearray(part.read_bytes())
    content[1000] ^= 1
    part.write_bytes(content)
    result, _ = stage.pull("acme/plain", cache)
    stage.is_whole(result.stdout.strip(), "acme/plain", PLAIN)
    return "fetched again from the start, verified"


def foreign_partials(stage):
    """Another client's .incomplete is never touched."""
    cache = stage.cache()
    tag = standin.File.at(str(stage.root / "acme/plain" / BIG)).tag
    blobs = cache / "models--acme--plain/blobs"
    blobs.mkdir(parents=True)
    for name in [f"{tag}.incomplete", f"{tag}.0a1b2c3d.incomplete"]:
        (blobs / name).write_bytes(b"theirs")
    result, _ = stage.pull("acme/plain", cache)
    stage.is_whole(result.stdout.strip(), "acme/plain", PLAIN)
    expect(all((blobs / n).read_bytes() == b"theirs" for n in [f"{tag}.incomplete", f"{tag}.0a1b2c3d.incomplete"]), "changed")
    return "left as they were"


def no_connection(stage):
    """A whole cache never touches the network."""
    cache = stage.cache()
    stage.pull("ViT-B-32", cache)
    stage.log()
    picture = str(HERE.parent / "Examples/pictures")
    first = next(str(p) for p in sorted(pathlib.Path(picture).rglob("*.jpg")))
    for name in ["ViT-B-32", B32 + "@" + B32_COMMIT, "mine=ViT-B-32"]:
        result = stage.run("embed", "--model", name, first, cache=cache)
        expect(result.returncode == 0, result.stderr[-300:])
    stage.pull("acme/plain", cache)
    stage.log()
    traced = subprocess.run(["strace", "-f", "-qq", "-e", "trace=connect,sendto", stage.clip, "embed", "--model", "ViT-B-32", first],
                            env=stage.environment(cache), capture_output=True, text=True) if shutil.which("strace") else None
    if traced:
        expect("AF_INET" not in traced.stderr, "strace saw a connection")
    expect(not stage.log(), "a connection was made")
    # And a hub that nobody answers for does not matter.
    result = stage.run("embed", "--model", "ViT-B-32", first, cache=cache, HF_ENDPOINT="http://127.0.0.1:9")
    expect(result.returncode == 0, result.stderr[-300:])
    return "0 requests by embed with a known name, a commit and NAME=" + (", 0 by strace" if traced else "")


def whatever_fails(stage):
    """A whole cache serves when the hub is away, slow or says no."""
    cache = stage.cache()
    stage.pull("acme/plain", cache)
    stage.pull("acme/plain", cache, HF_ENDPOINT="http://127.0.0.1:9", says="What is in the cache is used")
    stage.rules({"path": "plain", "act": "status", "status": 403, "times": -1})
    stage.pull("acme/plain", cache, says="What is in the cache is used")
    # The branch moved, and the new state cannot be had: the old one is whole.
    stage.rules({"method": "GET", "path": "/signed/.*model", "act": "status", "status": 404, "times": -1})
    readme = stage.root / "acme/plain" / "config.json"
    old, big = readme.read_bytes(), stage.root / "acme/plain" / BIG
    old_big = big.read_bytes()
    readme.write_bytes(b'{"model_type": "clip", "new": 1}')
    big.write_bytes(old_big[:-1] + b"\1")
    result, _ = stage.pull("acme/plain", cache, says="What is in the cache is used")
    stage.rules()
    expect((pathlib.Path(result.stdout.strip()) / "config.json").read_bytes() == old, "not the old state")
    result, _ = stage.pull("acme/plain", cache)
    stage.is_whole(result.stdout.strip(), "acme/plain", PLAIN)
    readme.write_bytes(old)
    big.write_bytes(old_big)
    return "hub away, 403, half a new state: the old one serves; the new one once it can be had"


def only_needed(stage):
    result, cache = stage.pull("ViT-B-32")
    directory = pathlib.Path(result.stdout.strip())
    names = sorted(p.name for p in directory.iterdir())
    expect(names == ["merges.txt", "open_clip_config.json", "open_clip_model.safetensors", "vocab.json"], names)
    expect(directory.name == B32_COMMIT, directory.name)
    result, _ = stage.pull("acme/sentences")
    names = sorted(str(p.relative_to(result.stdout.strip())) for p in pathlib.Path(result.stdout.strip()).rglob("*") if not p.is_dir())
    expect(names == ["0_CLIPModel/config.json", "0_CLIPModel/merges.txt", "0_CLIPModel/model.safetensors", "0_CLIPModel/vocab.json", "modules.json"], names)
    stage.pull("acme/sharded")
    stage.pull("acme/pickle", status=65, says="clip convert")
    stage.pull("acme/pickle@refs/pr/1")
    stage.pull("acme/text-only", status=65, says="has no configuration")
    stage.pull("timm/tower", status=65)
    return "timm's own files left out, shards, sentence-transformers, refs/pr/1; pickles refused with what to do"


def misbehaviour(stage):
    """Every way of going wrong that passes, one after another, and the file is right in the end."""
    big = "/signed/.*plain/model"
    cases = {
        "relative redirect": [{"method": "HEAD", "path": "/acme/plain/resolve/[^/]+/model", "act": "redirect", "location": None}],
        "503, then right": [{"method": "HEAD", "path": "config", "act": "status", "status": 503}],
        "408 and 500 on GET": [{"method": "GET", "path": big, "act": "status", "status": 408}, {"method": "GET", "path": big, "act": "status", "status": 500}],
        "429 without a time": [{"method": "GET", "path": big, "act": "status", "status": 429}],
        "429, Retry-After": [{"method": "HEAD", "path": "model", "act": "status", "status": 429, "fields": {"Retry-After": "1"}}],
        "429, RateLimit": [{"method": "GET", "path": big, "act": "status", "status": 429, "fields": {"RateLimit": '"resolvers";r=0;t=1'}}],
        "429 on the list": [{"path": "/api/", "act": "status", "status": 429, "fields": {"Retry-After": "1"}}],
        "cut four times": [{"method": "GET", "path": big, "act": "cut", "after": 1_000_000, "times": 4}],
        "stalled": [{"method": "GET", "path": big, "act": "stall", "after": 2_000_000, "seconds": 8}],
        "address expired": [{"method": "GET", "path": big, "act": "expired"}],
        "expired after a cut": [{"method": "GET", "path": big, "act": "cut", "after": 1_500_000}, {"method": "GET", "path": big, "act": "expired"}],
        "ranges not heeded": [{"method": "GET", "path": big, "act": "cut", "after": 1_500_000}, {"method": "GET", "path": big, "act": "norange"}],
        "another range": [{"method": "GET", "path": big, "act": "cut", "after": 1_500_000}, {"method": "GET", "path": big, "act": "wrongrange"}],
        "416": [{"method": "GET", "path": big, "act": "cut", "after": 1_500_000}, {"method": "GET", "path": big, "act": "status", "status": 416}],
        "length too short": [{"method": "GET", "path": big, "act": "short", "by": 1000}],
        "gzip, large": [{"method": "GET", "path": big, "act": "gzip"}],
        "gzip, small": [{"method": "GET", "path": "resolve/[^/]+/config.json", "act": "gzip"}],
        "gzip on a range": [{"method": "GET", "path": big, "act": "cut", "after": 1_500_000}, {"method": "GET", "path": big, "act": "gzip"}],
        "gzip of the list": [{"path": "/api/", "act": "gzip"}],
        "gzip on HEAD": [{"method": "HEAD", "path": "config.json", "act": "gzip"}],
        "no Content-Length": [{"path": "(resolve|signed)", "act": "unsized", "times": -1}],
        "list is no JSON": [{"path": "/api/", "act": "status", "status": 200}],
    }
    for name, rules in cases.items():
        for rule in rules:
            if rule.get("location", 0) is None:
                rule["location"] = "/acme/moved/resolve/main/model.safetensors"
        if name == "relative redirect":
            rules = []
            stage.server.hub.renamed = {"acme/before": "acme/plain"}
        stage.rules(*[dict(rule) for rule in rules])
        try:
            result, cache = stage.pull("acme/before" if name == "relative redirect" else "acme/plain", HF_HUB_DOWNLOAD_TIMEOUT=2)
            stage.is_whole(result.stdout.strip(), "acme/plain", PLAIN)
            expect(not stage.leftovers(cache), "something is left")
            expect(all(r.get("times", 1) <= 0 for r in stage.server.hub.rules), "it was not tried")
        except Failure as failure:
            raise Failure(f"{name}: {failure}") from None
    stage.rules()
    return f"{len(cases)} ways, all right in the end: " + ", ".join(cases)


def mirrors(stage):
    """A mirror without the interface; one that sends files itself; one that redirects everything, absolutely, to the hub."""
    stage.settings(api=False)
    result, cache = stage.pull("acme/plain")
    stage.is_whole(result.stdout.strip(), "acme/plain", PLAIN)
    stage.pull("acme/sentences")
    stage.pull("acme/text-only", status=66)
    stage.settings(signed=False)
    result, _ = stage.pull("acme/plain")
    stage.is_whole(result.stdout.strip(), "acme/plain", PLAIN)
    stage.settings(api=True, signed=True)
    with standin.Server(str(stage.root)) as other:
        other.hub.rules = [{"path": "plain/resolve/[^/]+/" + name, "act": "redirect", "times": -1,
                            "location": f"{stage.server.url}/acme/plain/resolve/main/{name}"} for name in PLAIN]
        result, _ = stage.pull("acme/plain", HF_ENDPOINT=other.url)
        stage.is_whole(result.stdout.strip(), "acme/plain", PLAIN)
    return "no interface (HEAD by HEAD), files from the mirror itself, absolute redirects to the hub"


def refusals(stage):
    """What does not pass: each its own sentence and status."""
    stage.settings(gated=["acme/gated"], private=["acme/private"], token="right")
    rows = [
        (dict(name="acme/none"), 66, "has no repository"), (dict(name="acme/plain@none"), 66, "has no revision"),
        (dict(name="acme/gated"), 77, "is gated"), (dict(name="acme/gated", HF_TOKEN="right"), 77, "as the user whose token"),
        (dict(name="acme/private"), 66, "set HF_TOKEN"), (dict(name="acme/private", HF_TOKEN="wrong"), 77, "does not know the token"),
        (dict(name="ViT-B-33"), 66, "Do you mean"), (dict(name="acme/--x"), 66, "neither a known model"),
        (dict(name="acme/plain@../x"), 66, "cannot be a revision"), (dict(name="acme/plain", HF_HUB_OFFLINE="1"), 69, "network is switched off"),
        (dict(name="acme/plain", HF_ENDPOINT="http://127.0.0.1:9"), 69, "accepts no connection"),
        (dict(name="acme/plain", HF_ENDPOINT="http://no.such.host.invalid"), 69, "cannot be found"),
        (dict(name="acme/plain", HF_ENDPOINT="ftp://x"), 1, "HF_ENDPOINT"),
    ]
    for arguments, status, says in rows:
        name = arguments.pop("name")
        try:
            stage.pull(name, status=status, says=says, **arguments)
        except Failure as failure:
            raise Failure(f"{name} {arguments}: {failure}") from None
    stage.settings(gated=[], private=[])
    more = {
        "too many requests": ({"path": "/api/", "act": "status", "status": 429, "fields": {"Retry-After": "4000"}, "times": -1}, 75, "in 4000 seconds"),
        "length too long": ({"method": "GET", "path": "/signed/", "act": "long", "by": 10, "times": -1}, 65, "promised"),
        "to another scheme": ({"method": "HEAD", "path": "config", "act": "redirect", "location": "ftp://127.0.0.1/x", "times": -1}, 69, "not followed"),
        "no hub": ({"method": "HEAD", "path": "resolve", "act": "bare", "times": -1}, 65, "does not answer as a hub does"),
        "redirects without end": ({"method": "HEAD", "path": "resolve", "act": "redirect", "location": "/acme/plain/resolve/main/config.json", "times": -1}, 69, "more than 10 times"),
    }
    for name, (rule, status, says) in more.items():
        stage.rules(rule)
        try:
            stage.pull("acme/plain", status=status, says=says)
        except Failure as failure:
            raise Failure(f"{name}: {failure}") from None
    stage.rules()
    stage.settings(token=None)
    return f"{len(rows) + len(more)} cases, each its own sentence and status"


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
    rate = 8_000_000
    best = None
    for _ in range(3):
        cache = stage.cache()
        stage.server.hub.rate = rate
        size = sum((stage.root / B32 / n).stat().st_size for n in ["open_clip_model.safetensors", "vocab.json", "merges.txt", "open_clip_config.json"])
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
                expect(len(json.load(answer)["embeddings"][0]) == 256, "no embedding")
            seconds = time.monotonic() - started
        finally:
            process.kill()
            process.wait()
            stage.server.hub.rate = 0
        over = seconds - size / rate
        best = over if best is None else min(best, over)
        expect(over < 1.5, f"{over:.2f} s over the transfer of {size / rate:.2f} s")
    return f"{size / 1e6:.1f} MB in {size / rate:.2f} s, first answer {best:.2f} s after (best of 3; all under 1.5 s)"


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
        expect(ask("ViT-L-14")[0] == 503, f"a repository that is not there: {ask('ViT-L-14')}")
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
    return "4 first requests, 1 download; 3 names that are not allowed never reach the hub; one that fails leaves the others served"


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


ROWS = [
    ("the stand-in, by the real client", reference_reads), ("the stand-in misbehaves, the real client", reference_survives),
    ("our cache, the real client offline", ours_read_by_theirs), ("its cache, ours", theirs_read_by_ours),
    ("a file system without links", without_links), ("killed at random points", killed), ("eight processes", eight),
    ("ours and the real client at once", with_reference), ("corrupt on the way", corrupt_on_the_way), ("corrupt at rest", corrupt_at_rest),
    ("a damaged remainder", damaged_partial), ("remainders of other clients", foreign_partials), ("a whole cache", no_connection),
    ("whatever fails", whatever_fails), ("only what is needed", only_needed), ("misbehaviour that passes", misbehaviour), ("mirrors", mirrors),
    ("refusals", refusals), ("tokens", tokens), ("little room", little_room), ("serve with nothing cached", serves), ("on demand", on_demand), ("speed", quick),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("clip")
    parser.add_argument("--only", default="", help="rows whose function or title has one of these words, separated by commas")
    parser.add_argument("--reference", default=sys.executable, help="a Python with huggingface_hub; rows that need it are left out without")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--megabytes", type=int, default=24)
    parser.add_argument("--results")
    options = parser.parse_args()
    has_reference = subprocess.run([options.reference, "-c", "import huggingface_hub"], capture_output=True).returncode == 0
    needs = {reference_reads, reference_survives, ours_read_by_theirs, theirs_read_by_ours, without_links, with_reference}
    stage = Stage(os.path.abspath(options.clip), options.reference, options.megabytes, options.kills)
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
