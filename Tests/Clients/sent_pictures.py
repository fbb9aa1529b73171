"""Pictures that are sent as they are, or in forms, by requests and by curl; and forms that nobody should send."""

from __future__ import annotations

import subprocess
import tempfile
import time

import requests
from PIL import Image

from client_test import SERVER, picture, png
from plain_requests import PictureHost
from shape_test import KEY, ShapeTest, other_server, unit

ROUTE = "/clip/embed_image"


def form(*parts: tuple[str, bytes], boundary: bytes = b"b", end: bytes = b"--\r\n") -> bytes:
    """A form by hand: each part is its head fields and its content."""
    body = b"".join(b"--%b\r\n%b\r\n\r\n%b\r\n" % (boundary, head.encode(), content) for head, content in parts)
    return body + b"--" + boundary + end


def named(name: str) -> str:
    return f'Content-Disposition: form-data; name="{name}"; filename="a.png"'


class Raw(ShapeTest):
    def rows(self, answer: requests.Response) -> list[list[float]]:
        self.assertEqual(answer.status_code, 200, answer.text)
        return answer.json()["embeddings"]

    def test_a_picture_as_the_body_equals_the_same_in_base64(self) -> None:
        for number in range(4):
            expected = self.row_of_picture(number)
            for kind in ("image/png", "image/jpeg", "IMAGE/PNG; a=b", "application/octet-stream"):
                headers = {"Content-Type": kind}
                answer = self.sent("POST", ROUTE, data=png(picture(number)), headers=headers)
                self.assertSameBits(self.rows(answer), [expected])

    def test_what_else_is_to_be_said_stands_in_the_query(self) -> None:
        headers = {"Content-Type": "image/png"}
        path = f"{ROUTE}?normalize=true&clip_version_id=ViT-B-32"
        answer = self.sent("POST", path, data=png(picture(1)), headers=headers)
        self.assertSameBits(self.rows(answer), [unit(self.row_of_picture(1))])
        self.assertEqual(answer.headers["x-model-id"], "clip/ViT-B-32")
        wrong = self.sent("POST", f"{ROUTE}?normalize=perhaps", data=png(picture(1)), headers=headers)
        self.assertEqual(wrong.status_code, 422)

    def test_files_of_a_form_are_pictures_in_their_order(self) -> None:
        files = [("image", (f"{n}.png", png(picture(n)), "image/png")) for n in (2, 0, 1)]
        answer = self.sent("POST", ROUTE, files=files)
        self.assertSameBits(self.rows(answer), [self.row_of_picture(n) for n in (2, 0, 1)])
        answer = self.sent("POST", ROUTE, files=files, data={"normalize": "true"})
        self.assertSameBits(self.rows(answer), [unit(self.row_of_picture(n)) for n in (2, 0, 1)])

    def test_curl_sends_all_of_these(self) -> None:
        with tempfile.NamedTemporaryFile(suffix=".png") as file, PictureHost() as host:
            file.write(png(picture(1)))
            file.flush()
            at = f"@{file.name}"
            expected = self.row_of_picture(1)
            for arguments in (
                ["--data-binary", at, "-H", "Content-Type: image/png"],
                ["-T", file.name, "-X", "POST", "-H", "Content-Type: image/png"],
                ["--data-binary", at, "-H", "Content-Type: image/png", "-H", "Transfer-Encoding: chunked"],
                ["-F", f"image={at}"],
                ["-F", f"file={at};type=image/png"],
                ["-F", f"image={host}/raccoon.png"],
                ["-F", f"image={at}", "-F", "clip_version_id=ViT-B-16"],
            ):
                command = ["curl", "-fsS", SERVER.base + ROUTE, *arguments]
                run = subprocess.run(command, capture_output=True, timeout=60, check=False)
                self.assertEqual(run.returncode, 0, (arguments, run.stderr))
                self.assertSameBits(requests.models.complexjson.loads(run.stdout)["embeddings"], [expected])

    def test_a_large_picture_that_curl_asks_leave_for(self) -> None:
        # curl sends `Expect: 100-continue` before more than a megabyte.
        with tempfile.NamedTemporaryFile(suffix=".bmp") as file:
            Image.effect_noise((1200, 900), 60).convert("RGB").save(file, "BMP")
            file.flush()
            command = ["curl", "-fsS", "-v", SERVER.base + ROUTE, "-F", f"image=@{file.name}"]
            run = subprocess.run(command, capture_output=True, timeout=60, check=False)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn(b"Expect: 100-continue", run.stderr)

    def test_keys_are_taken_from_forms_and_heads(self) -> None:
        with other_server(keys=True) as server:
            url = server.base + ROUTE
            files = {"image": ("a.png", png(picture(1)), "image/png")}
            headers = {"Content-Type": "image/png"}
            raw = {"data": png(picture(1)), "headers": headers, "timeout": 60}
            for expected, answer in (
                (200, requests.post(url, files=files, data={"api_key": KEY}, timeout=60)),
                (401, requests.post(url, files=files, data={"api_key": "wrong"}, timeout=60)),
                (401, requests.post(url, files=files, timeout=60)),
                (200, requests.post(f"{url}?api_key={KEY}", **raw)),
                (401, requests.post(url, **raw)),
            ):
                self.assertEqual(answer.status_code, expected, answer.text)


