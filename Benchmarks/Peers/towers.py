#!/usr/bin/env python3
"""Pictures of larger models side by side: ours, ONNX Runtime and OpenVINO with the same weights, in turns, nothing else running.

usage: towers.py CLIP WEIGHTS OUTPUT [--rounds N] [--threads N,...] [--images N,...] [--models NAME,...] [--quick]

CLIP is the built command, WEIGHTS the folder of weights.py's ViT-L-14 and siglip.py's ViT-B-16-SigLIP2-256, OUTPUT the JSON file
to write, of which ../tower_tables.py makes tables. Every program is a process of its own that waits on a pipe; the peers compile
their networks for the number of pictures that they will be given. Before anything is measured all of them embed the same
pictures: in f32 to one result, in bf16 nearly; otherwise nothing is measured. int8 is told beside the others, ours and ONNX
Runtime's dynamic one; its cosine is only told. Each round has a pass of every program, in an order that turns.
"""

from __future__ import annotations

import argparse
import json
import logging
import pathlib
import statistics
import subprocess
import sys
import tempfile

import machine
import numpy as np
import turns
from child import Child, leave_on_signals
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent
ROUNDS = 15
# How far from ONNX Runtime's f32 an embedding may be: of f32 the relative error, of bf16 one minus the cosine.
LIMIT, LIMIT_BF16 = 1e-4, 1e-3
REFERENCE = "onnxruntime f32"


def programs(clip: str, weights: pathlib.Path, threads: int, count: int) -> dict[str, list[str]]:
    """The commands that are measured, by name."""
    peer = [sys.executable, str(HERE / "peer.py")]
    network = [str(threads), str(weights / "onnx"), str(count)]
    precisions = ["f32"] + ["bf16"] * machine.has_bf16() + ["int8"] * machine.has_int8()
    ours = {f"swift-clip {precision}": [clip, "benchmark", "--commands", *settings(weights, threads, precision)]
            for precision in precisions}
    theirs = {
        f"{engine} {precision}": [*peer, engine, precision, *network]
        for engine, known in (("onnxruntime", ("f32", "int8")), ("openvino", ("f32", "bf16")))
        for precision in precisions if precision in known
    }
    return ours | theirs


def settings(weights: pathlib.Path, threads: int, precision: str) -> list[str]:
    return ["--model", str(weights / "openclip"), "--threads", str(threads), "--precision", precision]


def write_int8(folder: pathlib.Path) -> None:
    """A copy of the network whose weights are bytes, the scales of activations found as it runs; kept if it is there."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    made, partial = folder / "visual-int8.onnx", folder / "visual-int8.partial"
    if not made.exists():
        logging.disable(logging.WARNING)  # it recommends what changes nothing here
        quantize_dynamic(folder / "visual.onnx", partial, per_channel=True, weight_type=QuantType.QInt8)
        partial.rename(made)


# MARK: The same embeddings


def pictures(count: int, configuration: dict, folder: pathlib.Path) -> np.ndarray:
    """Writes random pictures of the model's own size as PNG; their pixel values (count, 3, side, side)."""
    side = configuration["model_cfg"]["vision_cfg"]["image_size"]
    random = np.random.default_rng(side)
    pixels = np.empty((count, side, side, 3), np.uint8)
    for number in range(count):
        # Smooth, so that patches differ from each other, with some noise.
        coarse = Image.fromarray(random.integers(0, 256, (7, 7, 3), np.uint8)).resize((side, side), Image.Resampling.BICUBIC)
        noise = random.integers(-20, 21, (side, side, 3))
        pixels[number] = np.clip(np.asarray(coarse, np.int64) + noise, 0, 255)
        Image.fromarray(pixels[number]).save(folder / f"{number}.png")
    mean, deviation = (np.array(configuration["preprocess_cfg"][key]) for key in ("mean", "std"))
    return ((pixels / 255 - mean) / deviation).transpose(0, 3, 1, 2).astype(np.float32)


