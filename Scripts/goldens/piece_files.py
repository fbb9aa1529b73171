"""Directories of tokenizer files of every kind, from models of sentencepiece, each with the reference that reads it."""

import dataclasses
import json
import pathlib
import re
import shutil
from typing import Callable

import world_texts

Ids = list[list[int]]


@dataclasses.dataclass
class Check:
    name: str
    directory: pathlib.Path
    # Strings to the ids that are right, and those of a second reference, if there is one.
    reference: Callable[[list[str]], tuple[Ids, Ids | None]]
    flags: tuple[str, ...] = ()
    # Whether strings with the names of special tokens are among those compared.
    specials: bool = True
    # What strings are compared without.
    without: str = ""
    # Only every so many strings, for references that are slow.
    share: int = 1


def train(path: pathlib.Path, captions: list[str], **options) -> pathlib.Path:
    """A model of sentencepiece, trained anew unless it is there."""
    import sentencepiece

    if not path.exists():
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(captions),
            model_prefix=str(path.with_suffix("")),
            hard_vocab_limit=False,
            max_sentence_length=100_000,
            num_threads=1,
            minloglevel=2,
            **{"character_coverage": 0.9995, **options},
        )
    return path


def trained(work: pathlib.Path, captions: list[str]) -> list[pathlib.Path]:
    """Models of several kinds: SigLIP's and T5's, XLM-R's, with bytes, Gemma's, and odd ones."""
    t5 = {"pad_id": 0, "eos_id": 1, "unk_id": 2, "bos_id": -1}
    gemma = {
        "pad_id": 0, "eos_id": 1, "bos_id": 2, "unk_id": 3, "byte_fallback": True, "split_digits": True,
        "normalization_rule_name": "identity", "add_dummy_prefix": False, "remove_extra_whitespaces": False,
        "allow_whitespace_only_pieces": True,
    }  # fmt: skip
    symbols = ["<start_of_turn>", "\u2581\u2581", "\n\n", "\n", "고양이", "photo"]
    return [
        train(work / "unigram-t5.model", captions, model_type="unigram", vocab_size=8000, **t5),
        train(work / "unigram-xlm.model", captions, model_type="unigram", vocab_size=6000, unk_id=0, bos_id=1, eos_id=2),
        train(
            work / "unigram-bytes.model", captions, model_type="unigram", vocab_size=3000, byte_fallback=True,
            user_defined_symbols=symbols, split_by_whitespace=False, character_coverage=0.98, **t5,
        ),
        train(work / "bpe-gemma.model", captions, model_type="bpe", vocab_size=8000, **gemma),
        train(
            work / "bpe-symbols.model", captions, model_type="bpe", vocab_size=3000, user_defined_symbols=symbols,
            **{**gemma, "character_coverage": 0.98},
        ),
        train(work / "bpe-suffix.model", captions, model_type="bpe", vocab_size=3000, treat_whitespace_as_suffix=True),
    ]  # fmt: skip


def processor(model: pathlib.Path):
    import sentencepiece

    return sentencepiece.SentencePieceProcessor(model_file=str(model))


def proto(model: pathlib.Path):
    from sentencepiece import sentencepiece_model_pb2

    message = sentencepiece_model_pb2.ModelProto()
    message.ParseFromString(model.read_bytes())
    return message


def fresh(path: pathlib.Path) -> pathlib.Path:
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def write(path: pathlib.Path, value) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")


def plain_model(work: pathlib.Path, model: pathlib.Path) -> Check:
    """The model alone, as sentencepiece reads it, and its end of text."""
    directory = fresh(work / f"plain-{model.stem}")
    shutil.copy(model, directory / "tokenizer.model")
    pieces = processor(model)
    end = [pieces.eos_id()] if pieces.eos_id() >= 0 else []

    def reference(texts):
        return [ids + end for ids in pieces.encode(texts)], None

    return Check(f"{model.stem} .model", directory, reference)


