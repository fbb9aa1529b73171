"""What is on disk: interruptions, several at once, damage, and no connection where all is there."""

import concurrent.futures
import json
import pathlib
import shutil
import signal
import subprocess
import time

import hub as standin
from stage import B32, B32_COMMIT, BIG, HERE, PLAIN, expect


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
    doubts = [r.stderr.strip()[-200:] for r in results if "nothing says" in r.stderr]
    expect(not doubts, f"{len(doubts)} of those who waited do not know what they have: {doubts[:1]}")
    stage.is_whole(results[0].stdout.strip(), "acme/plain", PLAIN)
    expect(not stage.leftovers(cache), "something is left")
    return f"8 processes, {len(gets)} download, and all know that it is right"


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
    _, cache = stage.pull("acme/plain", status=75, says="are not those that the hub promises")
    expect(not list((cache / "models--acme--plain/blobs").glob("*.incomplete")) or not stage.leftovers(cache) or
           all((cache / p).stat().st_size == 0 for p in stage.leftovers(cache)), "wrong bytes are kept")
    expect(not [p for p in cache.rglob("model.safetensors")], "the model appeared")
    stage.rules({"method": "GET", "path": "resolve/.*config.json", "act": "corrupt", "at": 3, "times": -1})
    stage.pull("acme/plain", status=75, says="are not those that the hub promises")
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
    stage.pull("acme/plain", cache, status=65, says="in the cache are not those", options=["--offline"])
    result, _ = stage.pull("acme/plain", cache)
    stage.is_whole(result.stdout.strip(), "acme/plain", PLAIN)
    return "found by pull --offline (65), mended by pull"


def damage(path, at=12_345):
    content = bytearray(path.read_bytes())
    content[at : at + 8] = bytes(8)
    path.write_bytes(content)


def damaged_forms(stage):
    """Damaged weights: the hub away, no links, links to other names, a blob without its snapshot, a mirror whose tags say nothing."""
    away = {"HF_ENDPOINT": "http://127.0.0.1:9"}

    def fresh(**more):
        result, cache = stage.pull("acme/plain", **more)
        return pathlib.Path(result.stdout.strip()) / BIG, cache

    def mended(cache, path, says="thrown away and fetched again", **more):
        stage.pull("acme/plain", cache, says=says, **more)
        stage.is_whole(path.parent, "acme/plain", PLAIN)

    path, cache = fresh()
    damage(path.resolve())
    stage.pull("acme/plain", cache, status=65, says="cannot be fetched again", **away)
    mended(cache, path)

    path, cache = fresh(HF_HUB_DISABLE_SYMLINKS=1)
    damage(path)
    for options, more in [((), away), (["--offline"], {})]:
        result, _ = stage.pull("acme/plain", cache, options=options, says="nothing says what their bytes should be", HF_HUB_DISABLE_SYMLINKS=1, **more)
        expect("and right" not in result.stderr, result.stderr)
    mended(cache, path, HF_HUB_DISABLE_SYMLINKS=1)

    path, cache = fresh()
    other = cache / "other-name"
    other.write_bytes(path.read_bytes())
    damage(other)
    path.unlink()
    path.symlink_to(other)
    for options, more in [((), away), (["--offline"], {})]:
        result, _ = stage.pull("acme/plain", cache, options=options, says="nothing says what their bytes should be", **more)
        expect("and right" not in result.stderr, result.stderr)
    mended(cache, path)
    expect(other.exists(), "a file of another name was taken away")

    path, cache = fresh()
    damage(path.resolve())
    shutil.rmtree(path.parent)
    result = stage.run("embed", "--model", "acme/plain", "--text", "a", cache=cache)
    expect(path.read_bytes() == (stage.root / "acme/plain" / BIG).read_bytes(), f"a damaged blob got its name again: {result.stderr[-200:]}")

    stage.settings(signed=False)
    stage.server.hub.opaque = True
    try:
        for _ in range(2):
            result, cache = stage.pull("acme/plain", says="nothing says what their bytes should be")
            expect("and right" not in result.stderr, result.stderr)
    finally:
        stage.server.hub.opaque = False
        stage.settings(signed=True)
    return "found or not called right in 5 forms, and mended where the hub says what is right"


def others_files(stage):
    """Files that other programs fetched are neither compared nor taken away."""
    result, cache = stage.pull("acme/plain")
    snapshot = pathlib.Path(result.stdout.strip())
    blob = snapshot.parent.parent / "blobs" / ("0" * 64)
    blob.write_bytes(b"a pickle of theirs, damaged")
    (snapshot / "pytorch_model.bin").symlink_to(f"../../blobs/{blob.name}")
    stage.pull("acme/plain", cache, says="all here and right")
    stage.pull("acme/plain", cache, says="all here and right", options=["--offline"])
    expect((snapshot / "pytorch_model.bin").exists() and blob.read_bytes() == b"a pickle of theirs, damaged", "theirs was taken away")
    return "a damaged pickle stays, and the model is right"


def states_offline(stage):
    """A pinned short name serves OWNER/NAME offline, and main serves the short name; a commit that was asked for stays that."""
    _, cache = stage.pull("ViT-B-32")
    stage.pull(B32, cache, options=["--offline"], says="What is there is used")
    stage.pull(B32, cache, HF_ENDPOINT="http://127.0.0.1:9", says="What is in the cache is used")
    _, cache = stage.pull(B32)
    stage.pull("ViT-B-32", cache, options=["--offline"], says="What is there is used")
    stage.pull("ViT-B-32", cache, HF_ENDPOINT="http://127.0.0.1:9", says="What is in the cache is used")
    stage.pull(f"{B32}@{B32_COMMIT}", cache, options=["--offline"], status=69, says="Here is")
    return "main by a commit, a short name by main, each with a line; a commit by nothing else"


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
