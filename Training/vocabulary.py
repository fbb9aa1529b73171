"""The vocabulary of clip-mini: OpenAI's byte-pair encoding, cut short, with merges of its own for Korean.

usage: vocabulary.py OUT --packed DIR [--english 3072] [--korean 1280]

The first merges are the first of OpenAI's list, which are those of frequent English; Korean, which that list has next to
nothing of, gets merges learned from the Korean names in DIR (prepare.py). Writes vocab.json and merges.txt, the form that
transformers' CLIPTokenizer reads; open_clip's SimpleTokenizer reads merges.txt, gzipped, as its bpe_path.
"""

import argparse
import collections
import gzip
import json
import pathlib
import tempfile

import open_clip
from open_clip import tokenizer as openai

HEADER = "#version: 0.2\n"


def openai_merges(count):
    file = pathlib.Path(open_clip.__file__).parent / "bpe_simple_vocab_16e6.txt.gz"
    return [tuple(line.split()) for line in gzip.open(file).read().decode().split("\n")[1 : count + 1]]


def learned_merges(words, count):
    """Byte-pair encoding proper: again and again the most frequent pair of neighbours becomes one symbol."""
    pieces = {word: tuple(word[:-1]) + (word[-1] + "</w>",) for word in words}
    merges = []
    while len(merges) < count:
        pairs = collections.Counter()
        for word, frequency in words.items():
            for pair in zip(pieces[word], pieces[word][1:]):
                pairs[pair] += frequency
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        for word, parts in pieces.items():
            if best[0] in parts:
                joined, place = [], 0
                while place < len(parts):
                    if parts[place : place + 2] == best:
                        joined.append(parts[place] + parts[place + 1])
                        place += 2
                    else:
                        joined.append(parts[place])
                        place += 1
                pieces[word] = tuple(joined)
    return merges


def korean_words(packed):
    """Each Korean word of the names with how often it occurs, in the byte alphabet."""
    alphabet, pattern = openai.bytes_to_unicode(), openai.SimpleTokenizer().pat
    words = collections.Counter()
    for file in sorted(packed.glob("*.json")):
        for concept in json.loads(file.read_text("utf-8"))["concepts"]:
            for name in concept["ko"] + ["사진", "의 사진", "그림", "이모지", "귀여운"]:
                for word in pattern.findall(name.lower()):
                    if not word.isascii():
                        words["".join(alphabet[byte] for byte in word.encode())] += 1
    return words


def tokenizer(directory, context_length):
    """open_clip's tokenizer over the merges in a directory."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "merges.txt.gz"
        # Without the last line break, behind which open_clip would see one merge more.
        merges = (pathlib.Path(directory) / "merges.txt").read_bytes().rstrip(b"\n")
        file.write_bytes(gzip.compress(merges, mtime=0))
        return open_clip.SimpleTokenizer(bpe_path=str(file), context_length=context_length)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--packed", type=pathlib.Path, required=True)
    parser.add_argument("--english", type=int, default=3072)
    parser.add_argument("--korean", type=int, default=1280)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    merges = openai_merges(options.english)
    known = set(merges)
    merges += [pair for pair in learned_merges(korean_words(options.packed), options.korean) if pair not in known]
    symbols = list(openai.bytes_to_unicode().values())
    tokens = symbols + [s + "</w>" for s in symbols] + ["".join(pair) for pair in merges]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    assert len(set(tokens)) == len(tokens)
    (options.out / "merges.txt").write_text(HEADER + "".join(f"{a} {b}\n" for a, b in merges), "utf-8")
    vocabulary = {token: place for place, token in enumerate(tokens)}
    (options.out / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), "utf-8")
    made = tokenizer(options.out, 77)
    assert made.vocab_size == len(tokens) and made.eot_token_id == len(tokens) - 1
    print(f"{len(tokens)} tokens")


if __name__ == "__main__":
    main()
