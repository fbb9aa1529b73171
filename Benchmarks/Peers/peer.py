#!/usr/bin/env python3
"""Another engine behind the line protocol of `clip benchmark --commands`, so that a driver can alternate between them.

usage: peer.py ENGINE PRECISION THREADS FOLDER [IMAGES]
       ENGINE with its PRECISION: onnxruntime f32|int8, openvino f32|bf16|int8, open_clip f32, transformers f32

FOLDER is a model's that weights.py made, to which quantise.py added int8 and layouts.py what transformers reads. A line `images
COUNT` or `captions COUNT TOKENS` on standard input runs one forward pass of random input and is answered with its milliseconds.
`embed images FILE` runs the pixel values of a file of numpy's, `embed captions FILE` its token ids, and is answered with their
embeddings. Captions are padded to 77 tokens, which is what exported networks and open_clip's tokenizer take; transformers pads to
the longest of a pass. IMAGES is how many there will be in every pass, for which a network is then compiled; without it any number
goes. A tower is loaded when it is first asked for; torch has both in one model.
"""

from __future__ import annotations

import functools
import json
import pathlib
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

CONTEXT, END_OF_TEXT = 77, 49_407
FILES = {"images": "visual", "captions": "textual"}


class Tower(NamedTuple):
    """A network that is loaded, and the sides of its input behind the first."""

    run: Callable[[np.ndarray], np.ndarray]
    sides: tuple[int, ...]


def onnxruntime_tower(folder: pathlib.Path, kind: str, precision: str, threads: int, count: int | None) -> Tower:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    if count is not None:
        options.add_free_dimension_override_by_name("batch", count)
    path = folder / f"onnx/{FILES[kind]}{'-int8' if precision == 'int8' else ''}.onnx"
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    sides = tuple(session.get_inputs()[0].shape[1:])
    return Tower(lambda values: session.run(None, {"input": values})[0], sides)


def openvino_tower(folder: pathlib.Path, kind: str, precision: str, threads: int, count: int | None) -> Tower:
    import openvino

    # What a quantised network does not compute in int8 is left to what OpenVINO takes by itself on this processor.
    hint = {} if precision == "int8" else {"INFERENCE_PRECISION_HINT": precision}
    settings = hint | {
        "INFERENCE_NUM_THREADS": str(threads),
        "NUM_STREAMS": "1",
        "PERFORMANCE_HINT": "LATENCY",
    }
    core = openvino.Core()
    network = core.read_model(str(folder / f"onnx/{FILES[kind]}{'-int8.xml' if precision == 'int8' else '.onnx'}"))
    sides = tuple(side.get_length() for side in list(network.inputs[0].partial_shape)[1:])
    if count is not None:
        network.reshape([count, *sides])
    compiled = core.compile_model(network, "CPU", settings)
    found = compiled.get_property("INFERENCE_PRECISION_HINT").to_string()
    if hint and found != precision:
        sys.exit(f"OpenVINO would compute in {found} here, not in {precision}")
    request = compiled.create_infer_request()
    return Tower(lambda values: request.infer([values])[0], sides)


def torch_tower(folder: pathlib.Path, kind: str, threads: int, load: Callable[[pathlib.Path], Networks]) -> Tower:
    import torch

    torch.set_num_threads(threads)
    networks = load(folder)
    network = networks.images if kind == "images" else networks.captions

    def run(values: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return network(torch.from_numpy(values)).numpy()

    return Tower(run, (3, networks.side, networks.side))


class Networks(NamedTuple):
    """Functions of tensors, eager, and the side of pictures."""

    images: Callable
    captions: Callable
    side: int


@functools.cache
def open_clip_networks(folder: pathlib.Path) -> Networks:
    import open_clip

    model = open_clip.create_model(f"local-dir:{folder / 'openclip'}", precision="fp32").eval()
    return Networks(model.encode_image, lambda ids: model.encode_text(ids.long()), model.visual.image_size[0])


@functools.cache
def transformers_networks(folder: pathlib.Path) -> Networks:
    import transformers

    model = transformers.CLIPModel.from_pretrained(folder / "transformers", attn_implementation="sdpa").eval()

    def captions(ids):  # (captions, 77), of which zeros behind the longest are left out
        longest = int((ids != 0).sum(dim=1).max())
        return model.get_text_features(input_ids=ids[:, :longest].long()).pooler_output

    images = lambda values: model.get_image_features(pixel_values=values).pooler_output  # noqa: E731
    return Networks(images, captions, model.config.vision_config.image_size)


def values(words: list[str], sides: tuple[int, ...], random: np.random.Generator) -> np.ndarray:
    """Random input of a pass."""
    if words[0] == "images":
        return random.standard_normal((int(words[1]), *sides), np.float32)
    count, tokens = int(words[1]), int(words[2])
    ids = np.zeros((count, CONTEXT), np.int32)
    ids[:, :tokens] = random.integers(1, END_OF_TEXT - 1, (count, tokens))
    ids[:, 0], ids[:, tokens - 1] = END_OF_TEXT - 1, END_OF_TEXT
    return ids


def main() -> None:
    engine, precision, threads, folder, *count = sys.argv[1:]
    compiled = {"onnxruntime": onnxruntime_tower, "openvino": openvino_tower}
    eager = {"open_clip": open_clip_networks, "transformers": transformers_networks}

    @functools.cache
    def tower(kind: str) -> Tower:
        if engine in eager:
            return torch_tower(pathlib.Path(folder), kind, int(threads), eager[engine])
        return compiled[engine](pathlib.Path(folder), kind, precision, int(threads), int(count[0]) if count else None)

    random = np.random.default_rng(0)
    for line in sys.stdin:
        words = line.split()
        if words[0] == "embed":
            print(json.dumps(tower(words[1]).run(np.load(line.split(maxsplit=2)[2].strip())).tolist()), flush=True)
            continue
        run, sides = tower(words[0])
        batch = values(words, sides, random)
        start = time.perf_counter()
        run(batch)
        print(f"{(time.perf_counter() - start) * 1e3:.4f}", flush=True)


if __name__ == "__main__":
    main()
