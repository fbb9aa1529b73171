#!/usr/bin/env python3
"""Makes int8 copies of exported networks, as the makers of the runtimes recommend for transformers.

usage: quantise.py FOLDER

FOLDER is a model's that weights.py or siglip.py made. Beside each NAME.onnx of FOLDER/onnx are written

- NAME-int8.onnx by ONNX Runtime's `quantize_dynamic`: weights are bytes by channel, the scales of activations are found as it runs;
- NAME-int8.xml and .bin by NNCF's `quantize`, for OpenVINO: weights and activations are bytes, their scales found beforehand from
  made-up pictures and captions.

What is there already is kept. Needs nncf, onnxruntime and openvino.
"""

from __future__ import annotations

import json
import logging
import pathlib
import sys

import numpy as np
from samples import captions, pixel_values, token_ids

# Of each kind; their scales hardly change with more, and a large tower takes a minute for them.
CALIBRATION = 100


def write_onnxruntime(network: pathlib.Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    made, partial = network.with_stem(f"{network.stem}-int8"), network.with_suffix(".partial")
    if made.exists():
        return
    logging.disable(logging.WARNING)  # it recommends what changes nothing here
    quantize_dynamic(network, partial, per_channel=True, weight_type=QuantType.QInt8)
    logging.disable(logging.NOTSET)
    partial.rename(made)


def write_openvino(network: pathlib.Path, inputs: list[np.ndarray]) -> None:
    import nncf
    import openvino

    made = network.with_name(f"{network.stem}-int8.xml")
    if made.exists():
        return
    nncf.set_log_level(logging.ERROR)
    quantised = nncf.quantize(
        openvino.Core().read_model(str(network)), nncf.Dataset(inputs), subset_size=len(inputs),
        model_type=nncf.ModelType.TRANSFORMER,
    )
    partial = made.with_stem(f"{made.stem}.partial")
    openvino.save_model(quantised, str(partial), compress_to_fp16=False)
    partial.with_suffix(".bin").rename(made.with_suffix(".bin"))
    partial.rename(made)


def make(folder: pathlib.Path) -> None:
    """Both copies of every network that is there."""
    visual, textual = (folder / f"onnx/{name}.onnx" for name in ("visual", "textual"))
    configuration = json.loads((folder / "openclip/open_clip_config.json").read_text())
    for network in (visual, textual):
        if network.exists():
            write_onnxruntime(network)
    if not visual.with_name("visual-int8.xml").exists():
        write_openvino(visual, [values[None] for values in pixel_values(CALIBRATION, configuration)])
    if textual.exists() and not textual.with_name("textual-int8.xml").exists():
        write_openvino(textual, [ids[None] for ids in token_ids(captions(CALIBRATION))])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    make(pathlib.Path(sys.argv[1]))
