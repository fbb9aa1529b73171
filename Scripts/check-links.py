#!/usr/bin/env python3
"""Checks that relative links in the repository's Markdown files lead to files of the repository, and anchors to their headings.

usage: check-links.py [FILE.md...]

Prints the links that do not, each on a line with FILE:LINE, and fails if there are any. Text in code is not a link. Addresses
with a scheme are not requested. The pages of a DocC catalogue are left to DocC, which resolves links by rules of its own.
"""

from __future__ import annotations

import html
import re
import subprocess
import sys
import unicodedata
from functools import cache
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parents[1]
# A target ends at a closing parenthesis, but pairs of parentheses may be a part of it.
INLINE = re.compile(r"\]\(\s*<?((?:[^()<>\s]|\([^()\s]*\))+)>?(?:\s+\"[^\"]*\")?\s*\)")
REFERENCE = re.compile(r"^ {0,3}\[[^\]^][^\]]*\]:\s+<?([^\s>]+)>?")
TAG = re.compile(r"<(?:a|img|source)\b[^>]*?\s(?:href|src|srcset)=[\"']([^\"'\s]+)")
NAMED = re.compile(r"<[a-z0-9]+\b[^>]*?\s(?:id|name)=[\"']([^\"']+)[\"']")
SCHEME = re.compile(r"^(?:[a-zA-Z][a-zA-Z0-9+.-]*:|//)")
FENCE = re.compile(r"^\s{0,3}(?:>\s*)*(```+|~~~+)")
HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)")


def main() -> int:
    files = tracked()
    folders = {str(parent) for file in files for parent in PurePosixPath(file).parents}
    chosen = [str(Path(name).resolve().relative_to(ROOT)) for name in sys.argv[1:]]
    pages = chosen or sorted(file for file in files if file.endswith(".md") and ".docc/" not in file)
    complaints = [
        f"{page}:{line}: {target}: {what}"
        for page in pages
        for line, target in links(page)
        if (what := problem(page, target, files, folders))
    ]
    print("\n".join(complaints), end="\n" if complaints else "")
    return 1 if complaints else 0


def tracked() -> set[str]:
    """The files of the repository, including new files that are not ignored, since a clone will have these, too."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True
    )
    names = listed.stdout.decode(errors="surrogateescape").split("\0")
    return {name for name in names if name and (ROOT / name).exists()}


def prose(page: str) -> list[tuple[int, str]]:
    """The lines of a page outside of fenced code, with their numbers."""
    fence, kept = "", []
    for number, line in enumerate((ROOT / page).read_text("utf-8").splitlines(), 1):
        mark = FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and line.strip() == mark[1]:
                fence = ""
        elif mark:
            fence = mark[1]
        else:
            kept.append((number, line))
    return kept


def links(page: str) -> list[tuple[int, str]]:
    found = []
    for number, line in prose(page):
        words = CODE.sub("``", line)
        for pattern in (INLINE, REFERENCE, TAG):
            found += [(number, html.unescape(target)) for target in pattern.findall(words)]
    return found


def problem(page: str, target: str, files: set[str], folders: set[str]) -> str | None:
    if SCHEME.match(target):
        return None
    path, _, anchor = target.partition("#")
    place = page
    if path:
        place = normalised(path if path.startswith("/") else f"{PurePosixPath(page).parent}/{unquote(path)}")
        if place not in files and place.rstrip("/") not in folders:
            return "no such file"
    if anchor and place.endswith(".md") and unquote(anchor) not in anchors(place):
        return "no such heading"
    return None


def normalised(path: str) -> str:
    """A path from the root, without `.` and `..`; a path that leads out of the repository matches no file."""
    steps: list[str] = []
    for step in path.split("/"):
        if step == "..":
            if not steps:
                return "../"
            steps.pop()
        elif step not in ("", "."):
            steps.append(step)
    return "/".join(steps) or "."


@cache
def anchors(page: str) -> set[str]:
    """The anchors of a page: those of its headings, by GitHub's rules, and those that were written by hand."""
    names: set[str] = set()
    for _, line in prose(page):
        names.update(NAMED.findall(CODE.sub("``", line)))
        if heading := HEADING.match(line):
            slug = name = anchor_name(heading[2])
            count = 0
            while name in names:
                count += 1
                name = f"{slug}-{count}"
            names.add(name)
    return names


def anchor_name(heading: str) -> str:
    """Letters, digits, `-` and `_` of the visible text in small letters, blanks as `-`."""
    visible = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    visible = re.sub(r"<[^>]+>", "", visible).replace("*", "").replace("`", "").lower()
    kept = [c for c in visible if c in " -_" or unicodedata.category(c)[0] in "LNM"]
    return "".join(kept).strip().replace(" ", "-")


if __name__ == "__main__":
    sys.exit(main())
