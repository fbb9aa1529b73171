#!/usr/bin/env python3
"""Checks the API's document: by itself, by its examples, and against what a running server answers.

    .venv/openapi/bin/python Scripts/check-openapi.py CLIP [--quick] [--seed 20] [--only validator,examples,schemathesis,keys]

1. validator: openapi-spec-validator finds no error in `/openapi.json`.
2. examples: every example of a request is answered with a success, by the model that comes with the program or by a small
   Perception Encoder, and every example of an answer fits its schema and is the beginning of what is answered; files that stand
   as examples are there.
3. schemathesis: requests that are right and wrong, made from the document, to every operation of a server with small models, with
   all of its checks.
4. keys: the same, fewer of them, to a server that asks for keys.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import functools
import http.server
import json
import math
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, Callable, Iterator

import jsonschema
from openapi_spec_validator import OpenAPIV31SpecValidator

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "Scripts" / "goldens"))
import tiny_model  # noqa: E402
import tiny_perception_encoder  # noqa: E402

KEY = "a-key-of-the-check"
START_LIMIT = 60.0
RUN_LIMIT = 1800.0
LEAST_CASES = 5000
# Small ones: those of the examples.
PICTURES = ROOT / "Sources" / "CLIPServer" / "Document" / "Pictures"
# Numbers of an embedding of the narrower of the small models.
WIDTH = 32


def make_index(clip: str, place: pathlib.Path, *arguments: str) -> str:
    """An index of the examples' pictures, whose numbers are those of their names' order."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CLIP_")}
    for picture in sorted(PICTURES.iterdir()):
        command = [clip, "index", str(picture), "--index", str(place), "--offline", *arguments]
        subprocess.run(command, check=True, capture_output=True, env=clean)
    return str(place)