def parts(tokens: dict[str, int], texts: list[str], ids: Callable[[str], list[int]]) -> Ids:
    """Ids of texts, special tokens found in them first, by `ids` between them."""
    pattern = re.compile("(" + "|".join(map(re.escape, sorted(tokens, key=len, reverse=True))) + ")")
    made = []
    for text in texts:
        row: list[int] = []
        for part in pattern.split(text):
            if part in tokens:
                row.append(tokens[part])
            elif part:
                row += ids(part)
        made.append(row)
    return made


def class_file(work: pathlib.Path, model: pathlib.Path, name: str) -> Check:
    """`tokenizer.json` as transformers' class T5Tokenizer or XLMRobertaTokenizer writes it."""
    import transformers

    directory = fresh(work / f"{name}-{model.stem}")
    message = proto(model)
    if name == "t5":
        from transformers import T5Tokenizer

        vocab = [(p.piece, p.score) for p in message.pieces]
        tokenizer = T5Tokenizer(
            vocab=vocab, extra_ids=0, _spm_precompiled_charsmap=message.normalizer_spec.precompiled_charsmap
        )
        before, after, shift = [], [1], 0
    else:
        from transformers import XLMRobertaTokenizer

        vocab = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
        vocab += [(p.piece, p.score) for p in message.pieces[3:]] + [("<mask>", 0.0)]
        tokenizer = XLMRobertaTokenizer(
            vocab=vocab, _spm_precompiled_charsmap=message.normalizer_spec.precompiled_charsmap
        )
        before, after, shift = [0], [2], 1
    tokenizer.save_pretrained(directory)
    loaded = transformers.AutoTokenizer.from_pretrained(directory)
    pieces = processor(model)
    specials = {str(token): index for index, token in loaded.added_tokens_decoder.items()}

    def ids(text):
        return [3 if shift and i == 0 else i + shift for i in pieces.encode(text)]

    def reference(texts):
        theirs = loaded(texts, add_special_tokens=True)["input_ids"]
        return [before + row + after for row in parts(specials, texts, ids)], theirs

    return Check(f"{model.stem} {type(loaded).__name__}", directory, reference)


def siglip(work: pathlib.Path, model: pathlib.Path) -> Check:
    """`spiece.model` as transformers' SiglipTokenizer reads it."""
    from transformers import SiglipTokenizer

    directory = fresh(work / f"siglip-{model.stem}")
    shutil.copy(model, directory / "spiece.model")
    tokenizer = SiglipTokenizer(str(directory / "spiece.model"))
    tokenizer.save_pretrained(directory)
    loaded = SiglipTokenizer.from_pretrained(directory)

    def reference(texts):
        return [loaded(text)["input_ids"] for text in texts], None

    return Check(f"{model.stem} SiglipTokenizer", directory, reference, share=4)


def gemma(work: pathlib.Path, model: pathlib.Path, name: str) -> Check:
    """`tokenizer.json` as transformers' GemmaTokenizer or Siglip2Tokenizer writes it."""
    import transformers
    from transformers.tokenization_utils_base import generate_merges

    directory = fresh(work / f"{name}-{model.stem}")
    message = proto(model)
    vocab = {p.piece: i for i, p in enumerate(message.pieces)}
    specials = ["<pad>", "<eos>", "<bos>"]
    vocab = {(specials[i] if i < 3 else piece): i for piece, i in vocab.items()}
    scores = {(specials[i] if i < 3 else p.piece): p.score for i, p in enumerate(message.pieces)}
    merges = generate_merges(vocab, scores)
    kind = getattr(transformers, name)
    tokenizer = kind(vocab=vocab, merges=merges, padding_side="right")
    from tokenizers import AddedToken
    from tokenizers.processors import TemplateProcessing

    tokenizer.add_tokens(
        [AddedToken(p.piece, normalized=False, special=False) for p in message.pieces if p.type == 4]
    )
    tokenizer._tokenizer.post_processor = TemplateProcessing(single="$A <eos>", special_tokens=[("<eos>", 1)])
    tokenizer.save_pretrained(directory)
    loaded = kind.from_pretrained(directory)

    def reference(texts):
        return loaded(texts)["input_ids"], None

    return Check(f"{model.stem} {name}", directory, reference)


