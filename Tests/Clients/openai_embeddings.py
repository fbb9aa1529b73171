"""`/v1/embeddings` and `/v1/models` with OpenAI's, LangChain's and LiteLLM's clients: what they get."""

from __future__ import annotations

import asyncio
import base64

import langchain_openai
import litellm
import numpy
import openai

from client_test import SERVER, base64_of, picture
from plain_requests import PictureHost
from shape_test import ShapeTest, data_url, texts, token_count, unit

MODEL = "ViT-B-16"


class Bits(ShapeTest):
    def created(self, given, **options) -> list[list[float]]:
        answer = self.openai_at().embeddings.create(model=MODEL, input=given, **options)
        self.assertEqual([item.index for item in answer.data], list(range(len(answer.data))))
        return [item.embedding for item in answer.data]

    def test_texts_are_the_same_in_base64_and_in_numbers(self) -> None:
        for count in (1, 2, 3, 7, 64, 65, 130):
            given = texts(count)
            expected = [unit(row) for row in self.rows_of_texts(given)]
            self.assertSameBits(self.created(given), expected)  # The client asks for base64 by itself.
            self.assertSameBits(self.created(given, encoding_format="float"), expected)
            raw = self.created(given, encoding_format="base64")
            self.assertIsInstance(raw[0], str)
            decoded = [numpy.frombuffer(base64.b64decode(row), dtype="<f4") for row in raw]
            self.assertSameBits(decoded, expected)

    def test_pictures_are_the_same_in_base64_and_in_numbers(self) -> None:
        expected = [unit(self.row_of_picture(number)) for number in range(8)]
        for count in (1, 3, 8):
            given = [data_url(number) for number in range(count)]
            self.assertSameBits(self.created(given), expected[:count])
            self.assertSameBits(self.created(given, encoding_format="float"), expected[:count])

    def test_the_server_normalises_as_numpy_does(self) -> None:
        answer = self.posted("/clip/embed_text", {"text": texts(9), "normalize": True})
        expected = [unit(row) for row in self.rows_of_texts(texts(9))]
        self.assertSameBits(answer.json()["embeddings"], expected)

    def test_dimensions_cut_and_then_normalise(self) -> None:
        rows = self.rows_of_texts(texts(5))
        for width in (1, 2, 3, 7, 16, 31, 32):
            expected = [unit(row, width) for row in rows]
            self.assertSameBits(self.created(texts(5), dimensions=width), expected)

    def test_one_text_alone(self) -> None:
        self.assertSameBits(self.created("a cat"), [unit(self.rows_of_texts(["a cat"])[0])])

    def test_the_asynchronous_client(self) -> None:
        async def create():
            async with openai.AsyncOpenAI(base_url=SERVER.base + "/v1", api_key="any") as client:
                return await client.embeddings.create(model=MODEL, input=texts(3))

        rows = [item.embedding for item in asyncio.run(create()).data]
        self.assertSameBits(rows, [unit(row) for row in self.rows_of_texts(texts(3))])


class Pictures(ShapeTest):
    def created(self, given, **body) -> list[list[float]]:
        answer = self.openai_at().embeddings.create(model=MODEL, input=given, extra_body=body)
        return [item.embedding for item in answer.data]

    def test_texts_and_pictures_come_back_in_their_order(self) -> None:
        with PictureHost() as host:
            rows = self.created(
                [
                    {"image": data_url(1)},
                    {"text": "a cat"},
                    {"image": f"{host}/other.png"},
                    "두 마리의 고양이",
                    {"image": base64_of(picture(3))},
                    {"type": "text", "text": "a dog"},
                    {"type": "image_url", "image_url": {"url": data_url(4), "detail": "low"}},
                    data_url(5),
                ]
            )
        expected = self.rows_of_texts(["a cat", "두 마리의 고양이", "a dog"])
        for place, number in ((0, 1), (2, 2), (4, 3), (6, 4), (7, 5)):
            expected.insert(place, self.row_of_picture(number))
        self.assertSameBits(rows, [unit(row) for row in expected])

    def test_modality_says_that_strings_are_pictures(self) -> None:
        expected = [unit(self.row_of_picture(1))] * 3
        with PictureHost() as host:
            given = [f"{host}/raccoon.png", data_url(1), base64_of(picture(1))]
            self.assertSameBits(self.created(given, modality="image"), expected)
            [row] = self.created(f"{host}/raccoon.png", modality="text")
        self.assertSameBits([row], [unit(self.rows_of_texts([f"{host}/raccoon.png"])[0])])

    def test_a_url_without_modality_is_a_text(self) -> None:
        text = "https://example.com/cat.png"
        self.assertSameBits(self.created(text), [unit(self.rows_of_texts([text])[0])])


