"""Token ids of OpenAI CLIP, and what each cleaning step of ftfy makes of ugly strings.

The ids come from rf-clip 1.1, which carries OpenAI's tokenizer unchanged.

The strings come from `ugly_texts`.
"""

import functools
import html
import json
import pathlib
import random
import re
import unicodedata

import ftfy
import regex
from ftfy import badness, fixes
from ugly_texts import (
    CLUES,
    CONTROLS,
    ENTITIES,
    MOJIBAKE,
    PLAIN,
    POOLS,
    PUNCTUATION,
    SCRIPTS,
    SEED,
    captions,
    compose_mojibake,
    repeated,
    unpaired,
)

STEP_CASES = 700


def fnv(values) -> int:
    state = 0xCBF29CE484222325
    for value in values:
        for shift in (0, 8, 16, 24):
            state = ((state ^ (value >> shift & 0xFF)) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return state


STEPS = {
    "unescapedStrictly": (fixes.unescape_html, [ENTITIES]),
    "unescaped": (html.unescape, [ENTITIES]),
    "replacingC1Controls": (fixes.fix_c1_controls, [CONTROLS]),
    "separatingLigatures": (fixes.fix_latin_ligatures, [SCRIPTS]),
    "normalizingWidth": (fixes.fix_character_width, [PUNCTUATION, SCRIPTS]),
    "straighteningQuotes": (fixes.uncurl_quotes, [PUNCTUATION]),
    "normalizingLineBreaks": (fixes.fix_line_breaks, [CONTROLS]),
    "removingTerminalEscapes": (fixes.remove_terminal_escapes, [CONTROLS]),
    "removingControls": (fixes.remove_control_chars, [CONTROLS]),
    "normalized": (functools.partial(unicodedata.normalize, "NFC"), [SCRIPTS]),
    "lowercased": (str.lower, [SCRIPTS]),
    "patched": (fixes.decode_inconsistent_utf8, [MOJIBAKE]),
    "unmojibaked": (ftfy.fix_encoding, [MOJIBAKE]),
    "repaired": (ftfy.fix_text, POOLS),
}


def steps() -> dict[str, list[list[str]]]:
    """For each step: texts that it changes, mostly, and what it makes of them."""
    out = {}
    for name, (function, pools) in STEPS.items():
        rng = random.Random(f"{SEED} {name}")
        cases = {text: function(text) for pool in pools for text in pool if text}
        wanted = STEP_CASES if name in ("unmojibaked", "patched") else 150
        unchanged = 0
        while len(cases) < wanted + len([1 for pool in pools for _ in pool]):
            if name in ("unmojibaked", "patched", "repaired"):
                text = compose_mojibake(rng)
            else:
                text = unpaired(
                    "".join(
                        rng.choice(rng.choice([*pools, PLAIN])) for _ in range(rng.randrange(1, 4))
                    )
                )
            made = function(text)
            unchanged += made == text
            if made != text or unchanged % 8 == 0:
                cases[text] = made
        out[name] = [[text, made] for text, made in cases.items() if len(text) < 200]
    return out


def bytes_steps() -> dict[str, list[list[str]]]:
    """The steps that work on bytes, and the decoding of UTF-8's variants.

    Bytes are in hexadecimal; "" stands for an error.
    """
    rng = random.Random(SEED + 1)
    alphabet = bytes(
        [
            *b"   ??\x1a\x1a\naqs",
            *b"\x80\x85\xa0\xa0\xaf\xb0\xbf\x9f",
            *b"\xc0\xc2\xc3\xc3\xc5\xce\xd0\xd9\xdf",
            *b"\xe0\xe1\xe2\xe3\xed\xed\xed\xef\xf0\xf0\xf3\xf4\xf5",
        ]
    )
    cases = [bytes(rng.choices(alphabet, k=rng.randrange(1, 9))) for _ in range(1500)]
    cases += [
        b"\xc3 " + word + b" x"
        for word in (b"", b" ", b"quele", b"quela", b"quilo", b"s", b"se", b"la")
    ]
    cases += [
        b"\xed\xa0\xbd\xed\xb8\x80",
        b"\xed\xa0\xbd\xed\xb8\n",
        b"\xed\xa0\xbd\xed\xb8\nx",
        b"\xc0\x80",
        b"\xc0\n",
        b"\xc0\nx",
        b"\xc0",
        b"\xed",
        b"\xed\n",
        b"\xed\xa0\xbd",
        b"\xed\xb8\x80\xed\xa0\xbd",
        b"\xed\x9f\xbf",
        b"\xf4\x8f\xbf\xbf",
        b"\xf4\x90\x80\x80",
        b"\xe0\x9f\xbf",
        b"\xc1\xbf",
        b"\xed\xa0\x1a\xed\xb0\x80",
    ]
    half = (
        b"\xed\xa0\xbd",
        b"\xed\xb8\x80",
        b"\xc0\x80",
        b"\xed\x95\x9c",
        b"a",
        b"\n",
        b"\xed\xa0",
        b"\xed\xb0",
    )
    whole = [b"".join(rng.choices(half, k=rng.randrange(1, 5))) for _ in range(400)]
    cases = list(dict.fromkeys(cases))

    def variants(data: bytes) -> str:
        try:
            return (
                data.decode("utf-8-variants" if 0xED in data or 0xC0 in data else "utf-8")
                .encode()
                .hex()
                or "-"
            )
        except UnicodeDecodeError:
            return ""

    return {
        "restoringSpaces": [
            [b.hex(), m] for b in cases if (m := fixes.restore_byte_a0(b).hex()) != b.hex()
        ],
        "replacingLosses": [
            [b.hex(), m] for b in cases if (m := fixes.replace_lossy_sequences(b).hex()) != b.hex()
        ],
        "variants": [
            [b.hex(), variants(b)] for b in dict.fromkeys(cases[::3] + cases[-20:] + whole)
        ],
    }


def detection() -> list[list]:
    """Single rules of the detection: short texts, and whether they look like mojibake."""
    rng = random.Random(SEED + 2)
    texts = {
        "".join(rng.choices(CLUES, k=rng.choice([1, 2, 2, 2, 3, 3, 4]))): None for _ in range(40000)
    }
    suspicious = [t for t in texts if badness.is_bad(t)]
    innocent = [t for t in texts if not badness.is_bad(t)]
    return [[t, 1] for t in rng.sample(suspicious, 1200)] + [
        [t, 0] for t in rng.sample(innocent, 1200)
    ]


def every_scalar() -> dict:
    """Hashes over all code points, by planes and steps, of what the Unicode tables say."""
    scalars = [v for v in range(0x110000) if not 0xD800 <= v <= 0xDFFF]
    word = regex.compile(r"([\p{L}]+)|([\p{N}])|([^\s\p{L}\p{N}]+)", regex.IGNORECASE)

    def kind(v: int) -> int:
        found = word.match(chr(v))
        return found.lastindex if found else 0

    def block(function) -> list[str]:
        return [
            f"{fnv(function(scalars[i : i + 65536])):016x}" for i in range(0, len(scalars), 65536)
        ]

    def each(function):
        return lambda part: (ord(c) for v in part for c in function(chr(v)) + "\0")

    return {
        "kinds": block(lambda part: (kind(v) for v in part)),
        "lower": block(each(str.lower)),
        "sigma": block(each(lambda c: (c + "Σ").lower() + ("A" + c + "Σ" + c).lower())),
        "composed": block(each(lambda c: unicodedata.normalize("NFC", c))),
        "recomposed": block(
            each(
                lambda c: unicodedata.normalize(
                    "NFC", unicodedata.normalize("NFD", c) + "\u0315\u0327\u0301"
                )
            )
        ),
    }


def write(path: pathlib.Path, value) -> None:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # Control characters and line separators stay readable, and no editor can harm them.
    text = re.sub(
        "[\x7f-\xa0\xad\u2028\u2029\ufeff\ufffe\uffff]", lambda m: f"\\u{ord(m[0]):04x}", text
    )
    path.write_text(text.replace("],[", "],\n[") + "\n", encoding="utf-8")


def otherwise_cleaned() -> dict[str, list[list[str]]]:
    """What open_clip's own tokenizer makes of captions with the choices of `clean` that are not its usual one."""
    from open_clip.tokenizer import SimpleTokenizer

    # The names of special tokens are others there.
    texts = [text for text in captions()[::31] if len(text) < 300 and "<|" not in text]
    texts += ["IT'S WE'LL I'M THEY'RE DON'T I'VE HE'D", "It'\u017F \u017Fo", "\u00c9COLE \u01c5 \u2160V \u0399\u0345 \u212a\u00d6LN 3RD"]
    made = {}
    for clean in ["whitespace", "canonicalize"]:
        tokenizer = SimpleTokenizer(clean=clean)
        made[clean] = [[text, " ".join(map(str, tokenizer.encode(text)))] for text in texts]
    return made


def make(out: pathlib.Path) -> None:
    from clip.simple_tokenizer import SimpleTokenizer

    tokenizer = SimpleTokenizer()

    def ids(text: str) -> list[int]:
        return [49406, *tokenizer.encode(text), 49407]

    out.mkdir(parents=True, exist_ok=True)
    write(
        out / "captions.json", [[text, " ".join(map(str, ids(text)[1:-1]))] for text in captions()]
    )
    long = repeated()
    for case in long:
        made = ids(case["unit"] * case["times"])
        case["count"], case["hash"] = len(made), f"{fnv(made):016x}"
    write(out / "long-captions.json", long)
    write(out / "otherwise-cleaned.json", otherwise_cleaned())
    write(out / "steps.json", steps())
    write(out / "byte-steps.json", bytes_steps())
    write(out / "detection.json", detection())
    write(out / "scalars.json", every_scalar())
    merges = [
        [tokenizer.encoder[a], tokenizer.encoder[b], tokenizer.encoder[a + b]]
        for a, b in tokenizer.bpe_ranks
    ]
    tokens = sorted(tokenizer.encoder, key=tokenizer.encoder.__getitem__)
    write(
        out / "vocabulary.json",
        {
            "count": len(tokens),
            "merges": f"{fnv(v for merge in merges for v in merge):016x}",
            "tokens": f"{fnv(b for token in tokens for b in token.encode() + bytes(1)):016x}",
        },
    )


if __name__ == "__main__":
    make(pathlib.Path("Tests/CLIPTestSupport/Fixtures/tokenization"))
