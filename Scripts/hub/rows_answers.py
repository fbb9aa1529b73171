"""What the hub answers: failures, misbehaviour, mirrors and refusals."""

import json
import pathlib
import time

import hub as standin
from stage import B32_COMMIT, BIG, PLAIN, Failure, expect


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
