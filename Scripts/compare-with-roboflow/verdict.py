"""Judges one case: the same, different on purpose, or different and nobody meant it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from case import Case
from wire import Answer

# Largest relative error of an embedding (norm of the difference over norm), and largest difference
# of a similarity.
TOLERANCE = 1e-5

SAME = "same"
ON_PURPOSE = "different on purpose"
UNEXPECTED = "UNEXPECTED"

# What the registry tells here beside the real server's members.
REGISTRY_ADDITIONS = {"model_memory", "available"}
MODEL_ADDITIONS = {
    "state", "source", "repository", "revision", "licence", "precision", "bytes", "load_seconds", "towers"
}


@dataclass
class Verdict:
    case: Case
    ours: Answer
    theirs: Answer
    kind: str
    differences: list[str] = field(default_factory=list)
    relative_errors: list[float] = field(default_factory=list)
    similarity_differences: list[float] = field(default_factory=list)


def judge(case: Case, ours: Answer, theirs: Answer) -> Verdict:
    verdict = Verdict(case, ours, theirs, SAME)
    parts = answer_differences(ours, theirs)
    parts.update(number_differences(ours, theirs, verdict))
    meant = case.on_purpose
    verdict.differences = list(parts.values())
    if meant is None:
        verdict.kind = UNEXPECTED if parts else SAME
        return verdict
    if meant.numbers_only and theirs.vectors is None and theirs.similarities is None:
        # A kept answer has no numbers: what is left of it must be the same.
        verdict.kind = UNEXPECTED if parts else SAME
        return verdict
    if not parts:
        verdict.kind = UNEXPECTED
        verdict.differences = ["a difference is expected and there is none"]
        return verdict
    allowed = set(meant.ignoring)
    if meant.status is not None:
        allowed |= {"status", "body"}
    left = [text for part, text in parts.items() if part not in allowed]
    if max(verdict.relative_errors, default=0) > meant.within:
        left.append(f"relative error beyond {meant.within:.1e}")
    if not meant.allows(ours):
        left.append(f"not the answer that is meant: {meant.status} `{meant.message}`")
    verdict.kind = UNEXPECTED if left else ON_PURPOSE
    verdict.differences = left or verdict.differences
    return verdict



def answer_differences(ours: Answer, theirs: Answer) -> dict[str, str]:
    """The parts that differ, each with a sentence."""
    parts: dict[str, str] = {}
    if ours.status != theirs.status:
        parts["status"] = f"status {ours.status}, theirs {theirs.status}"
    for name in sorted(ours.headers.keys() | theirs.headers.keys()):
        mine, other = ours.headers.get(name), theirs.headers.get(name)
        if mine != other:
            parts[name] = f"{name}: {mine or 'absent'}, theirs {other or 'absent'}"
    difference = body_difference(without_additions(ours.body), theirs.body, "body")
    if difference:
        parts["body"] = difference
    return parts


def without_additions(body: object) -> object:
    """The registry without what this server tells beside the real one's members, behind them, which its clients pass over."""
    if not (isinstance(body, dict) and "total_vram_bytes" in body):
        return body
    models = [{k: v for k, v in model.items() if k not in MODEL_ADDITIONS} for model in body["models"]]
    return {k: v for k, v in {**body, "models": models}.items() if k not in REGISTRY_ADDITIONS}


def body_difference(ours: object, theirs: object, place: str) -> str | None:
    """The first difference of two JSON values, the order of keys included."""
    if type(ours) is not type(theirs):
        return f"{place}: {ours!r}, theirs {theirs!r}"
    if isinstance(ours, dict) and isinstance(theirs, dict):
        if list(ours) != list(theirs):
            return f"{place}: keys {list(ours)}, theirs {list(theirs)}"
        inner = (body_difference(ours[name], theirs[name], f"{place}.{name}") for name in ours)
        return next(filter(None, inner), None)
    if isinstance(ours, list) and isinstance(theirs, list):
        if len(ours) != len(theirs):
            return f"{place}: {len(ours)} elements, theirs {len(theirs)}"
        pairs = enumerate(zip(ours, theirs))
        inner = (body_difference(a, b, f"{place}[{index}]") for index, (a, b) in pairs)
        return next(filter(None, inner), None)
    return None if ours == theirs else f"{place}: {ours!r}, theirs {theirs!r}"


def number_differences(ours: Answer, theirs: Answer, verdict: Verdict) -> dict[str, str]:
    """Compares embeddings and similarities where both servers were asked just now."""
    problems: list[str] = []
    if ours.vectors is not None and theirs.vectors is not None:
        errors = [relative_error(a, b) for a, b in zip(ours.vectors, theirs.vectors)]
        verdict.relative_errors = errors
        if max(errors, default=0) > TOLERANCE:
            problems.append(f"relative error {max(errors):.1e}")
    if ours.similarities is not None and theirs.similarities is not None:
        pairs = zip(ours.similarities, theirs.similarities)
        differences = [abs(a - b) for a, b in pairs]
        verdict.similarity_differences = differences
        if max(differences, default=0) > TOLERANCE:
            problems.append(f"similarity off by {max(differences):.1e}")
    return {"numbers": ", ".join(problems)} if problems else {}


def relative_error(ours: list[float], theirs: list[float]) -> float:
    """Norm of the difference over the norm of theirs; infinite where the widths differ."""
    if len(ours) != len(theirs):
        return math.inf
    difference = math.sqrt(sum((a - b) ** 2 for a, b in zip(ours, theirs)))
    norm = math.sqrt(sum(b * b for b in theirs))
    return difference / norm if norm else math.inf
