"""Archives of PyTorch, as PyTorch itself writes them: every way to save the tensors of a CLIP."""

from __future__ import annotations

import argparse
import collections
import io
import pathlib
import pickle
import struct
import typing
import warnings
import zipfile

import numpy as np
import torch

warnings.filterwarnings("ignore")
SEED = 20261129
EDGES = [0.0, -0.0, 1.0, -1.5, 65504.0, 6.1e-05, 5.96e-08, float("inf"), float("-inf"), float("nan")]
TYPES = [
    torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8,
    torch.bool, torch.uint16, torch.uint32, torch.uint64, torch.float8_e4m3fn, torch.float8_e5m2,
]


def tensors() -> dict[str, torch.Tensor]:
    """Names of a CLIP over tensors of every type and form."""
    generator = torch.Generator().manual_seed(SEED)
    base = torch.randn(4, 6, 5, generator=generator)
    state = {
        "visual.conv1.weight": torch.randn(4, 3, 2, 2, generator=generator),
        "visual.proj": torch.randn(4, 3, generator=generator).half(),
        "text_projection": base[0].t(),  # turned
        "visual.middle": base[1:3, 2:5, 1:4],  # a part, with an offset
        "visual.stepped": base[::2, ::3, ::4],
        "visual.permuted": base.permute(2, 0, 1),
        "visual.last": base[3, 5, 4],  # one number at the very end
        "visual.expanded": torch.arange(3.0).expand(2, 3),
        "visual.one": torch.randn(1, 5, 1, generator=generator).transpose(0, 1),
        "visual.none": torch.zeros(0, 4),
        "visual.nothing": base[:, 2:2],
        "visual.channels": torch.randn(2, 3, 4, 4, generator=generator).to(memory_format=torch.channels_last),
        "logit_scale": torch.tensor(2.6592),
        "한국어 \"name\"\\\n": torch.tensor([-1, 2, 3], dtype=torch.int8),
    }
    edges = torch.tensor(EDGES)
    numbers = torch.randint(-100, 100, (3, 7), generator=generator)
    for kind in TYPES:
        values = edges if kind.is_floating_point else numbers
        state[f"visual.{str(kind).removeprefix('torch.')}"] = values.to(kind) if kind.is_signed else values.abs().to(kind)
    state["visual.half_turned"] = state["visual.float16"].reshape(2, 5).t()
    state["visual.tied"] = state["visual.conv1.weight"]
    state["visual.tied_turned"] = state["visual.conv1.weight"].transpose(0, 1)
    return state


class Block(torch.nn.Module):
    """A module with modules in it, parameters, buffers, and what is no tensor."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.attention = torch.nn.Linear(width, width)
        self.norm = torch.nn.LayerNorm(width)
        self.scale = torch.nn.Parameter(torch.randn(width).half(), requires_grad=False)
        self.register_buffer("steps", torch.arange(width))
        self.register_buffer("unsaved", torch.ones(2), persistent=False)
        self.name, self.sizes, self.rate = "block", [1, 2, 3], 0.5

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(self.attention(x)) * self.scale


class Towers(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(SEED)
        self.visual = torch.nn.Sequential(Block(4), Block(4))
        self.token_embedding = torch.nn.Embedding(5, 4)
        self.text_projection = torch.nn.Parameter(torch.randn(4, 4))
        self.register_buffer("vocab_size", torch.tensor(5))
        # One module under two names.
        self.shared = self.token_embedding

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.visual(x) @ self.text_projection


def training(state: dict[str, torch.Tensor]) -> dict:
    """A whole checkpoint, as training programs save it."""
    model = Towers()
    optimizer = torch.optim.AdamW(model.parameters())
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)
    model(torch.randn(3, 4)).sum().backward()
    optimizer.step()
    schedule.step()
    return {
        "epoch": 3, "name": "a run", "state_dict": state, "optimizer": optimizer.state_dict(), "scheduler": schedule.state_dict(),
        "best": np.float64(0.25), "loss": np.float32(1.5), "seen": np.int64(7), "history": np.arange(5.0), "big": 1 << 90,
        "args": argparse.Namespace(lr=1e-3, path=pathlib.PurePosixPath("/a"), betas=(0.9, 0.98)), "rng": torch.get_rng_state(),
        "device": torch.device("cpu"), "type": torch.float16, "size": torch.Size([1, 2]), "set": {1, 2}, "bytes": b"\x00\xff",
        "complex": 1 + 2j, "counts": collections.Counter("aab"), "lists": collections.defaultdict(list, a=[1, None, True, -1, 1.5]),
    }


def saved(value: typing.Any, **settings: typing.Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer, **settings)
    return buffer.getvalue()


def element_sizes(pickled: typing.BinaryIO) -> dict[str, int]:
    """Bytes of an element of each storage that a pickle names."""
    sizes = {}

    class Note(torch.serialization.pickle.Unpickler):
        def persistent_load(self, identity: tuple) -> torch.storage.TypedStorage:
            _, kind, key, _, count = identity[:5]
            dtype = torch.uint8 if kind is torch.UntypedStorage else kind.dtype
            sizes[key] = torch._utils._element_size(dtype)
            return torch.storage.TypedStorage(wrap_storage=torch.UntypedStorage(count * sizes[key]), dtype=dtype, _internal=True)

    Note(pickled).load()
    return sizes


def stream(value: typing.Any, **settings: typing.Any) -> bytes:
    """The format before 1.6, its storages numbered and in that order: PyTorch has them by their addresses."""
    file = io.BytesIO(saved(value, _use_new_zipfile_serialization=False, **settings))
    for _ in range(3):
        pickle.load(file)
    start = file.tell()
    sizes = element_sizes(file)
    end = file.tell()
    storages = {}
    for key in pickle.load(file):
        count = file.read(8)
        storages[key] = count + file.read(int.from_bytes(count, "little") * sizes[key])
    assert not file.read()
    file.seek(start)
    pickled = file.read(end - start)
    for number, key in enumerate(sizes):
        old, new = key.encode(), b"%d" % number
        pickled = pickled.replace(b"X" + struct.pack("<I", len(old)) + old, b"X" + struct.pack("<I", len(new)) + new)
    keys = pickle.dumps([str(number) for number in range(len(sizes))], 2)
    return file.getvalue()[:start] + pickled + keys + b"".join(storages[key] for key in sizes)


def script(module: torch.jit.ScriptModule) -> bytes:
    buffer = io.BytesIO()
    torch.jit.save(module, buffer)
    return buffer.getvalue()


def rezipped(data: bytes, change: typing.Callable[[str, bytes], bytes | None], method: int = zipfile.ZIP_STORED) -> bytes:
    """The same archive with other entries; one that becomes None is left out."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", method) as new:
        for entry in old.infolist():
            content = change(entry.filename, old.read(entry.filename))
            if content is not None:
                new.writestr(zipfile.ZipInfo(entry.filename), content, method)
    return buffer.getvalue()