class Usage(ShapeTest):
    def test_texts_count_as_clip_tokenize_counts_them(self) -> None:
        for count in (1, 4, 30):
            given = [text or "a" for text in texts(count)]
            usage = self.openai_at().embeddings.create(model=MODEL, input=given).usage
            self.assertEqual(usage.total_tokens, token_count(given))
            self.assertEqual(usage.prompt_tokens, usage.total_tokens)

    def test_pictures_count_nothing(self) -> None:
        given = ["a cat", {"image": data_url(1)}]
        usage = self.openai_at().embeddings.create(model=MODEL, input=given).usage
        self.assertEqual(usage.total_tokens, token_count(["a cat"]))


class Models(ShapeTest):
    def test_models_are_listed_and_told_of(self) -> None:
        client = self.openai_at()
        names = [model.id for model in client.models.list()]
        self.assertEqual(names[:2], ["ViT-B-16", "ViT-B-32"])
        self.assertEqual(client.models.retrieve("ViT-B-32").id, "ViT-B-32")

    def test_a_name_may_be_written_as_openai_wrote_it(self) -> None:
        client = self.openai_at()
        for name in ("ViT-B/32", "ViT-B-32"):
            answer = client.embeddings.create(model=name, input="a cat")
            self.assertEqual(answer.model, "ViT-B-32")
        body = {"text": "a cat", "clip_version_id": "ViT-B/32"}
        answer = self.posted("/clip/embed_text", body)
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.headers["x-model-id"], "clip/ViT-B-32")

    def test_a_slash_at_the_end_changes_nothing(self) -> None:
        for path in ("/v1/embeddings/", "/embeddings/", "/v1/embeddings//"):
            answer = self.posted(path, {"input": "a cat"})
            self.assertEqual(answer.status_code, 200, path)
        self.assertEqual(self.sent("GET", "/v1/models/").json(), self.sent("GET", "/v1/models").json())


class OtherClients(ShapeTest):
    def test_langchain(self) -> None:
        embeddings = langchain_openai.OpenAIEmbeddings(
            base_url=SERVER.base + "/v1",
            api_key="any",
            model=MODEL,
            check_embedding_ctx_length=False,
            chunk_size=8,
        )
        expected = [unit(row) for row in self.rows_of_texts(texts(20))]
        self.assertSameBits(embeddings.embed_documents(texts(20)), expected)
        self.assertSameBits([embeddings.embed_query("a cat")], expected[:1])
        pictures = [data_url(number) for number in range(3)]
        expected = [unit(self.row_of_picture(number)) for number in range(3)]
        self.assertSameBits(embeddings.embed_documents(pictures), expected)

    def test_litellm(self) -> None:
        expected = [unit(row) for row in self.rows_of_texts(texts(3))]
        for model, base in ((f"openai/{MODEL}", SERVER.base + "/v1"), (f"infinity/{MODEL}", SERVER.base)):
            answer = litellm.embedding(model=model, api_base=base, api_key="any", input=texts(3))
            self.assertSameBits([item["embedding"] for item in answer.data], expected)
            self.assertGreater(answer.usage.total_tokens, 0)
