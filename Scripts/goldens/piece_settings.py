"""What transformers makes of a few texts where a tokenizer's files say something else than usual.

Every case is one of the small vocabularies beside, with members of its JSON files that are set or taken away.
"""

import json
import pathlib
import shutil
import tempfile

TEXTS = [
    "a photo of a cat", "Hello, World! Café ÜBER 고양이 two  words", "x", "</s> a <unk> b<pad>", "한글 x",
    "tést  ﬁ ① ㎏", "中文字 and [MASK] hi", "<extra_id_0> hi", "  lead", "a\tb\nc", "don't STOP!!", "",
    "a▁photo ▁of", "unbelievably long words everywhere",
]  # fmt: skip

CONFIG = "tokenizer_config.json"
FILE = "tokenizer.json"


def padding(direction: str) -> dict:
    return {
        "strategy": {"Fixed": 9}, "direction": direction, "pad_to_multiple_of": 8, "pad_id": 0, "pad_type_id": 0,
        "pad_token": "<pad>",
    }  # fmt: skip


def marked(scheme: str) -> dict:
    steps = [{"type": "WhitespaceSplit"}]
    steps.append({"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": True})
    return {"type": "Sequence", "pretokenizers": steps}


def cases() -> list[tuple[str, dict, list[str], int]]:
    """The vocabulary, members to set by file, members of the settings to remove, and what is filled up to."""
    made: list[tuple[str, dict, list[str], int]] = []
    for settings in [
        {"do_lower_case": False}, {"strip_accents": False}, {"strip_accents": True, "do_lower_case": False},
        {"tokenize_chinese_chars": False}, {"cls_token": "[SEP]"}, {"sep_token": "[PAD]"}, {"unk_token": "a"},
    ]:  # fmt: skip
        made.append(("bert", {CONFIG: settings}, [], 0))
    # The class takes neither the steps nor the template of the file, nor what its model says of words.
    odd = {"normalizer": None, "pre_tokenizer": None, "post_processor": None}
    made.append(("bert", {FILE: odd}, [], 0))
    made.append(("bert", {FILE: {"model.max_input_chars_per_word": 3, "model.unk_token": "[MASK]"}}, [], 0))
    made.append(("bert", {FILE: odd, CONFIG: {"tokenizer_class": "TokenizersBackend"}}, [], 0))
    for value in [False, 0, "", 1]:
        made.append(("xlm-roberta", {CONFIG: {"add_prefix_space": value}}, [], 0))
    for scheme in ["never", "first"]:
        own = {CONFIG: {"tokenizer_class": "TokenizersBackend"}, FILE: {"pre_tokenizer": marked(scheme)}}
        made.append(("xlm-roberta", own, [], 0))
    for name in ["gemma", "siglip2", "t5", "xlm-roberta", "siglip-file"]:
        for direction in ["Left", "Right"]:
            for kind in [{}, {"tokenizer_class": "TokenizersBackend"}]:
                made.append((name, {FILE: {"padding": padding(direction)}, CONFIG: kind}, ["padding_side"], 32))
        both = {FILE: {"padding": padding("Left")}, CONFIG: {"padding_side": "right"}}
        made.append((name, both, [], 32))
    return made


def patched(source: pathlib.Path, directory: pathlib.Path, members: dict, removed: list[str]) -> None:
    shutil.copytree(source, directory)
    (directory / "cases.json").unlink()
    for name in {**members, CONFIG: {}}:
        value = json.loads((directory / name).read_text())
        for key, member in members.get(name, {}).items():
            inner, _, last = key.rpartition(".")
            (value[inner] if inner else value)[last] = member
        for key in removed if name == CONFIG else []:
            value.pop(key, None)
        (directory / name).write_text(json.dumps(value))


def write(pieces: pathlib.Path) -> None:
    from transformers import AutoTokenizer

    lines = []
    for name, members, removed, length in cases():
        with tempfile.TemporaryDirectory() as folder:
            directory = pathlib.Path(folder) / name
            patched(pieces / name, directory, members, removed)
            tokenizer = AutoTokenizer.from_pretrained(directory)
            fill = {"padding": "max_length", "max_length": length, "truncation": True} if length else {}
            # A "\u2581" that somebody typed is a blank to sentencepiece, whose ids are the right ones for these classes.
            settings = members.get(CONFIG, {})
            is_pieces = name in ("t5", "xlm-roberta") and "tokenizer_class" not in settings
            is_pieces = is_pieces and bool(settings.get("add_prefix_space", True))
            texts = [text for text in TEXTS if not is_pieces or "\u2581" not in text]
            rows = [tokenizer(text, **fill)["input_ids"] for text in texts]
        case = {
            "vocabulary": name, "members": members, "removed": removed, "length": length,
            "texts": [[text, " ".join(map(str, row))] for text, row in zip(texts, rows, strict=True)],
        }  # fmt: skip
        lines.append(json.dumps(case))
    (pieces / "settings.json").write_text("[" + ",\n".join(lines) + "]\n")
