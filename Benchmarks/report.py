#!/usr/bin/env python3
"""Writes measured results into Documentation/Performance.md and its plots.

usage: report.py RESULTS [--document FILE] [--plots FOLDER]

RESULTS has a folder for each kind of processor that was measured, with limits.json, shares.json, engines.json, towers.json,
servers.json, scaling.json, several.json, footprint.json and simulated.json, or some of them; engines and servers of another
network than ViT-B-32 are in a folder of its name below that. What stands between `<!-- begin: NAME -->` and
`<!-- end: NAME -->` in the document is replaced by the tables made of all NAME.json, kind by kind, and the plots are drawn anew. Nothing else is touched,
and no figure comes from anywhere else.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import re
import statistics

from footprint_tables import footprint
from limit_tables import limits, shares
from plot import Curve, Plot
from server_tables import servers
from simulation_tables import simulated
from tables import SCENARIOS, WORK, agreement, brackets, counted, digits, disturbance, label, setting, spread_ratio, table
from tower_tables import towers

ROOT = pathlib.Path(__file__).resolve().parents[1]
# Ours, and the peer of the same number format, or what most people run.
PAIRS = [
    ("f32", "onnxruntime f32"), ("f32", "openvino f32"), ("f32", "open_clip f32"), ("f32", "transformers f32"),
    ("bf16", "openvino bf16"), ("bf16", "onnxruntime f32"), ("int8", "onnxruntime int8"), ("int8", "openvino int8"),
    ("int8", "onnxruntime f32"),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("--document", type=pathlib.Path, default=ROOT / "Documentation/Performance.md")
    parser.add_argument("--plots", type=pathlib.Path, default=ROOT / "Documentation/plots")
    options = parser.parse_args()
    text = options.document.read_text()
    writers = {
        "limits": limits, "shares": shares, "engines": engines, "towers": towers, "servers": servers, "scaling": scaling,
        "several": several, "footprint": footprint, "simulated": simulated,
    }
    for name, write in writers.items():
        bodies = [write(result, options.plots / kind) for kind, result in of_all_kinds(options.results, name)]
        if bodies:
            text = replace(text, name, "\n\n".join(body.strip() for body in bodies))
    options.document.write_text(text)


def of_all_kinds(results: pathlib.Path, name: str) -> list[tuple[str, dict]]:
    """The results of that name with the kind of their processor, larger networks behind."""
    found = []
    for folder in sorted(folder for folder in results.iterdir() if folder.is_dir()):
        for file in (*folder.glob(f"{name}.json"), *sorted(folder.glob(f"*/{name}.json"))):
            result = json.loads(file.read_text())
            result["machine"]["kind"] = folder.name
            found.append((folder.name, result))
    return found


def replace(text: str, name: str, body: str) -> str:
    """The document with other text between the markers of that name."""
    pattern = re.compile(rf"(<!-- begin: {name} -->\n).*?(<!-- end: {name} -->)", re.DOTALL)
    if not pattern.search(text):
        raise SystemExit(f"the document has no markers for {name}")
    return pattern.sub(lambda found: f"{found[1]}{body.strip()}\n{found[2]}", text)


# MARK: Engines


def engines(result: dict, plots: pathlib.Path) -> str:
    rounds = len(next(iter(result["runs"][0]["times_ms"]["images 1"].values())))
    parts = [setting(result), ""]
    for run in result["runs"]:
        times = run["times_ms"]
        names = list(next(iter(times.values())))
        pairs = [(f"swift-clip {ours}", peer) for ours, peer in PAIRS if f"swift-clip {ours}" in names and peer in names]
        head = ["milliseconds, " + counted(run["threads"], "thread")]
        head += map(label, names)
        rows = []
        for case, by_engine in times.items():
            work = WORK[" ".join(case.split()[:2])]
            rows.append([work, *(digits(statistics.median(by_engine[name])) for name in names)])
        rows.append(["resident memory, MB", *(f"{run['memory'][name]['rss_mb']:.0f}" for name in names)])
        parts += [table(head, rows), ""]
        head = ["times as quick, " + counted(run["threads"], "thread")]
        head += [f"{ours.split()[1]} as {label(peer)}" for ours, peer in pairs]
        rows = [
            [WORK[" ".join(case.split()[:2])], *(spread_ratio(by[peer], by[ours]) for ours, peer in pairs)]
            for case, by in times.items()
        ]
        parts += [table(head, rows), ""]
    compared = [by_kind for run in result["runs"] for by_kind in run.get("differences", {}).values()]
    parts.append(
        f"* Times are medians of {counted(rounds, 'round')}. Every engine ran every case once in a round.\n"
        f"* Ratios are medians of the rounds' ratios{brackets(rounds)}\n"
        f"* Captions have {result['tokens']} tokens. The peers compute all 77 positions"
        + (", but transformers, which pads to the longest" if "transformers f32" in names else "") + ".\n"
        + (f"* {agreement(compared, 'pictures and captions')}\n" if compared else "") +
        "* Memory is that of the whole process with both towers; the peers' processes contain Python."
        + disturbance(result)
    )
    return "\n".join(parts)


# MARK: Scaling


def scaling(result: dict, plots: pathlib.Path) -> str:
    curves = {
        name: {int(place): statistics.median(values) for place, values in points.items()}
        for name, points in result["curves"].items()
    }
    precisions = [precision for precision in ("f32", "bf16") if f"images {precision}" in curves]

    def per_item(kind: str) -> list[Curve]:
        return [
            Curve(precision, {place: value / place for place, value in curves[f"{kind} {precision}"].items()})
            for precision in precisions
        ]

    last = precisions[-1]
    drawn = {
        "batch-images": Plot("An image, by how many are computed at once", "images at once", "ms an image", per_item("images")),
        "batch-captions": Plot(
            "A caption of 12 tokens, by how many are computed at once", "captions at once", "ms a caption", per_item("captions")
        ),
        "caption-length": Plot(
            "Eight captions, by their length", "tokens of each", "ms for all",
            [Curve(precision, curves[f"tokens {precision}"]) for precision in precisions],
        ),
        "image-size": Plot(
            "A JPEG to pixel values, by its width (4:3)", "pixels of width", "ms",
            [Curve(decoding, curves[f"decode {decoding}"]) for decoding in ("exact", "fast")],
        ),
        "threads": Plot(
            f"Eight images, and eight captions, by threads, {last}", "threads", "ms for all",
            [Curve(kind, curves[f"threads {kind} {last}"]) for kind in ("images", "captions")],
        ),
    } | {
        f"connections-{scenario}": Plot(
            f"{title}, by connections", "connections", "requests a second",
            [Curve(last, curves[f"connections {scenario} {last}"])],
        )
        for scenario, title in (("image1", "Requests with a photograph"), ("text1", "Requests with a caption"))
    }
    # The curve that tells the threads of each plot's.
    sources = {
        "batch-images": f"images {last}", "batch-captions": f"captions {last}", "caption-length": f"tokens {last}",
        "image-size": "decode exact", "threads": f"threads images {last}",
    } | {f"connections-{scenario}": f"connections {scenario} {last}" for scenario in ("image1", "text1")}
    plots.mkdir(parents=True, exist_ok=True)
    parts = [setting(result), ""]
    for name, plot in drawn.items():
        (plots / f"{name}.svg").write_text(plot.svg())
        parts += [f"![{plot.title}]({plots.parent.name}/{plots.name}/{name}.svg)", ""]
        places = sorted({place for curve in plot.curves for place in curve.points})
        head = [f"{plot.unit}, by {plot.places}", *map(str, places)]
        rows = [[curve.name, *(digits(curve.points[place]) for place in places)] for curve in plot.curves]
        parts += [table(head, rows), "", *with_threads(result, sources[name])]
    rounds = min(len(values) for points in result["curves"].values() for values in points.values())
    parts.append(
        f"* Points are medians of at least {counted(rounds, 'round')}. The points of a curve took turns.{worst(result)}"
        f"{disturbance(result)}"
    )
    return "\n".join(parts)


def with_threads(result: dict, curve: str) -> list[str]:
    """A line below a table; results that do not know their threads have none."""
    if curve not in result.get("threads", {}):
        return []
    threads = result["threads"][curve]
    return ["The threads are the columns." if threads is None else f"With {counted(threads, 'thread')}.", ""]


def worst(result: dict) -> str:
    """How far the middle half of a point's rounds is spread, at the steadiest half of the points and at the worst."""
    spreads = []
    for points in result["curves"].values():
        for values in points.values():
            if len(values) > 1:
                quarters = statistics.quantiles(values, n=4, method="inclusive")
                spreads.append(100 * (quarters[2] - quarters[0]) / statistics.median(values))
    if not spreads:
        return ""
    return (
        f"\n* The middle half of a point's rounds spans {statistics.median(spreads):.0f} % of its median at the median point, "
        f"and {max(spreads):.0f} % at the worst one."
    )


