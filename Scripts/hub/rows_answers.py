"""What the hub answers: failures, misbehaviour, mirrors and refusals."""

import json
import pathlib
import time

import hub as standin
from stage import B32, B32_COMMIT, BIG, PLAIN, Failure, expect


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
    result, _ = stage.pull("acme/halves")
    stage.is_whole(result.stdout.strip(), "acme/halves", [f"model.fp16-0000{i}-of-00002.safetensors" for i in (1, 2)])
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


def redirects(stage):
    """The token never leaves for another host, and no redirect of two meanings is followed."""
    # A server of its own, so that its log has only what was led there.
    with standin.Server(str(stage.root)) as thief:
        hub, other = (server.url.removeprefix("http://") for server in (stage.server, thief))
        other = other.replace("127.0.0.1", "localhost")
        locations = [f"http://{hub}\\@{other}/x", f"//{hub}\\@{other}/x", f"/\\{other}/x", f"\\\\{other}/x", f"http://{hub}@{other}/x",
                     f"http://{hub}%5C@{other}/x", f"http://{hub}?@{other}/x", f"http://{hub}#@{other}/x", f"http://{other}\\@{hub}/x", f"http://{other}/x"]
        places = {"list": {"path": "/api/"}, "head": {"method": "HEAD", "path": BIG}, "file": {"method": "GET", "path": BIG}, "signed": {"path": "/signed/"}}
        for location in locations:
            for place, rule in places.items():
                stage.rules({**rule, "act": "redirect", "location": location, "times": -1})
                result = stage.run("pull", "acme/plain", cache=stage.cache(), HF_TOKEN="secret")
                expect(result.returncode in (0, 65, 66, 69), f"{place} to {location}: status {result.returncode}, {result.stderr[-200:]}")
                expect(place == "list" or result.returncode, f"{place} to {location}: fetched from somewhere")
                stolen = [e["path"] for e in thief.hub.log if e["token"]]
                expect(not stolen, f"{place} to {location}: the token went to another host, {stolen}")
        expect(thief.hub.log, "no redirect led to the other host")
    stage.rules()
    return f"{len(locations)} ways of writing it at {len(places)} places: the token stayed, nothing came from there"


def numbers(stage):
    """Numbers in the header at the edge of what fits: refused in a sentence, and the process lives."""
    edges = ["9223372036854775807", "9223372036854775806", "9223372036854000000", "9223372036854775808", "99999999999999999999", "-1"]
    plain = {"X-Repo-Commit": stage.server.hub.files("acme/plain", "main")[0], "X-Linked-Etag": "a" * 64}
    rules = {
        "X-Linked-Size": lambda n: {"method": "HEAD", "path": BIG, "act": "redirect", "location": f"http://localhost:9/{BIG}",
                                    "fields": {**plain, "X-Linked-Size": n}},
        "RateLimit": lambda n: {"path": "/api/", "act": "status", "status": 429, "fields": {"RateLimit": f'"api";r=0;t={n}'}},
        "Retry-After": lambda n: {"path": "/api/", "act": "status", "status": 429, "fields": {"Retry-After": n}},
        "Content-Range": lambda n: {"method": "GET", "path": "/signed/", "act": "status", "status": 206, "fields": {"Content-Range": f"bytes {n}-{n}/{n}"}},
        "Content-Length": lambda n: {"method": "HEAD", "path": "config", "act": "status", "status": 200, "fields": {**plain, "Content-Length": n}},
    }
    for name, rule in rules.items():
        # A pause that nobody means is none, and the tries take their time.
        for number in edges[:1] if name in ("RateLimit", "Retry-After") else edges:
            stage.rules({**rule(number), "times": -1})
            result = stage.run("pull", "acme/plain", cache=stage.cache())
            expect(result.returncode in (65, 69, 75), f"{name}: {number}: status {result.returncode}, {result.stderr[-200:]}")
    stage.rules()
    return f"{len(rules)} fields at the edges of 64 bits, the process lives and says what is wrong"


