"""The stand-in by the real client, and one cache for both."""

import json
import os

from stage import BIG, PLAIN, expect


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
    # Its list of the repository says what there is not; without it, `.gitattributes` does, which earlier clients left.
    expect(len(list(cache.glob("*/trees/*.json"))) == len(names), "the client keeps no lists")
    expect(not stage.log(), "a connection was made")
    for name in names:
        stage.pull(name, cache)
        expect(not [e for e in stage.log() if e["method"] == "GET" and "/signed/" in e["path"]], "files were fetched again")
        stage.pull(name, cache, options=["--offline"])
    return "4 repositories used, nothing fetched again"


def theirs_in_part(stage):
    """A cache that another program filled in part: the hub has the rest, and without it the file is named."""
    every = ["config.json", BIG, "preprocessor_config.json", "spiece.model", "tokenizer_config.json"]
    for left_out in ["tokenizer_config.json", "preprocessor_config.json", "spiece.model"]:
        cache = stage.cache()
        names = [name for name in every if name != left_out]
        stage.python(f'import huggingface_hub as h\nfor n in {names}: h.hf_hub_download("acme/pieces", n)', cache)
        stage.log()
        if left_out != "spiece.model":
            stage.pull("acme/pieces", cache, options=["--offline"], status=69, says=left_out)
            expect(not stage.log(), "a connection was made")
        # Loading fails, as these are no weights: what counts is what was fetched before.
        result = stage.run("embed", "--model", "acme/pieces", "--text", "a", cache=cache)
        gets = [e["path"].rsplit("/", 1)[-1].split("?")[0] for e in stage.log() if e["method"] == "GET" and "/api/" not in e["path"]]
        expect(gets == [left_out], f"fetched {gets} where {left_out} was left out: {result.stderr[-200:]}")
        stage.run("embed", "--model", "acme/pieces", "--text", "a", cache=cache)
        expect(not stage.log(), "a connection was made, though all is known now")
    # All that a program of theirs asked for by name, with what it heard is not there.
    cache = stage.cache()
    stage.python('import huggingface_hub as h\nfrom huggingface_hub.errors import EntryNotFoundError\n'
                 f'for n in {every} + ["special_tokens_map.json", "added_tokens.json", "processor_config.json"]:\n'
                 '    try: h.hf_hub_download("acme/pieces", n)\n    except EntryNotFoundError: pass', cache)
    stage.log()
    stage.pull("acme/pieces", cache, options=["--offline"])
    expect(not stage.log(), "a connection was made")
    return "3 files left out by another program: fetched before the model is used, two of them named offline; what was asked for in vain counts"


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
