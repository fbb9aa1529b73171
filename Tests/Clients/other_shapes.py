"""TEI's `/embed`, Weaviate's module, KServe's health and Infinity's routes, as their clients ask for them."""

from __future__ import annotations

import json
import os

import numpy
import requests
from chromadb.utils import embedding_functions
from huggingface_hub import InferenceClient
from huggingface_hub.errors import HfHubHTTPError
from infinity_client import Client
from infinity_client.api.default import embeddings, health, models
from infinity_client.models import OpenAIEmbeddingInputImage, OpenAIEmbeddingInputText
from infinity_client.vision_client import InfinityVisionAPI

from client_test import SERVER, base64_of, picture
from shape_test import KEY, ShapeTest, data_url, other_server, texts, unit


class TEI(ShapeTest):
    def test_chroma_asks_as_it_does_of_tei(self) -> None:
        function = embedding_functions.HuggingFaceEmbeddingServer(url=SERVER.base + "/embed")
        self.assertSameBits(function(texts(5)), [unit(row) for row in self.rows_of_texts(texts(5))])
        # It has no setting to cut long documents, and takes the server's word.
        self.assertEqual(len(function(["a cat and " * 60])[0]), 32)

    def test_hugging_faces_own_client(self) -> None:
        client = InferenceClient(model=SERVER.base + "/embed")
        expected = [unit(row) for row in self.rows_of_texts(texts(3))]
        self.assertSameBits(client.feature_extraction(texts(3)), expected)
        self.assertSameBits(client.feature_extraction("a cat"), expected[:1])
        as_they_are = client.feature_extraction(texts(3), normalize=False)
        self.assertSameBits(as_they_are, self.rows_of_texts(texts(3)))
        long = "a cat and " * 60
        self.assertEqual(client.feature_extraction(long, truncate=True).shape, (1, 32))
        with self.assertRaises(HfHubHTTPError) as caught:
            client.feature_extraction(long, truncate=False)
        self.assertEqual(caught.exception.response.status_code, 422)

    def test_mistakes_have_teis_statuses_and_types(self) -> None:
        for body, status, kind in (
            ({"inputs": []}, 400, "Empty"),
            ({}, 422, "Validation"),
            ({"inputs": 5}, 422, "Validation"),
            ({"inputs": "a", "dimensions": 33}, 422, "Validation"),
            ({"inputs": "dog " * 100, "truncate": False}, 422, "Validation"),
        ):
            answer = self.posted("/embed", body)
            self.assertEqual((answer.status_code, answer.json()["error_type"]), (status, kind), body)
            self.assertTrue(answer.json()["error"])


class Weaviate(ShapeTest):
    """The requests of modules/multi2vec-clip/clients in Weaviate, which is written in Go."""

    def vectorized(self, texts: list[str] | None, images: list[str] | None) -> requests.Response:
        # Go marshals the struct in this order and without blanks, sets no Content-Type, and writes null for a nil slice.
        body = json.dumps({"texts": texts, "images": images}, separators=(",", ":"), ensure_ascii=False)
        headers = {"User-Agent": "Go-http-client/1.1", "Accept-Encoding": "gzip"}
        return self.sent("POST", "/vectorize", data=body.encode(), headers=headers)

    def test_it_waits_for_the_server_and_asks_what_it_is(self) -> None:
        ready = self.sent("GET", "/.well-known/ready")
        self.assertEqual((ready.status_code, ready.content), (204, b""))
        self.assertEqual(self.sent("GET", "/.well-known/live").status_code, 204)
        self.assertIsInstance(self.sent("GET", "/meta").json(), dict)

    def test_objects_with_texts_and_pictures(self) -> None:
        answer = self.vectorized(texts(3), [base64_of(picture(number)) for number in (1, 2)])
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(set(answer.json()), {"textVectors", "imageVectors"})
        expected = [unit(row) for row in self.rows_of_texts(texts(3))]
        self.assertSameBits(answer.json()["textVectors"], expected)
        expected = [unit(self.row_of_picture(number)) for number in (1, 2)]
        self.assertSameBits(answer.json()["imageVectors"], expected)

    def test_searches_by_a_text_or_a_picture(self) -> None:
        by_text = self.vectorized(["a cat"], [])
        self.assertSameBits(by_text.json()["textVectors"], [unit(self.rows_of_texts(["a cat"])[0])])
        self.assertEqual(by_text.json()["imageVectors"], [])
        by_picture = self.vectorized([], [base64_of(picture(1))])
        self.assertSameBits(by_picture.json()["imageVectors"], [unit(self.row_of_picture(1))])
        for nothing in (None, []):
            self.assertEqual(self.vectorized(nothing, None).json(), {"textVectors": [], "imageVectors": []})

    def test_long_texts_are_cut_as_its_container_does(self) -> None:
        self.assertEqual(self.vectorized(["a cat and " * 500], None).status_code, 200)

    def test_mistakes_are_told_where_it_looks(self) -> None:
        for answer in (
            self.vectorized(None, ["AAAA"]),
            self.vectorized(None, ["https://example.com/a.png"]),
            self.sent("POST", "/vectorize", data=b"{"),
            self.sent("POST", "/vectorize", json={"texts": "a"}),
        ):
            self.assertEqual(answer.status_code, 400)
            self.assertTrue(answer.json()["error"])
            self.assertEqual(len(answer.json()), 1)


