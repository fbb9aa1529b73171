"""`/v1/embeddings` with OpenAI's and LangChain's clients: which error each mistake is to them."""

from __future__ import annotations

import threading
from unittest import mock

import langchain_openai
import openai
import tiktoken

from client_test import SERVER
from plain_requests import PictureHost
from shape_test import KEY, ShapeTest, data_url, other_server, texts

MODEL = "ViT-B-32"


def bytes_as_tokens(*_: object) -> tiktoken.Encoding:
    """An encoding of OpenAI's kind that needs no download: every byte is a token."""
    ranks = {bytes([byte]): byte for byte in range(256)}
    return tiktoken.Encoding("bytes", pat_str=r".+", mergeable_ranks=ranks, special_tokens={})


class Mistakes(ShapeTest):
    def refused(self, kind: type[openai.APIStatusError], words: str, given, **options) -> None:
        with self.assertRaises(kind) as caught:
            self.openai_at().embeddings.create(**{"model": MODEL, "input": given, **options})
        error = caught.exception
        self.assertIn(words, error.message)
        self.assertEqual(set(error.body), {"message", "type", "param", "code"})
        self.assertEqual(error.request_id, error.response.headers["x-request-id"])

    def test_what_cannot_be_embedded_is_a_bad_request(self) -> None:
        kind = openai.BadRequestError
        self.refused(kind, "'input' is empty", [])
        self.refused(kind, "'input[1]'", ["a", None])
        self.refused(kind, "'text' and 'image'", [{"words": "a"}])
        self.refused(kind, "context length", ["a", "dog " * 100])
        self.refused(kind, "(input[1])", ["a", "dog " * 100])
        self.refused(kind, "(input[1])", ["a", "data:image/png;base64,AAAA", "b"])
        self.refused(kind, "maximum number of images", [data_url(0)] * 9)
        self.refused(kind, "'dimensions' is above the 32", "a", dimensions=33)
        self.refused(kind, "'dimensions'", "a", dimensions=-1)
        self.refused(kind, "'encoding_format'", "a", encoding_format="int8")
        self.refused(kind, "'modality'", "a", extra_body={"modality": "audio"})

    def test_an_unknown_model_is_not_found(self) -> None:
        self.refused(openai.NotFoundError, "no such model", "a", model="text-embedding-3-small")
        with self.assertRaises(openai.NotFoundError) as caught:
            self.openai_at().models.retrieve("gpt-4")
        self.assertEqual(caught.exception.code, "model_not_found")

    def test_tokens_of_another_tokenizer_are_told_from_text(self) -> None:
        for given in ([1, 2, 3], [[1, 2], [3]]):
            self.refused(openai.BadRequestError, "check_embedding_ctx_length=False", given)

    def test_langchain_learns_which_setting_it_lacks(self) -> None:
        embeddings = langchain_openai.OpenAIEmbeddings(
            base_url=SERVER.base + "/v1", api_key="any", model=MODEL
        )
        with (
            mock.patch.object(tiktoken, "encoding_for_model", bytes_as_tokens),
            mock.patch.object(tiktoken, "get_encoding", bytes_as_tokens),
            self.assertRaises(openai.BadRequestError) as caught,
        ):
            embeddings.embed_query("a cat")
        self.assertIn("check_embedding_ctx_length=False", caught.exception.message)


class Keys(ShapeTest):
    def test_a_wrong_key_is_an_authentication_error(self) -> None:
        with other_server(keys=True) as server:
            for key in ("wrong", "any"):
                client = self.openai_at(server.base, api_key=key)
                with self.assertRaises(openai.AuthenticationError) as caught:
                    client.embeddings.create(model=MODEL, input="a cat")
                self.assertEqual(caught.exception.code, "invalid_api_key")
                self.assertNotIn(KEY, str(caught.exception))
                with self.assertRaises(openai.AuthenticationError):
                    client.models.list()
            client = self.openai_at(server.base, api_key=KEY)
            self.assertEqual(len(client.embeddings.create(model=MODEL, input="a cat").data), 1)
            self.assertEqual(client.models.list().data[0].id, MODEL)


class Addresses(ShapeTest):
    def test_pictures_of_this_machine_are_not_fetched_for_strangers(self) -> None:
        with other_server() as server, PictureHost() as host:
            given = [{"text": "a"}, {"image": f"{host}/raccoon.png"}]
            with self.assertRaises(openai.BadRequestError) as caught:
                self.openai_at(server.base).embeddings.create(model=MODEL, input=given)
        self.assertIn("not allowed", caught.exception.message)
        self.assertIn("(input[1])", caught.exception.message)


class Load(ShapeTest):
    CROWD = 12

    def crowd(self, base: str, retries: int) -> tuple[int, list[openai.RateLimitError]]:
        """Asks from many threads at once; gives how many were answered, and the refusals."""
        answered: list[int] = []
        refusals: list[openai.RateLimitError] = []
        start = threading.Barrier(self.CROWD)

        def ask(number: int) -> None:
            client = self.openai_at(base, max_retries=retries)
            given = [f"{number} {text} {'dog ' * 20}" for text in texts(60)]
            start.wait()
            try:
                answered.append(len(client.embeddings.create(model=MODEL, input=given).data))
            except openai.RateLimitError as error:
                refusals.append(error)

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(self.CROWD)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        return len(answered), refusals

    def test_too_much_at_once_is_a_rate_limit_error_and_retried(self) -> None:
        with other_server("--max-pending", "4") as server:
            refusals: list[openai.RateLimitError] = []
            for _ in range(20):
                answered, refusals = self.crowd(server.base, retries=0)
                self.assertEqual(answered + len(refusals), self.CROWD)
                if refusals:
                    break
            self.assertTrue(refusals, "nothing was refused")
            for refusal in refusals:
                self.assertGreaterEqual(int(refusal.response.headers["retry-after"]), 1)
                self.assertEqual(refusal.code, "rate_limit_exceeded")
            answered, refusals = self.crowd(server.base, retries=20)
            self.assertEqual((answered, refusals), (self.CROWD, []))
