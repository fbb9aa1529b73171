#!/usr/bin/env python3
"""Measures the cost of reading the largest tokenizers: time, and memory during and after.

usage: measure-tokenizers.py [--clip PROGRAM] [--work DIRECTORY]

Makes two files of random pieces with the sizes of real ones: SigLIP 2's `tokenizer.json` (256,000 tokens, 580,000 merges)
and XLM-V's (901,629 pieces with scores). Then it times `clip tokenize` of one word with each, minus the time without one.
"""

import argparse
import base64
import json
import multiprocessing
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

LETTERS = [
    "abcdefghijklmnopqrstuvwxyz",
    "абвгдежзиклмнопрстуфхцчшыьэюя",
    "αβγδεζηθικλμνξοπρστυφχψω",
    "".join(chr(0xAC00 + 28 * i) for i in range(399)),
    "".join(chr(0x4E00 + i) for i in range(3000)),
    "".join(chr(0x0905 + i) for i in range(50)),
    "".join(chr(0x0E01 + i) for i in range(46)),
]


def pieces(rng: random.Random, count: int, longest: int) -> list[str]:
    """Different random words of several scripts, half of them after a blank."""
    found: dict[str, None] = {}
    for letters in LETTERS:
        for letter in letters:
            found[letter] = None
    found["\u2581"] = None
    while len(found) < count:
        letters = rng.choices(LETTERS, [8, 3, 1, 1, 1, 1, 1])[0]
        word = "".join(rng.choices(letters, k=rng.randint(2, longest)))
        found[("\u2581" if rng.random() < 0.5 else "") + word] = None
    return list(found)[:count]


def siglip2(directory: pathlib.Path) -> None:
    rng = random.Random(2)
    base = ["<pad>", "<eos>", "<bos>", "<unk>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    letters = [letter for group in LETTERS for letter in group]
    vocab = {token: index for index, token in enumerate(dict.fromkeys(base + ["\u2581"] + letters))}
    # Every part of a word is a token, so that every way to make one is a merge.
    while len(vocab) < 256_000:
        group = rng.choices(LETTERS, [8, 3, 1, 1, 1, 1, 1])[0]
        word = ("\u2581" if rng.random() < 0.4 else "") + "".join(rng.choices(group, k=rng.randint(3, 5)))
        for length in range(2, len(word) + 1):
            for start in range(len(word) - length + 1):
                vocab.setdefault(word[start : start + length], len(vocab))
    merges = [
        [token[:cut], token[cut:]]
        for token in vocab
        if not token.startswith("<")
        for cut in range(1, len(token))
    ][:580_000]
    file = {
        "version": "1.0",
        "added_tokens": [
            {"id": i, "content": t, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
            for i, t in enumerate(base[:4])
        ],
        "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"},
        "pre_tokenizer": {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": False},
        "post_processor": None,
        "model": {
            "type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": True, "byte_fallback": True, "ignore_merges": False,
            "vocab": vocab, "merges": merges,
        },
    }  # fmt: skip
    # tokenizers writes its files with line ends, too.
    (directory / "tokenizer.json").write_text(json.dumps(file, ensure_ascii=False, indent=2), encoding="utf-8")
    (directory / "tokenizer_config.json").write_text('{"tokenizer_class": "GemmaTokenizer"}')


def xlm_v(directory: pathlib.Path) -> None:
    rng = random.Random(3)
    import numpy

    vocab = [["<s>", 0.0], ["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0]]
    scores = -numpy.sort(numpy.random.default_rng(1).uniform(5, 20, 901_629)).astype(numpy.float32)
    for piece, score in zip(pieces(rng, 901_624, 9), scores):
        vocab.append([piece, float(score)])
    vocab.append(["<mask>", 0.0])
    # This table of characters replaces nothing: it has one unit and one text.
    table = base64.b64encode((4).to_bytes(4, "little") + bytes(4) + b"\0").decode()
    file = {
        "version": "1.0",
        "added_tokens": [],
        "normalizer": {"type": "Precompiled", "precompiled_charsmap": table},
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "WhitespaceSplit"},
                {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True},
            ],
        },
        "post_processor": None,
        "model": {"type": "Unigram", "unk_id": 3, "vocab": vocab, "byte_fallback": False},
    }
    (directory / "tokenizer.json").write_text(json.dumps(file, ensure_ascii=False, indent=2), encoding="utf-8")
    (directory / "tokenizer_config.json").write_text('{"tokenizer_class": "XLMRobertaTokenizer"}')


def measured(command: list[str]) -> tuple[float, float]:
    """The seconds and the peak megabytes of a command, from the best of three runs."""
    best = (float("inf"), 0.0)
    for _ in range(3):
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            sys.exit(f"{command[0]} failed")
        best = min(best, (time.perf_counter() - start, usage.ru_maxrss / 1024))
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clip", default=".build/release/clip")
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()) / "measure-tokenizers")
    arguments = parser.parse_args()
    idle = measured([arguments.clip, "tokenize", "--", "a"])
    print(f"{'none':10} {idle[0]:6.3f} s {idle[1]:7.0f} MB at most")
    for name, make in [("siglip2", siglip2), ("xlm-v", xlm_v)]:
        directory = arguments.work / name
        if not (directory / "tokenizer.json").exists():
            directory.mkdir(parents=True, exist_ok=True)
            # This runs in a process of its own, because the measured peak of a command begins with its parent's memory.
            child = multiprocessing.Process(target=make, args=(directory,))
            child.start()
            child.join()
        size = (directory / "tokenizer.json").stat().st_size / 1e6
        seconds, peak = measured([arguments.clip, "tokenize", "--tokenizer", str(directory), "--", "a"])
        print(f"{name:10} {seconds - idle[0]:6.3f} s {peak - idle[1]:7.0f} MB at most, for a file of {size:.0f} MB")


if __name__ == "__main__":
    main()
