#!/usr/bin/env python3
"""Makes the documentation of the library's products from the release build, and fails if a public symbol has none.

usage: documentation.py [--check] OUTPUT      OUTPUT: the folder for the pages, with a folder for each product and one for all

The compiler's own tool reads the public symbols of the modules that `make build` has made, so nothing is compiled a second time
and the package needs no plug-in. Every public symbol has to have a comment, except those that the compiler itself writes
(`init(rawValue:)`, `!=`). A warning of DocC is an error. --check stops before pages are made.
"""

import json
import pathlib
import shutil
import subprocess
import sys

PRODUCTS = ["CLIPEngine", "CLIPEvaluation", "CLIPServer"]
ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / ".build/release"


def module_maps() -> list[pathlib.Path]:
    """The module maps of the C targets, written by hand beside the headers or else by the build."""
    written = [*(ROOT / "Sources").rglob("module.modulemap"), *(ROOT / ".build/checkouts").glob("*/Sources/*/include/module.modulemap")]
    made = BUILD.resolve().glob("C*.build/module.modulemap")
    return sorted({*written, *made})


def tool(name: str) -> str:
    """The path of a program of the toolchain, in the compiler's folder."""
    compiler = shutil.which("swift")
    beside = pathlib.Path(compiler).resolve().parent / name if compiler else None
    return str(beside) if beside and beside.exists() else name


def symbols(product: str, folder: pathlib.Path) -> pathlib.Path:
    """Writes the symbol graphs of a product into a folder of its own."""
    target = json.loads(subprocess.check_output(["swift", "-print-target-info"]))["target"]["triple"]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    command = [tool("swift-symbolgraph-extract"), "-module-name", product, "-target", target, "-minimum-access-level", "public",
               "-skip-inherited-docs", "-I", str(BUILD / "Modules"), "-output-dir", str(folder)]
    for file in module_maps():
        command += ["-Xcc", f"-fmodule-map-file={file}", "-I", str(file.parent)]
    subprocess.run(command, check=True)
    # What it adds to the symbols of other modules gets no page here.
    for other in folder.glob("*@*"):
        other.unlink()
    return folder


def undocumented(graph: pathlib.Path) -> tuple[int, list[str]]:
    """The number of symbols, and the hand-written symbols without a comment."""
    found = json.loads(graph.read_text())["symbols"]
    written = [s for s in found if "::SYNTHESIZED::" not in s["identifier"]["precise"] and "location" in s]
    bare = [s for s in written if not any(line["text"].strip() for line in s.get("docComment", {}).get("lines", []))]
    return len(written), [f"{graph.stem.split('.')[0]}.{'.'.join(s['pathComponents'])}" for s in bare]


def main() -> int:
    arguments = [a for a in sys.argv[1:] if a != "--check"]
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(__doc__.splitlines()[2], file=sys.stderr)
        return 64
    output = pathlib.Path(arguments[0]).resolve()
    bare: list[str] = []
    for product in PRODUCTS:
        graph = symbols(product, output / "symbols" / product) / f"{product}.symbols.json"
        count, missing = undocumented(graph)
        bare += missing
        print(f"{product}: {count} public symbols, {count - len(missing)} with a comment")
    if bare:
        print("These have no comment:\n  " + "\n  ".join(bare), file=sys.stderr)
        return 1
    if "--check" in sys.argv[1:]:
        return 0
    archives = []
    for product in PRODUCTS:
        archive = output / f"{product}.doccarchive"
        subprocess.run(
            [tool("docc"), "convert", str(ROOT / f"Sources/{product}/{product}.docc"), "--additional-symbol-graph-dir",
             str(output / "symbols" / product), "--fallback-display-name", product, "--fallback-bundle-identifier",
             f"swift-clip.{product}", "--warnings-as-errors", "--transform-for-static-hosting", "--output-path", str(archive)],
            check=True,
        )
        archives.append(str(archive))
    shutil.rmtree(output / "all", ignore_errors=True)
    subprocess.run(
        [tool("docc"), "merge", *archives, "--synthesized-landing-page-name", "swift-clip", "--output-path", str(output / "all")],
        check=True,
    )
    print(f"{output}/all has the pages: python3 -m http.server --bind 127.0.0.1 --directory {output}/all 8000")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        # The program has already printed why.
        sys.exit(error.returncode or 1)
