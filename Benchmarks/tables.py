"""What all tables of measured results have in common: figures, ratios, and sentences about how they were taken."""

from __future__ import annotations

import statistics
from collections.abc import Callable

WORK = {
    "images 1": "one image", "images 8": "eight images", "captions 1": "one caption", "captions 8": "eight captions",
}
SCENARIOS = {
    "image1": "`embed_image`, one photograph",
    "image8": "`embed_image`, eight photographs",
    "text1": "`embed_text`, one caption",
    "text8": "`embed_text`, eight captions",
    "compare8": "`compare`, a photograph with eight captions",
    "compare8-same": "the same, the captions always the same",
}
PEERS = {
    "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO", "open_clip": "OpenCLIP", "transformers": "transformers",
    "roboflow": "Roboflow", "infinity": "Infinity",
}
# Of fewer requests these percentiles would be the slowest one, or nearly so.
LEAST_REQUESTS = {50: 1, 95: 20, 99: 100}
# From so many rounds on, quartiles tell more than the extremes.
FEW_ROUNDS = 5


def setting(result: dict) -> str:
    """A sentence about the machine and the versions."""
    machine, versions = result["machine"], result["versions"]
    names = {
        "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO", "nncf": "NNCF", "torch": "torch", "open_clip_torch": "OpenCLIP",
        "transformers": "transformers", "roboflow": "Roboflow Inference Server", "roboflow's onnxruntime": "on ONNX Runtime",
        "infinity": "Infinity", "infinity's torch": "on torch", "swift-clip": "swift-clip", "nginx": "nginx", "haproxy": "HAProxy",
    }
    shown = ", ".join(f"{names[name]} {version}" for name, version in versions.items() if name in names)
    flags = ", ".join(machine["flags"]) or "no vector instructions that matter"
    kind = f"**{machine['kind']}**: " if "kind" in machine else ""
    model = f"{result['model']}, random weights. " if "model" in result else ""
    return (
        f"{kind}{model}{machine['processor']}, {counted(machine['cores'], 'core')} ({flags}), {machine['memory_gib']:.0f} GiB; "
        + (f"{shown}; " if shown else "") + f"commit {result['commit']}, {result['day']}."
    )


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in (head, *rows)]
    return "\n".join([lines[0], "|---" * len(head) + "|", *lines[1:]])


def digits(value: float) -> str:
    """Three digits that count."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def label(name: str) -> str:
    """A program's name as its makers write it, with its precision if it has one here."""
    program, *precision = name.split()
    return " ".join([PEERS.get(program, program), *precision])


def agreement(differences: list[dict[str, dict[str, float]]], what: str) -> str:
    """A sentence: how far the embeddings of all programs were from each other before anything was measured."""
    found = [pair for by_program in differences for pair in by_program.items()]
    error = max(difference["relative_error"] for name, difference in found if name.endswith("f32"))
    sentence = f"All programs embedded the same {what} beforehand. Beside ONNX Runtime's, f32 had a relative error of {error:.1g}"
    for name in dict.fromkeys(name for name, _ in found if not name.endswith("f32")):
        cosine = min(difference["cosine"] for other, difference in found if other == name)
        sentence += f", {label(name)} a cosine of {cosine:.5f}"
    return sentence + " at worst."


def spread_ratio(theirs: list[float], ours: list[float]) -> str:
    """The spread of the rounds' ratios."""
    return spread([their / our for their, our in zip(theirs, ours)])


def spread(values: list[float], written: Callable[[float], str] = digits) -> str:
    """The median of all rounds, and in brackets their quartiles; least and greatest where there are few rounds."""
    ordered = sorted(values)
    if len(ordered) < 2:
        return written(ordered[0])
    quarters = statistics.quantiles(ordered, n=4, method="inclusive")
    first, last = (quarters[0], quarters[2]) if len(ordered) >= FEW_ROUNDS else (ordered[0], ordered[-1])
    return f"{written(statistics.median(ordered))} ({written(first)}-{written(last)})"


def brackets(rounds: int) -> str:
    """What `spread` has in brackets."""
    if rounds < 2:
        return "."
    return ", in brackets their " + ("quartiles." if rounds >= FEW_ROUNDS else "least and greatest.")


def disturbance(result: dict) -> str:
    """An item of a list: who else used the processor. Results that do not know it have none."""
    found = result.get("disturbance")
    if not found:
        return ""
    repeats = found["repeats"]
    again = f" ({counted(repeats, 'measurement')} {'was' if repeats == 1 else 'were'} made again for that)" if repeats else ""
    return (
        f"\n* All other programs used at most {100 * found['others']:.0f} % of a core{again}. The load average was "
        f"{result['machine']['load_before']:.1f} at the beginning."
    )