def differences(
    children: list[Child], clip: str, weights: pathlib.Path, threads: int, count: int, folder: pathlib.Path
) -> dict[str, dict[str, float]]:
    """How far every program's embeddings are from ONNX Runtime's in f32; leaves with a sentence where that is too far."""
    configuration = json.loads((weights / "openclip/open_clip_config.json").read_text())
    np.save(folder / "pixels.npy", pictures(count, configuration, folder))
    embeddings = {}
    for child in children:
        name, precision = child.name.split()
        if name == "swift-clip":
            # The process that is measured embeds no files; another with the same settings does.
            run = subprocess.run(
                [clip, "embed", *settings(weights, threads, precision), *(str(folder / f"{n}.png") for n in range(count))],
                capture_output=True, text=True,
            )
            if run.returncode:
                sys.exit(f"{child.name} embeds no picture: {run.stderr.strip()}")
            embeddings[child.name] = np.array([json.loads(line)["embedding"] for line in run.stdout.splitlines()])
        else:
            embeddings[child.name] = np.array(json.loads(child.ask(f"embed {folder / 'pixels.npy'}")))
    reference = embeddings[REFERENCE]
    found = {}
    for name, values in embeddings.items():
        lengths = np.linalg.norm(reference, axis=1)
        error = float((np.linalg.norm(values - reference, axis=1) / lengths).max())
        cosine = float(((values * reference).sum(axis=1) / lengths / np.linalg.norm(values, axis=1)).min())
        found[name] = {"relative_error": error, "cosine": cosine}
        precision = name.split()[1]
        if (precision == "f32" and not error < LIMIT) or (precision == "bf16" and not 1 - cosine < LIMIT_BF16):
            sys.exit(f"{name} computes something else than {REFERENCE}: relative error {error:.2g}, cosine {cosine:.6f}")
    return found


# MARK: Measuring


def measure(
    clip: str, weights: pathlib.Path, threads: int, count: int, rounds: int, guard: machine.Guard
) -> dict[str, object]:
    """Milliseconds of every program for so many pictures with so many threads, by round."""
    with (
        tempfile.TemporaryDirectory() as folder,
        turns.started(programs(clip, weights, threads, count), pathlib.Path(folder)) as children,
    ):
        found = differences(children, clip, weights, threads, count, pathlib.Path(folder))
        run = {"model": weights.name, "threads": threads, "images": count, "differences": found}
        return run | turns.measure(children, [f"images {count}"], guard, fewest=rounds, most=rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip")
    parser.add_argument("weights", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--threads", default=",".join(map(str, sorted({1, machine.cores()}))), help="1 and all by default")
    parser.add_argument("--images", default="1", help="how many at once; 1 by default, as in 1,8")
    parser.add_argument("--models", default="ViT-B-16-SigLIP2-256,ViT-L-14")
    parser.add_argument("--quick", action="store_true", help="three rounds, one thread: to see that it works")
    options = parser.parse_args()
    leave_on_signals()
    threads, images = ([int(part) for part in text.split(",")] for text in (options.threads, options.images))
    rounds = 3 if options.quick else options.rounds
    guard = machine.Guard(1 if options.quick else machine.MOST_TRIES)
    result = machine.provenance(options.clip, ("onnxruntime", "openvino", "numpy"))
    result |= {"model": "Image towers of full size", "runs": []}
    facts = result["machine"]
    print(f"{facts['processor']}, {facts['cores']} cores: {', '.join(facts['flags'])}", flush=True)
    for name in options.models.split(","):
        weights = options.weights / name
        write_int8(weights / "onnx")
        for count in images:
            for several in threads[:1] if options.quick else threads:
                run = measure(options.clip, weights, several, count, rounds, guard)
                result["runs"].append(run)
                medians = {side: statistics.median(times) for side, times in run["times_ms"][f"images {count}"].items()}
                line = ", ".join(f"{side} {median:.1f}" for side, median in medians.items())
                print(f"{name}, {count} at once, {several} threads: {line} ms", flush=True)
    result["disturbance"] = guard.summary()
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
