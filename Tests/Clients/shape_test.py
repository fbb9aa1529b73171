"""What the tests of the other APIs' shapes share: rows of 32-bit floats, of length one as we say it."""

from __future__ import annotations

import base64
import contextlib
import math
import os
import pathlib
import subprocess
import tempfile
from collections.abc import Iterator, Sequence

import numpy
import openai
import requests

from client_test import SERVER, ClientTest, picture, png
from server import Server

KEY = "a-key-for-tests"


def data_url(number: int, kind: str = "png") -> str:
    return f"data:image/{kind};base64," + base64.b64encode(png(picture(number))).decode()


def texts(count: int) -> list[str]:
    """Captions of different lengths, in two languages, one of them empty."""
    some = ["a cat", "", "두 마리의 고양이가 소파에 누워 있다", "a photograph of a dog on a beach at dusk"]
    return [f"{some[index % 4]} {index}" if index >= 4 else some[index] for index in range(count)]


def unit(row: Sequence[float], width: int | None = None) -> numpy.ndarray:
    """The first numbers at length one: squares are added up in 64 bits, in order, and each quotient is rounded once."""
    numbers = [float(number) for number in numpy.asarray(row[:width], dtype=numpy.float32)]
    length = math.sqrt(sum(number * number for number in numbers))
    return numpy.asarray([number / length for number in numbers], dtype=numpy.float32)


def token_count(given: list[str]) -> int:
    """What `clip tokenize` counts, the special tokens included."""
    output = subprocess.run(
        [os.environ["CLIP_BINARY"], "tokenize", *given],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={name: value for name, value in os.environ.items() if not name.startswith("CLIP_")},
    ).stdout
    return sum(len(line.split(",")) for line in output.splitlines())


@contextlib.contextmanager
def other_server(*arguments: str, keys: bool = False) -> Iterator[Server]:
    """A server of its own with other settings, for as long as the block runs."""
    with tempfile.TemporaryDirectory(prefix="clip-keys-") as folder:
        if keys:
            file = pathlib.Path(folder) / "keys"
            file.write_text(KEY + "\n")
            arguments += ("--api-keys-file", str(file))
        server = Server(*arguments, models=("ViT-B-32",))
        server.base = ""
        server.start()
        try:
            yield server
        finally:
            server.stop()


class ShapeTest(ClientTest):
    def openai_at(self, base: str = "", **options) -> openai.OpenAI:
        options = {"api_key": "any", "max_retries": 0, **options}
        return openai.OpenAI(base_url=(base or SERVER.base) + "/v1", **options)

    def rows_of_texts(self, given: list[str]) -> list[list[float]]:
        """What Roboflow's route answers, which is of any length."""
        answer = self.posted("/clip/embed_text", {"text": given})
        self.assertEqual(answer.status_code, 200, answer.text)
        return answer.json()["embeddings"]

    def row_of_picture(self, number: int) -> list[float]:
        return self.embedded(base64.b64encode(png(picture(number))).decode())

    def assertSameBits(self, ours, expected) -> None:
        ours, expected = list(ours), list(expected)
        self.assertEqual(len(ours), len(expected))
        for one, other in zip(ours, expected):
            one = numpy.asarray(one, dtype=numpy.float32)
            other = numpy.asarray(other, dtype=numpy.float32)
            numpy.testing.assert_array_equal(one.view(numpy.uint32), other.view(numpy.uint32))

    def sent(self, method: str, path: str, **options) -> requests.Response:
        return requests.request(method, SERVER.base + path, timeout=60, **options)
