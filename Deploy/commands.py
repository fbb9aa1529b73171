"""What `clip --experimental-dump-help` says of every command and flag, for those who write it down."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TextIO

# Names of environment variables, as the help has them: at its end, behind the words.
VARIABLE = r"[A-Z]+(?:_[A-Z]+)+|HOST|PORT"


@dataclass(frozen=True)
class Option:
    """A flag, an option with a value, or an argument without a name."""

    names: tuple[str, ...]
    value: str | None
    words: str
    is_repeating: bool
    is_argument: bool

    @property
    def variables(self) -> list[str]:
        """The environment variables that say the same, in the order in which they count."""
        return list(dict.fromkeys(re.findall(rf"\b(?:{VARIABLE})\b", self.words)))

    @property
    def meaning(self) -> str:
        """The words without the variables behind them, where nothing but their names stands there."""
        return re.sub(rf"\s*\b(?:{VARIABLE})(?:, (?:{VARIABLE}))*\.$", "", self.words)


@dataclass(frozen=True)
class Command:
    """A command, and those below it."""

    path: tuple[str, ...]
    abstract: str
    discussion: str
    options: list[Option]
    statuses: list[tuple[str, str]]
    status_note: str
    below: list[Command] = field(default_factory=list)

    @property
    def name(self) -> str:
        return " ".join(self.path)

    def all(self) -> list[Command]:
        """This one, then all below it."""
        return [self, *(found for command in self.below for found in command.all())]


def read(stream: TextIO) -> Command:
    """The whole tree of commands."""
    return _command(json.load(stream)["command"], ())


def _command(told: dict, parents: tuple[str, ...]) -> Command:
    path = (*parents, told["commandName"])
    shown = [c for c in told.get("subcommands", []) if c.get("shouldDisplay", True) and c["commandName"] != "help"]
    discussion, _, rest = told.get("discussion", "").partition("Exit status:\n")
    statuses, _, note = rest.partition("\n\n")
    return Command(
        path,
        told.get("abstract", ""),
        discussion,
        _options(told.get("arguments", [])),
        [(number, words) for number, words in (line.strip().split("  ", 1) for line in statuses.splitlines())],
        note.strip(),
        [_command(below, path) for below in shown],
    )


def _words(argument: dict) -> str:
    """What a flag means, with its default, which the dump keeps apart where the sentence does not say it."""
    words = " ".join(argument.get("abstract", "").split())
    default = argument.get("defaultValue")
    if default is None or "by default" in words:
        return words
    return f"{words.rstrip('.')}; {default} by default."


def _options(told: list[dict]) -> list[Option]:
    """What is shown, a switch and its opposite as one."""
    options: list[Option] = []
    for argument in told:
        names = tuple(("--" if n["kind"] == "long" else "-") + n["name"] for n in argument.get("names") or [])
        if not argument.get("shouldDisplay") or {"--help", "--version"} & set(names):
            continue
        option = Option(
            names,
            argument.get("valueName", "value") if argument["kind"] != "flag" else None,
            _words(argument),
            argument["isRepeating"],
            argument["kind"] == "positional",
        )
        last = options[-1] if options else None
        if last and names and names == (f"--no-{last.names[0][2:]}" if last.names else "",):
            options[-1] = Option((*last.names, *names), None, last.words, last.is_repeating, False)
        else:
            options.append(option)
    return options
