"""The tables of servers side by side, of servers.json."""

from __future__ import annotations

import pathlib
import statistics

from tables import LEAST_REQUESTS, SCENARIOS, brackets, counted, digits, disturbance, label, setting, spread_ratio, table

OURS = ("swift-clip f32", "swift-clip bf16")
# Of a server that does not know a scenario.
NONE = "-"


def servers(result: dict, plots: pathlib.Path) -> str:
    phases = result["phases"]
    names = list(dict.fromkeys(phase["server"] for phase in phases))
    pairs = [(one, peer) for one in names if one in OURS for peer in names if peer not in OURS]
    parts = [setting(result), ""]
    for connections in sorted({phase["connections"] for phase in phases}):
        rates, latencies = [], []
        for scenario, title in SCENARIOS.items():
            found = {name: select(phases, name, scenario, connections) for name in names}
            if not any(found.values()):
                continue
            values = {name: [phase["requests_per_second"] for phase in found[name]] for name in names}
            rates.append(
                [title, *(digits(statistics.median(values[name])) if values[name] else NONE for name in names)]
                + [spread_ratio(values[one], values[peer]) if values[peer] else NONE for one, peer in pairs]
            )
            latencies.append([title, *(percentiles(found[name]) if found[name] else NONE for name in names)])
        named = [label(name) for name in names]
        head = [f"requests a second, {counted(connections, 'connection')}", *named]
        parts += [table(head + [f"times as many as {label(peer)}, {one.split()[1]}" for one, peer in pairs], rates), ""]
        parts += [table(["p50 / p95 / p99 in ms", *named], latencies), ""]
    parts += [costs(phases, names), "", through(result), ""]
    lengths = [phase["seconds"] for phase in phases]
    rounds = 1 + max(phase["round"] for phase in phases)
    generator = max(phase["generator_cpu_seconds"] / phase["seconds"] for phase in phases)
    agreement = result["agreement"]
    requests = [phase["requests"] for phase in phases]
    parts.append(
        f"* Figures are medians of {counted(rounds, 'round')}. The servers took turns; a phase lasted "
        f"{statistics.median(lengths):.1f} s, and the servers that waited were stopped.\n"
        f"* Ratios are medians of the rounds' ratios{brackets(rounds)}\n"
        "* Every picture and every caption is a new one, except where a row says that the captions are always the same.\n"
        f"* Percentiles are of the requests of one phase, which had {min(requests)} to {max(requests)}. A phase with fewer than "
        f"{LEAST_REQUESTS[95]} requests has no p95, one with fewer than {LEAST_REQUESTS[99]} no p99.\n"
        f"* The load generator shares the cores. It used at most {100 * generator:.0f} % of one."
        f"{disturbance(result)}\n"
        + "\n".join(
            f"* The least cosine between our embeddings and {label(peer)}'s, of photographs and of captions: "
            + "; ".join(f"{name.split()[1]} {found['image8']:.5f}, {found['text8']:.7f}" for name, found in by_name.items())
            + "."
            for peer, by_name in agreement.items()
        )
    )
    return "\n".join(parts)


def select(phases: list[dict], server: str, scenario: str, connections: int) -> list[dict]:
    wanted = {"server": server, "scenario": scenario, "connections": connections}
    return [phase for phase in phases if wanted.items() <= phase.items()]


def percentiles(phases: list[dict]) -> str:
    least = min(phase["requests"] for phase in phases)
    return " / ".join(
        digits(statistics.median(phase[f"p{rank}_ms"] for phase in phases)) if least >= needed else "-"
        for rank, needed in LEAST_REQUESTS.items()
    )


def costs(phases: list[dict], names: list[str]) -> str:
    """Memory after the last phase of a round, and processor time of a request."""
    most = max(phase["connections"] for phase in phases)
    rows = []
    kinds = {"resident memory, MB": "rss_mb", "the same at its peak, MB": "peak_rss_mb"}
    for title, key in kinds.items():
        most_of = {name: max(phase[key] for phase in phases if phase["server"] == name) for name in names}
        rows.append([title, *(f"{most_of[name]:.0f}" for name in names)])
    for scenario, title in SCENARIOS.items():
        found = {name: select(phases, name, scenario, most) for name in names}
        if any(found.values()):
            times = ([phase["cpu_seconds"] / phase["requests"] * 1e3 for phase in found[name]] for name in names)
            cells = (digits(statistics.median(each)) if each else NONE for each in times)
            rows.append([f"processor time of a request, ms: {title}", *cells])
    return table(["cost", *map(label, names)], rows)


def through(result: dict) -> str:
    """What part of the engine's own speed arrives through the server, which has the items of all connections to join."""
    rows = []
    most = max(phase["connections"] for phase in result["phases"])
    batches = sorted({rate.get("batch", 8) for rate in result["engine"]}, reverse=True)
    for scenario in dict.fromkeys(rate["scenario"] for rate in result["engine"]):
        for name in dict.fromkeys(rate["engine"] for rate in result["engine"]):
            wanted = {"engine": name, "scenario": scenario}
            found = [rate for rate in result["engine"] if wanted.items() <= rate.items()]
            alone = [
                [rate["items_per_second"] for rate in found if rate.get("batch", 8) == batch] for batch in batches
            ]
            served = [phase["items_per_second"] for phase in select(result["phases"], name, scenario, most)]
            medians = [digits(statistics.median(rates)) for rates in (served, *alone)]
            rows.append([f"{SCENARIOS[scenario]}, {name.split()[1]}", *medians, spread_ratio(served, alone[0])])
    head = ["items a second", f"through the server, {counted(most, 'connection')}"]
    head += [f"the engine alone, {batch} items at once" for batch in batches]
    return table([*head, f"server to engine with {batches[0]}"], rows)
