#!/usr/bin/env python3
"""Captions that begin alike, which share what is computed for their common tokens, beside the same captions each by itself.

usage: prefixes.py CLIP WEIGHTS OUTPUT [--rounds N] [--precisions f32,int8]

CLIP is the built command, WEIGHTS a folder that weights.py made, OUTPUT the JSON file to write. The captions:

labels   the 1,000 names of ImageNet's classes in the 7 templates that OpenAI's notebook settles on, 7,000 captions, as a list
alike    8 prompts "a photo of a ..." of seven tokens, as a request has them
unlike   8 captions of as many tokens that have nothing in common but start-of-text

A round has a run of `clip benchmark` for each, in which passes with and without sharing take turns. Beforehand, embeddings of
captions from one list are compared with those that they have alone.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

import machine

ALIKE = [f"a photo of a {thing}" for thing in ("cat", "dog", "car", "tree", "house", "bird", "boat", "horse")]
UNLIKE = [
    "two red cars drive fast", "cat sits on blue chair", "old man reading his newspaper", "children play near wide river",
    "green hills under dark clouds", "fresh bread with soft cheese", "night city seen from above", "small boat crossing calm water",
]
RUNS = {"labels": 1, "alike": 15, "unlike": 15}
COMPARED = 24


def labels() -> list[str]:
    """The captions of zero-shot classification, from open_clip's lists, which need none of its other modules."""
    found = importlib.util.find_spec("open_clip")
    if not found or not found.submodule_search_locations:
        sys.exit("open_clip is missing, which requirements.txt has.")
    names: dict = {}
    exec((pathlib.Path(found.submodule_search_locations[0]) / "zero_shot_metadata.py").read_text(), names)  # noqa: S102
    return [template(name) for name in names["IMAGENET_CLASSNAMES"] for template in names["SIMPLE_IMAGENET_TEMPLATES"]]


def here() -> list[str]:
    """The precisions that this processor has instructions for."""
    return ["f32", *(["bf16"] if machine.has_bf16() else []), *(["int8"] if machine.has_int8() else [])]


class Command:
    """The command with a model in a precision."""

    def __init__(self, clip: pathlib.Path, model: pathlib.Path, precision: str) -> None:
        self.clip, self.settings = clip, ["--model", f"it={model.resolve()}", "--precision", precision]

    def times(self, captions: pathlib.Path, runs: int) -> dict[bool, float]:
        """The median of milliseconds, with every caption by itself and not."""
        out = self.run("benchmark", "forward", *self.settings, "--texts", str(captions), "--runs", str(runs), "--json")
        return {line["apart"]: line["median_ms"] for line in map(json.loads, out.splitlines())}

    def embeddings(self, captions: list[str]) -> list[list[float]]:
        out = self.run("embed", *self.settings, "--text", "-", given="\n".join(captions))
        return [line["embedding"] for line in map(json.loads, out.splitlines())]

    def run(self, *arguments: str, given: str | None = None) -> str:
        return subprocess.run(
            [self.clip, *arguments], check=True, stdout=subprocess.PIPE, text=True, input=given
        ).stdout


def difference(command: Command, captions: list[str]) -> float:
    """The greatest difference of a number from what a caption has alone, over the embedding's length."""
    chosen = captions[:: len(captions) // COMPARED][:COMPARED]
    together = dict(zip(captions, command.embeddings(captions), strict=True))
    worst = 0.0
    for caption in chosen:
        [alone] = command.embeddings([caption])
        length = sum(number * number for number in alone) ** 0.5
        worst = max(worst, max(abs(one - other) for one, other in zip(alone, together[caption], strict=True)) / length)
    return worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=pathlib.Path)
    parser.add_argument("weights", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--precisions", default="")
    arguments = parser.parse_args()
    captions = {"labels": labels(), "alike": ALIKE, "unlike": UNLIKE}
    result: dict = machine.provenance(arguments.clip, ()) | {"rounds": arguments.rounds, "precisions": {}}
    with tempfile.TemporaryDirectory() as folder:
        files = {kind: pathlib.Path(folder) / kind for kind in captions}
        for kind, file in files.items():
            file.write_text("\n".join(captions[kind]) + "\n")
        for precision in arguments.precisions.split(",") if arguments.precisions else here():
            command = Command(arguments.clip, arguments.weights / "openclip", precision)
            found = {"difference": difference(command, captions["labels"][:700] + ALIKE)}
            times = {kind: [] for kind in captions}
            for _ in range(arguments.rounds):
                for kind, file in files.items():
                    times[kind].append(command.times(file, RUNS[kind]))
            found["times_ms"] = {
                kind: {"shared": [time[False] for time in rounds], "apart": [time[True] for time in rounds]}
                for kind, rounds in times.items()
            }
            result["precisions"][precision] = found
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(result, indent=1) + "\n")
    for precision, found in result["precisions"].items():
        times = found["times_ms"]
        median = statistics.median

        def ratio(over: list[float], under: list[float]) -> float:
            return median(one / other for one, other in zip(over, under, strict=True))

        print(f"{precision}: embeddings differ from lone ones by {found['difference']:.1e}")
        print(f"  7,000 captions: {median(times['labels']['shared']) / 1000:.2f} s, each by itself "
              f"{median(times['labels']['apart']) / 1000:.2f} s: {ratio(times['labels']['apart'], times['labels']['shared']):.2f}")
        print(f"  8 alike: {median(times['alike']['shared']):.1f} ms; 8 unlike {median(times['unlike']['shared']):.1f} ms: "
              f"{ratio(times['unlike']['shared'], times['alike']['shared']):.2f}")
        print(f"  8 unlike over the same each by itself: {ratio(times['unlike']['shared'], times['unlike']['apart']):.2f}")


if __name__ == "__main__":
    main()
