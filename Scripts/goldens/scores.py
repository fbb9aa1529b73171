"""Goldens of zero-shot scores: what the references make of the cosines between the pictures and captions of families.py.

Each family's scale, and its bias where it has one, get numbers like those of trained models; the logits are the library's own
(`get_logits`, `logits_per_image`), and scores come of them as in its own example: softmax over the captions, for SigLIP the sigmoid
of each.
"""

import json
import pathlib

import families
import torch

SCALE, BIAS = 3.25, -2.5
# Checkpoints that open_clip makes with `nonscalar_logit_scale` have a list of one number.
OPEN_CLIP = {"siglip": {}, "siglip-tanh": {"nonscalar_logit_scale": True}, "siglip-bare": {}, "pe": {}, "eva": {}}
OPEN_CLIP |= {"clipa": {"nonscalar_logit_scale": True}, "gains": {}}


def set_scale(reference) -> bool:
    """Sets scale and bias; returns whether there is a bias."""
    has_bias = getattr(reference, "logit_bias", None) is not None
    with torch.no_grad():
        reference.logit_scale.fill_(SCALE)
        if has_bias:
            reference.logit_bias.fill_(BIAS)
    return has_bias


def golden(name: str, reference, logits) -> dict:
    has_bias = set_scale(reference)
    with torch.no_grad():
        found = logits()
    scores = found.sigmoid() if has_bias else found.softmax(dim=-1)
    shape = list(reference.logit_scale.shape)
    about = dict(family=name, shape=shape, scale=SCALE, scores=scores.flatten().tolist())
    return about | (dict(bias=BIAS) if has_bias else {})


def make(out: pathlib.Path) -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    found = []
    for name, more in OPEN_CLIP.items():
        reference = families.open_clip_reference(name, families.OPEN_CLIP[name], **more)
        families.fill(reference)
        _, table, pixels = families.open_clip_inputs(name, families.OPEN_CLIP[name])
        found.append(golden(name, reference, lambda: reference.get_logits(pixels, table)[0]))
    for name in families.TRANSFORMERS:
        reference = families.transformers_reference(name)
        families.fill(reference)
        _, table, pixels = families.transformers_inputs(name)
        found.append(
            golden(name, reference, lambda: reference(input_ids=table, pixel_values=pixels).logits_per_image)
        )
    (out / "scores.json").write_text(json.dumps(found) + "\n")
