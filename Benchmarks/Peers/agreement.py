"""Whether all engines compute the same network: they embed the same pictures and captions before anything is measured."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

import numpy as np
from child import Child
from samples import captions, pixel_values, token_ids

# How far from the reference an embedding may be: of f32 the relative error, of bf16 one minus the cosine. int8 is told only.
LIMIT, LIMIT_BF16 = 1e-4, 1e-3
REFERENCE = "onnxruntime f32"


def settings(weights: pathlib.Path, threads: int, precision: str) -> list[str]:
    """Options of `clip` for a model's folder."""
    return ["--model", str(weights / "openclip"), "--threads", str(threads), "--precision", precision]


def differences(
    children: list[Child], clip: str, weights: pathlib.Path, threads: int, count: int, folder: pathlib.Path, kind: str = "images"
) -> dict[str, dict[str, float]]:
    """How far every engine's embeddings are from ONNX Runtime's in f32; leaves with a sentence where that is too far.

    ONNX Runtime's network was compared with its source when weights.py made it. `count` is of images, or of captions.
    """
    sample, inputs = folder / f"{kind}.npy", []
    if kind == "images":
        configuration = json.loads((weights / "openclip/open_clip_config.json").read_text())
        np.save(sample, pixel_values(count, configuration, seed=1, folder=folder))
        inputs = [str(folder / f"{number}.png") for number in range(count)]
    else:
        texts = captions(count, seed=1)
        np.save(sample, token_ids(texts))
        inputs = [word for text in texts for word in ("--text", text)]
    embeddings = {}
    for child in children:
        name, precision = child.name.split()
        if name == "swift-clip":
            # The process that is measured embeds no files; another with the same settings does.
            run = subprocess.run(
                [clip, "embed", *settings(weights, threads, precision), *inputs], capture_output=True, text=True, check=False
            )
            if run.returncode:
                sys.exit(f"{child.name} embeds no {kind}: {run.stderr.strip()}")
            embeddings[child.name] = np.array([json.loads(line)["embedding"] for line in run.stdout.splitlines()])
        else:
            embeddings[child.name] = np.array(json.loads(child.ask(f"embed {kind} {sample}")))
    return {name: difference(name, values, embeddings[REFERENCE]) for name, values in embeddings.items()}


def difference(name: str, values: np.ndarray, reference: np.ndarray) -> dict[str, float]:
    """The greatest relative error and the least cosine of one engine's embeddings."""
    lengths = np.linalg.norm(reference, axis=1)
    error = float((np.linalg.norm(values - reference, axis=1) / lengths).max())
    cosine = float(((values * reference).sum(axis=1) / lengths / np.linalg.norm(values, axis=1)).min())
    precision = name.split()[1]
    if (precision == "f32" and not error < LIMIT) or (precision == "bf16" and not 1 - cosine < LIMIT_BF16):
        sys.exit(f"{name} computes something else than {REFERENCE}: relative error {error:.2g}, cosine {cosine:.6f}")
    return {"relative_error": error, "cosine": cosine}