def big_endian(state: dict[str, torch.Tensor]) -> bytes:
    """What a machine with the other order of bytes writes."""
    data = saved(state)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sizes = element_sizes(archive.open("archive/data.pkl"))

    def change(name: str, content: bytes) -> bytes:
        if name.endswith("/byteorder"):
            return b"big"
        key = name.rsplit("/", 1)[1]
        if "/data/" not in name or sizes.get(key, 1) == 1:
            return content
        return np.frombuffer(content, f"V{sizes[key]}").view(f"u{sizes[key]}").byteswap().tobytes()

    return rezipped(data, change)


def kinds() -> dict[str, bytes]:
    """Every kind of archive under its name."""
    state, model = tensors(), Towers()
    ordered = collections.OrderedDict(state)
    ordered._metadata = collections.OrderedDict({"": {"version": 1}})
    # PyTorch does not turn the bytes of the types that have no class of storage.
    later = (torch.uint16, torch.uint32, torch.uint64)
    plain = {name: tensor for name, tensor in state.items() if tensor.dtype not in later}
    # And it cannot read its own older format with any of them.
    old = {name: tensor for name, tensor in plain.items() if "float8" not in str(tensor.dtype)}
    made = {
        "dictionary": saved(state), "ordered": saved(ordered), "module": saved(model.state_dict()), "training": saved(training(state)),
        "parameters": saved({name: torch.nn.Parameter(tensor, requires_grad=False) for name, tensor in state.items()}),
        "trained-parameters": saved({f"visual.{index}": torch.nn.Parameter(torch.randn(3)) for index in range(3)}),
        "wrapped": saved({"state_dict": {f"module.{name}": tensor for name, tensor in state.items()}}),
        "compiled": saved({"model": {f"_orig_mod.{name}": tensor for name, tensor in state.items()}}),
        "model-state": saved({"model_state_dict": ordered, "step": 3}),
        "not-only-tensors": saved(ordered | {"visual._extra_state": None, "visual.kind": "x", "visual.sizes": [1, 2]}),
        "stream": stream(old), "stream-training": stream(training(old)), "stream-protocol-4": saved(old, _use_new_zipfile_serialization=False, pickle_protocol=4),
        "no-checksums": b"", "script": script(torch.jit.script(model)), "traced": script(torch.jit.trace(model, torch.randn(2, 4))),
        "rezipped": rezipped(saved(state), lambda name, content: content), "big-endian": big_endian(plain),
    }
    for protocol in range(2, 6):
        made[f"protocol-{protocol}"] = saved(training(state), pickle_protocol=protocol)
    hung = torch.nn.Parameter(torch.randn(2, 3))
    hung.note = {"a": 1}
    noted = torch.randn(3)
    noted.note = "b"
    made["hung-on"] = saved({"visual.a": hung, "visual.b": noted, "visual.c": torch.nn.Buffer(torch.ones(2))})
    torch.serialization.set_crc32_options(False)
    made["no-checksums"] = saved(state)
    torch.serialization.set_crc32_options(True)
    made["without-byteorder"] = rezipped(saved(state), lambda name, content: None if name.endswith("byteorder") else content)
    return made


def reference(path: pathlib.Path) -> dict[str, torch.Tensor]:
    """What PyTorch finds in an archive, by the names under which open_clip and others would look for it."""
    try:
        found = torch.jit.load(path).state_dict()
        for name in ("input_resolution", "context_length", "vocab_size"):
            found.pop(name, None)
    except RuntimeError:
        found = torch.load(path, weights_only=False)
    for name in ("state_dict", "model_state_dict", "model"):
        if isinstance(found.get(name), dict):
            found = found[name]
    found = {name: tensor for name, tensor in found.items() if isinstance(tensor, torch.Tensor)}
    for prefix in ("module.", "_orig_mod."):
        if all(name.startswith(prefix) for name in found):
            found = {name.removeprefix(prefix): tensor for name, tensor in found.items()}
    return found


def bits(tensor: torch.Tensor) -> bytes:
    """A tensor's elements in row-major order, least significant byte first."""
    tensor = tensor.detach().contiguous()
    return tensor.reshape(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b""
