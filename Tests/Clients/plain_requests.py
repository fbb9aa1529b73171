"""The requests of other callers, as they stand in public documents and code."""

from __future__ import annotations

import http.server
import threading

import requests
from inference_sdk.http.utils.encoding import pillow_image_to_base64_jpeg

from client_test import KEY, SERVER, ClientTest, base64_of, picture, png, vector


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
