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


def counted(values: list) -> str:
    """How often each value stands there."""
    return " ".join(f"{value}:{values.count(value)}" for value in sorted(set(values)))


@dataclasses.dataclass
class Row:
    """One figure. `bound` is what is promised; `allowed` is what this run lets pass, where it is more than that."""

    attack: str
    measure: str
    figure: str
    bound: str = ""
    held: bool | None = None  # whether the promise held; None: told, not judged
    allowed: str = ""
    ok: bool | None = None  # whether this run passes

    @property
    def verdict(self) -> str:
        if self.ok is None:
            return ""
        return ("ok" if self.held else "allowed") if self.ok else "MISSED"


class Report:
    """Rows as they come; each is printed at once, so that a long run can be followed."""

    def __init__(self, command: str = "") -> None:
        self.command = command
        self.rows: list[Row] = []
        self.begun = time.time()

    def add(
        self, attack: str, measure: str, figure: str, bound: str = "", held: bool | None = None, allowed: str = "", passes: bool | None = None
    ) -> None:
        row = Row(attack, measure, figure, bound, held, allowed, held if passes is None else passes)
        self.rows.append(row)
        print(self._line(row), flush=True)

    @staticmethod
    def _line(row: Row) -> str:
        allowed = f"({row.allowed} here)" if row.allowed else ""
        return f"{row.attack:<18} {row.measure:<58} {row.figure:>16} {row.bound:>16}  {row.verdict:<7} {allowed}".rstrip()

    @staticmethod
    def heading() -> str:
        line = f"{'attack':<18} {'measure':<58} {'figure':>16} {'promised':>16}  verdict"
        return line + "\n" + "-" * len(line)

    @property
    def missed(self) -> list[Row]:
        return [row for row in self.rows if row.ok is False]

    def print_end(self) -> None:
        judged = [row for row in self.rows if row.held is not None]
        held = [row for row in judged if row.held]
        print("-" * 119)
        print(f"{len(held)} of {len(judged)} bounds held, in {time.time() - self.begun:.0f} s")
        for row in judged:
            if not row.held:
                print(self._line(row))

    def write(self, path: pathlib.Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        stamp = time.strftime("%Y-%m-%d %H:%M", time.gmtime(self.begun))
        rows = [{"command": self.command.replace("NAME", row.attack), **dataclasses.asdict(row), "verdict": row.verdict} for row in self.rows]
        path.write_text(json.dumps({"begun": stamp, "rows": rows}, indent=1) + "\n")
