#!/usr/bin/env python3
"""Writes Documentation/Options.md from what the command itself says of its flags and variables.

usage: clip --experimental-dump-help | options.py [--check]      --check: compares, and writes nothing

Variables that no flag stands for are told here; all that the sources read have to be.
"""

import pathlib
import re
import sys

import commands

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "Documentation/Options.md"

HEAD = """# Options

Every flag of every command with the variables that say the same. The command itself tells them; `make options` writes them
here. A flag wins over variables, and of several variables the first that is set counts; an empty one counts as not set.
`clip serve --print-config` prints what is in force and who says so, `clip doctor` what is wrong with it on this machine.
[Configuration.md](Configuration.md) has what a sentence is too short for.
"""

# What no flag stands for: names in the order in which they count, and what they say.
VARIABLES = [
    ("CLIP_API_KEYS", "Keys, separated by commas, of which requests have to have one; beside those of `--api-keys-file`."),
    ("CLIP_MANAGEMENT_KEY", "A key for requests that load models, let go of them or clear caches; beside those of "
     "`--management-key-file`."),
    ("VALIDATE_IMAGE_URL_REDIRECTS", "Read, and changes nothing: redirects are held to all rules."),
    ("HF_ENDPOINT", "The hub, or a mirror of it; `https://huggingface.co` by default."),
    ("HF_TOKEN, HUGGING_FACE_HUB_TOKEN", "What opens private and gated repositories."),
    ("HF_TOKEN_PATH", "The file of the token where no variable has it; `$HF_HOME/token` by default."),
    ("HF_HUB_DISABLE_IMPLICIT_TOKEN", "Leaves the token's file unread."),
    ("HUGGINGFACE_HUB_CACHE, XDG_CACHE_HOME", "Where the hub's cache is, behind HF_HUB_CACHE and HF_HOME: its own folder, "
     "and the folder of all caches."),
    ("XDG_DATA_HOME", "Where the index is without --index and CLIP_INDEX; ~/.local/share without it."),
    ("TRANSFORMERS_OFFLINE", "As HF_HUB_OFFLINE."),
    ("HF_HUB_DISABLE_SYMLINKS", "Files instead of links to blobs, as on file systems that know none."),
    ("HF_HUB_ETAG_TIMEOUT, HF_HUB_DOWNLOAD_TIMEOUT", "Seconds, from 0.1 to 86400, for the hub to say what a file is, and in which "
     "something of it has to come; 10 by default."),
    ("SSL_CERT_FILE, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE", "PEM file of the authorities that are trusted for the hub instead of "
     "the system's."),
    ("https_proxy, HTTPS_PROXY, http_proxy, ALL_PROXY, all_proxy, NO_PROXY, no_proxy", "Proxies on the way to the hub, as libcurl "
     "reads them."),
    ("DNNL_MAX_CPU_ISA", "The instructions that products may use, such as `AVX2` or `AVX512_CORE`: fewer than the processor has, for comparison."),
    ("OMP_WAIT_POLICY", "How waiting threads of oneDNN wait; the command sets it to `passive` where it is not set."),
    ("NO_COLOR, TERM", "No colours where the first is set, or the second is `dumb`."),
    ("HOME", "The folder that caches are below where nothing else is said."),
]


def flag(option: commands.Option) -> str:
    """A flag as it is typed, or the name of an argument."""
    if option.is_argument:
        text = f"{option.value}"
    else:
        text = ", ".join(option.names) + (f" <{option.value}>" if option.value else "")
    text += "..." if option.is_repeating else ""
    # In a table a bar divides cells, also between the marks of code.
    return f"`{text}`".replace("|", "\\|")


def cell(text: str) -> str:
    """Text that a table takes as it is."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|").replace("*", "\\*")


def table(options: list[commands.Option]) -> str:
    rows = [f"| {flag(o)} | {', '.join(f'`{v}`' for v in o.variables)} | {cell(o.meaning)} |" for o in options]
    return "\n".join(["| flag | environment | meaning |", "|---|---|---|", *rows]) + "\n"


def document(root: commands.Command) -> str:
    """A chapter for what several commands take alike, by who they are, then one for each command."""
    owners: dict[commands.Option, list[str]] = {}
    for command in root.all():
        for option in command.options:
            owners.setdefault(option, []).append(command.name)
    text = HEAD
    shared: dict[tuple[str, ...], list[commands.Option]] = {}
    for option, names in owners.items():
        if len(names) > 1:
            shared.setdefault(tuple(names), []).append(option)
    for names, options in shared.items():
        listed = ", ".join(f"`{name}`" for name in names)
        text += f"\n## Shared by {listed}\n\n{table(options)}"
    for command in root.all()[1:]:
        own = [o for o in command.options if len(owners[o]) == 1]
        others = sorted({name for o in command.options if len(owners[o]) > 1 for name in owners[o]} - {command.name})
        if command.below and not command.options:
            continue
        text += f"\n## `{command.name}`\n\n{cell(command.abstract)}\n"
        if own:
            text += "\n" + table(own)
        if others:
            text += "\n" + ("Beside these, what" if own else "What") + " it shares with others, above.\n"
    rows = [f"| {number} | {cell(words)} |" for number, words in root.statuses]
    text += "\n## Exit statuses\n\n" + "\n".join(["| status | when |", "|---|---|", *rows]) + f"\n\n{root.status_note}\n"
    rows = [f"| {', '.join(f'`{n}`' for n in names.split(', '))} | {words} |" for names, words in VARIABLES]
    return text + "\n## Variables without a flag\n\n" + "\n".join(["| variable | meaning |", "|---|---|", *rows]) + "\n"


def unknown(text: str) -> list[str]:
    """Variables that the sources read and the document does not tell."""
    found: set[str] = set()
    for folder in ("clip", "CLIPHub"):
        for file in (ROOT / "Sources" / folder).rglob("*.swift"):
            found |= set(re.findall(r'"([A-Z]{2,}(?:_[A-Z]+)+)"', file.read_text()))
    return sorted(name for name in found if not re.search(rf"\b{name}\b", text))


def main() -> int:
    text = document(commands.read(sys.stdin))
    if missing := unknown(text):
        print(f"Deploy/options.py does not tell of {', '.join(missing)}, which the sources read.", file=sys.stderr)
        return 1
    if "--check" not in sys.argv[1:]:
        DOCUMENT.write_text(text)
    elif not DOCUMENT.exists() or DOCUMENT.read_text() != text:
        print("Documentation/Options.md is not what the command says; make options writes it anew.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
