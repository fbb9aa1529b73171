"""Token ids of transformers' CLIPTokenizer: with OpenAI's vocabulary, and with a small one that was learnt from captions anew.

The strings are those of the tokenizers of pieces, ugly ones among them, and some for what only byte pairs have.
"""

import json
import pathlib

import piece_files
import ugly_texts
import world_texts

CAPTIONS = [
    "a cat\u2019s toy", "\u201chello\u201d world", "\ufb01ne print", "\uff21\uff22\uff23", "salt &amp; pepper",
    "caf\u00c3\u00a9 au lait", "<|startoftext|> a dog <|endoftext|> cat", "<|STARTOFTEXT|> a dog <|EndOfText|>!",
    "<|endoftext|>!", "!<|endoftext|>!!", "!!<|EndOfText|>!!", "<|endoftext|", "<|endoftext|><|endoftext|>",
    "<start_of_text> a dog", "don't DON'T 's 'S '\u017f", "\u03a3\u0391\u03a3 \u0130stanbul", "a\u0345\u0301b",
    "12 345 \u0663\u0664 \u216b", "\u0558 \U000323b0\U000323b1 \U00011df1", "a\u1ac3\u0327b \U00011935\U00011930",
    "\uac15\uc544\uc9c0 \u1100\u1161\u11a8", "a" * 100, "\U0001f408\u200d\u2b1b",
]  # fmt: skip


def make(out: pathlib.Path) -> None:
    texts = list(dict.fromkeys(CAPTIONS + world_texts.strings(400, 17) + ugly_texts.captions()[::40]))
    learnt = piece_files.clip_retrained(world_texts.every_caption(), 900)
    (out / "retrained").mkdir()
    learnt.save_pretrained(out / "retrained")
    tokenizers = {"openai": piece_files.clip_tokenizer(), "retrained": learnt}
    for name, tokenizer in tokenizers.items():
        cases = [[text, " ".join(map(str, tokenizer(text)["input_ids"]))] for text in texts]
        rows = ",\n".join(json.dumps(case) for case in cases)
        (out / f"{name}.json").write_text(f"[\n{rows}\n]\n")