class KServe(ShapeTest):
    def test_probes(self) -> None:
        self.assertEqual(self.sent("GET", "/v2/health/live").json(), {"live": True})
        self.assertEqual(self.sent("GET", "/v2/health/ready").json(), {"ready": True})
        for path in ("/v2/health/live/", "/v2/health/ready"):
            self.assertEqual(self.sent("HEAD", path).status_code, 200)


class Infinity(ShapeTest):
    def test_its_client_for_pictures(self) -> None:
        expected_texts = [unit(row) for row in self.rows_of_texts(texts(3))]
        for form in ("base64", "float"):
            client = InfinityVisionAPI(url=SERVER.base, format=form, model="ViT-B-16")
            rows, tokens = client.embed("ViT-B-16", texts(3)).result(60)
            self.assertSameBits([numpy.ravel(row) for row in rows], expected_texts)
            self.assertGreater(tokens, 0)
            rows, _ = client.image_embed("ViT-B-16", [picture(1), picture(2)]).result(60)
            self.assertEqual([numpy.ravel(row).shape for row in rows], [(32,), (32,)])
            client.tp.shutdown()

    def test_its_generated_client(self) -> None:
        with Client(base_url=SERVER.base) as client:
            self.assertEqual(health.sync_detailed(client=client).status_code, 200)
            listed = models.sync(client=client)
            self.assertIn("ViT-B-16", [model.id for model in listed.data])
            answer = embeddings.sync(client=client, body=OpenAIEmbeddingInputText(input_=texts(3)))
            expected = [unit(row) for row in self.rows_of_texts(texts(3))]
            self.assertSameBits([item.embedding for item in answer.data], expected)
            body = OpenAIEmbeddingInputImage(input_=[data_url(1)])
            answer = embeddings.sync(client=client, body=body)
            self.assertSameBits([answer.data[0].embedding], [unit(self.row_of_picture(1))])


class Chroma(ShapeTest):
    def setUp(self) -> None:
        super().setUp()
        os.environ["CHROMA_ROBOFLOW_API_KEY"] = os.environ["CHROMA_OPENAI_API_KEY"] = KEY

    def test_its_function_for_roboflow(self) -> None:
        function = embedding_functions.RoboflowEmbeddingFunction(api_url=SERVER.base)
        rows = function(["a cat", numpy.asarray(picture(1)), "a dog"])
        self.assertSameBits([rows[0], rows[2]], self.rows_of_texts(["a cat", "a dog"]))
        self.assertEqual(rows[1].shape, (32,))

    def test_its_function_for_openai(self) -> None:
        function = embedding_functions.OpenAIEmbeddingFunction(
            api_base=SERVER.base + "/v1", model_name="ViT-B-16"
        )
        self.assertSameBits(function(texts(5)), [unit(row) for row in self.rows_of_texts(texts(5))])

    def test_its_keys_are_checked_where_there_are_some(self) -> None:
        with other_server(keys=True) as server:
            function = embedding_functions.RoboflowEmbeddingFunction(api_url=server.base)
            self.assertEqual(function(["a cat"])[0].shape, (32,))
