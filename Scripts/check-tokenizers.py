#!/usr/bin/env python3
"""Compares the token ids of `clip tokenize` with those of sentencepiece, tokenizers, transformers and open_clip.

usage: check-tokenizers.py [--count N] [--clip PROGRAM] [--work DIRECTORY] [--model FILE.model ...] [KIND ...]

Strings in about 30 languages are composed from a seed (Scripts/goldens/world_texts.py); if Django is installed, the messages of
its translations are added. Vocabularies are trained from the captions. Real ones can be given with --model, such as those of
google/sentencepiece (python/test/*.model), and of PyPI's seqio (test_data) and mistral-common (data/tokenizer.model.v1).

If sentencepiece and tokenizers read a vocabulary differently, sentencepiece's ids are the right ones. For every kind the script
prints how many strings were compared, for how many of them the two references differ, and for how many our ids are wrong.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "goldens"))
import piece_files  # noqa: E402
import world_texts  # noqa: E402


def messages() -> list[str]:
    """The sentences of Django's translations in 24 languages; none if Django is not installed."""
    try:
        import django
    except ImportError:
        return []
    root = pathlib.Path(django.__path__[0])
    found: list[str] = []
    for language in "ko ja zh_Hans zh_Hant ru uk ar fa he hi bn ta th vi tr de fr es pt pl cs el fi hu id sw ka".split():
        for path in sorted(root.glob(f"**/locale/{language}/LC_MESSAGES/django.po")):
            for text in re.findall(r'^msgstr "(.+)"$', path.read_text(encoding="utf-8"), re.M):
                found.append(text.replace("\\n", "\n").replace('\\"', '"'))
    return found


def ours(program: str, directory: pathlib.Path, texts: list[str], *flags: str) -> list[list[int]]:
    lines = "\n".join(json.dumps(text) for text in texts) + "\n"
    made = subprocess.run(
        [program, "tokenize", "--tokenizer", str(directory), "--json", *flags, "-"],
        input=lines.encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    return [json.loads(line) for line in made.stdout.splitlines()]


def compare(kind: str, texts: list[str], found, expected, others=None) -> bool:
    """Prints the differences between `found` and the expected ids, and counts the differences of `others`."""
    differing = sum(a != b for a, b in zip(expected, others)) if others is not None else 0
    wrong = [i for i, (a, b) in enumerate(zip(found, expected, strict=True)) if a != b]
    print(f"{kind:44} {len(texts):7} strings {differing:6} references differ {len(wrong):6} wrong", flush=True)
    for index in wrong[:3]:
        print("   ", ascii(texts[index][:120]))
        print("      ours    ", found[index][:40])
        print("      expected", expected[index][:40])
        if others is not None:
            print("      other   ", others[index][:40])
    return not wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200_000)
    parser.add_argument("--clip", default=".build/release/clip")
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()) / "check-tokenizers")
    parser.add_argument("--model", type=pathlib.Path, action="append", default=[])
    parser.add_argument("kinds", nargs="*")
    arguments = parser.parse_args()

    captions = world_texts.every_caption() * 3 + messages()
    texts = world_texts.strings(arguments.count, 13, captions)
    plain = world_texts.strings(arguments.count, 14, captions, specials=False)
    arguments.work.mkdir(parents=True, exist_ok=True)
    sources = piece_files.trained(arguments.work, captions) + arguments.model
    is_right = True
    for check in piece_files.checks(arguments.work, sources):
        if arguments.kinds and not any(kind in check.name for kind in arguments.kinds):
            continue
        strings = texts if check.specials else plain
        if check.share > 1:
            strings = strings[:: check.share]
        if check.without:
            strings = [text.replace(check.without, "") for text in strings]
        start = time.time()
        found = ours(arguments.clip, check.directory, strings, *check.flags)
        middle = time.time()
        expected, others = check.reference(strings)
        is_right &= compare(check.name, strings, found, expected, others)
        print(f"    {middle - start:.1f} s ours, {time.time() - middle:.1f} s theirs", file=sys.stderr)
    sys.exit(0 if is_right else 1)


if __name__ == "__main__":
    main()