def converted(work: pathlib.Path, model: pathlib.Path) -> Check:
    """`tokenizer.json` as transformers converts a model that it has no class for, followed step by step."""
    import transformers
    from transformers.convert_slow_tokenizer import SpmConverter

    directory = fresh(work / f"converted-{model.stem}")
    message = proto(model)
    unigram = message.trainer_spec.model_type == 1
    vocab = (
        [(p.piece, p.score) for p in message.pieces]
        if unigram
        else {p.piece: i for i, p in enumerate(message.pieces)}
    )
    backend = SpmConverter.build_tokenizer_from_spm_proto(message, vocab)
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=backend)
    tokenizer.save_pretrained(directory)
    loaded = transformers.PreTrainedTokenizerFast.from_pretrained(directory)
    pieces = processor(model)

    def reference(texts):
        return pieces.encode(texts), loaded(texts)["input_ids"]

    # A file that is followed step by step keeps a "\u2581" that somebody typed; sentencepiece takes it for a blank.
    return Check(f"{model.stem} converted", directory, reference, specials=False, without="\u2581")


def siglip_file(work: pathlib.Path, model: pathlib.Path) -> Check:
    """`tokenizer.json` as transformers 4's converter writes it, with steps of SigLIP's before, followed step by step."""
    import string

    import tokenizers
    import transformers
    from tokenizers import Regex, normalizers, pre_tokenizers, processors

    directory = fresh(work / f"siglip-file-{model.stem}")
    message = proto(model)
    backend = tokenizers.Tokenizer(tokenizers.models.Unigram([(p.piece, p.score) for p in message.pieces], unk_id=2))
    steps = [
        normalizers.Lowercase(),
        normalizers.Replace(Regex("[" + "".join("\\" + c for c in string.punctuation) + "]"), ""),
        normalizers.Replace(Regex(r"\s+"), " "),
        normalizers.Strip(),
        normalizers.Precompiled(message.normalizer_spec.precompiled_charsmap),
        normalizers.Strip(left=False),
        normalizers.Replace(Regex(" {2,}"), "\u2581"),
    ]
    backend.normalizer = normalizers.Sequence(steps)
    backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    backend.post_processor = processors.TemplateProcessing(single=["$A", "</s>"], special_tokens=[("</s>", 1)])
    backend.add_special_tokens(["<pad>", "</s>", tokenizers.AddedToken("<unk>", lstrip=True, rstrip=True)])
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=backend)
    tokenizer.save_pretrained(directory)
    pieces = processor(model)

    def reference(texts):
        made, theirs = [], [encoding.ids for encoding in backend.encode_batch(texts)]
        for text in texts:
            for step in steps[:4]:
                text = step.normalize_str(text)
            made.append(pieces.encode(text) + [1])
        return made, theirs

    return Check(f"{model.stem} tokenizer.json of SigLIP", directory, reference, specials=False, without="\u2581")


def open_clip(work: pathlib.Path, base: Check, name: str, clean: str, context: int) -> Check:
    """A directory as open_clip's HFTokenizer reads it: cleaned, cut, filled up."""
    from open_clip.tokenizer import HFTokenizer, get_clean_fn

    source = base.directory
    directory = fresh(work / f"open-clip-{name}")
    shutil.copytree(source, directory, dirs_exist_ok=True)
    text = {"context_length": context, "hf_tokenizer_name": name, "no_causal_mask": True}
    if clean != "whitespace":
        text["tokenizer_kwargs"] = {"clean": clean}
    write(directory / "open_clip_config.json", {"model_cfg": {"text_cfg": text}})
    tokenizer = HFTokenizer(str(source), context_length=context, clean=clean)

    def reference(texts):
        rows: Ids = []
        for start in range(0, len(texts), 1000):
            rows += tokenizer(texts[start : start + 1000]).tolist()
        right, theirs = base.reference([get_clean_fn(clean)(text) for text in texts])
        pad = tokenizer.tokenizer.pad_token_id
        expected = []
        for row, ids, other in zip(rows, right, theirs or right):
            cut = ids if len(ids) <= context else ids[: context - 1] + ids[-1:]
            expected.append(row if ids == other else cut + [pad] * (context - len(cut)))
        return expected, rows

    return Check(f"open_clip {name} {clean} {context}", directory, reference, flags=("--truncate",), share=4)


