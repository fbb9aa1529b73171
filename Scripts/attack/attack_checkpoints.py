"""Checkpoints that lie: loaded right, or refused in a sentence, and never a crash."""

from __future__ import annotations

import gzip
import json
import pathlib
import random
import re
import shutil
import struct
import subprocess
import tempfile
import typing

from server import ROOT
from stage import Stage, together

CHECKPOINT = ROOT / "Models" / "clip-mini"
WEIGHTS, CONFIGURATION, MERGES, VOCABULARY = "open_clip_model.safetensors", "open_clip_config.json", "merges.txt", "vocab.json"
PACKED, TOKENIZER, PROCESSOR = "bpe_simple_vocab_16e6.txt.gz", "tokenizer.json", "preprocessor_config.json"
FILES = (WEIGHTS, CONFIGURATION, MERGES, VOCABULARY)
# Files that may stand beside those.
PACKED, TOKENIZER, PROCESSORS = "bpe_simple_vocab_16e6.txt.gz", "tokenizer.json", ("preprocessor_config.json", "processor_config.json")
TEXT = "a photo of a cat, 12 red bicycles"
# What a Swift value looks like that nobody has written a sentence for.
UNWRITTEN = re.compile(r"Optional\(|\b[a-z]+[A-Z]\w*\(\w+:|Fatal error|Error Domain|\bnil\b")

Change = typing.Callable[[dict[str, bytes]], object]


def parted(weights: bytes) -> tuple[dict, bytes]:
    length = struct.unpack("<Q", weights[:8])[0]
    return json.loads(weights[8 : 8 + length]), weights[8 + length :]


def joined(header: dict, data: bytes) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def with_numbers(files: dict[str, bytes], pattern: str, value: bytes, at: int = 0) -> None:
    """Puts one number, given in half precision, into the first tensor of such a name."""
    header, data = parted(files[WEIGHTS])
    name = next(name for name in header if re.search(pattern, name) and header[name]["dtype"] in ("F16", "F32"))
    begin = header[name]["data_offsets"][0]
    number = value if header[name]["dtype"] == "F16" else struct.pack("<f", struct.unpack("<e", value)[0])
    changed = bytearray(data)
    place = begin + at * len(number)
    changed[place : place + len(number)] = number
    files[WEIGHTS] = joined(header, bytes(changed))


def kept_merges(files: dict[str, bytes], keep: typing.Callable[[list[bytes]], list[bytes]]) -> None:
    lines = files[MERGES].rstrip(b"\n").split(b"\n")
    files[MERGES] = b"\n".join([lines[0], *keep(lines[1:])]) + b"\n"


def with_setting(files: dict[str, bytes], *path: str, value: object) -> None:
    settings = json.loads(files[CONFIGURATION])
    inner = settings
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    files[CONFIGURATION] = json.dumps(settings).encode()


def packed(files: dict[str, bytes], count: int | None) -> None:
    """OpenAI's form of the vocabulary, which has no ids, with the first `count` merges."""
    lines = files.pop(MERGES).rstrip(b"\n").split(b"\n")
    del files[VOCABULARY]
    files[PACKED] = gzip.compress(b"\n".join([b"#version", *lines[1:][:count]]) + b"\n")


def cut_together(files: dict[str, bytes], count: int, renumbered: bool) -> None:
    """Takes tokens away with the merges that make them."""
    lines = files[MERGES].decode().rstrip("\n").split("\n")
    gone = {"".join(line.split()) for line in lines[count + 1 :]} - {"".join(line.split()) for line in lines[1 : count + 1]}
    kept = {token: number for token, number in json.loads(files[VOCABULARY]).items() if token not in gone}
    if renumbered:
        kept = {token: place for place, token in enumerate(sorted(kept, key=kept.__getitem__))}
    files[MERGES] = "\n".join(lines[: count + 1]).encode() + b"\n"
    files[VOCABULARY] = json.dumps(kept).encode()