# MARK: Several processes


def several(result: dict, plots: pathlib.Path) -> str:
    phases = result["phases"]
    ways = list(dict.fromkeys(phase["way"] for phase in phases))
    rows = []
    for scenario in dict.fromkeys(phase["scenario"] for phase in phases):
        rates = {
            way: [phase["requests_per_second"] for phase in phases if (phase["way"], phase["scenario"]) == (way, scenario)]
            for way in ways
        }
        rows.append(
            [SCENARIOS[scenario], *(digits(statistics.median(rates[way])) for way in ways)]
            + [spread_ratio(rates[way], rates[ways[0]]) for way in ways[1:]]
        )
    head = ["requests a second", *(f"{way}, a core each" if way != ways[0] else f"{way} on one core" for way in ways)]
    head += [f"times as many, {way.split(', ')[1]}" for way in ways[1:]]
    rounds = 1 + max(phase["round"] for phase in phases)
    generator = max(phase["generator_cpu_seconds"] / phase["seconds"] for phase in phases)
    parts = [setting(result), "", table(head, rows), ""]
    if "endings" in result:
        rows = [
            [f"{ending['way']}, {ending['signal']}", str(ending["requests"]), str(ending["failed"]), digits(ending["most_ms"])]
            for ending in result["endings"]
        ]
        head = ["one of two processes ends, and starts again", "requests meanwhile", "not answered with 200", "slowest, ms"]
        parts += [table(head, rows), ""]
    parts.append(
        f"* `Peers/several.py`, {counted(result['connections'], 'connection')}. Rates are medians of "
        f"{counted(rounds, 'round')}, taken in turns.\n"
        f"* Ratios are medians of the rounds' ratios{brackets(rounds)}\n"
        "* The proxy and the load generator share the two cores with the processes. The generator used at most "
        f"{100 * generator:.0f} % of one.{disturbance(result)}"
    )
    return "\n".join(parts)


if __name__ == "__main__":
    main()
