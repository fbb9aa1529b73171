#!/usr/bin/env python3
"""Roboflow's own client, unmodified, and the requests of other clients, against a running server.

    CLIP_BINARY=.build/release/clip python Tests/Clients/test_inference_sdk.py
    CLIP_BASE_URL=http://127.0.0.1:9001 python Tests/Clients/test_inference_sdk.py

The first form starts our server on a tiny checkpoint and a free port, and stops it. The second asks
a server that runs already: ours with --allow-private-addresses, or, with CLIP_SERVER=roboflow, the
real one (legacy backend, ALLOW_NON_HTTPS_URL_INPUT=True ALLOW_URL_INPUT_WITHOUT_FQDN=True), which
shows that these tests ask for nothing that it does not give. Both need ViT-B-16, the default, and
ViT-B-32. Ends with a line "N passed, N failed".
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import http.server
import io
import json
import math
import os
import sys
import tempfile
import threading
import unittest
from collections.abc import Iterator
from unittest import mock

import numpy
import requests
from inference_sdk import InferenceConfiguration, InferenceHTTPClient
from inference_sdk.http.errors import HTTPCallErrorError
from inference_sdk.http.utils.encoding import (
    numpy_array_to_base64_jpeg,
    pillow_image_to_base64_jpeg,
)
from PIL import Image, ImageDraw

from server import Server

WHOLE_RUN_LIMIT = 120.0
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


class ImageEmbeddings(ClientTest):
    def test_a_path_a_base64_text_and_a_plain_request_agree(self) -> None:
        plain = self.embedded(base64_of(picture()))
        self.assertClose(vector(self.client.get_clip_image_embeddings(base64_of(picture()))), plain)
        with tempfile.NamedTemporaryFile(suffix=".png") as file:
            file.write(png(picture()))
            file.flush()
            self.assertClose(vector(self.client.get_clip_image_embeddings(file.name)), plain)

    def test_a_pillow_image(self) -> None:
        plain = self.embedded(pillow_image_to_base64_jpeg(picture()))
        self.assertClose(vector(self.client.get_clip_image_embeddings(picture())), plain)

    def test_a_numpy_array(self) -> None:
        array = numpy.asarray(picture())[:, :, ::-1].copy()
        plain = self.embedded(numpy_array_to_base64_jpeg(array))
        self.assertClose(vector(self.client.get_clip_image_embeddings(array)), plain)

    def test_one_image_gives_the_whole_answer(self) -> None:
        result = self.client.get_clip_image_embeddings(picture())
        self.assertIsInstance(result, dict)
        self.assertIsNone(result["frame_id"])
        self.assertIsInstance(result["time"], float)
        self.assertTrue(all(isinstance(number, float) for number in vector(result)))
        self.assertEqual(result["resolved_model"]["model_id"], "clip/ViT-B-16")

    def test_a_list_of_one_gives_one_result(self) -> None:
        self.assertIsInstance(self.client.get_clip_image_embeddings([picture()]), dict)

    def test_batches_equal_single_images_in_order(self) -> None:
        images = [base64_of(picture(seed, 60 + 11 * seed, 90 - 5 * seed)) for seed in range(5)]
        alone = [vector(self.client.get_clip_image_embeddings(image)) for image in images]
        for size in (1, 2, 8):
            with sent_requests() as sent:
                batched = self.client_with(max_batch_size=size).get_clip_image_embeddings(images)
            self.assertEqual(len(sent), -(-len(images) // size))
            self.assertEqual(len(batched), len(images))
            for one, among_others in zip(alone, batched):
                self.assertClose(vector(among_others), one)
        for other in alone[1:]:
            self.assertDiffers(other, alone[0])

    def test_ten_images_go_in_two_batches(self) -> None:
        images = [base64_of(picture(seed)) for seed in range(10)]
        client = self.client_with(max_batch_size=8)
        results = client.get_clip_image_embeddings(images)
        self.assertEqual(len(results), 10)
        self.assertClose(vector(results[9]), self.embedded(images[9]))

    def test_requests_side_by_side_keep_their_order(self) -> None:
        images = [base64_of(picture(seed)) for seed in range(8)]
        client = self.client_with(max_concurrent_requests=4)
        results = client.get_clip_image_embeddings(images)
        for image, result in zip(images, results):
            self.assertClose(vector(result), self.embedded(image))

    def test_a_version_can_be_named(self) -> None:
        result = self.client.get_clip_image_embeddings(picture(), clip_version="ViT-B-32")
        self.assertEqual(result["resolved_model"]["model_id"], "clip/ViT-B-32")

    def test_async(self) -> None:
        async def both() -> tuple:
            one = await self.client.get_clip_image_embeddings_async(picture())
            client = self.client_with(max_batch_size=8)
            three = await client.get_clip_image_embeddings_async([picture(s) for s in range(3)])
            return one, three

        one, three = asyncio.run(both())
        self.assertClose(vector(one), vector(self.client.get_clip_image_embeddings(picture())))
        self.assertEqual(len(three), 3)
        self.assertClose(vector(three[0]), vector(one))
        self.assertDiffers(vector(three[1]), vector(one))


class TextEmbeddings(ClientTest):
    def test_a_text(self) -> None:
        result = self.client.get_clip_text_embeddings("a raccoon in the wild")
        self.assertIsInstance(result, dict)
        self.assertGreater(len(vector(result)), 1)

    def test_a_list_equals_single_texts_in_order(self) -> None:
        texts = ["a raccoon", "야생의 너구리", "", "two dogs on the grass, running " * 3]
        together = self.client.get_clip_text_embeddings(texts)["embeddings"]
        self.assertEqual(len(together), len(texts))
        for text, among_others in zip(texts, together):
            self.assertClose(vector(self.client.get_clip_text_embeddings(text)), among_others)
        self.assertDiffers(together[0], together[1])

    def test_forty_texts_go_in_one_request(self) -> None:
        texts = [f"a photo of {number} raccoons" for number in range(40)]
        with sent_requests() as sent:
            result = self.client.get_clip_text_embeddings(texts)
        self.assertEqual(len(sent), 1)
        self.assertEqual(len(result["embeddings"]), 40)
        alone = vector(self.client.get_clip_text_embeddings(texts[39]))
        self.assertClose(result["embeddings"][39], alone)

    def test_a_version_can_be_named(self) -> None:
        result = self.client.get_clip_text_embeddings("a dog", clip_version="ViT-B-32")
        self.assertEqual(result["resolved_model"]["model_id"], "clip/ViT-B-32")

    def test_async(self) -> None:
        texts = ["a raccoon", "a dog"]
        result = asyncio.run(self.client.get_clip_text_embeddings_async(texts))
        together = self.client.get_clip_text_embeddings(texts)
        for one, other in zip(result["embeddings"], together["embeddings"]):
            self.assertClose(one, other)


class Comparisons(ClientTest):
    words = ["a raccoon", "a large dog", "a black cat"]

    def setUp(self) -> None:
        super().setUp()
        self.images = [base64_of(picture(seed)) for seed in range(3)]
        self.image_vectors = [self.embedded(image) for image in self.images]
        self.word_vectors = self.client.get_clip_text_embeddings(self.words)["embeddings"]

    def assertSimilar(self, result: dict, subject: list[float], prompts: list[list[float]]) -> None:
        self.assertIsInstance(result["similarity"], list)
        self.assertEqual(len(result["similarity"]), len(prompts))
        for similarity, prompt in zip(result["similarity"], prompts):
            self.assertAlmostEqual(similarity, cosine(subject, prompt), delta=1e-5)

    def test_an_image_with_texts(self) -> None:
        result = self.client.clip_compare(subject=self.images[0], prompt=self.words)
        self.assertSimilar(result, self.image_vectors[0], self.word_vectors)
        self.assertIsNone(result["parent_id"])

    def test_an_image_with_images(self) -> None:
        result = self.client.clip_compare(
            subject=self.images[0], prompt=self.images, prompt_type="image"
        )
        self.assertSimilar(result, self.image_vectors[0], self.image_vectors)
        self.assertAlmostEqual(result["similarity"][0], 1, delta=1e-5)

    def test_a_text_with_texts(self) -> None:
        result = self.client.clip_compare(
            subject=self.words[1], prompt=self.words, subject_type="text"
        )
        self.assertSimilar(result, self.word_vectors[1], self.word_vectors)

    def test_a_text_with_images(self) -> None:
        result = self.client.clip_compare(
            subject=self.words[0], prompt=self.images, subject_type="text", prompt_type="image"
        )
        self.assertSimilar(result, self.word_vectors[0], self.image_vectors)

    def test_single_prompts_give_a_list_of_one(self) -> None:
        result = self.client.clip_compare(subject=self.images[0], prompt=self.words[2])
        self.assertSimilar(result, self.image_vectors[0], self.word_vectors[2:])
        for prompt in (self.images[1], self.images[1:2]):
            result = self.client.clip_compare(
                subject=self.images[0], prompt=prompt, prompt_type="image"
            )
            self.assertSimilar(result, self.image_vectors[0], self.image_vectors[1:2])

    def test_a_mapping_keeps_its_names_in_order(self) -> None:
        names = ["zebra", "고양이", "a"]
        prompt = dict(zip(names, self.words))
        result = self.client.clip_compare(subject=self.images[0], prompt=prompt)
        self.assertEqual(list(result["similarity"]), names)
        for name, word_vector in zip(names, self.word_vectors):
            expected = cosine(self.image_vectors[0], word_vector)
            self.assertAlmostEqual(result["similarity"][name], expected, delta=1e-5)

    def test_a_pillow_subject_and_a_version(self) -> None:
        result = self.client.clip_compare(
            subject=picture(), prompt=self.words, clip_version="ViT-B-32"
        )
        self.assertEqual(len(result["similarity"]), 3)
        self.assertEqual(result["resolved_model"]["model_id"], "clip/ViT-B-32")

    def test_async(self) -> None:
        result = asyncio.run(
            self.client.clip_compare_async(subject=self.images[0], prompt=self.words)
        )
        self.assertSimilar(result, self.image_vectors[0], self.word_vectors)


class Models(ClientTest):
    def names(self, registered) -> set[str]:
        return {model.model_id for model in registered.models}

    def test_server_info(self) -> None:
        info = self.client.get_server_info()
        self.assertTrue(info.name and info.version and info.uuid)

    def test_load_list_unload(self) -> None:
        loaded = self.client.load_model("clip/ViT-B-32")
        self.assertIn("clip/ViT-B-32", self.names(loaded))
        self.assertEqual(self.names(self.client.list_loaded_models()), self.names(loaded))
        for model in loaded.models:
            self.assertEqual(model.task_type, "embedding")
        left = self.client.unload_model("clip/ViT-B-32")
        self.assertNotIn("clip/ViT-B-32", self.names(left))
        self.assertEqual(self.names(self.client.list_loaded_models()), self.names(left))
        again = self.client.get_clip_text_embeddings("a dog", clip_version="ViT-B-32")
        self.assertEqual(len(again["embeddings"]), 1)
        self.assertIn("clip/ViT-B-32", self.names(self.client.list_loaded_models()))

    def test_unload_all(self) -> None:
        self.client.load_model("clip/ViT-B-16")
        self.assertEqual(self.names(self.client.unload_all_models()), set())
        self.assertEqual(len(self.client.get_clip_text_embeddings("a dog")["embeddings"]), 1)

    def test_async(self) -> None:
        async def turns() -> list[set[str]]:
            return [
                self.names(await self.client.load_model_async("clip/ViT-B-16")),
                self.names(await self.client.list_loaded_models_async()),
                self.names(await self.client.unload_model_async("clip/ViT-B-16")),
                self.names(await self.client.unload_all_models_async()),
            ]

        loaded, listed, left, none = asyncio.run(turns())
        self.assertIn("clip/ViT-B-16", loaded)
        self.assertEqual(listed, loaded)
        self.assertNotIn("clip/ViT-B-16", left)
        self.assertEqual(none, set())

    @unittest.skipIf(IS_ROBOFLOW, "asks Roboflow's platform for the unknown model")
    def test_an_unknown_model_is_404(self) -> None:
        with self.assertRaises(HTTPCallErrorError) as caught:
            self.client.load_model("clip/ViT-Z-99")
        self.assertEqual(caught.exception.status_code, 404)
        with self.assertRaises(HTTPCallErrorError) as caught:
            self.client.get_clip_text_embeddings("a dog", clip_version="ViT-Z-99")
        self.assertEqual(caught.exception.status_code, 404)


class KeysAndModes(ClientTest):
    def exercise(self, client: InferenceHTTPClient) -> list[requests.PreparedRequest]:
        """Every kind of call once; gives back what was sent."""
        with sent_requests() as sent:
            self.assertEqual(len(client.get_clip_image_embeddings(picture())["embeddings"]), 1)
            self.assertEqual(len(client.get_clip_text_embeddings(["a", "b"])["embeddings"]), 2)
            self.assertEqual(len(client.clip_compare(picture(), ["a", "b"])["similarity"]), 2)
        self.assertEqual(len(sent), 3)
        return sent

    def test_key_in_the_body(self) -> None:
        for request in self.exercise(self.client_with(api_key_transport="legacy")):
            self.assertEqual(json.loads(request.body)["api_key"], KEY)
            self.assertNotIn("Authorization", request.headers)

    def test_key_in_the_header(self) -> None:
        for request in self.exercise(self.client_with(api_key_transport="header")):
            self.assertNotIn("api_key", json.loads(request.body))
            self.assertEqual(request.headers["Authorization"], f"Bearer {KEY}")

    def test_key_in_both(self) -> None:
        client = self.client_with(api_key_transport="both")
        for request in self.exercise(client):
            self.assertEqual(json.loads(request.body)["api_key"], KEY)
            self.assertEqual(request.headers["Authorization"], f"Bearer {KEY}")
        self.assertIsNotNone(client.list_loaded_models())
        self.assertIsNotNone(client.load_model("clip/ViT-B-16"))

    def test_key_in_the_query(self) -> None:
        client = self.client.select_api_v0()
        for request in self.exercise(client):
            self.assertIn(f"api_key={KEY}", request.url)
            self.assertNotIn("api_key", json.loads(request.body))

    def test_no_key(self) -> None:
        self.exercise(InferenceHTTPClient(api_url=SERVER.base))

    def test_billing_and_source_parameters(self) -> None:
        client = self.client_with(
            service_secret="s", count_inference=False, source="tests", source_info="more"
        )
        sent = self.exercise(client)
        self.assertTrue(any("countinference=False" in request.url for request in sent))


class Mistakes(ClientTest):
    def failing(self, status: int, call, *arguments, **options) -> str:
        """The server's message; the request must not have been repeated."""
        with sent_requests() as sent, self.assertRaises(HTTPCallErrorError) as caught:
            call(*arguments, **options)
        self.assertEqual(caught.exception.status_code, status)
        self.assertEqual(len(sent), 1)
        return str(caught.exception.api_message)

    def test_an_unusable_image(self) -> None:
        text = base64.b64encode(b"no picture at all").decode()
        message = self.failing(400, self.client.get_clip_image_embeddings, text)
        self.assertIn("Could not load input image", message)

    def test_an_unusable_image_in_a_batch(self) -> None:
        images = [base64_of(picture()), base64.b64encode(b"no picture at all").decode()]
        client = self.client_with(max_batch_size=2)
        message = self.failing(400, client.get_clip_image_embeddings, images)
        self.assertIn("Could not load input image", message)

    def test_a_text_that_is_too_long(self) -> None:
        self.failing(400, self.client.get_clip_text_embeddings, "dog " * 100)

    def test_a_wrong_type(self) -> None:
        self.failing(422, self.client.get_clip_text_embeddings, 5)

    @unittest.skipIf(IS_ROBOFLOW, "the real server answers 500 without a reason")
    def test_too_many_images(self) -> None:
        client = self.client_with(max_batch_size=9)
        message = self.failing(400, client.get_clip_image_embeddings, [picture()] * 9)
        self.assertIn("maximum number of images", message)
        self.assertIn("8", message)

    @unittest.skipIf(IS_ROBOFLOW, "the real server answers 500 without a reason")
    def test_too_many_prompts_and_none(self) -> None:
        message = self.failing(400, self.client.clip_compare, picture(), ["a"] * 9)
        self.assertIn("maximum number of prompts", message)
        self.failing(400, self.client.clip_compare, picture(), [])
        self.failing(400, self.client.get_clip_text_embeddings, [])

    def test_async_errors_carry_the_status(self) -> None:
        text = base64.b64encode(b"no picture at all").decode()
        with self.assertRaises(HTTPCallErrorError) as caught:
            asyncio.run(self.client.get_clip_image_embeddings_async(text))
        self.assertEqual(caught.exception.status_code, 400)


