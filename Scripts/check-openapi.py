#!/usr/bin/env python3
"""Checks the API's document: by itself, by its examples, and against what a running server answers.

    .venv/openapi/bin/python Scripts/check-openapi.py CLIP [--quick] [--seed 20] [--only validator,examples,schemathesis,keys]

1. validator: openapi-spec-validator finds no error in `/openapi.json`.
2. examples: every example of a request is answered with a success by the model that comes with the program, and every example
   of an answer fits its schema; so do the answers.
3. schemathesis: requests that are right and wrong, made from the document, to every operation of a server with small models, with
   all of its checks.
4. keys: the same, fewer of them, to a server that asks for keys.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import http.server
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from typing import Any, Iterator

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


def check_examples(base: str) -> list[str]:
    """Sends what the document says can be sent; the answers have to be as it says."""
    text = document(base)
    problems: list[str] = []
    sent = shown = 0
    for path, method, operation in operations(text):
        place = f"{method.upper()} {path}"
        for kind, media in operation.get("requestBody", {}).get("content", {}).items():
            for example in examples(media):
                if problem := violation(text, media["schema"], example):
                    problems.append(f"{place}: an example is not as its schema says: {problem}")
                # What needs a model of another kind than the one at hand.
                if path.startswith("/perception_encoder/"):
                    continue
                status, body = send(base, method, path, kind, example)
                sent += 1
                described = operation["responses"].get(str(status), {}).get("content", {}).get("application/json", {}).get("schema")
                if status != 200 or described is None:
                    problems.append(f"{place}: an example is answered with {status}: {body[:200]!r}")
                elif problem := violation(text, described, json.loads(body)):
                    problems.append(f"{place}: the answer is not as its schema says: {problem}")
        for status, response in operation["responses"].items():
            for media in resolved(text, response).get("content", {}).values():
                for example in examples(media):
                    shown += 1
                    if problem := violation(text, media["schema"], example):
                        problems.append(f"{place}: an example of {status} is not as its schema says: {problem}")
    print(f"examples: {sent} requests answered, {shown} answers shown, {len(problems)} problems")
    return problems


def operations(text: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in text["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def examples(media: dict[str, Any]) -> list[Any]:
    found = [example["value"] for example in media.get("examples", {}).values()]
    return found + ([media["example"]] if "example" in media else [])


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


def send(base: str, method: str, path: str, kind: str, value: Any) -> tuple[int, bytes]:
    request = urllib.request.Request(base + path, json.dumps(value).encode(), {"Content-Type": kind}, method=method.upper())
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


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
        if {"validator", "examples"} & set(steps):
            with serving(options.clip, "--allow-management") as base:
                problems += check_validity(base) if "validator" in steps else []
                problems += check_examples(base) if "examples" in steps else []
        plain, perception = pathlib.Path(folder) / "plain", pathlib.Path(folder) / "perception"
        tiny_model.write(plain)
        tiny_perception_encoder.write(perception)
        # Lists of the longest length are among the requests.
        small = ["--allow-private-addresses", "--max-texts", "64"]
        small += ["--model", f"ViT-B-32={plain}", "--model", f"PE-Core-L14-336={perception}"]
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
