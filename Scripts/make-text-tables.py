#!/usr/bin/env python3
"""Writes the tables that text cleaning needs, as Swift source:

    python Scripts/make-text-tables.py Sources/CLIPTokenization/Cleaning/TextTables.swift

Everything comes from the reference implementations (Scripts/requirements.txt): letters and numbers from
the regex module; the letters, numbers and combining marks that tokenizers does not know from tokenizers
itself; composition and word characters from Python's own Unicode data; entities from its html module; code
pages from its codecs; and the character classes of mojibake from ftfy (Apache-2.0, Robyn Speer). Numbers are hexadecimal and separated by spaces; a set is written as (gap, length) pairs.
"""

import html
import html.entities
import pathlib
import re
import sys
import textwrap
import unicodedata

import ftfy
import regex
from ftfy import badness, chardata
from tokenizers import Regex, normalizers, pre_tokenizers

SCALARS = [v for v in range(0x110000) if not 0xD800 <= v <= 0xDFFF]


def ranges(members: list[int]) -> list[tuple[int, int]]:
    out: list[list[int]] = []
    for v in members:
        if out and out[-1][1] == v:
            out[-1][1] = v + 1
        else:
            out.append([v, v + 1])
    return [(a, b) for a, b in out]


def packed_set(members: list[int]) -> str:
    words, end = [], 0
    for a, b in ranges(sorted(members)):
        words += [f"{a - end:x}", f"{b - a:x}"]
        end = b
    return " ".join(words)


def members_of(character_class: str) -> list[int]:
    pattern = re.compile(f"[{character_class}]")
    return [v for v in SCALARS if pattern.match(chr(v))]


def combining_classes() -> str:
    words, end, run = [], 0, []
    for v in [v for v in SCALARS if unicodedata.combining(chr(v))] + [None]:
        if run and (
            v != run[-1] + 1 or unicodedata.combining(chr(v)) != unicodedata.combining(chr(run[0]))
        ):
            words += [run[0] - end, len(run), unicodedata.combining(chr(run[0]))]
            end, run = run[-1] + 1, []
        run.append(v)
    return " ".join(f"{w:x}" for w in words)


def decompositions() -> str:
    """Four numbers for each: the gap, the two parts (0: none), and 1 if the parts compose."""
    words, last = [], 0
    for v in SCALARS:
        field = unicodedata.decomposition(chr(v))
        if not field or field.startswith("<"):
            continue
        parts = [int(part, 16) for part in field.split()]
        composes = len(parts) == 2 and unicodedata.normalize(
            "NFC", "".join(map(chr, parts))
        ) == chr(v)
        words += [v - last, parts[0], parts[1] if len(parts) == 2 else 0, int(composes)]
        last = v
    return " ".join(f"{w:x}" for w in words)


def widths() -> str:
    words = []
    for v, to in sorted(chardata.WIDTH_MAP.items()):
        words += [v, len(to), *map(ord, to)]
    return " ".join(f"{w:x}" for w in words)


def entities(table: dict[str, str]) -> str:
    return " ".join(
        f"{name}={'+'.join(f'{ord(c):x}' for c in value)}" for name, value in sorted(table.items())
    )


def loud_entities() -> dict[str, str]:
    """The names in capitals that ftfy knows in addition to HTML's own."""
    known = html.entities.html5
    return {
        name[1:]: value
        for name, value in chardata.HTML_ENTITIES.items()
        if known.get(name[1:]) != value
    }


def is_no_mark(character: str) -> bool:
    """Whether tokenizers treats a combining mark as a starter, so that no mark of another class changes places with it."""
    nfd = normalizers.NFD().normalize_str
    return all(nfd(text) == text for text in (f"a{character}\u0334", f"a\u0345{character}"))


def code_page(name: str) -> str:
    return " ".join(f"{ord(c):x}" for c in bytes(range(0x80, 0x100)).decode(name))


def camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def literal(name: str, comment: str, text: str) -> str:
    lines = textwrap.wrap(text, 106, break_long_words=False, break_on_hyphens=False)
    body = "\n".join(f"        {line}" for line in lines)
    return f'    /// {comment}\n    static let {name} = """\n{body}\n        """\n'


def main() -> None:
    letter, number = regex.compile(r"\p{L}"), regex.compile(r"\p{N}")
    word = re.compile(r"\w")
    known, is_word = pre_tokenizers.Split(Regex(r"[\p{L}\p{N}]"), "removed"), regex.compile(r"[\p{L}\p{N}]").match
    out = [
        literal(
            "letters",
            "`\\p{L}` of the regex module.",
            packed_set([v for v in SCALARS if letter.match(chr(v))]),
        ),
        literal(
            "numbers",
            "`\\p{N}` of the regex module.",
            packed_set([v for v in SCALARS if number.match(chr(v))]),
        ),
        literal(
            "newerWords",
            "`[\\p{L}\\p{N}]` of the regex module that is neither to Oniguruma as tokenizers has it.",
            packed_set([v for v in SCALARS if is_word(chr(v)) and known.pre_tokenize_str(chr(v))]),
        ),
        literal(
            "wordCharacters",
            "`\\w` of Python's re module.",
            packed_set([v for v in SCALARS if word.match(chr(v))]),
        ),
        literal(
            "decimalDigits",
            "`\\d` of Python's re module.",
            packed_set([v for v in SCALARS if chr(v).isdecimal()]),
        ),
        literal(
            "combiningClasses",
            "(gap, length, canonical combining class), where it is not 0.",
            combining_classes(),
        ),
        literal(
            "newerMarks",
            "Where that is not 0, and 0 to tokenizers, which knows Unicode 9.",
            packed_set([v for v in SCALARS if unicodedata.combining(chr(v)) and is_no_mark(chr(v))]),
        ),
        literal(
            "decompositions",
            "(gap, first part, second part or 0, 1 where the parts compose).",
            decompositions(),
        ),
        literal("widths", "(full or half width form, length, its plain form).", widths()),
        literal("entities", "HTML5's named character references.", entities(html.entities.html5)),
        literal(
            "loudEntities", "Names in capitals that only ftfy resolves.", entities(loud_entities())
        ),
    ]
    for name in chardata.CHARMAP_ENCODINGS[1:]:
        short = name.removeprefix("sloppy-").replace("-", "").replace("iso8859", "iso8859_")
        out.append(
            literal(short.replace("_", "part"), f"Bytes 0x80 to 0xFF of {name}.", code_page(name))
        )
    for name, members in badness.MOJIBAKE_CATEGORIES.items():
        out.append(
            literal(
                camel(name),
                f"ftfy's class of mojibake characters `{name}`.",
                packed_set(members_of(members)),
            )
        )
    for name, members in chardata.UTF8_CLUES.items():
        out.append(literal(camel(name), f"ftfy's clue `{name}`.", packed_set(members_of(members))))
    python = sys.version.split()[0]
    head = f"""\
// swift-format-ignore-file
// Generated by Scripts/make-text-tables.py; do not edit. Made with Python {python} (Unicode
// {unicodedata.unidata_version}), regex {regex.__version__} and ftfy {ftfy.__version__}.
// The classes of mojibake characters, the clues and the names in capitals are data of ftfy,
// copyright Robyn Speer, Apache License 2.0 (see NOTICE).

/// The reference implementations' character data, packed; `PackedNumbers` reads it.
enum TextTables {{
"""
    pathlib.Path(sys.argv[1]).write_text(head + "\n".join(out) + "}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