def tokenizer(files: dict[str, bytes], **changes: object) -> None:
    """What transformers reads first, with the same vocabulary, a token added, and some of its model changed."""
    tokens = json.loads(files[VOCABULARY])
    merges = files[MERGES].decode().rstrip("\n").split("\n")[1:]
    model = {"type": "BPE", "end_of_word_suffix": "</w>", "vocab": tokens, "merges": merges} | changes
    added = [{"id": tokens[token], "content": token} for token in ("<|startoftext|>", "<|endoftext|>")]
    files[TOKENIZER] = json.dumps({"added_tokens": added, "normalizer": {"type": "Lowercase"}, "model": model}).encode()


def processor(files: dict[str, bytes], **changes: object) -> None:
    """What transformers reads of pictures, with some of it changed: as both of its files."""
    own = json.loads(files[CONFIGURATION])
    side = own["model_cfg"]["vision_cfg"]["image_size"]
    settings = {"size": {"shortest_edge": side}, "crop_size": {"height": side, "width": side}, "resample": 3}
    settings |= {"image_mean": own["preprocess_cfg"]["mean"], "image_std": own["preprocess_cfg"]["std"]} | changes
    files[PROCESSORS[0]] = json.dumps(settings).encode()
    files[PROCESSORS[1]] = json.dumps({"image_processor": settings}).encode()