class Hostile(ShapeTest):
    def tearDown(self) -> None:
        self.assertEqual(self.sent("GET", "/healthz").json(), {"status": "healthy"})

    def refused(self, body: bytes, kind: str = "multipart/form-data; boundary=b", status=(400, 413, 422)) -> str:
        start = time.monotonic()
        answer = self.sent("POST", ROUTE, data=body, headers={"Content-Type": kind})
        self.assertIn(answer.status_code, status, answer.text[:200])
        self.assertLess(time.monotonic() - start, 20)
        self.assertIn(list(answer.json())[0], ("message", "detail"))
        self.assertLess(len(answer.content), 20_000)
        return answer.text

    def test_what_is_no_picture(self) -> None:
        for body in (b"", b"\0", b"GIF89a", png(picture(1))[:60], b"<html></html>"):
            self.refused(body, "image/png")

    def test_forms_that_end_too_early(self) -> None:
        whole = form((named("image"), png(picture(1))))
        for length in (0, 1, 3, 5, 20, 90, 110, 150, len(whole) - 8):
            self.refused(whole[:length])

    def test_boundaries_that_are_none(self) -> None:
        whole = form((named("image"), png(picture(1))))
        for kind in (
            "multipart/form-data",
            "multipart/form-data; boundary=",
            'multipart/form-data; boundary=""',
            "multipart/form-data; boundary=other",
            "multipart/form-data; boundary=" + "b" * 71,
            "multipart/form-data; boundary=" + "b" * 3000,
            'multipart/form-data; boundary="b',
        ):
            self.refused(whole, kind)

    def test_very_many_parts(self) -> None:
        for name in ("image", "junk"):
            for count in (1_025, 100_000):
                self.refused(form(*[(named(name), b"x")] * count))

    def test_more_pictures_than_are_taken_at_once(self) -> None:
        text = self.refused(form(*[(named("image"), png(picture(1)))] * 9))
        self.assertIn("maximum number of images", text)

    def test_parts_without_a_name_and_under_wrong_ones(self) -> None:
        content = png(picture(1))
        for head in (
            "",
            "Content-Type: image/png",
            "Content-Disposition: form-data",
            'Content-Disposition: form-data; filename="image"',
            named("picture"),
            named(""),
            named("image\0"),
            "content-disposition form-data name=image",
        ):
            self.refused(form((head, content)))

    def test_heads_of_parts_that_do_not_end(self) -> None:
        content = png(picture(1))
        self.refused(form((named("image") + "\r\nX-Long: " + "x" * (1 << 20), content)))
        self.refused(form((named("i" * 100_000), content)))
        self.refused(b"--b\r\n" + b"X: y\r\n" * 200_000)

    def test_forms_within_forms(self) -> None:
        inner = form((named("image"), png(picture(1))), boundary=b"c")
        head = 'Content-Disposition: form-data; name="image"\r\nContent-Type: multipart/mixed; boundary=c'
        self.refused(form((head, inner)))

    def test_marks_that_nearly_are_the_boundary(self) -> None:
        self.refused(b"--b\r\n" + named("image").encode() + b"\r\n\r\n" + b"\r\n--" * 2_000_000)
        self.refused(b"\r\n--" * 2_000_000)
        self.refused(b"\r\n" * 4_000_000)

    def test_other_multiparts_are_no_forms(self) -> None:
        self.refused(form((named("image"), png(picture(1)))), "multipart/mixed; boundary=b")

    def test_bytes_behind_and_before_the_form_are_passed_over(self) -> None:
        whole = b"preamble\r\n" + form((named("image"), png(picture(1)))) + b"epilogue"
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        answer = self.sent("POST", ROUTE, data=whole, headers=headers)
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertSameBits(answer.json()["embeddings"], [self.row_of_picture(1)])
