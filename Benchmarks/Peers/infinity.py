"""Starts Infinity's server offline on the weights that layouts.py wrote: torch on the processor, f32."""

from __future__ import annotations

import pathlib

from child import Child

SCENARIOS = ("image1", "image8", "text1", "text8")
SETTINGS = {"HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1", "INFINITY_ANONYMOUS_USAGE_STATS": "0"}


def start(python: pathlib.Path, weights: pathlib.Path, port: int, folder: pathlib.Path) -> Child:
    """The server's process; its log goes to the folder."""
    folder.mkdir()
    command = [
        str(python.with_name("infinity_emb")), "v2", "--model-id", str((weights / "transformers").resolve()),
        "--served-model-name", weights.name, "--engine", "torch", "--device", "cpu", "--dtype", "float32",
        "--no-bettertransformer", "--no-model-warmup", "--no-vector-disk-cache", "--host", "127.0.0.1", "--port", str(port),
        "--log-level", "warning",
    ]
    return Child("infinity", command, folder / "infinity.log", SETTINGS, answers=False)
