"""The tables of what a server costs beside its passes, of footprint.json."""

from __future__ import annotations

import pathlib
import statistics
from collections.abc import Callable

from tables import WORK, counted, digits, disturbance, setting, table


def footprint(result: dict, plots: pathlib.Path) -> str:
    parts = [setting(result), "", memory(result), "", starts(result), "", answers(result), "", shares(result), ""]
    starts_each = 1 + max(start["round"] for start in result["starts"])
    many = result["memory"][0]
    parts.append(
        "* Memory: a fresh process on packed weights, after one request of each of five kinds, and after "
        f"{many['requests']} of these by {many['clients']} clients. MB are millions of bytes.\n"
        f"* Starts: medians of {starts_each}, in brackets their least and greatest. The files were in the page cache.\n"
        "* *From the start*: a client asks from the start on, so it waits for the weights. *Once ready*: a client waits until "
        "the process is ready, then asks for one new item after another.\n"
        "* Products: by oneDNN's own timing, on one thread. The rest of a pass is taken to be the same whoever multiplies.\n"
        f"* Kept items were asked for in {result['default']}: the caption by {result['cached']['generator']} over "
        f"{counted(result['cached']['connections'], 'connection')}, the photographs "
        f"({result['wire']['bytes'] / 1e6:.2f} MB a request) over {result['wire']['connections']}." + disturbance(result)
    )
    return "\n".join(parts)


def memory(result: dict) -> str:
    rows = []
    for one in result["memory"]:
        first, many = one["first_answers_mb"], one["many_answers_mb"]
        title = f"{one['precision']}, " + ("caches as they come" if one["caches"] else "no embeddings kept")
        values = (first["VmRSS"], many["VmRSS"], many["RssAnon"], many["RssFile"], many["VmHWM"])
        rows.append([title, *(f"{value:.0f}" for value in values)])
    return table(
        ["resident memory, MB", "after first requests", f"after {result['memory'][0]['requests']}", "of it anonymous",
         "of it files", "at its peak"], rows,
    )


def starts(result: dict) -> str:
    """From the start on, by the median of the starts, and the least and greatest."""
    rows = []
    for precision, packed, asked in cases(result, waits=False):
        found = select(result, precision, packed, asked, waits=False)
        firsts = middle(found, lambda one: one["first_answer_ms"])
        ready = middle(found, lambda one: one["ready_ms"])
        peak = middle(found, lambda one: one["memory_mb"]["VmHWM"])
        rows.append([f"{precision}, {asked}, {'packed weights kept' if packed else 'nothing kept'}", firsts, ready, peak])
    return table(["from the start", "first answer, ms", "ready, ms", "memory at its peak, MB"], rows)


def answers(result: dict) -> str:
    """Answers of processes that were ready."""
    rows = []
    for precision, packed, asked in cases(result, waits=True):
        found = select(result, precision, packed, asked, waits=True)
        places = (0, 1, 9)
        rows.append(
            [f"{precision}, {asked}", *(middle(found, lambda one, at=place: one["answers_ms"][at]) for place in places)]
        )
    return table(["milliseconds, once ready", "first answer", "second", "tenth"], rows)


def cases(result: dict, waits: bool) -> list[tuple[str, bool, str]]:
    found = ((one["precision"], one["packed"], one["asked"]) for one in result["starts"] if one["waits"] == waits)
    return list(dict.fromkeys(found))


def select(result: dict, precision: str, packed: bool, asked: str, waits: bool) -> list[dict]:
    wanted = {"precision": precision, "packed": packed, "asked": asked, "waits": waits}
    return [one for one in result["starts"] if wanted.items() <= one.items()]


def shares(result: dict) -> str:
    rows = []
    for one in result["inside"]:
        for case, passes in one["passes"].items():
            part = sum(each["products_ms"] for each in passes) / sum(each["pass_ms"] for each in passes)
            shown = f"{100 * part:.1f} %" if part else "no such product"
            work = f"{one['precision']}, {WORK[' '.join(case.split()[:2])]}"
            rows.append([f"time of a pass inside matrix products, all of them oneDNN's: {work}", shown])
            # What is outside of them is the same, whoever multiplies.
            outside = statistics.median(each["pass_ms"] - each["products_ms"] for each in passes)
            usual = statistics.median(one["usual_ms"][case])
            rows.append([f"the same with the products that usually run: {work}", f"{100 * (1 - outside / usual):.1f} %"])
    phases = result["cached"]["phases"]
    rows.append(["one cached caption, requests a second", middle(phases, lambda phase: phase["requests_per_second"])])
    rows.append(["the same, processor time of a request, ms", middle(phases, processor_time)])
    by_kind = {
        kind: [phase for phase in result["wire"]["phases"] if phase["pictures"] == kind] for kind in ("new", "kept")
    }
    for kind, title in (("new", "eight new photographs"), ("kept", "eight cached photographs")):
        rows.append([f"{title}, processor time of a request, ms", middle(by_kind[kind], processor_time)])
    kept, new = (statistics.median(map(processor_time, by_kind[kind])) for kind in ("kept", "new"))
    title = "processor time of cached ones (HTTP, JSON, base64, hashes, text of embeddings) over that of new ones"
    rows.append([title, f"{100 * kept / new:.2f} %"])
    return table(["share or cost", "figure"], rows)


def processor_time(phase: dict) -> float:
    return phase["cpu_seconds"] / phase["requests"] * 1e3


def middle(phases: list[dict], value: Callable[[dict], float]) -> str:
    """The median of phases, and the least and greatest."""
    values = sorted(map(value, phases))
    return digits(statistics.median(values)) + (f" ({digits(values[0])}-{digits(values[-1])})" if len(values) > 1 else "")
