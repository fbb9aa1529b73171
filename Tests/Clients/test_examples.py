#!/usr/bin/env python3
"""Every example of Examples/clients, as it stands there, against a server with the model that comes along.

    CLIP_BINARY=.build/release/clip python Tests/Clients/test_examples.py

Each has to put the right picture on top. The page is opened in Chromium, from another origin than the
server's, and the Swift program is compiled by swiftc; where either is missing that example is skipped.
Ends with a line "N passed, N failed".
"""

from __future__ import annotations

import functools
import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.parse

from server import ROOT, Server

EXAMPLES = ROOT / "Examples" / "clients"
# The best picture for each of the sentences that the examples ask for.
BEST = {"a koala": "koala.jpg", "a truck": "truck-1.jpg", "의자": "chair.jpg"}
LIMIT = 180
SERVER = Server(models=())


class PlainFiles(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


class Examples(unittest.TestCase):
    def output(self, *command: str | pathlib.Path, **more: str) -> str:
        # What a user's shell would have, and where the server is.
        environment = {**os.environ, "CLIP_URL": SERVER.base, "CLIP_NAME": "clip-mini", **more}
        run = subprocess.run(
            [str(word) for word in command],
            capture_output=True,
            text=True,
            timeout=LIMIT,
            env=environment,
            cwd=EXAMPLES,
            check=False,
        )
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        return run.stdout

    def assertRanks(self, output: str) -> None:
        """Lines of a sentence, a picture and a cosine, between tabs."""
        rows = [line.split("\t") for line in output.splitlines() if line.count("\t") == 2]
        self.assertEqual({sentence: name for sentence, name, _ in rows}, BEST, output)
        for *_, cosine in rows:
            self.assertGreater(float(cosine), 0.3)
            self.assertLess(float(cosine), 1)

    def python(self, name: str) -> str:
        return self.output(sys.executable, f"{name}.py")

    def test_roboflows_client(self) -> None:
        self.assertRanks(self.python("roboflow_sdk"))

    def test_openai(self) -> None:
        self.assertRanks(self.python("openai_client"))

    def test_langchain(self) -> None:
        self.assertRanks(self.python("langchain_search"))

    def test_litellm(self) -> None:
        self.assertRanks(self.python("litellm_client"))

    def test_chroma(self) -> None:
        output = self.python("chroma_search")
        self.assertRanks(output)
        self.assertIn("OpenAI's and TEI's routes differ by 0.0\n", output)

    def test_infinity(self) -> None:
        self.assertRanks(self.python("infinity_search"))

    def test_curl(self) -> None:
        output = self.output("./curl.sh")
        answers = [json.loads(line) for line in output.splitlines() if line.endswith("}")]
        [scores] = [answer["similarity"] for answer in answers if "similarity" in answer]
        self.assertEqual(scores.index(max(scores)), 0)
        [[predictions]] = [answer["predictions"] for answer in answers if "predictions" in answer]
        self.assertEqual(predictions[0]["label"], "koala")
        self.assertAlmostEqual(sum(prediction["score"] for prediction in predictions), 1, places=5)
        self.assertEqual(output.count('"resolved_model":{"model_id":"clip/clip-mini"'), 4)
        self.assertIn('{"object":"list","data":[{"object":"embedding"', output)

    @unittest.skipUnless(shutil.which("swiftc"), "there is no swiftc")
    def test_swift(self) -> None:
        with tempfile.TemporaryDirectory(prefix="clip-example-") as folder:
            program = pathlib.Path(folder) / "search"
            options = ["-swift-version", "6", "-warnings-as-errors", "-parse-as-library"]
            self.output("swiftc", *options, "Search.swift", "-o", program)
            self.assertRanks(self.output(program, "../pictures"))

    @unittest.skipUnless(shutil.which("chromium"), "there is no chromium")
    def test_a_page_of_another_origin(self) -> None:
        handler = functools.partial(PlainFiles, directory=str(EXAMPLES.parent))
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as files:
            threading.Thread(target=files.serve_forever, daemon=True).start()
            try:
                for sentence, name in BEST.items():
                    query = urllib.parse.urlencode({"server": SERVER.base, "sentence": sentence})
                    page = f"http://127.0.0.1:{files.server_port}/clients/browser/?{query}"
                    shown = re.findall(r'<img src="[^"]*/([^"/]+)"[^>]*>[^<]*', self.shown(page))
                    self.assertEqual(len(shown), 12)
                    self.assertEqual(shown[0], name)
            finally:
                files.shutdown()

    def shown(self, page: str) -> str:
        """The page's elements once its requests are answered."""
        with tempfile.TemporaryDirectory(prefix="clip-chromium-") as profile:
            options = ["--headless", "--disable-gpu", f"--user-data-dir={profile}"]
            if os.geteuid() == 0:
                options.append("--no-sandbox")
            return self.output("chromium", *options, "--virtual-time-budget=60000", "--dump-dom", page)


def main() -> int:
    SERVER.start()
    try:
        tests = unittest.defaultTestLoader.loadTestsFromTestCase(Examples)
        result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(tests)
    finally:
        code = SERVER.stop()
    failed = len(result.failures) + len(result.errors) + (code != 0)
    if failed:
        print("".join(SERVER.log[-50:]))
    skipped = f", {len(result.skipped)} skipped" if result.skipped else ""
    print(f"{result.testsRun - len(result.skipped) - failed} passed, {failed} failed{skipped}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