class PictureHost:
    """Two pictures behind http URLs of this machine, for as long as the block runs."""

    def __enter__(self) -> str:
        documents = {"/raccoon.png": png(picture(1)), "/other.png": png(picture(2))}

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = documents[self.path]
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class PlainRequests(ClientTest):
    """The calls of Roboflow's CLIP page and of other callers in public code."""

    def test_the_page_embeds_an_image_by_url(self) -> None:
        with PictureHost() as host:
            body = {"image": {"type": "url", "value": f"{host}/raccoon.png"}}
            answer = self.posted(f"/clip/embed_image?api_key={KEY}", body)
        self.assertEqual(answer.status_code, 200)
        self.assertClose(vector(answer.json()), self.embedded(base64_of(picture(1))))

    def test_the_page_embeds_a_list_of_urls(self) -> None:
        with PictureHost() as host:
            images = [{"type": "url", "value": f"{host}/raccoon.png"}] * 2
            answer = self.posted(f"/clip/embed_image?api_key={KEY}", {"image": images})
        first, second = answer.json()["embeddings"]
        self.assertClose(first, second)

    def test_the_page_embeds_texts(self) -> None:
        one = "the quick brown fox jumped over the lazy dog"
        two = [one, "how vexingly quick daft zebras jump"]
        alone = self.posted(f"/clip/embed_text?api_key={KEY}", {"text": one}).json()
        both = self.posted(f"/clip/embed_text?api_key={KEY}", {"text": two}).json()
        self.assertEqual(len(both["embeddings"]), 2)
        self.assertClose(alone["embeddings"][0], both["embeddings"][0])

    def test_the_page_compares(self) -> None:
        with PictureHost() as host:
            body = {
                "prompt": {"type": "url", "value": f"{host}/raccoon.png"},
                "prompt_type": "image",
                "subject": "A very cute raccoon",
                "subject_type": "text",
            }
            answer = self.posted(f"/clip/compare?api_key={KEY}", body)
            self.assertEqual(len(answer.json()["similarity"]), 1)
            body = {
                "subject": {"type": "url", "value": f"{host}/other.png"},
                "subject_type": "image",
                "prompt": ["A very cute raccoon", "A large dog", "A black cate"],
                "prompt_type": "text",
            }
            answer = self.posted(f"/clip/compare?api_key={KEY}", body)
            self.assertEqual(len(answer.json()["similarity"]), 3)

    def test_chroma(self) -> None:
        image = {"type": "base64", "value": pillow_image_to_base64_jpeg(picture())}
        answer = self.posted(f"/clip/embed_image?api_key={KEY}", {"image": image})
        self.assertTrue(answer.json()["embeddings"][0])
        documents = [f"document number {number}" for number in range(60)]
        answer = self.posted(f"/clip/embed_text?api_key={KEY}", {"text": documents})
        self.assertEqual(len(answer.json()["embeddings"]), 60)

    def test_one_element_array_with_version_and_junk(self) -> None:
        image = {"type": "base64", "value": base64_of(picture())}
        body = {"clip_version_id": "ViT-B-16", "image": [image], "model": "clip", "limit": 3}
        answer = self.posted("/clip/embed_image", body, headers={"Authorization": f"Bearer {KEY}"})
        self.assertClose(vector(answer.json()), self.embedded(base64_of(picture())))

    def test_one_connection_serves_many_requests(self) -> None:
        with requests.Session() as session:
            for text in ("a", "b", "c"):
                url = f"{SERVER.base}/clip/embed_text"
                answer = session.post(url, json={"text": text}, timeout=60)
                self.assertEqual(answer.status_code, 200)
                self.assertEqual(answer.headers["content-type"], "application/json")
                self.assertEqual(answer.headers["x-model-id"], "clip/ViT-B-16")


def main() -> int:
    watchdog = threading.Timer(WHOLE_RUN_LIMIT, give_up)
    watchdog.daemon = True
    watchdog.start()
    SERVER.start()
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__])
    try:
        result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    finally:
        code = SERVER.stop()
    failed = len(result.failures) + len(result.errors)
    if code != 0:
        print(f"The server ended with {code} after SIGTERM, not 0.")
        failed += 1
    if failed:
        print("".join(SERVER.log[-50:]))
    skipped = f", {len(result.skipped)} skipped" if result.skipped else ""
    print(f"{result.testsRun - len(result.skipped) - failed} passed, {failed} failed{skipped}")
    return 1 if failed else 0


def give_up() -> None:
    print(f"Not done after {WHOLE_RUN_LIMIT:.0f} s.", flush=True)
    if SERVER.process:
        SERVER.process.kill()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
