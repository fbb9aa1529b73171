"""What the tests of clients share: pictures, a client of the server under test, comparing."""

from __future__ import annotations

import base64
import contextlib
import io
import math
import os
import unittest
from collections.abc import Iterator
from unittest import mock

import numpy
import requests
from inference_sdk import InferenceConfiguration, InferenceHTTPClient
from PIL import Image, ImageDraw

from server import Server

IS_ROBOFLOW = os.environ.get("CLIP_SERVER") == "roboflow"
KEY = "a-key-that-nobody-checks"
SERVER = Server("--allow-private-addresses")


def picture(seed: int = 0, width: int = 96, height: int = 72) -> Image.Image:
    image = Image.new("RGB", (width, height), (40 * seed % 256, 90, 200 - 20 * seed % 200))
    draw = ImageDraw.Draw(image)
    draw.ellipse((5 + seed * 4, 8, 50 + seed * 4, 60), fill=(250, 30 * seed % 256, 10))
    draw.rectangle((60, 20, 90, 66 - seed * 3), fill=(20, 220, 25 * seed % 256))
    return image


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def base64_of(image: Image.Image) -> str:
    return base64.b64encode(png(image)).decode()


def vector(result: dict) -> list[float]:
    """The one embedding of a result."""
    assert len(result["embeddings"]) == 1, f"{len(result['embeddings'])} embeddings, not 1"
    return result["embeddings"][0]


def cosine(a: list[float], b: list[float]) -> float:
    return float(numpy.dot(a, b) / math.sqrt(numpy.dot(a, a) * numpy.dot(b, b)))


@contextlib.contextmanager
def sent_requests() -> Iterator[list[requests.PreparedRequest]]:
    """Collects what really goes over the wire through `requests`, retries included."""
    sent: list[requests.PreparedRequest] = []
    send = requests.Session.send

    def record(session: requests.Session, request: requests.PreparedRequest, **options):
        sent.append(request)
        return send(session, request, **options)

    with mock.patch.object(requests.Session, "send", record):
        yield sent


class ClientTest(unittest.TestCase):
    def setUp(self) -> None:
        self.client = self.client_with()

    def client_with(self, **configuration) -> InferenceHTTPClient:
        client = InferenceHTTPClient(api_url=SERVER.base, api_key=KEY)
        return (
            client.configure(InferenceConfiguration(**configuration)) if configuration else client
        )

    def assertClose(self, ours: list[float], other: list[float]) -> None:
        self.assertEqual(len(ours), len(other))
        error = numpy.linalg.norm(numpy.subtract(ours, other)) / numpy.linalg.norm(other)
        self.assertLess(error, 1e-5)

    def assertDiffers(self, a: list[float], b: list[float]) -> None:
        error = numpy.linalg.norm(numpy.subtract(a, b)) / numpy.linalg.norm(b)
        self.assertGreater(error, 1e-3)

    def posted(self, path: str, body: dict, **options) -> requests.Response:
        return requests.post(SERVER.base + path, json=body, timeout=60, **options)

    def embedded(self, base64_image: str) -> list[float]:
        """The embedding from a plain request."""
        body = {"image": {"type": "base64", "value": base64_image}}
        return vector(self.posted("/clip/embed_image", body).json())
