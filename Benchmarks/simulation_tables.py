"""The tables of waiting by load, between tenants and behind balancers, of simulated.json."""

from __future__ import annotations

import pathlib

from tables import LEAST_REQUESTS, SCENARIOS, counted, digits, setting, table


def simulated(result: dict, plots: pathlib.Path) -> str:
    last = result["loads"][-1]["precision"]

    def title(one: dict) -> str:
        return f"{SCENARIOS[one['scenario']]}, {one['precision']}"

    rows = [
        [title(one), f"{100 * one['load']:.0f} %, {digits(one['rate'])}/s", digits(one["items_a_pass"]), percentiles(one)]
        for one in result["loads"]
    ]
    head = ["requests at random times", "of the capacity", "requests a pass", "p50 / p95 / p99, ms"]
    parts = [setting(result), "", table(head, rows), ""]
    ways = list(dict.fromkeys(one["way"] for one in result["fairness"]))
    kinds = [(scenario, last) for scenario in dict.fromkeys(one["scenario"] for one in result["loads"])]
    rows = []
    for scenario, precision in kinds:
        found = {one["way"]: one for one in select(result["fairness"], scenario, precision)}
        rows.append([f"{SCENARIOS[scenario]}, {precision}", *(percentiles(found[way]) for way in ways)])
    parts += [table(["p50 / p95 / p99 of quiet tenants, ms", *ways], rows), ""]
    balancers = list(dict.fromkeys(one["balancer"] for one in result["machines"]))
    rows = []
    for scenario, precision in kinds:
        found = select(result["machines"], scenario, precision)
        for count in dict.fromkeys(one["machines"] for one in found):
            of = {one["balancer"]: percentiles(one) for one in found if one["machines"] == count}
            cells = [of[name] if count > 1 or name == balancers[0] else "the same" for name in balancers]
            rows.append([f"{SCENARIOS[scenario]}, {precision}, {counted(count, 'machine')}", *cells])
    parts += [table(["p50 / p95 / p99 at 70 % of the capacity, ms", *balancers], rows), ""]
    rows = [
        [f"{title(one)}, {counted(one['connections'], 'connection')}"]
        + [digits(of[name]) for name in ("requests_per_second", "p50_ms") for of in (one, one["measured"])]
        for one in result["closed"]
    ]
    head = ["closed loop", "requests a second, simulated", "measured", "p50 in ms, simulated", "measured"]
    parts += [table(head, rows), ""]
    if result["checks"]:
        rows = [
            [title(one), f"{100 * one['load']:.0f} %, {digits(one['rate'])}/s", percentiles(one), percentiles(one["measured"]),
             str(one["measured"]["requests"])]
            for one in result["checks"]
        ]
        head = ["p50 / p95 / p99, ms", "of the capacity", "simulated", "measured", "requests measured"]
        parts += [table(head, rows), ""]
    parts.append(
        f"* Each row is of {result['requests']} simulated requests a machine, all with one item. Nothing is in a cache.\n"
        "* What goes in was measured: passes by size, and what a lone request takes beside its pass.\n"
        "* Of the measured servers only the latency of one connection goes in; what several connections got is beside it.\n"
        "* Three quiet tenants together ask for 20 % of the capacity. A flood keeps 200 requests of one tenant waiting."
        + (
            f"\n* While rows were measured, all other programs used at most "
            f"{100 * max(one['measured']['others'] for one in result['checks']):.0f} % of a core."
            if result["checks"] else ""
        )
    )
    return "\n".join(parts)


def select(rows: list[dict], scenario: str, precision: str) -> list[dict]:
    return [one for one in rows if (one["scenario"], one["precision"]) == (scenario, precision)]


def percentiles(of: dict) -> str:
    """Of simulated requests, which are many, or of measured ones, which tell how many they are."""
    return " / ".join(
        digits(of[f"p{rank}_ms"]) if of.get("requests", needed) >= needed else "-" for rank, needed in LEAST_REQUESTS.items()
    )