def bert(work: pathlib.Path, captions: list[str], size: int) -> Check:
    """`tokenizer.json` as transformers' BertTokenizer writes it, of a vocabulary trained from the captions."""
    import transformers
    from tokenizers import BertWordPieceTokenizer

    directory = fresh(work / "bert")
    trainer = BertWordPieceTokenizer(lowercase=True)
    trainer.train_from_iterator(captions, vocab_size=size, min_frequency=1, show_progress=False)
    # Trained in threads, whose order shows among pieces that are as frequent.
    names = sorted(trainer.get_vocab(), key=lambda token: (not token.startswith("["), token))
    tokenizer = transformers.BertTokenizer(vocab={token: index for index, token in enumerate(names)})
    tokenizer.save_pretrained(directory)
    loaded = transformers.AutoTokenizer.from_pretrained(directory)

    def reference(texts):
        return loaded(texts)["input_ids"], None

    return Check("BertTokenizer", directory, reference)


def clip_tokenizer():
    """transformers' CLIPTokenizer with OpenAI's vocabulary, which open_clip has, too."""
    import open_clip
    import transformers

    own = open_clip.SimpleTokenizer()
    names = {"<start_of_text>": "<|startoftext|>", "<end_of_text>": "<|endoftext|>"}
    vocabulary = {names.get(token, token): index for token, index in own.encoder.items()}
    return transformers.CLIPTokenizer(vocab=vocabulary, merges=list(own.bpe_ranks))


def clip_retrained(captions: list[str], size: int):
    """The same with a vocabulary learnt from captions, as CLIPs of other languages have: in it hardly a byte ends a word."""
    return clip_tokenizer().train_new_from_iterator(captions, size, show_progress=False)


def clip(work: pathlib.Path, name: str, tokenizer) -> Check:
    """The files of a CLIPTokenizer."""
    import transformers

    directory = fresh(work / f"clip-{name}")
    tokenizer.save_pretrained(directory)
    loaded = transformers.AutoTokenizer.from_pretrained(directory)

    def reference(texts):
        return loaded(texts)["input_ids"], None

    return Check(f"CLIPTokenizer {name}", directory, reference)


def checks(work: pathlib.Path, models: list[pathlib.Path]) -> list[Check]:
    """Everything that is compared."""
    made: list[Check] = []
    for model in models:
        made.append(plain_model(work, model))
    for model in models:
        message = proto(model)
        unigram = message.trainer_spec.model_type == 1
        if not message.trainer_spec.treat_whitespace_as_suffix and all(p.type != 4 for p in message.pieces):
            made.append(converted(work, model))
        if "t5" in model.stem or model.stem == "sentencepiece":
            made += [class_file(work, model, "t5"), siglip(work, model), siglip_file(work, model)]
        elif unigram and not message.trainer_spec.byte_fallback:
            made.append(class_file(work, model, "xlm"))
        elif model.stem.startswith("bpe-") and message.trainer_spec.byte_fallback:
            made += [gemma(work, model, "GemmaTokenizer"), gemma(work, model, "Siglip2Tokenizer")]
    made.append(bert(work, world_texts.every_caption(), 1200))
    made.append(clip(work, "OpenAI", clip_tokenizer()))
    made.append(clip(work, "retrained", clip_retrained(world_texts.every_caption(), 3000)))
    bases = {check.name: check for check in made}
    made.append(open_clip(work, bases["unigram-t5 T5Tokenizer"], "t5", "canonicalize", 64))
    made.append(open_clip(work, bases["unigram-t5 T5Tokenizer"], "t5-white", "whitespace", 10))
    made.append(open_clip(work, bases["bpe-gemma GemmaTokenizer"], "gemma", "canonicalize", 64))
    made.append(open_clip(work, bases["unigram-xlm XLMRobertaTokenizer"], "xlm", "lower", 16))
    return made
