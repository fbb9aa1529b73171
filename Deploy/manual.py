#!/usr/bin/env python3
"""Writes the man page clip(1) from what `clip --experimental-dump-help` says of every command and flag.

usage: clip --experimental-dump-help | manual.py > clip.1
"""

import json
import re
import sys
import textwrap

HEAD = r""".TH CLIP 1 "" "swift-clip" "User Commands"
.SH NAME
clip \- CLIP embeddings of images and texts, as a server or from the shell
"""
TAIL = r""".SH FILES
.TP
.I /etc/swift-clip/swift-clip.conf
Environment variables of the service swift-clip, where the package has installed it.
.TP
.I ~/.cache/huggingface/hub
Models that were fetched by name, in the hub's own layout.
.SH EXIT STATUS
0 for success, 64 for a wrong flag, 65 for input that cannot be used, 66 for a model that is not there, 69 where a service or
a port cannot be had, 77 where permission lacks, 78 for a wrong setting, 1 for everything else.
.SH SEE ALSO
.BR curl (1),
.BR systemctl (1)
"""


def escaped(text: str) -> str:
    """Text as troff prints it."""
    text = text.replace("\\", r"\e").replace("-", r"\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.M)


def name(argument: dict) -> str:
    """All names of a flag, or the value of an argument, with what it takes."""
    value = argument.get("valueName", "value")
    if argument["kind"] == "positional":
        found = f"\\fI{escaped(value)}\\fR"
    else:
        names = [("--" if n["kind"] == "long" else "-") + n["name"] for n in argument["names"]]
        found = ", ".join(f"\\fB{escaped(n)}\\fR" for n in names)
        if argument["kind"] == "option":
            found += f" \\fI{escaped(value)}\\fR"
    return found + ("..." if argument["isRepeating"] else "")


def examples(discussion: str) -> str:
    """Paragraphs as they are, and indented lines as they stand."""
    out: list[str] = []
    for line in discussion.splitlines():
        if line.startswith("  "):
            out += [".nf", escaped(line), ".fi"]
        else:
            out.append(escaped(line) if line.strip() else ".PP")
    return "\n".join(out).replace(".fi\n.nf\n", "") + "\n"


def section(command: dict, parents: list[str]) -> str:
    """One command, and those below it."""
    path = [*parents, command["commandName"]]
    shown = [a for a in command.get("arguments", []) if a.get("shouldDisplay")]
    title = ".SH DESCRIPTION" if not parents else f".SS {escaped(' '.join(path))}"
    text = f"{title}\n{escaped(command.get('abstract', ''))}\n"
    if command.get("discussion"):
        text += ".PP\n" + examples(command["discussion"])
    for argument in shown:
        if not parents or {"name": "help", "kind": "long"} in argument.get("names", []):
            continue
        words = " ".join(argument.get("abstract", "").split())
        text += f".TP\n{name(argument)}\n{escaped(words)}\n"
    below = [c for c in command.get("subcommands", []) if c["commandName"] != "help"]
    if not parents:
        text = ".SH SYNOPSIS\n" + "\n.br\n".join(
            f"\\fBclip {escaped(c['commandName'])}\\fR [\\fIoptions\\fR]" for c in below
        ) + "\n" + text + ".SH COMMANDS\n"
    return text + "".join(section(c, path) for c in below if c.get("shouldDisplay", True))


def main() -> None:
    command = json.load(sys.stdin)["command"]
    sys.stdout.write(textwrap.dedent(HEAD) + section(command, []) + TAIL)


if __name__ == "__main__":
    main()
