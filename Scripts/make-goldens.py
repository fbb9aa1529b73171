#!/usr/bin/env python3
"""Makes every committed test fixture from the reference implementations.

usage: make-goldens.py [PART ...]      parts: the modules of Scripts/goldens/ that have a make() function
       make-goldens.py --check         only checks the committed files by the manifest

Run it in an environment with Scripts/requirements.txt installed. The fixtures lie in Tests/CLIPTestSupport/Fixtures/PART/;
MANIFEST.json beside them holds their hashes and the versions that made them. Everything is seeded: a second run with the
same versions writes the same bytes.
"""

import hashlib
import importlib
import importlib.metadata
import json
import pathlib
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
FIXTURES = HERE.parent / "Tests" / "CLIPTestSupport" / "Fixtures"


def parts() -> list[str]:
    """The names of all modules that make fixtures."""
    found = []
    for path in sorted((HERE / "goldens").glob("*.py")):
        if "\ndef make(" in path.read_text():
            found.append(path.stem)
    return found


def pinned_versions() -> dict[str, str]:
    """The installed version of every pinned package; it is an error if it is not the pinned one."""
    versions = {"python": sys.version.split()[0]}
    for line in (HERE / "requirements.txt").read_text().splitlines():
        line = line.split("#")[0].strip()
        if not line:
            continue
        name, pinned = line.split("==")
        installed = importlib.metadata.version(name)
        if installed.split("+")[0] != pinned:
            sys.exit(f"{name} {installed} is installed, but the fixtures are made with {pinned}")
        versions[name] = installed
    return versions


def hashes() -> dict[str, str]:
    """The hash of every fixture."""
    return {
        str(path.relative_to(FIXTURES)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(FIXTURES.rglob("*"))
        if path.is_file() and path.name != "MANIFEST.json"
    }


def check() -> None:
    """Exits with the names of fixtures that differ from the manifest."""
    expected, found = json.loads((FIXTURES / "MANIFEST.json").read_text())["files"], hashes()
    wrong = [name for name in sorted(expected | found) if expected.get(name) != found.get(name)]
    if wrong:
        sys.exit("fixtures that differ from the manifest: " + ", ".join(wrong))


def main() -> None:
    if sys.argv[1:] == ["--check"]:
        return check()
    versions = pinned_versions()
    sys.path.insert(0, str(HERE / "goldens"))
    for part in sys.argv[1:] or parts():
        out = FIXTURES / part
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        print(f"making {part}", flush=True)
        importlib.import_module(part).make(out)
    manifest = {"versions": versions, "files": hashes()}
    (FIXTURES / "MANIFEST.json").write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
