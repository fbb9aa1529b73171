"""Writes what was observed as Markdown."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterable

from verdict import ON_PURPOSE, SAME, UNEXPECTED, Verdict
from wire import Answer

HEAD = """# Compatibility with Roboflow Inference Server

Written by `Scripts/compare-with-roboflow/run.py`, which sends the same {count} requests to both
servers and compares the answers. Do not edit it by hand.

| | |
|---|---|
| ours | {ours} |
| Roboflow's | {theirs}, legacy backend (the one whose image lists are right), ONNX Runtime |
| the same | {same} |
| different on purpose | {on_purpose} |
| unexpected | {unexpected} |

What is compared: the status, the body with its keys in order and all its texts, and the headers
{headers},
and the form of `x-request-id`. Embeddings: the norm of the difference over the norm of the real
server's vector.

What is not: times, identifiers, versions, whether a request was the first of its model, and
`request_paths` in the registry (there: the routes that a model was asked through so far; here:
those that it can be asked through). The real server repeats the offending input in the `input` of
every 422, however large it is; ours never does.
"""

NUMBERS = """
## Numbers

Both servers on the same random weights in f32.

| requests | answers with numbers | worst relative error | worst difference of a similarity |
|---|---|---|---|
"""

REASONS = """
## What differs on purpose

| requests | why |
|---|---|
"""


def markdown(verdicts: list[Verdict], versions: dict[str, str], headers: Iterable[str]) -> str:
    counts = Counter(verdict.kind for verdict in verdicts)
    text = HEAD.format(
        count=len(verdicts),
        ours=versions["ours"],
        theirs=versions["theirs"],
        same=counts[SAME],
        on_purpose=counts[ON_PURPOSE],
        unexpected=counts[UNEXPECTED],
        headers=wrapped(", ".join(f"`{name}`" for name in sorted(headers))),
    )
    text += NUMBERS
    sections = [
        (title, list(group))
        for title, group in itertools.groupby(verdicts, key=lambda verdict: verdict.case.section)
    ]
    for title, group in sections:
        text += numbers_row(title, group)
    text += REASONS
    meant = [
        v.case.on_purpose.reason for v in verdicts if v.kind == ON_PURPOSE and v.case.on_purpose
    ]
    for reason, count in Counter(meant).most_common():
        text += f"| {count} | {cell(reason)} |\n"
    for title, group in sections:
        text += f"\n## {title}\n\n| request | Roboflow's | ours |\n|---|---|---|\n"
        for verdict in group:
            text += row(verdict)
    return text


def numbers_row(title: str, group: list[Verdict]) -> str:
    errors = [v.relative_error for v in group if v.kind == SAME and v.relative_error is not None]
    similarities = [
        v.similarity_difference
        for v in group
        if v.kind == SAME and v.similarity_difference is not None
    ]
    if not errors and not similarities:
        return ""
    columns = [figure(max(values)) if values else "" for values in (errors, similarities)]
    return f"| {title} | {len(errors) + len(similarities)} | {columns[0]} | {columns[1]} |\n"


def row(verdict: Verdict) -> str:
    """The real server's answer, and ours in words only where it is another."""
    if verdict.kind == SAME:
        numbers = [verdict.relative_error, verdict.similarity_difference]
        known = [figure(number) for number in numbers if number is not None]
        ours = "same" + (f", within {known[0]}" if known else "")
    elif verdict.kind == ON_PURPOSE and verdict.case.on_purpose:
        ours = f"{outcome(verdict.ours)}; on purpose: {verdict.case.on_purpose.reason}"
        if outcome(verdict.ours) == outcome(verdict.theirs):
            what = "; ".join(shortened(difference) for difference in verdict.differences)
            ours = f"{what}; on purpose: {verdict.case.on_purpose.reason}"
    else:
        what = "; ".join(shortened(difference) for difference in verdict.differences)
        ours = f"**UNEXPECTED** {outcome(verdict.ours)}; {what}"
    return f"| {cell(verdict.case.name)} | {cell(outcome(verdict.theirs))} | {cell(ours)} |\n"


def outcome(answer: Answer) -> str:
    """Status and what matters of the body, in a few words."""
    body = answer.body
    if isinstance(body, dict):
        if isinstance(body.get("message"), str):
            return f"{answer.status} `{shortened(body['message'])}`"
        if isinstance(body.get("detail"), str):
            return f"{answer.status} `{body['detail']}`"
        if isinstance(body.get("detail"), list):
            return f"{answer.status} {problems(body['detail'])}"
        for name in ("embeddings", "similarity"):
            if name in body:
                value = body[name]
                return f"{answer.status} {name} {value if isinstance(value, str) else list(value)}"
        if "models" in body:
            return f"{answer.status} models {[model['model_id'] for model in body['models']]}"
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return f"{answer.status} {shortened(text)}"


def problems(details: list[dict]) -> str:
    """The first complaint of a 422, and how many more there are."""
    first = details[0]
    place = ".".join(str(step) for step in first["loc"])
    more = f" and {len(details) - 1} more" if len(details) > 1 else ""
    return f"`{first['type']}` at `{place}`{more}"


def figure(number: float) -> str:
    return "0" if number == 0 else f"{number:.1e}"


def shortened(text: str, limit: int = 200) -> str:
    return text if len(text) <= limit else text[:limit] + "..."


def cell(text: str) -> str:
    """Markdown tables know neither line breaks nor bare pipes."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return printable.replace("|", "\\|").replace("<", "&lt;")


def wrapped(text: str, width: int = 100) -> str:
    lines = [""]
    for word in text.split(" "):
        if len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)
