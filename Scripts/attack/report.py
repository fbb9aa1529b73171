"""What was measured, beside what is promised: a table for people, and JSON for the record."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import time


def percentile(values: list[float], part: float) -> float:
    """The value below which that part lies; the highest of few."""
    if not values:
        return 0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


@dataclasses.dataclass
class Row:
    attack: str
    measure: str
    figure: str
    bound: str
    ok: bool | None  # None: told, not judged


class Report:
    """Rows as they come; each is printed at once, so that a long run can be followed."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.begun = time.time()

    def add(self, attack: str, measure: str, figure: str, bound: str = "", ok: bool | None = None) -> None:
        row = Row(attack, measure, figure, bound, ok)
        self.rows.append(row)
        print(self._line(row), flush=True)

    @staticmethod
    def _line(row: Row) -> str:
        verdict = {True: "ok", False: "MISSED", None: ""}[row.ok]
        return f"{row.attack:<18} {row.measure:<58} {row.figure:>16} {row.bound:>16}  {verdict}".rstrip()

    @staticmethod
    def heading() -> str:
        line = f"{'attack':<18} {'measure':<58} {'figure':>16} {'bound':>16}"
        return line + "\n" + "-" * len(line)

    @property
    def missed(self) -> list[Row]:
        return [row for row in self.rows if row.ok is False]

    def print_end(self) -> None:
        judged = [row for row in self.rows if row.ok is not None]
        print("-" * 111)
        print(f"{len(judged) - len(self.missed)} of {len(judged)} bounds held, in {time.time() - self.begun:.0f} s")
        for row in self.missed:
            print(self._line(row))

    def write(self, path: pathlib.Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        stamp = time.strftime("%Y-%m-%d %H:%M", time.gmtime(self.begun))
        found = {"begun": stamp, "rows": [dataclasses.asdict(row) for row in self.rows]}
        path.write_text(json.dumps(found, indent=1) + "\n")
