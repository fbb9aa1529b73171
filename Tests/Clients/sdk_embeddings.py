"""Roboflow's own client: embeddings of images and texts, and comparisons."""

from __future__ import annotations

import asyncio
import tempfile

import numpy
from inference_sdk.http.utils.encoding import (
    numpy_array_to_base64_jpeg,
    pillow_image_to_base64_jpeg,
)

from client_test import ClientTest, base64_of, cosine, picture, png, sent_requests, vector


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
