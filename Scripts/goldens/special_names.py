"""Token ids of Perception Encoder's captions, which have other names for special tokens than OpenAI's.

They come from open_clip's tokenizer, which is that of Meta's own code: same names, same pattern.
"""

import json
import pathlib

CONTEXT = 32

CAPTIONS = [
    "a dog",
    "<start_of_text> a dog <end_of_text> cat",
    "<END_OF_TEXT>a dog",
    "<end_of_text><end_of_text>",
    "<<end_of_text>>",
    "<end_of_text",
    "<end of text> < end_of_text >",
    "<\u017ftart_of_text> a <end_of_te\u00d7t>",
    "&lt;end_of_text&gt; a dog",
    "<|startoftext|> a dog <|endoftext|> cat",
    "don't <start_of_text>'s 3<end_of_text>4",
    "강아지<end_of_text>고양이",
    "dog " * 30,
    "dog " * 31,
    "<end_of_text> " * 40,
]


def make(out: pathlib.Path) -> None:
    import open_clip

    tokenizer = open_clip.get_tokenizer("PE-Core-L-14-336")
    assert tokenizer.context_length == CONTEXT
    cases = []
    for caption in CAPTIONS:
        words = tokenizer.encode(caption)
        row = tokenizer([caption])[0].tolist()
        cases.append([caption, row[: min(CONTEXT, len(words) + 2)]])
    text = ",\n".join(json.dumps(case) for case in cases)
    (out / "captions.json").write_text(f"[\n{text}\n]\n")
