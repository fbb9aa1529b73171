#!/usr/bin/env python3
"""Writes the man page clip(1) from what `clip --experimental-dump-help` says of every command and flag.

usage: clip --experimental-dump-help | manual.py > clip.1
"""

import re
import sys
import textwrap

import commands

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
.SH SEE ALSO
.BR curl (1),
.BR systemctl (1)
"""


def escaped(text: str) -> str:
    """Text as troff prints it."""
    text = text.replace("\\", r"\e").replace("-", r"\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.M)


def name(option: commands.Option) -> str:
    """All names of a flag, or the value of an argument, with what it takes."""
    if option.is_argument:
        found = f"\\fI{escaped(option.value or '')}\\fR"
    else:
        found = ", ".join(f"\\fB{escaped(n)}\\fR" for n in option.names)
        if option.value:
            found += f" \\fI{escaped(option.value)}\\fR"
    return found + ("..." if option.is_repeating else "")


def examples(discussion: str) -> str:
    """Paragraphs as they are, and indented lines as they stand."""
    out: list[str] = []
    for line in discussion.splitlines():
        if line.startswith("  "):
            out += [".nf", escaped(line), ".fi"]
        else:
            out.append(escaped(line) if line.strip() else ".PP")
    return "\n".join(out).replace(".fi\n.nf\n", "") + "\n"


def statuses(root: commands.Command) -> str:
    """What the program ends with."""
    return ".SH EXIT STATUS\n" + "".join(
        f".TP\n.B {number}\n{escaped(words)}\n" for number, words in root.statuses
    ) + f".PP\n{escaped(root.status_note)}\n"


def section(command: commands.Command) -> str:
    """One command, and those below it."""
    is_whole = len(command.path) == 1
    title = ".SH DESCRIPTION" if is_whole else f".SS {escaped(command.name)}"
    text = f"{title}\n{escaped(command.abstract)}\n"
    if command.discussion:
        text += ".PP\n" + examples(command.discussion)
    for option in command.options:
        text += f".TP\n{name(option)}\n{escaped(option.words)}\n"
    if is_whole:
        text = ".SH SYNOPSIS\n" + "\n.br\n".join(
            f"\\fB{escaped(c.name)}\\fR [\\fIoptions\\fR]" for c in command.below
        ) + "\n" + text + ".SH COMMANDS\n"
    return text + "".join(section(c) for c in command.below)


def main() -> None:
    root = commands.read(sys.stdin)
    files, _, rest = TAIL.partition(".SH SEE ALSO")
    sys.stdout.write(textwrap.dedent(HEAD) + section(root) + files + statuses(root) + ".SH SEE ALSO" + rest)


if __name__ == "__main__":
    main()
