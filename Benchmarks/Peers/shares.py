#!/usr/bin/env python3
"""Which share of what the processor and its memory do at most a forward pass reaches, by turns of both.

usage: shares.py CLIP WEIGHTS OUTPUT [--rounds N] [--quick]

CLIP is the built command, WEIGHTS a folder that weights.py made (ViT-B-32), OUTPUT the JSON file to write. In each round the loop of
limits.c runs for a moment, and then a pass with the same instructions and threads: eight images after multiplying in registers, and
one caption of 12 tokens after reading memory. So a machine whose speed goes up and down is as fast for both. Instructions that a
processor has beside better ones are measured with DNNL_MAX_CPU_ISA, which keeps all products to them.

The work of a pass is counted by the shape of its network, with only what is computed: of the last block keys and values of all
tokens, and the rest of one. A caption's weights are those of the text tower's blocks, which are read once; reading memory before it
leaves none of them in a cache. What a limit is held to be in a round is the best that its loop did then.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import statistics
import tempfile

import limits
import machine
from child import Child, leave_on_signals

ROUNDS = 15
IMAGES, TOKENS = 8, 12
LOOP_SECONDS = 0.2
# By name: the loop of limits.c, the precision, and what the processor is kept to.
CASES = {
    "f32, AVX-512": ("f32-avx512", "f32", None),
    "bf16, AVX-512": ("bf16-avx512", "bf16", "AVX512_CORE_BF16"),
    "bf16, AMX": ("bf16-amx", "bf16", None),
    "int8, AVX-512": ("int8-avx512", "int8", "AVX512_CORE_VNNI"),
    "int8, AMX": ("int8-amx", "int8", None),
    "f32, AVX2": ("f32-avx2", "f32", "AVX2"),
    "int8, AVX-VNNI": ("int8-avx-vnni", "int8", "AVX2_VNNI"),
}
# How many places are read at once, by which reading is quickest on most processors.
STREAMS = 4
BYTES = {"f32": 4, "bf16": 2, "int8": 1}
# Of each round: billions of operations a second, the pass of images and its share of that; billions of bytes a second, the caption,
# and how many times as long it takes as reading its weights, and as the longer of that and multiplying its rows by them.
KEYS = ("rate", "images_ms", "images_share", "read", "caption_ms", "caption_reads", "caption_limits")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip")
    parser.add_argument("weights", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--quick", action="store_true", help="one round: to see that it works")
    options = parser.parse_args()
    leave_on_signals()
    rounds = 1 if options.quick else options.rounds
    model = json.loads((options.weights / "openclip/open_clip_config.json").read_text())["model_cfg"]
    flags = set(machine.facts()["flags"])
    result = machine.provenance(options.clip, ()) | {"model": options.weights.name, "rounds": rounds, "runs": []}
    guard = machine.Guard(1 if options.quick else machine.MOST_TRIES)
    with tempfile.TemporaryDirectory() as folder:
        program = limits.compiled(limits.compiler(), pathlib.Path(folder))
        for threads in sorted({1, machine.cores()}):
            for name, (loop, precision, level) in CASES.items():
                if not limits.LOOPS[loop] <= flags:
                    continue
                command = [options.clip, "benchmark", "--commands", "--threads", str(threads), "--precision", precision]
                command += ["--model", str(options.weights / "openclip")]
                environment = {"DNNL_MAX_CPU_ISA": level} if level else {}
                with Child(name, command, pathlib.Path(folder) / "log", environment) as child:
                    run = {"case": name, "threads": threads}
                    run |= measure(child, program, loop, precision, threads, model, rounds, guard)
                result["runs"].append(run)
                show(run)
    result["disturbance"] = guard.summary()
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=1) + "\n")


def measure(
    child: Child, program: pathlib.Path, loop: str, precision: str, threads: int, model: dict, rounds: int, guard: machine.Guard
) -> dict[str, list[float]]:
    """What KEYS name, by round."""
    images, caption = f"images {IMAGES}", f"captions 1 {TOKENS}"
    for work in (images, caption) * 2:
        child.milliseconds(work)
    operations, of_caption = image_operations(model) * IMAGES / 1e9, caption_operations(model) / 1e9
    weights = text_weights(model) / 1e9
    found: dict[str, list[float]] = {key: [] for key in KEYS}

    def turn() -> tuple[float, float, float, float]:
        rate = max(limits.passes(program, loop, threads, LOOP_SECONDS))
        pass_of_images = child.milliseconds(images)
        read = max(limits.passes(program, f"memory-{STREAMS}", threads, LOOP_SECONDS))
        return rate, pass_of_images, read, child.milliseconds(caption)

    for _ in range(rounds):
        (rate, images_ms, read, caption_ms), _ = guard.measure(turn, child.cpu_seconds)
        reading, multiplying = weights * BYTES[precision] / read * 1e3, of_caption / rate * 1e3
        share = operations / rate * 1e3 / images_ms
        values = (rate, images_ms, share, read, caption_ms, caption_ms / reading, caption_ms / max(reading, multiplying))
        for key, value in zip(found, values, strict=True):
            found[key].append(round(value, 4))
    return found


def image_operations(model: dict) -> float:
    """Two for each multiplication with its addition, of one image."""
    vision, embedding = model["vision_cfg"], model["embed_dim"]
    width, layers = vision["width"], vision["layers"]
    patches = (vision["image_size"] // vision["patch_size"]) ** 2
    tokens = patches + 1
    block = tokens * 2 * 12 * width**2 + 4 * tokens**2 * width
    last = tokens * 2 * 2 * width**2 + 2 * 10 * width**2 + 4 * tokens * width
    return (layers - 1) * block + last + patches * 2 * 3 * vision["patch_size"] ** 2 * width + 2 * width * embedding


def caption_operations(model: dict) -> float:
    """The same of a caption."""
    text, embedding = model["text_cfg"], model["embed_dim"]
    width, layers = text["width"], text["layers"]
    block = TOKENS * 2 * 12 * width**2 + 2 * TOKENS**2 * width
    last = TOKENS * 2 * 2 * width**2 + 2 * 10 * width**2 + 4 * TOKENS * width
    return (layers - 1) * block + last + 2 * width * embedding


def text_weights(model: dict) -> int:
    """The weights of the blocks of the text tower."""
    text = model["text_cfg"]
    return text["layers"] * 12 * text["width"] ** 2


def show(run: dict) -> None:
    middle = {key: statistics.median(run[key]) for key in KEYS}
    print(
        f"{run['case']}, {run['threads']} threads: {IMAGES} images {middle['images_ms']:.1f} ms, {middle['images_share']:.1%} of "
        f"{middle['rate']:.1f}; a caption {middle['caption_ms']:.2f} ms, {middle['caption_reads']:.2f} times as long as reading at "
        f"{middle['read']:.1f} GB/s, {middle['caption_limits']:.2f} times its limit",
        flush=True,
    )


if __name__ == "__main__":
    main()
