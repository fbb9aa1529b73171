"""The stand-in hub, its repositories, and a new cache for each row of check-hub.py."""

import json
import os
import pathlib
import random
import shutil
import subprocess
import tempfile

import hub as standin

HERE = pathlib.Path(__file__).resolve().parent.parent
B32 = "timm/vit_base_patch32_clip_224.openai"
B32_COMMIT = "ab5b8ef490e86faa07d3523926b842c765de1de5"
BIG = "model.safetensors"


class Failure(Exception):
    pass


def expect(condition, what):
    if not condition:
        raise Failure(what)


class Stage:
    """The stand-in hub, its repositories, and a new cache for each row."""

    def __init__(self, clip, reference, kills, checkpoint=None):
        self.clip, self.reference, self.kills, self.checkpoint = clip, reference, kills, checkpoint
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="check-hub-"))
        self.root = self.folder / "root"
        self.caches = 0
        self.random = random.Random(7)
        self.make_repositories()
        self.server = standin.Server(str(self.root))
        self.server.__enter__()

    def close(self):
        self.server.__exit__()
        shutil.rmtree(self.folder, ignore_errors=True)

    def write(self, path, content):
        path = self.root / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())

    def make_repositories(self):
        mini = HERE.parent / "Models" / "clip-mini"
        for name in ["open_clip_config.json", "open_clip_model.safetensors", "vocab.json", "merges.txt", "README.md"]:
            self.write(f"{B32}/{name}", (mini / name).read_bytes())
        # As timm's repositories do: its own configuration and the image tower alone.
        self.write(f"{B32}/config.json", {"architecture": "vit_base_patch32_clip_224", "num_classes": 512})
        self.write(f"{B32}/model.safetensors", self.random.randbytes(20_000))
        self.write(f"{B32}.refs.json", {B32_COMMIT: {}})
        plain = {
            "config.json": {"model_type": "clip"}, "preprocessor_config.json": {"size": 224}, "README.md": b"words",
            "tokenizer.json": self.random.randbytes(30_000), BIG: self.random.randbytes(24 << 20),
        }
        for name, content in plain.items():
            self.write(f"acme/plain/{name}", content)
        for name in ["gated", "private"]:
            self.write(f"acme/{name}/config.json", {"model_type": "clip"})
            self.write(f"acme/{name}/{BIG}", self.random.randbytes(20_000))
        self.write("acme/pickle/config.json", {"model_type": "clip"})
        self.write("acme/pickle/pytorch_model.bin", self.random.randbytes(20_000))
        self.write("acme/converted.safetensors", self.random.randbytes(50_000))
        self.write("acme/pickle.refs.json", {"refs/pr/1": {BIG: "acme/converted.safetensors"}})
        shards = {f"model-0000{i}-of-00003.safetensors": self.random.randbytes(100_000) for i in (1, 2, 3)}
        self.write("acme/sharded/config.json", {"model_type": "siglip"})
        self.write("acme/sharded/model.safetensors.index.json", {"weight_map": {f"w{i}": n for i, n in enumerate(shards)}})
        for name, content in shards.items():
            self.write(f"acme/sharded/{name}", content)
        self.write("acme/sentences/modules.json", [{"idx": 0, "name": "0", "path": "0_CLIPModel", "type": "sentence_transformers.models.CLIPModel"}])
        self.write("acme/sentences/0_CLIPModel/config.json", {"model_type": "clip"})
        self.write(f"acme/sentences/0_CLIPModel/{BIG}", self.random.randbytes(40_000))
        self.write("acme/sentences/0_CLIPModel/vocab.json", {"a": 1})
        self.write("acme/sentences/0_CLIPModel/merges.txt", b"#version: 0.2\n")
        for name, content in {"bert": {"model_type": "bert"}, "naflex": {"model_type": "siglip2"}, "foreign": {"hidden": 1}}.items():
            self.write(f"acme/{name}/config.json", content)
            self.write(f"acme/{name}/{BIG}", self.random.randbytes(20_000))
        self.write("acme/text-only/README.md", b"nothing else")
        self.make_unbuilt()
        halves = [f"model.fp16-0000{i}-of-00002.safetensors" for i in (1, 2)]
        self.write("acme/halves/config.json", {"model_type": "clip"})
        self.write("acme/halves/model.safetensors.index.fp16.json", {"weight_map": {f"w{i}": n for i, n in enumerate(halves)}})
        for name in halves:
            self.write(f"acme/halves/{name}", self.random.randbytes(30_000))
        # What other programs fetch in part, and then read otherwise.
        pieces = {
            "config.json": {"model_type": "siglip"}, "preprocessor_config.json": {"size": 224}, BIG: self.random.randbytes(20_000),
            "spiece.model": b"pieces", "tokenizer_config.json": {"do_lower_case": False, "added_tokens_decoder": {}},
        }
        for name, content in pieces.items():
            self.write(f"acme/pieces/{name}", content)
        self.write("timm/tower/config.json", {"architecture": "vit", "num_classes": 0})
        self.write(f"timm/tower/{BIG}", self.random.randbytes(20_000))

    def make_unbuilt(self):
        """Repositories that no network can be made of, whatever their weights are."""
        towers = {"trunk": ({"timm_model_name": "eva02_large_patch14_clip_224"}, {}), "words": ({}, {"hf_model_name": "xlm-roberta-base"})}
        for name, (vision, text) in towers.items():
            self.write(f"acme/{name}/open_clip_config.json", {"model_cfg": {"embed_dim": 64, "vision_cfg": vision, "text_cfg": text}})
            self.write(f"acme/{name}/open_clip_model.safetensors", self.random.randbytes(20_000))
        modules = [{"idx": 0, "name": "0", "path": "0_CLIPModel", "type": "sentence_transformers.models.CLIPModel"}]
        for name, kind in {"folder": "bert", "bare-folder": "clip"}.items():
            self.write(f"acme/{name}/modules.json", modules)
            self.write(f"acme/{name}/0_CLIPModel/config.json", {"model_type": kind})
        self.write(f"acme/folder/0_CLIPModel/{BIG}", self.random.randbytes(20_000))
        # As Meta's own, which have neither layout.
        self.write("facebook/PE-Core-B16-224/config.json", {"num_classes": 0})
        self.write("facebook/PE-Core-B16-224/PE-Core-B16-224.pt", self.random.randbytes(20_000))

    # What rows use

    def cache(self):
        self.caches += 1
        return self.folder / f"cache-{self.caches}"

    def environment(self, cache, **more):
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "HUGGING", "CLIP_")) and "proxy" not in k.lower()}
        environment.update(HF_ENDPOINT=self.server.url, HF_HUB_CACHE=str(cache), HOME=str(self.folder), HF_HUB_DISABLE_XET="1",
                           HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_PROGRESS_BARS="1")
        environment.update({k: str(v) for k, v in more.items()})
        return environment

    def rules(self, *rules):
        self.server.hub.rules = list(rules)

    def settings(self, **settings):
        self.server.hub.settings.update(settings)

    def log(self):
        log, self.server.hub.log = self.server.hub.log, []
        return log

    def run(self, *arguments, cache, **more):
        return subprocess.run([self.clip, *arguments], env=self.environment(cache, **more), capture_output=True, text=True, timeout=180)

    def pull(self, name, cache=None, status=0, says=None, options=(), **more):
        """Pulls and expects; the result, and the cache that it went to."""
        cache = cache or self.cache()
        result = self.run("pull", *options, name, cache=cache, **more)
        expect(result.returncode == status, f"status {result.returncode}, not {status}: {result.stderr.strip()[-300:]}")
        if says:
            expect(says in result.stderr, f"'{says}' is not said: {result.stderr.strip()[-300:]}")
        return result, cache

    def python(self, code, cache, **more):
        """Runs code with the real client; what it prints."""
        result = subprocess.run([self.reference, "-c", code], env=self.environment(cache, **more), capture_output=True, text=True, timeout=180)
        expect(result.returncode == 0, result.stderr.strip()[-400:])
        return result.stdout.strip()

    def is_whole(self, directory, repository, names):
        for name in names:
            path = pathlib.Path(directory) / name
            expect(path.exists(), f"{name} is missing")
            expect(path.read_bytes() == (self.root / repository / name).read_bytes(), f"{name} is another file")

    def leftovers(self, cache):
        return [str(p.relative_to(cache)) for p in cache.rglob("*") if p.name.endswith((".incomplete", ".tmp"))]


PLAIN = ["config.json", "preprocessor_config.json", "tokenizer.json", BIG]