def with_large_numbers(files: dict[str, bytes], name: str) -> None:
    """Numbers that are finite, of which no embedding is."""
    header, data = parted(files[WEIGHTS])
    names = sorted((other for other in header if other != "__metadata__"), key=lambda other: header[other]["data_offsets"][0])
    parts = []
    for other in names:
        begin, end = header[other]["data_offsets"]
        part = data[begin:end]
        if other == name:
            part = struct.pack("<f", 3e38) * (len(part) // (2 if header[other]["dtype"] == "F16" else 4))
            header[other]["dtype"] = "F32"
        start = sum(map(len, parts))
        header[other]["data_offsets"] = [start, start + len(part)]
        parts.append(part)
    files[WEIGHTS] = joined(header, b"".join(parts))


NAN, INFINITY, SMALL_NAN = b"\x00\x7e", b"\x00\x7c", b"\x01\xfc"


def changes() -> dict[str, Change]:
    """Each makes a checkpoint whose numbers would be others, or would be none."""
    found: dict[str, Change] = {
        "the whole list without ids": lambda f: packed(f, None),
        "100 merges without ids": lambda f: packed(f, 100),
        "all merges without ids but the last": lambda f: packed(f, -1),
        "no merges without ids": lambda f: packed(f, 0),
        "100 merges and their tokens": lambda f: cut_together(f, 100, renumbered=False),
        "100 merges and their tokens, counted anew": lambda f: cut_together(f, 100, renumbered=True),
        "all merges and tokens but the last, counted anew": lambda f: cut_together(f, -2, renumbered=True),
        "a second list without merges": lambda f: tokenizer(f, merges=[]),
        "a second list without tokens": lambda f: tokenizer(f, vocab={}),
        "a second list that agrees": lambda f: tokenizer(f),
        "a second recipe that agrees": lambda f: processor(f),
        "a second recipe with another mean": lambda f: processor(f, image_mean=[0.1, 0.1, 0.1]),
        "a second recipe with another filter": lambda f: processor(f, resample=0),
        "a second recipe of nothing": lambda f: f.update({PROCESSORS[0]: b'{"image_mean": [9, garbage'}),
        "a projection that overflows": lambda f: with_large_numbers(f, "text_projection"),
        "a list that was sorted": lambda f: kept_merges(f, sorted),
        "no merges": lambda f: kept_merges(f, lambda lines: []),
        "one merge": lambda f: kept_merges(f, lambda lines: lines[:1]),
        "100 merges": lambda f: kept_merges(f, lambda lines: lines[:100]),
        "all merges but the last": lambda f: kept_merges(f, lambda lines: lines[:-1]),
        "all merges but the first": lambda f: kept_merges(f, lambda lines: lines[1:]),
        "every other merge": lambda f: kept_merges(f, lambda lines: lines[::2]),
        "a merge of nothing": lambda f: kept_merges(f, lambda lines: [*lines, b"zz qq"]),
        "a merge of one": lambda f: kept_merges(f, lambda lines: [*lines, b"in"]),
        "merges.txt is empty": lambda f: f.update({MERGES: b""}),
        "merges.txt cut": lambda f: f.update({MERGES: f[MERGES][:20000]}),
        "vocab.json cut": lambda f: f.update({VOCABULARY: f[VOCABULARY][:40000]}),
        "vocab.json is a page": lambda f: f.update({VOCABULARY: b"<!DOCTYPE html><html>"}),
        "weights are a pointer": lambda f: f.update({WEIGHTS: b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"}),
        "weights are a page": lambda f: f.update({WEIGHTS: b"<!DOCTYPE html><html>"}),
        "weights cut": lambda f: f.update({WEIGHTS: f[WEIGHTS][:-1]}),
        "weights and a byte": lambda f: f.update({WEIGHTS: f[WEIGHTS] + b"\0"}),
        "no weights": lambda f: f.update({WEIGHTS: b""}),
        "configuration of nothing": lambda f: f.update({CONFIGURATION: b"{}"}),
        "configuration cut": lambda f: f.update({CONFIGURATION: f[CONFIGURATION][:100]}),
        "configuration is empty": lambda f: f.update({CONFIGURATION: b""}),
    }
    for name, value in (("NaN", NAN), ("infinity", INFINITY), ("-NaN", SMALL_NAN)):
        for pattern in (r"^visual\..*weight", r"token_embedding", r"ln_final", r"text_projection", r"positional", r"bias$", r"running_var"):
            found[f"{name} in {pattern}"] = lambda f, p=pattern, v=value: with_numbers(f, p, v)
    for path, value in (
        (("model_cfg", "embed_dim"), 255), (("model_cfg", "embed_dim"), 1 << 40), (("model_cfg", "embed_dim"), -1),
        (("model_cfg", "embed_dim"), "256"), (("model_cfg", "text_cfg", "heads"), 0), (("model_cfg", "text_cfg", "heads"), 5),
        (("model_cfg", "text_cfg", "layers"), 3), (("model_cfg", "text_cfg", "layers"), 1 << 62), (("model_cfg", "text_cfg", "context_length"), 32),
        (("model_cfg", "text_cfg", "vocab_size"), 4865), (("model_cfg", "vision_cfg", "image_size"), 0), (("model_cfg", "vision_cfg", "image_size"), 1 << 20),
        (("model_cfg", "vision_cfg", "layers"), [2, 2, 2]), (("model_cfg", "vision_cfg", "width"), 31), (("preprocess_cfg", "std"), [0, 0, 0]),
        (("preprocess_cfg", "mean"), [0.5, 0.5]), (("preprocess_cfg", "mean"), ["a", "b", "c"]), (("preprocess_cfg", "interpolation"), "nearest"),
        (("preprocess_cfg", "resize_mode"), "longest"), (("preprocess_cfg", "std"), [1e-45, 1, 1]), (("model_cfg", "quick_gelu"), "yes"),
    ):  # fmt: skip
        found[f"{'.'.join(path)} = {value}"] = lambda f, p=path, v=value: with_setting(f, *p, value=v)
    return found


def mutated(files: dict[str, bytes], seed: int) -> None:
    """Changes some bytes of the safetensors header, or one of its numbers."""
    draw = random.Random(seed)
    header, data = parted(files[WEIGHTS])
    names = [name for name in header if name != "__metadata__"]
    entry = header[draw.choice(names)]
    kind = draw.randrange(8)
    if kind == 0:
        entry["data_offsets"][draw.randrange(2)] = draw.choice([-1, 0, 1, 1 << 31, 1 << 62, (1 << 63) - 1, 1 << 64, len(data), 0.5])
    elif kind == 1:
        entry["shape"] = draw.choice([[], [0], [-1], [1 << 32, 1 << 32], [1] * 1000, entry["shape"] + [2], None, "x", [1.5]])
    elif kind == 2:
        entry["dtype"] = draw.choice(["F64", "BOOL", "I8", "F8_E4M3", "f16", "", None, "F" * 5000, 16])
    elif kind == 3:
        header[draw.choice(names) + draw.choice(["", "x", "\0", "\u202e"])] = entry
        header.pop(draw.choice(names))
    elif kind == 4:
        other = header[draw.choice(names)]
        entry["data_offsets"], other["data_offsets"] = other["data_offsets"], entry["data_offsets"]
    text = bytearray(json.dumps(header).encode())
    if kind >= 5:
        for _ in range(draw.randrange(1, 4)):
            at = draw.randrange(len(text))
            text[at : at + draw.randrange(3)] = bytes(draw.choice(b'"{}[],:0919-eE\\u \xff\0') for _ in range(draw.randrange(3)))
    length = len(text) if kind < 7 else draw.choice([0, 1, len(text) - 1, len(text) + 1, 1 << 40, (1 << 64) - 1])
    files[WEIGHTS] = struct.pack("<Q", length) + bytes(text) + data


def embedding(binary: pathlib.Path, folder: pathlib.Path) -> subprocess.CompletedProcess[bytes]:
    command = [str(binary), "embed", "--precision", "f32", "--packed-cache", "none", "--model", f"m={folder}", "--text", TEXT]
    return subprocess.run(command, capture_output=True, timeout=60)


def checkpoints(stage: Stage) -> None:
    """Cut merges, weights that are not numbers, settings and headers that lie."""
    original = {name: (CHECKPOINT / name).read_bytes() for name in FILES}
    right = embedding(stage.binary, CHECKPOINT).stdout
    wanted: dict[str, Change] = changes() | {
        f"header {seed}": lambda files, seed=seed: mutated(files, seed) for seed in range(24 if stage.quick else 400)
    }
    if stage.quick:
        kept = list(wanted)[:36] + list(wanted)[36::3]
        wanted = {name: wanted[name] for name in kept}
    crashed, wrong, unwritten, long = [], [], [], []
    names, tried = list(wanted), []

    def one(number: int) -> None:
        for name in names[number::2]:
            with tempfile.TemporaryDirectory(prefix="clip-attack-") as folder:
                files = dict(original)
                wanted[name](files)
                for file, data in files.items():
                    (pathlib.Path(folder) / file).write_bytes(data)
                try:
                    found = embedding(stage.binary, pathlib.Path(folder))
                except subprocess.TimeoutExpired:
                    crashed.append(f"{name}: no end")
                    continue
            tried.append((name, found.returncode))
            words = found.stderr.decode(errors="replace")
            if found.returncode < 0 or found.returncode in (132, 134, 139):
                crashed.append(name)
            elif found.returncode == 0 and found.stdout != right:
                wrong.append(name)
            elif found.returncode != 0 and UNWRITTEN.search(words):
                unwritten.append(f"{name}: {words.strip()[-200:]}")
            elif len(words) > 4000:
                long.append(name)

    crowd = together(2, one, 200 if stage.quick else 1800)
    stage.holds("the one that does not lie is read", len(right) > 100)
    stage.exactly("checkpoints tried", len(tried), len(names))
    stage.tell("refused of them", sum(code != 0 for _, code in tried))
    stage.ended(crowd, measure="attacks that could not be made")
    for label, found in (("crashes", crashed), ("other numbers, without a word", wrong), ("refused without a sentence", unwritten), ("refused in thousands of letters", long)):
        stage.exactly(label, len(found), 0)
        for line in found[:8]:
            print("   ", line[:200])


ATTACKS = {"checkpoints": checkpoints}