def held_commit(stage):
    """A mirror that has its main for every commit, with its interface or without, and one whose list and files are of two commits."""
    real = stage.server.hub.files
    main = real(B32, "main")[0]
    expect(main != B32_COMMIT, "main is the commit")
    try:
        stage.server.hub.files = lambda repository, revision: real(repository, "main")
        for api in (True, False):
            stage.settings(api=api)
            for name in ("ViT-B-32", "acme/plain@" + "1" * 40):
                _, cache = stage.pull(name, status=65, says="was asked for")
                expect(not list(cache.glob("*/snapshots/*")), "a snapshot appeared")
        stage.settings(api=True)
        body = json.dumps({"sha": "1" * 40, "siblings": [{"rfilename": n} for n in PLAIN]})
        stage.rules({"path": "/api/", "act": "status", "status": 200, "body": body, "times": -1})
        for name in ("acme/plain", "acme/plain@" + "1" * 40):
            _, cache = stage.pull(name, status=65, says="was asked for")
            expect(not list(cache.glob("*/snapshots/*/*")), "a file appeared")
    finally:
        stage.server.hub.files = real
        stage.settings(api=True)
        stage.rules()
    return "another commit than was asked for is refused: by the list, by a file's header, and where the two differ"


def endless(stage):
    """Bodies whose size nobody tells: what decides is read up to 64 MB, and the list, too."""
    stage.rules({"method": "HEAD", "path": "config.json", "act": "unsized", "times": -1}, {"method": "GET", "path": "resolve.*/config.json", "act": "endless", "times": -1})
    _, cache = stage.pull("acme/plain", status=65, says="has no end")
    expect(sum(p.stat().st_size for p in cache.rglob("*") if p.is_file()) < 1000, "bytes are left")
    stage.rules({"path": "/api/", "act": "endless", "times": -1})
    stage.pull("acme/plain")
    stage.rules()
    return "a configuration ends at 64 MB and leaves nothing; an endless list is none"


def renamed(stage):
    """An old name and other letters lead to one repository, which is kept once."""
    stage.server.hub.renamed = {"acme/before": "acme/plain", "Acme/Plain": "acme/plain"}
    cache = stage.cache()
    first, _ = stage.pull("acme/before", cache, says="is called acme/plain")
    stage.log()
    for name in ("Acme/Plain", "acme/plain", "acme/before"):
        result, _ = stage.pull(name, cache)
        expect(result.stdout == first.stdout, f"{name} is at {result.stdout}")
    expect(not [e for e in stage.log() if "/signed/" in e["path"]], "fetched again")
    for name in ("Acme/Plain", "acme/plain", "acme/before"):
        stage.pull(name, cache, options=["--offline"])
    expect(not stage.log(), "a connection was made")
    expect([p.name for p in cache.glob("models--*")] == ["models--acme--plain"], "kept twice")
    return "3 names, 1 download, 1 folder; found offline by all of them"


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
        (dict(name="acme/plain", HF_ENDPOINT="ftp://x"), 78, "HF_ENDPOINT"),
        (dict(name="acme/plain", HF_TOKEN="a b"), 78, "HF_TOKEN"), (dict(name="acme/plain", HF_HUB_DOWNLOAD_TIMEOUT="abc"), 78, "HF_HUB_DOWNLOAD_TIMEOUT"),
        (dict(name=""), 66, "is a path"), (dict(name="./models"), 66, "is a path"),
        (dict(name="https://huggingface.co/acme/plain"), 66, "write acme/plain instead"), (dict(name="ViT-B-32@none"), 66, "has no revision 'none'"),
        (dict(name="acme/bert"), 65, 'model_type is "bert"'), (dict(name="acme/naflex"), 65, "NaFlex"), (dict(name="acme/foreign"), 65, "names no model_type"),
        (dict(name="acme/trunk"), 65, "vision_cfg.timm_model_name"), (dict(name="acme/words"), 65, "text_cfg.hf_model_name"),
        (dict(name="acme/folder"), 65, 'model_type is "bert"'), (dict(name="acme/bare-folder"), 65, "has no weights"),
        (dict(name="facebook/PE-Core-B16-224"), 65, "Ask for PE-Core-B16-224 instead"), (dict(name="hf-hub:acme/plain"), 66, "write acme/plain instead"),
        (dict(name="acme/pickle"), 65, "hf download acme/pickle --local-dir pickle, then clip convert pickle/pytorch_model.bin pickle-safetensors"),
    ]
    for arguments, status, says in rows:
        name = arguments.pop("name")
        try:
            stage.pull(name, status=status, says=says, **arguments)
        except Failure as failure:
            raise Failure(f"{name} {arguments}: {failure}") from None
    stage.settings(gated=[], private=[])
    expect(not [e for e in stage.log() if "/signed/" in e["path"] or e["method"] == "GET" and e["path"].endswith(".safetensors")], "weights of what cannot be used were fetched")
    more = {
        "too many requests": ({"path": "/api/", "act": "status", "status": 429, "fields": {"Retry-After": "4000"}, "times": -1}, 75, "in 4000 seconds"),
        "length too long": ({"method": "GET", "path": "/signed/", "act": "long", "by": 10, "times": -1}, 75, "promised"),
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
