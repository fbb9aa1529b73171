"""Texts, and how much one request may carry."""

from __future__ import annotations

from typing import Any

from case import (
    CLIENT_MISTAKE,
    ONE,
    Family,
    OnPurpose,
    Table,
)

# Texts of every kind that fit each model's context.
KINDS = (
    ("Korean", "야생의 너구리 한 마리"),
    ("Japanese", "野生のアライグマ"),
    ("Arabic", "راكون في البرية"),
    ("emoji", "👩‍👩‍👧‍👦 🏳️‍🌈 😀👍🏽"),
    ("combining marks", "e\u0301 n\u0303 a\u030a"),
    ("full width", "Ｈｅｌｌｏ　Ｗｏｒｌｄ"),
    ("capitals", "A RACCOON In The Wild"),
    ("HTML", "Tom &amp;amp; Jerry &lt;b&gt; &eacute;"),
    ("curly quotes and ligatures", "“don’t” ﬁne — ﬂow…"),
    ("mojibake", "cafÃ© â€œquotedâ€\x9d"),
    ("special tokens typed", "<|startoftext|> a dog <|endoftext|> cat"),
    ("numbers and signs", "12345 3.14 $%^&*() a_b-c"),
    ("line breaks", "a\r\ndog\u2028and\x85cat"),
    ("control characters", "a\x00\x01\x1b[31mdog\x7f"),
    ("contractions", "it's we're I'LL they've"),
    ("Turkish capital i", "İstanbul"),
)


def texts(table: Table, family: Family) -> None:
    table.section("Texts", family)

    def text(name: str, value: Any, **options: Any) -> None:
        table.post(name, family.embed_text, {"text": value}, **options)

    text("empty", "")
    text("empty ones in an array", ["", "a dog", ""])
    text("white space", " \n\t ")
    text("77 tokens", "dog " * 75)
    too_long = OnPurpose("the message names the length and the limit", 400, ".*78.*77.*|.*77.*78.*")
    text("78 tokens", "dog " * 76, on_purpose=too_long)
    text(
        "one of three too long",
        ["a dog", "dog " * 76, "a cat"],
        on_purpose=too_long,
    )
    text("10,000 words", "dog " * 10_000, on_purpose=OnPurpose(too_long.reason, 400, ".*77.*"))
    table.post(
        "truncate, an extension",
        family.embed_text,
        {"text": "dog " * 100, "truncate": True},
        on_purpose=OnPurpose("an extension of ours: cuts the text, keeps end-of-text", 200),
    )
    table.post(
        "a subject that is too long",
        family.compare,
        {"subject": "dog " * 76, "subject_type": "text", "prompt": "a dog"},
        on_purpose=too_long,
    )
    table.post(
        "a prompt that is too long",
        family.compare,
        {"subject": ONE, "prompt": ["a dog", "dog " * 76]},
        on_purpose=too_long,
    )
    for name, value in KINDS:
        text(name, value)
    text("nested escapes, 2,800 characters", "&" + "amp;" * 700 + "lt;")
    text(
        "nested escapes, 8,000 characters",
        "&" + "amp;" * 2000 + "lt;",
        on_purpose=OnPurpose(
            "each round of unescaping reads the whole text again: beyond some 2,800 characters of "
            "escapes within escapes a text is refused",
            400,
            "Error with model input. Cause: The text is made of too many nested escapes.*",
        ),
    )
    text("decimal reference of 4,200 digits", "a &#" + "0" * 4200 + "65; dog")
    text(
        "decimal reference of 5,000 digits",
        "a &#" + "0" * 5000 + "65; dog",
        on_purpose=OnPurpose("a reference may have any number of digits", 200),
    )
    text("hexadecimal reference of 5,000 digits", "a &#x" + "0" * 5000 + "41; dog")
    text("half a surrogate pair, by reference", "a &#xD83D; dog")
    text("halves of surrogate pairs, as escapes", "\ude00 a\ud83d& \ud83d&eacute; \udfff")
    text("forty, of many lengths", ["dog " * (n % 20) for n in range(40)])
    text("the same one twice", ["a dog", "a cat", "a dog"])


def limits(table: Table, family: Family) -> None:
    table.section("Limits", family)
    images = OnPurpose(
        CLIENT_MISTAKE,
        400,
        "The maximum number of images that can be embedded at once is 8.*",
    )
    prompts = OnPurpose(
        CLIENT_MISTAKE,
        400,
        "The maximum number of prompts that can be compared at once is 8.*",
    )
    table.post(
        "a body of 68 MB",
        family.embed_text,
        {"text": "a dog", "padding": "x" * 68_000_000},
        on_purpose=OnPurpose(
            "the size of a body is limited", 413, ".*larger than.*", ("x-model-id",)
        ),
    )
    table.post("nine images", family.embed_image, {"image": [ONE] * 9}, on_purpose=images)
    table.post(
        "nine prompts", family.compare, {"subject": ONE, "prompt": ["a"] * 9}, on_purpose=prompts
    )
    table.post(
        "nine prompts in a mapping",
        family.compare,
        {"subject": ONE, "prompt": {c: c for c in "abcdefghi"}},
        on_purpose=prompts,
    )
    table.post(
        "nine image prompts",
        family.compare,
        {"subject": ONE, "prompt": [ONE] * 9, "prompt_type": "image"},
        on_purpose=prompts,
    )