@contextlib.contextmanager
def serving(clip: str, *arguments: str) -> Iterator[str]:
    """A server, by its address, until the block ends."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CLIP_") and name not in ("HOST", "PORT")}
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [clip, "serve", "--host", "127.0.0.1", "--port", "0", "--offline", *arguments],
            stdout=subprocess.DEVNULL,
            stderr=log,
            env=clean,
        )
        try:
            deadline = time.monotonic() + START_LIMIT
            while True:
                log.seek(0)
                text = log.read()
                found = re.search(r"listening on (http://127\.0\.0\.1:\d+)", text)
                if found and is_ready(found.group(1)):
                    break
                if process.poll() is not None or time.monotonic() > deadline:
                    sys.exit("The server did not start:\n" + text)
                time.sleep(0.05)
            yield found.group(1)
        finally:
            process.terminate()
            if process.wait(30) != 0:
                log.seek(0)
                print(log.read()[-4000:])
                sys.exit(f"The server ended with {process.returncode} after SIGTERM, not 0.")


def is_ready(base: str) -> bool:
    try:
        return urllib.request.urlopen(base + "/readiness").status == 200
    except urllib.error.HTTPError:
        return False


@contextlib.contextmanager
def pictures_by_url(folder: pathlib.Path) -> Iterator[str]:
    """The URL of a picture, at a server of this process."""
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/{sorted(folder.iterdir())[0].name}"
    finally:
        server.shutdown()


def document(base: str) -> dict[str, Any]:
    with urllib.request.urlopen(base + "/openapi.json") as answer:
        return json.load(answer)


# MARK: The document by itself


def check_validity(base: str) -> list[str]:
    text = document(base)
    errors = [str(error) for error in OpenAPIV31SpecValidator(text).iter_errors()]
    operations = sum(len(path) for path in text["paths"].values())
    print(f"validator: {operations} operations, {len(json.dumps(text, ensure_ascii=False).encode())} bytes, {len(errors)} errors")
    return errors


# MARK: Examples


PERCEPTION = "/perception_encoder/"
# What changes the server is sent last, so that all else finds it as it was.
CHANGES = {"/model/remove", "/model/clear", "/clear_cache"}
# Numbers that are others each time, or on another machine.
MOVING = {"time", "load_seconds", "bytes", "max_bytes", "bytes_to_fetch", "hits", "misses", "shared", "entries"}
# A model that is on the machine already has nothing to fetch.
PASSING = {"bytes_to_fetch"}
BOUNDARY = "a-boundary-of-the-check"


class Elsewhere(str):
    """The address of an example that is no JSON, beside the document."""


def check_examples(base: str, is_answered: Callable[[str], bool]) -> list[str]:
    """Sends what the document says can be sent; the answers have to be as it says, and as it shows."""
    text = document(base)
    model = text["components"]["parameters"]["modelInPath"]["example"]
    problems: list[str] = []
    sent = shown = 0
    for path, method, operation in sorted(operations(text), key=lambda one: one[0] in CHANGES):
        if method == "head" or not is_answered(path):
            continue
        place = f"{method.upper()} {path}"
        answers: dict[str, Any] = {}
        for name, kind, example in requests(operation, "{file}" in path):
            if kind and not isinstance(example, Elsewhere):
                if problem := violation(text, operation["requestBody"]["content"][kind]["schema"], example):
                    problems.append(f"{place}: an example is not as its schema says: {problem}")
            status, answered, body = send(base, method, path.replace("{model}", model).replace("{id}", "1"), *encoded(base, kind, example))
            sent += 1
            described = resolved(text, operation["responses"].get(str(status), {})).get("content", {}).get(answered, {}).get("schema")
            if status != 204 and (status != 200 or described is None):
                problems.append(f"{place}: an example is answered with {status}: {body[:200]!r}")
                continue
            is_json = answered == "application/json"
            if is_json and (problem := violation(text, described, json.loads(body))):
                problems.append(f"{place}: the answer is not as its schema says: {problem}")
            if kind in ("", "application/json"):
                answers[name] = json.loads(body) if is_json else body.decode(errors="replace")
        for status, response in operation["responses"].items():
            for kind, media in resolved(text, response).get("content", {}).items():
                for name, example in examples(media):
                    shown += 1
                    if isinstance(example, Elsewhere):
                        _, other, _ = fetched(base, example, kind)
                        problem = other != kind and f"it is {other}"
                    else:
                        problem = violation(text, media["schema"], example)
                    if not problem and status == "200" and answers and not isinstance(example, Elsewhere):
                        problem = difference(example, answers.get(name, next(iter(answers.values()))))
                    if problem:
                        problems.append(f"{place}: an example of {status} is not as it should be: {problem}")
    print(f"examples: {sent} requests answered, {shown} answers shown, {len(problems)} problems")
    return problems


def operations(text: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in text["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def examples(media: dict[str, Any]) -> list[tuple[str, Any]]:
    """Examples by name; one alone has none."""
    named = media.get("examples", {}).items()
    found = [(name, example["value"] if "value" in example else Elsewhere(example["externalValue"])) for name, example in named]
    return found + ([("", media["example"])] if "example" in media else [])


def requests(operation: dict[str, Any], is_file: bool) -> Iterator[tuple[str, str, Any]]:
    """What an operation can be asked, with the kinds of the bodies; files are asked for where they are examples of answers."""
    if "requestBody" not in operation:
        if not is_file:
            yield "", "", None
        return
    for kind, media in operation["requestBody"]["content"].items():
        for name, example in examples(media):
            yield name, kind, example


def difference(shown: Any, answered: Any, place: str = "") -> str | None:
    """What an example of an answer has that the answer has not: lists may be shorter, numbers rounded."""
    if isinstance(shown, dict) and isinstance(answered, dict):
        if missing := shown.keys() - answered.keys() - PASSING:
            return f"the answer has no {sorted(missing)} at {place or 'its top'}"
        return next((found for name in shown if (found := difference(shown[name], answered.get(name), f"{place}.{name}"))), None)
    if isinstance(shown, list) and isinstance(answered, list) and len(shown) <= len(answered):
        pairs = zip(shown, answered)
        return next((found for index, pair in enumerate(pairs) if (found := difference(*pair, f"{place}.{index}"))), None)
    if MOVING & set(place.split(".")):
        return None
    if isinstance(shown, str) and isinstance(answered, str):
        if place.endswith(".embedding"):
            return difference(floats(shown), floats(answered)[: len(floats(shown))], place + ".floats")
        lines = [] if place else [line for line in shown.splitlines() if line not in answered and without_number(line) not in answered]
        return f"the answer has no line {lines[0]!r}" if lines else None
    if isinstance(shown, (int, float)) and isinstance(answered, (int, float)):
        return None if math.isclose(shown, answered, rel_tol=0.03, abs_tol=0.01) else f"{shown} at {place}, and the answer has {answered}"
    return None if shown == answered else f"{shown!r} at {place or 'its top'}, and the answer has {str(answered)[:80]!r}"


def floats(base64_text: str) -> list[float]:
    return [number for (number,) in struct.iter_unpack("<f", base64.b64decode(base64_text))]


def without_number(line: str) -> str:
    """A line of metrics without its figure."""
    name, _, figure = line.rpartition(" ")
    return name if figure.isdigit() and name else line


def resolved(text: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in value:
        target: Any = text
        for step in value["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        value = target
    return value


def violation(text: dict[str, Any], schema: dict[str, Any], value: Any) -> str | None:
    whole = {**schema, "components": text["components"]}
    error = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(whole).iter_errors(value))
    return error and error.message[:300]


def fetched(base: str, address: Elsewhere, kind: str) -> tuple[int, str, bytes]:
    """An example's bytes, by its address from where the document is."""
    return send(urllib.parse.urljoin(base + "/openapi.json", address), "get", "", None, "", kind)


def encoded(base: str, kind: str, example: Any) -> tuple[bytes | None, str]:
    """A body as it is sent, with its content type."""
    if isinstance(example, Elsewhere):
        _, type_, content = fetched(base, example, kind)
        return content, type_ if kind.endswith("*") else kind
    if kind == "multipart/form-data":
        fields = [(name, one) for name, value in example.items() for one in (value if isinstance(value, list) else [value])]
        start = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name='
        parts = "".join(f'{start}"{name}"\r\n\r\n{value}\r\n' for name, value in fields)
        return f"{parts}--{BOUNDARY}--\r\n".encode(), f"{kind}; boundary={BOUNDARY}"
    return (json.dumps(example).encode(), kind) if kind else (None, "")


