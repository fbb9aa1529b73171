#!/usr/bin/env python3
"""Converts archives of every kind that PyTorch writes and compares every bit with what PyTorch reads, and tries hostile archives.

usage: check-convert.py CLIP [--keep DIRECTORY]      CLIP: the built command, such as .build/release/clip

Needs the packages in Scripts/requirements.txt. Fails if a tensor differs in type, shape or any bit, if a converted model gives
other embeddings than open_clip or transformers, or if a hostile archive is not refused with the expected words.
"""

from __future__ import annotations

import argparse
import collections
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import warnings
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "convert"))
warnings.filterwarnings("ignore")

import torch  # noqa: E402
from safetensors.torch import load_file  # noqa: E402

import archives  # noqa: E402
import hostile  # noqa: E402

# The most seconds that a refusal may take; most of them are the program's own start.
SECONDS = 5
WORDS = ("a photo of a cat", "두 마리의 고양이")


class Check:
    def __init__(self, command: str, folder: pathlib.Path) -> None:
        self.command, self.folder, self.failures, self.counts = command, folder, [], collections.Counter()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([self.command, *arguments], capture_output=True, text=True, timeout=300, env=os.environ | {"CLIP_PRECISION": "f32"})

    def fail(self, what: str) -> None:
        self.failures.append(what)
        print("FAILED", what, flush=True)

    def converted(self, name: str, data: bytes | None, source: pathlib.Path | None = None) -> pathlib.Path | None:
        path = source or self.folder / f"{name}.pt"
        if data is not None:
            path.write_bytes(data)
        out = self.folder / f"{name}.out"
        done = self.run("convert", str(path), str(out))
        if done.returncode:
            self.fail(f"{name}: {done.stderr.strip()}")
            return None
        return out

    def archive(self, name: str, data: bytes) -> None:
        """Checks one kind of archive: the number of tensors, and their types, shapes and bits."""
        out = self.converted(name, data)
        if out is None:
            return
        expected = archives.reference(self.folder / f"{name}.pt")
        found = load_file(out / "open_clip_model.safetensors")
        if set(found) != set(expected):
            return self.fail(f"{name}: other names: {sorted(set(found) ^ set(expected))}")
        for key, tensor in expected.items():
            other = found[key]
            if tensor.dtype != other.dtype or tensor.shape != other.shape or archives.bits(tensor) != archives.bits(other):
                self.fail(f"{name}: {key}: {tensor.dtype} {tuple(tensor.shape)} became {other.dtype} {tuple(other.shape)}, or other bits")
        self.counts["kinds of archives"] += 1
        self.counts["tensors"] += len(expected)

    def refused(self, name: str, data: bytes, words: str) -> None:
        path, out = self.folder / "hostile.pt", self.folder / "hostile.out"
        path.write_bytes(data)
        begun = time.monotonic()
        done = self.run("convert", str(path), str(out))
        seconds = time.monotonic() - begun
        if done.returncode != 65 or words not in done.stderr or out.exists():
            self.fail(f"{name}: status {done.returncode}: {done.stderr.strip()[:300] or done.stdout.strip()[:300]}")
        elif seconds > SECONDS:
            self.fail(f"{name}: {seconds:.1f} s")
        elif any(ord(character) < 0x20 and character != "\n" for character in done.stderr):
            self.fail(f"{name}: control characters in {done.stderr!r}")
        if hostile.TRACE.exists():
            self.fail(f"{name}: code was run")
        self.counts["hostile archives"] += 1

    def embeddings(self, model: pathlib.Path, reference: list[list[float]], name: str) -> None:
        done = self.run("embed", "--model", str(model), *(word for text in WORDS for word in ("--text", text)))
        if done.returncode:
            return self.fail(f"{name}: {done.stderr.strip()}")
        found = torch.tensor([json.loads(line)["embedding"] for line in done.stdout.splitlines()], dtype=torch.float64)
        wanted = torch.tensor(reference, dtype=torch.float64)
        error = float((found - wanted).norm() / wanted.norm())
        print(f"{name}: relative error {error:.1e}")
        if error > 1e-5:
            self.fail(f"{name}: relative error {error}")
        self.counts["whole models"] += 1

    def openclip(self) -> None:
        """Checks an open_clip model saved in OpenAI's way, in open_clip's way, during training, and without a configuration."""
        import open_clip
        from open_clip.transformer import text_global_pool  # noqa: F401

        towers = dict(
            embed_dim=64, quick_gelu=True, vision_cfg=dict(image_size=64, layers=2, width=128, patch_size=16),
            text_cfg=dict(context_length=77, vocab_size=49408, width=128, heads=2, layers=2),
        )
        for name, vision in (("ViT", towers["vision_cfg"]), ("ResNet", dict(image_size=64, layers=[1, 1, 1, 1], width=64, patch_size=None))):
            torch.manual_seed(1)
            model = open_clip.CLIP(**(towers | {"vision_cfg": vision})).eval()
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter.add_(torch.randn_like(parameter) * 0.02)
            tokens = open_clip.get_tokenizer("ViT-B-32")(list(WORDS))
            with torch.no_grad():
                expected = model.encode_text(tokens).double().tolist()
            config = {"model_cfg": towers | {"vision_cfg": vision}, "preprocess_cfg": {}}
            script = archives.script(torch.jit.script(model))
            out = self.converted(f"openai-{name}", script)
            if out:
                self.embeddings(out, expected, f"OpenAI's archive of a {name}")
            for kind, value in (
                ("open_clip_pytorch_model.bin", model.state_dict()),
                ("epoch_3.pt", {"epoch": 3, "name": "x", "state_dict": {f"module.{key}": tensor for key, tensor in model.state_dict().items()}}),
            ):
                directory = self.folder / f"{name}-{kind}"
                directory.mkdir()
                torch.save(value, directory / kind)
                (directory / "open_clip_config.json").write_text(json.dumps(config))
                out = self.converted(f"{name}-{kind}-directory", None, directory)
                if out:
                    self.embeddings(out, expected, f"{kind} of a {name}")

    def transformers(self) -> None:
        """Checks a transformers model in one .bin and in shards."""
        from transformers import CLIPConfig, CLIPModel

        import open_clip

        torch.manual_seed(2)
        sizes = dict(hidden_size=128, intermediate_size=256, num_hidden_layers=2, num_attention_heads=2)
        settings = CLIPConfig(text_config=sizes, vision_config=sizes | dict(image_size=64, patch_size=16), projection_dim=64)
        model = CLIPModel(settings).eval()
        tokens = open_clip.get_tokenizer("ViT-B-32")(list(WORDS))
        with torch.no_grad():
            found = model.get_text_features(tokens)
            expected = getattr(found, "pooler_output", found).double().tolist()
        state = model.state_dict()
        whole, shards = self.folder / "whole", self.folder / "shards"
        for directory in (whole, shards):
            directory.mkdir()
            settings.save_pretrained(directory)
        torch.save(state, whole / "pytorch_model.bin")
        names = sorted(state)
        index = {name: f"pytorch_model-0000{1 + number % 3}-of-00003.bin" for number, name in enumerate(names)}
        for shard in set(index.values()):
            torch.save({name: state[name] for name in names if index[name] == shard}, shards / shard)
        (shards / "pytorch_model.bin.index.json").write_text(json.dumps({"metadata": {"total_size": 1}, "weight_map": index}))
        for directory in (whole, shards):
            out = self.converted(f"{directory.name}-directory", None, directory)
            if out:
                self.embeddings(out, expected, f"transformers, {directory.name}")

    def cut(self) -> None:
        """Checks a real archive that is cut off at any place."""
        data = archives.saved(archives.tensors())
        for end in range(0, len(data), len(data) // 60):
            self.refused(f"cut at {end} of {len(data)}", data[:end], "")
        data = archives.stream(archives.tensors())
        for end in range(0, len(data) - 1, len(data) // 60):
            self.refused(f"stream cut at {end} of {len(data)}", data[:end], "")

    def compare(self) -> None:
        for name, data in archives.kinds().items():
            self.archive(name, data)
        for name, (data, words) in (hostile.code() | hostile.lies() | hostile.zips()).items():
            self.refused(name, data, words)
        for name, data in (hostile.harmless() | hostile.good_zips()).items():
            out = self.converted(f"harmless-{name}", data)
            if out and set(load_file(out / "open_clip_model.safetensors")) != {"visual.a"}:
                self.fail(f"{name}: other names")
            self.counts["odd archives that are none of that"] += 1
        self.cut()
        self.openclip()
        self.transformers()


def main() -> int:
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("command")
    parser.add_argument("--keep", type=pathlib.Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        check = Check(str(pathlib.Path(options.command).resolve()), folder)
        check.compare()
    print(", ".join(f"{count} {what}" for what, count in check.counts.items()))
    print(f"{len(check.failures)} failures")
    return 1 if check.failures else 0


if __name__ == "__main__":
    sys.exit(main())
