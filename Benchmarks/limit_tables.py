"""The tables of what a processor and its memory do at most, of limits.json, and of what passes reach, of shares.json."""

from __future__ import annotations

import pathlib
import statistics

from tables import brackets, counted, digits, disturbance, setting, spread, table

NAMES = {
    "f32-avx2": "f32, AVX2, GFLOP/s",
    "f32-avx512": "f32, AVX-512, GFLOP/s",
    "bf16-avx512": "bf16, AVX-512, GFLOP/s",
    "bf16-amx": "bf16, AMX, GFLOP/s",
    "int8-avx-vnni": "int8, AVX-VNNI, GOP/s",
    "int8-avx512": "int8, AVX-512, GOP/s",
    "int8-amx": "int8, AMX, GOP/s",
}
MEMORY = "memory"


def limits(result: dict, plots: pathlib.Path) -> str:
    """What is held against shares of a limit elsewhere in the document."""
    rates = result["rates"]
    counts = list(next(iter(rates.values())))
    rows = [[name, *(digits(rates[kind][count]["best"]) for count in counts)] for kind, name in NAMES.items() if kind in rates]
    reads = [found for kind, found in rates.items() if kind.startswith(MEMORY)]
    rows.append(["reading memory, GB/s", *(digits(max(found[count]["best"] for found in reads)) for count in counts)])
    head = ["at most, by all threads together", *(counted(int(count), "thread") for count in counts)]
    return "\n".join([setting(result), "", table(head, rows), "", disturbance(result).strip()])


def shares(result: dict, plots: pathlib.Path) -> str:
    """What passes reach of the limits, each beside its limit."""
    head = [
        "medians of all rounds", "eight images, ms", "of what the instructions do at most", "one caption, ms",
        "times as long as reading its weights", "as the longer of reading and multiplying",
    ]
    rows = [
        [
            f"{run['case']}, {counted(run['threads'], 'thread')}",
            digits(statistics.median(run["images_ms"])),
            spread(run["images_share"], "{:.0%}".format),
            digits(statistics.median(run["caption_ms"])),
            spread(run["caption_reads"]),
            spread(run["caption_limits"]),
        ]
        for run in result["runs"]
    ]
    rounds = result["rounds"]
    note = f"* Shares and times are medians of {counted(rounds, 'round')}{brackets(rounds)} A limit was measured before each pass."
    return "\n".join([setting(result), "", table(head, rows), "", note + disturbance(result)])