def send(base: str, method: str, path: str, body: bytes | None, kind: str, accept: str = "*/*") -> tuple[int, str, bytes]:
    """The status of an answer, its type, and its body."""
    headers = {"Accept": accept, **({"Content-Type": kind} if kind else {})}
    request = urllib.request.Request(base + path, body, headers, method=method.upper())
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers.get_content_type(), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get_content_type(), error.read()


# MARK: schemathesis


def run_schemathesis(base: str, examples: int, seed: int, picture_url: str, *arguments: str) -> tuple[int, list[str]]:
    """The number of requests that were sent, and what failed.

    Examples are how many schemathesis draws at random for each operation; what its other phases send comes on top.
    """
    text = document(base)
    count = sum(1 for _ in operations(text))
    environment = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": "hooks",
        "PYTHONPATH": str(ROOT / "Scripts" / "openapi"),
        "OPENAPI_PICTURES": str(PICTURES),
        "OPENAPI_PICTURE_URL": picture_url,
        "OPENAPI_WIDTH": str(WIDTH),
    }
    command = [str(pathlib.Path(sys.executable).parent / "st"), "run", "openapi.json", "--url", base, "--checks", "all"]
    command += ["--max-examples", str(examples), "--seed", str(seed), "--generation-database", "none", "--no-color"]
    command += ["--continue-on-failure", "--request-timeout", "30", *arguments]
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        # From a file, since an operation that is the document's own address is passed over.
        (pathlib.Path(folder) / "openapi.json").write_text(json.dumps(text))
        run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=RUN_LIMIT, cwd=folder)
    seconds = time.monotonic() - start
    output = run.stdout + run.stderr
    cases = number(r"([0-9,]+) generated", output)
    tested = number(r"([0-9,]+) selected", output)
    failures = number(r"([0-9,]+) found", output) if run.returncode else 0
    print(f"schemathesis: {tested} of {count} operations, {cases} cases, {failures} failures, {seconds:.0f} s")
    if run.returncode == 0 and tested == count:
        return cases, []
    return cases, [re.sub(r"[A-Za-z0-9+/=%]{200,}", "…", output)[:20_000]]


def number(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    return int(found.group(1).replace(",", "")) if found else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("clip")
    parser.add_argument("--quick", action="store_true", help="fewer cases")
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--only", default="validator,examples,schemathesis,keys", help="steps, separated by commas")
    options = parser.parse_args()
    steps = options.only.split(",")
    problems: list[str] = []
    cases = 0
    with tempfile.TemporaryDirectory(prefix="clip-openapi-") as folder, pictures_by_url(PICTURES) as url:
        plain, perception = pathlib.Path(folder) / "plain", pathlib.Path(folder) / "perception"
        tiny_model.write(plain)
        tiny_perception_encoder.write(perception)
        if {"validator", "examples"} & set(steps):
            index = make_index(options.clip, pathlib.Path(folder) / "pictures.index")
            with serving(options.clip, "--allow-management", "--index", index) as base:
                problems += check_validity(base) if "validator" in steps else []
                problems += check_examples(base, lambda path: not path.startswith(PERCEPTION)) if "examples" in steps else []
        if "examples" in steps:
            with serving(options.clip, "--model", f"PE-Core-L14-336={perception}") as base:
                problems += check_examples(base, lambda path: path.startswith(PERCEPTION))
        # Lists of the longest length are among the requests.
        small = ["--allow-private-addresses", "--max-texts", "64"]
        small += ["--model", f"ViT-B-32={plain}", "--model", f"PE-Core-L14-336={perception}"]
        if {"schemathesis", "keys"} & set(steps):
            index = make_index(options.clip, pathlib.Path(folder) / "plain.index", "--model", f"ViT-B-32={plain}")
            small += ["--index", index]
        if "schemathesis" in steps:
            with serving(options.clip, *small, "--allow-management") as base:
                sent, failed = run_schemathesis(base, 8 if options.quick else 60, options.seed, url)
                cases, problems = cases + sent, problems + failed
        if "keys" in steps:
            keys = pathlib.Path(folder) / "keys"
            keys.write_text(KEY + "\n")
            with serving(options.clip, *small, "--api-keys-file", str(keys), "--management-key-file", str(keys)) as base:
                header = f"Authorization: Bearer {KEY}"
                sent, failed = run_schemathesis(base, 1 if options.quick else 8, options.seed, url, "--header", header)
                cases, problems = cases + sent, problems + failed
    if "schemathesis" in steps and cases < LEAST_CASES:
        problems.append(f"There were {cases} cases, and {LEAST_CASES} are promised.")
    for problem in problems:
        print(f"FAILED: {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
