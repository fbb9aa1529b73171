"""Small vocabularies of pieces of every kind, and what the references make of some hundred strings with them.

The ids are those of sentencepiece, transformers and open_clip; where sentencepiece and tokenizers differ, sentencepiece's.
"""

import json
import pathlib
import shutil
import tempfile
import unicodedata

import piece_files
import piece_settings
import world_texts

# Where each kind is left in the fixtures, by the name of its check.
KINDS = {
    "unigram .model": "unigram",
    "bytes .model": "unigram-bytes",
    "gemma .model": "bpe",
    "symbols .model": "bpe-symbols",
    "unigram T5Tokenizer": "t5",
    "unigram SiglipTokenizer": "siglip",
    "unigram tokenizer.json of SigLIP": "siglip-file",
    "unigram XLMRobertaTokenizer": "xlm-roberta",
    "gemma GemmaTokenizer": "gemma",
    "symbols Siglip2Tokenizer": "siglip2",
    "open_clip t5 canonicalize 16": "open-clip-t5",
    "open_clip gemma canonicalize 16": "open-clip-gemma",
    "open_clip t5-white whitespace 16": "open-clip-whitespace",
    "BertTokenizer": "bert",
}


def rules(captions: list[str]) -> str:
    """What a small table of characters replaces: as NFKC does, for the captions' characters and some odd ones."""
    found: dict[str, str] = {}
    for character in sorted(set("".join(captions + [c.upper() for c in captions]))):
        apart = unicodedata.normalize("NFD", character)
        for cut in range(2, len(apart) + 1):
            whole = unicodedata.normalize("NFC", apart[:cut])
            if len(whole) == 1:
                found[apart[:cut]] = whole
    for space in ["\t", "\n", "\r", "\u00a0", "\u3000", "\u2009", "\u2028"]:
        found[space] = " "
    for code in range(0xFF01, 0xFF5F):
        found[chr(code)] = chr(code - 0xFEE0)
    for odd in ["\ufb03", "\u2460", "\u2026", "\u00b4", "\u00a8", "\u00bd", "\u212a", "\u33a5", "\ufdfa"]:
        found[odd] = unicodedata.normalize("NFKC", odd)
    for gone in ["\u200b", "\ufeff", "\u00ad", "\x7f", "\u2060"]:
        found[gone] = ""
    lines = []
    for source, target in sorted(found.items()):
        lines.append(" ".join(f"{ord(c):x}" for c in source) + "\t" + " ".join(f"{ord(c):x}" for c in target))
    return "\n".join(lines) + "\n"


def trained(work: pathlib.Path) -> list[pathlib.Path]:
    captions = world_texts.every_caption()
    table = work / "rules.tsv"
    table.write_text(rules(captions), encoding="utf-8")
    specials = {"pad_id": 0, "eos_id": 1, "unk_id": 2, "bos_id": -1}
    gemma = {
        "model_type": "bpe", "pad_id": 0, "eos_id": 1, "bos_id": 2, "unk_id": 3, "byte_fallback": True,
        "normalization_rule_name": "identity", "add_dummy_prefix": False, "remove_extra_whitespaces": False,
        "allow_whitespace_only_pieces": True,
    }  # fmt: skip
    symbols = {"user_defined_symbols": ["<start_of_turn>", "\u2581\u2581", "\n\n", "고양이", "photo"]}
    unigram = {"model_type": "unigram", "normalization_rule_tsv": str(table), **specials}
    return [
        piece_files.train(work / "unigram.model", captions, vocab_size=1100, **unigram),
        piece_files.train(
            work / "bytes.model", captions, vocab_size=900, byte_fallback=True, character_coverage=0.98,
            split_by_whitespace=False, **symbols, **unigram,
        ),
        piece_files.train(work / "gemma.model", captions, vocab_size=1400, **gemma),
        piece_files.train(work / "symbols.model", captions, vocab_size=1000, character_coverage=0.98, **symbols, **gemma),
    ]  # fmt: skip


def checks(work: pathlib.Path) -> list[piece_files.Check]:
    unigram, small, gemma, symbols = trained(work)
    made = [piece_files.plain_model(work, model) for model in [unigram, small, gemma, symbols]]
    t5 = piece_files.class_file(work, unigram, "t5")
    merged = piece_files.gemma(work, gemma, "GemmaTokenizer")
    made += [
        t5,
        piece_files.siglip(work, unigram),
        piece_files.siglip_file(work, unigram),
        piece_files.class_file(work, unigram, "xlm"),
        merged,
        piece_files.gemma(work, symbols, "Siglip2Tokenizer"),
        piece_files.open_clip(work, t5, "t5", "canonicalize", 16),
        piece_files.open_clip(work, merged, "gemma", "canonicalize", 16),
        piece_files.open_clip(work, t5, "t5-white", "whitespace", 16),
        piece_files.bert(work, world_texts.every_caption(), 700),
    ]
    return made


def make(out: pathlib.Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for check in checks(pathlib.Path(folder)):
            name = KINDS[check.name]
            texts = world_texts.strings(420, 21, specials=check.specials)
            # Of the long ones that stand for what never ends the tests make their own.
            texts = [text for text in texts if len(text) < 500]
            if check.without:
                texts = [text.replace(check.without, "") for text in texts]
            right, _ = check.reference(texts)
            shutil.copytree(check.directory, out / name)
            for config in (out / name).glob("*.json"):
                value = json.loads(config.read_text())
                # Where the file lay when it was made is nobody's business.
                value = {k: v for k, v in value.items() if k not in ("name_or_path", "vocab_file")}
                config.write_text(json.dumps(value, ensure_ascii=True, separators=(",", ":")) + "\n")
            lines = [json.dumps([text, " ".join(map(str, ids))]) for text, ids in zip(texts, right, strict=True)]
            (out / name / "cases.json").write_text("[" + ",\n".join(lines) + "]\n")
    piece_settings.write(out)


if __name__ == "__main__":
    make(pathlib.Path("Tests/CLIPTestSupport/Fixtures/pieces"))
