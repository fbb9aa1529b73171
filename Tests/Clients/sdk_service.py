"""Roboflow's own client: models, keys, modes, and mistakes."""

from __future__ import annotations

import asyncio
import base64
import json
import unittest

import requests
from inference_sdk import InferenceHTTPClient
from inference_sdk.http.errors import HTTPCallErrorError

from client_test import IS_ROBOFLOW, KEY, SERVER, ClientTest, base64_of, picture, sent_requests


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
