#!/usr/bin/env python3
"""What the page does for people, in Chromium. `make browser` calls it.

usage: test_page.py [--screenshots FOLDER]
"""

from __future__ import annotations

import base64
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

from browser import FIGURES, PICTURES, SHARED, PageTest, Server, expect, expected_labels
from document import DocumentTest  # noqa: F401 - found by unittest
from looks import LooksTest  # noqa: F401 - found by unittest
from screenshots import take_screenshots
from search import SearchTest, stop as stop_search  # noqa: F401 - found by unittest

KEY = "a-key-of-the-test"


class RankingTest(PageTest):
    def test_dropped_picture_with_korean_labels(self) -> None:
        page = self.open(locale="ko-KR")
        self.assertEqual(page.locator("html").get_attribute("lang"), "ko")
        page.get_by_label("라벨", exact=True).fill("개, 고양이, 코알라, 새")
        self.drop(page, [self.picture("cat.jpg")])
        ranking = self.ranking(self.card(page, "cat.jpg"))
        self.assertEqual(ranking[0][0], "고양이")
        self.assertEqual(len(ranking), 4)
        figures = [figure for _, figure in ranking]
        self.assertEqual(figures, sorted(figures, reverse=True))
        self.assertAlmostEqual(sum(figures), 100, delta=0.3)
        expect(page.get_by_role("status")).to_contain_text("cat.jpg: 고양이")

    def test_every_example_has_its_label_on_top(self) -> None:
        right = 0
        pictures = [line for line in expected_labels() if line[0]]
        for locale, column in (("en-US", 1), ("ko-KR", 2)):
            page = self.open(locale=locale)
            page.locator("#labels").fill("\n".join(line[column] for line in expected_labels()))
            self.drop(page, [self.picture(line[0]) for line in pictures])
            for line in pictures:
                self.assertEqual(self.ranking(self.card(page, line[0]))[0][0], line[column])
                right += 1
        FIGURES.append(("pictures with the right label on top, English and Korean", f"{right} of {2 * len(pictures)}"))

    def test_twelve_pictures_are_sorted_by_a_sentence(self) -> None:
        asked = "performance.getEntriesByName(new URL('classify', location.href).href).length"
        for locale, sentence in (("en-US", "a dam"), ("ko-KR", "댐")):
            page = self.open(locale=locale)
            self.mode(page, "sentence")
            self.drop(page, [self.picture(line[0]) for line in expected_labels() if line[0]])
            page.locator("#sentence").fill(sentence)
            page.locator("#submit").click()
            figures = page.locator("#list .card .figure")
            expect(figures).to_have_count(12)
            numbers = [float(text.split()[-1]) for text in figures.all_inner_texts()]
            self.assertEqual(numbers, sorted(numbers, reverse=True))
            names = page.locator("#list h3").all_inner_texts()
            self.assertEqual(len(names), 12)
            for place, name in enumerate(names[:4], 1):
                self.assertRegex(name, rf"^{place}\. dam-\d\.jpg$")
            self.assertEqual(page.evaluate(asked), 12)
        FIGURES.append(("pictures sorted by a sentence, the four that fit first", "12 of 12"))

    def test_text_against_texts(self) -> None:
        page = self.open(locale="ko-KR")
        self.mode(page, "texts")
        page.locator("#sentence").fill("고양이")
        page.locator("#labels").fill("트럭\ncat\n비행기")
        page.keyboard.press("Control+Enter")
        ranking = self.ranking(page.locator("#list .card"))
        self.assertEqual(ranking[0][0], "cat")
        self.assertEqual(len(ranking), 3)

    def test_pasted_picture(self) -> None:
        page = self.open(permissions=["clipboard-read", "clipboard-write"])
        page.locator("#labels").fill("truck, cat, dog")
        page.evaluate(
            """async () => {
                const bitmap = await createImageBitmap(await (await fetch("page/cat.webp")).blob());
                const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
                canvas.getContext("2d").drawImage(bitmap, 0, 0);
                const picture = await canvas.convertToBlob({ type: "image/png" });
                await navigator.clipboard.write([new ClipboardItem({ "image/png": picture })]);
            }"""
        )
        page.keyboard.press("Control+V")
        self.assertEqual(self.ranking(self.card(page, "image.png"))[0][0], "cat")
        # Text goes where the cursor is.
        page.evaluate("navigator.clipboard.writeText('espresso')")
        page.locator("#labels").focus()
        page.keyboard.press("Control+A")
        page.keyboard.press("Control+V")
        self.assertEqual(page.locator("#labels").input_value(), "espresso")

    def test_samples_and_examples(self) -> None:
        for locale, first in (("en-US", ["cat", "espresso", "truck"]), ("ko-KR", ["고양이", "에스프레소", "트럭"])):
            page = self.open(locale=locale)
            for place, name in enumerate(("cat", "espresso", "truck")):
                page.locator(".samples button").nth(place).click()
                expect(page.locator("#tray li")).to_have_count(place + 1)
                page.locator("#examples button").nth(place).click()
                self.assertEqual(self.ranking(self.card(page, f"{name}.webp"))[0][0], first[place])

    def test_template_and_model(self) -> None:
        page = self.open()
        bodies = []
        page.on("request", lambda request: bodies.append(request.post_data_json) if request.url.endswith("/classify") else None)
        page.locator("summary").first.click()
        page.get_by_label("Model").select_option("clip-mini")
        page.get_by_label("Sentence around each label").fill("a photo of a cat")
        page.locator("#labels").fill("cat\ndog")
        self.drop(page, [self.picture("cat.jpg")])
        page.locator("#submit").click()
        expect(page.get_by_role("alert")).to_contain_text("{}")
        page.get_by_label("Sentence around each label").fill("a photo of a {}")
        page.locator("#submit").click()
        self.assertEqual(self.ranking(self.card(page, "cat.jpg"))[0][0], "cat")
        self.assertEqual(bodies[0]["clip_version_id"], "clip-mini")
        self.assertEqual(bodies[0]["templates"], ["a photo of a {}"])


class CommandTest(PageTest):
    """The commands that the page shows, given to a shell in the folder of the pictures."""

    def answers(self, command: str, folder: pathlib.Path = PICTURES) -> list[dict]:
        for shell in ("bash", "dash"):
            ran = subprocess.run([shell, "-c", command], cwd=folder, capture_output=True, text=True, timeout=60)
            self.assertEqual((ran.returncode, ran.stderr), (0, ""), command)
            answers = [json.loads(line[line.index("{") :]) for line in ran.stdout.splitlines()]
        return answers

    def test_command_of_a_picture(self) -> None:
        page = self.open()
        labels = ["it's a cat", '"cat"', "100 % cat\\n", "$(id) `id` %s"]
        page.locator("#labels").fill("\n".join(labels))
        self.drop(page, [self.picture("cat.jpg")])
        page.locator(".samples button").nth(2).click()
        for name in ("cat.jpg", "truck.webp"):
            card = self.card(page, name)
            seen = self.ranking(card)
            card.locator("summary").click()
            answer = self.answers(card.locator("pre").inner_text())[0]
            self.assertEqual([label for label, _ in seen], [one["label"] for one in answer["predictions"][0]])
            for (_, percent), one in zip(seen, answer["predictions"][0], strict=True):
                self.assertAlmostEqual(percent / 100, one["score"], delta=0.0006)

    def test_file_names_that_shells_read(self) -> None:
        name = "it's a $(cat) & %s.jpg"
        page = self.open()
        page.locator("#labels").fill("cat, dog")
        self.drop(page, [(name, self.picture("cat.jpg")[1])])
        card = self.card(page, name)
        self.assertEqual(self.ranking(card)[0][0], "cat")
        card.locator("summary").click()
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / name).write_bytes(self.picture("cat.jpg")[1])
            answers = self.answers(card.locator("pre").inner_text(), pathlib.Path(folder))
        self.assertEqual(answers[0]["predictions"][0][0]["label"], "cat")

    def test_commands_of_lists_and_texts(self) -> None:
        page = self.open()
        self.mode(page, "sentence")
        self.drop(page, [self.picture(name) for name in ("cat.jpg", "dam-1.jpg", "dam-2.jpg")])
        page.locator("#sentence").fill("a dam")
        page.locator("#submit").click()
        expect(page.locator("#list .card .figure")).to_have_count(3)
        page.locator("#list > .command summary").click()
        answers = self.answers(page.locator("#list > .command pre").inner_text())
        similarities = [answer["predictions"][0][0]["similarity"] for answer in answers]
        shown = [float(text.split()[-1]) for text in page.locator("#list .figure").all_inner_texts()]
        for one, other in zip(sorted(similarities, reverse=True), shown, strict=True):
            self.assertAlmostEqual(one, other, delta=0.0006)
        # Each picture has its own command, which stays open when another picture comes before it.
        cards = page.locator("#list .card")
        for place, expected in enumerate(shown):
            cards.nth(place).locator("summary").click()
            [answer] = self.answers(cards.nth(place).locator("pre").inner_text())
            self.assertAlmostEqual(answer["predictions"][0][0]["similarity"], expected, delta=0.0006)
            if place:
                cards.nth(place).locator("summary").click()
        first = cards.nth(0).locator("h3").inner_text().removeprefix("1. ")
        self.drop(page, [self.picture(name) for name in ("dam-3.jpg", "dam-4.jpg")])
        expect(page.locator("#list .card .figure")).to_have_count(5)
        still_open = page.locator("#list .card:has(details[open]) h3").all_inner_texts()
        self.assertEqual([name.split(". ", 1)[1] for name in still_open], [first])
        self.mode(page, "texts")
        page.locator("#sentence").fill("it's a \"cat\"")
        page.locator("#labels").fill("dog\ncat")
        page.locator("#submit").click()
        seen = self.ranking(page.locator("#list .card"))
        page.locator("#list summary").click()
        answer = self.answers(page.locator("#list pre").inner_text())[0]
        self.assertEqual([label for label, _ in seen], [one["label"] for one in answer["predictions"][0]])


class RefusalTest(PageTest):
    def test_what_is_missing_is_said_and_shown(self) -> None:
        page = self.open()
        page.locator("#submit").click()
        expect(page.get_by_role("alert")).to_have_text("Please add a picture first.")
        expect(page.locator("#files")).to_be_focused()
        self.drop(page, [self.picture("cat.jpg")])
        page.locator("#submit").click()
        expect(page.get_by_role("alert")).to_have_text("Please write at least one label.")
        expect(page.locator("#labels")).to_be_focused()
        self.mode(page, "sentence")
        page.locator("#submit").click()
        expect(page.get_by_role("alert")).to_have_text("Please write a sentence first.")
        page.locator("#language").click()
        expect(page.get_by_role("alert")).to_have_text("먼저 문장을 적어 주세요.")

    def test_damaged_picture_fails_alone(self) -> None:
        self.allowed_messages = ["status of 400"]
        page = self.open(locale="ko-KR")
        page.locator("#labels").fill("고양이, 개")
        name, content = self.picture("koala.jpg")
        self.drop(page, [(name, content[: len(content) // 2]), self.picture("cat.jpg"), ("notes.txt", b"words")])
        self.assertEqual(self.ranking(self.card(page, "cat.jpg"))[0][0], "고양이")
        for broken in (name, "notes.txt"):
            refusal = self.card(page, broken).locator(".refusal")
            expect(refusal).to_contain_text("서버의 답:")
            expect(refusal).to_contain_text("Could not load input image. Cause:")
        expect(page.get_by_role("status")).to_contain_text("사진 2장은 비교하지 못했어요.")

    def test_words_of_the_server_about_fields(self) -> None:
        self.allowed_messages = ["status of 400"]
        page = self.open()
        page.locator("#labels").fill("word " * 500)
        self.drop(page, [self.picture("cat.jpg")])
        expect(self.card(page, "cat.jpg").locator(".refusal")).to_contain_text("Text input is too long")

    def test_busy_server_is_asked_again(self) -> None:
        self.allowed_messages = ["status of 429"]
        page = self.open()
        refusals = [1]

        def busy(route) -> None:
            if not refusals:
                return route.continue_()
            refusals.pop()
            route.fulfill(status=429, headers={"retry-after": "1"}, json={"message": "The server is busy."})

        page.route("**/classify", busy)
        page.locator("#labels").fill("cat, dog")
        self.drop(page, [self.picture("cat.jpg")])
        expect(page.get_by_role("status")).to_have_text("The server is busy. Trying again in 1 s…")
        self.assertEqual(self.ranking(self.card(page, "cat.jpg"))[0][0], "cat")

    def test_pictures_that_are_gone_are_not_asked_for(self) -> None:
        self.allowed_messages = ["ERR_FAILED", "ERR_ABORTED"]
        page = self.open()
        held, stopped = [], []
        page.route("**/classify", lambda route: held.append(route))
        page.on("requestfailed", lambda request: stopped.append(request))
        names = [line[0] for line in expected_labels() if line[0]][:6]
        page.locator("#labels").fill("cat, dog")
        self.drop(page, [self.picture(name) for name in names])

        def await_(condition) -> None:
            for _ in range(1000):
                if condition():
                    return
                page.wait_for_timeout(10)
            self.fail("nothing came of it")

        def asked() -> list[str]:
            sent = {base64.b64encode(self.picture(name)[1]).decode(): name for name in names}
            return [sent[route.request.post_data_json["image"]["value"]] for route in held]

        await_(lambda: len(held) == 4)
        self.assertEqual(sorted(asked()), sorted(names[:4]))
        # One that waits, and one that is asked for: its place is the last one's then.
        page.locator("#tray button").nth(4).click()
        page.locator("#tray button").nth(0).click()
        await_(lambda: len(held) == 5 and stopped)
        self.assertEqual(asked()[4], names[5])
        self.assertEqual([request.post_data for request in stopped], [held[asked().index(names[0])].request.post_data])
        for route, name in zip(list(held), asked(), strict=True):
            route.abort() if name == names[0] else route.continue_()
        expect(page.get_by_role("status")).to_contain_text("Done: 4 pictures.")
        expect(page.locator("#list .card")).to_have_count(4)
        self.assertEqual(len(held), 5)

    def test_key_is_asked_for_and_kept_nowhere(self) -> None:
        self.allowed_messages = ["status of 401"]
        server = Server(environment={"CLIP_API_KEYS": KEY})
        self.addCleanup(server.stop)
        page = self.open(server.base)
        # Whoever only opens the page is refused nothing.
        self.assertEqual(self.said, [])
        page.locator("#labels").fill("cat, dog")
        self.drop(page, [self.picture("cat.jpg")])
        expect(page.get_by_role("alert")).to_have_text("This server asks for an API key.")
        expect(page.get_by_label("API key")).to_be_focused()
        page.keyboard.type("another-key")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("does not know this key")
        page.keyboard.type(KEY)
        page.keyboard.press("Enter")
        card = self.card(page, "cat.jpg")
        self.assertEqual(self.ranking(card)[0][0], "cat")
        expect(page.get_by_label("API key")).to_be_hidden()
        # Which models there are is told to who has a key.
        expect(page.locator("#model option", has_text="clip-mini")).to_have_count(1)
        card.locator("summary").click()
        command = card.locator("pre").inner_text()
        self.assertIn('"Authorization: Bearer $CLIP_API_KEY"', command)
        kept = page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])")
        self.assertNotIn(KEY, kept + command + page.content())
        page.reload()
        page.locator("#labels").fill("cat, dog")
        self.drop(page, [self.picture("cat.jpg")])
        expect(page.get_by_role("alert")).to_have_text("This server asks for an API key.")

    def test_key_that_no_header_field_can_have(self) -> None:
        self.allowed_messages = ["status of 401"]
        server = Server(environment={"CLIP_API_KEYS": KEY})
        self.addCleanup(server.stop)
        page = self.open(server.base, locale="ko-KR")
        page.locator("#labels").fill("고양이, 개")
        self.drop(page, [self.picture("cat.jpg")])
        expect(page.get_by_role("alert")).to_have_text("이 서버를 쓰려면 API 키가 필요해요.")
        said = list(self.said)
        for word in ("키", "a key", "k\u00e9y"):
            page.get_by_label("API 키").fill(word)
            page.keyboard.press("Enter")
            expect(page.get_by_role("alert")).to_have_text("서버가 모르는 키예요. 다른 키를 넣어 주세요.")
            expect(page.get_by_label("API 키")).to_be_focused()
            expect(page.get_by_label("API 키")).to_have_value("")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_have_text("이 서버를 쓰려면 API 키가 필요해요.")
        # None of them was sent.
        self.assertEqual(self.said, said)
        page.keyboard.type(KEY)
        page.keyboard.press("Enter")
        self.assertEqual(self.ranking(self.card(page, "cat.jpg"))[0][0], "고양이")

    def test_state_of_a_server_with_keys(self) -> None:
        self.allowed_messages = ["status of 401"]
        server = Server(environment={"CLIP_API_KEYS": KEY})
        self.addCleanup(server.stop)
        page = self.open(server.base)
        page.get_by_role("link", name="Server state").click()
        expect(page.get_by_role("alert")).to_have_text("This server asks for an API key.")
        expect(page.get_by_label("API key")).to_be_focused()
        page.keyboard.type(KEY)
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name="Server state")
        expect(dialog).to_contain_text('"default_model": "clip-mini"')
        expect(page.get_by_label("API key")).to_be_hidden()
        dialog.get_by_role("button", name="Close").click()
        expect(dialog).to_be_hidden()
        self.assertEqual(page.url, server.base + "/")
        # The key is known now.
        page.get_by_role("link", name="Server state").click()
        expect(dialog).to_contain_text("image_cache")
        expect(page.locator("#model option", has_text="clip-mini")).to_have_count(1)

    def test_server_that_is_gone(self) -> None:
        self.allowed_messages = ["ERR_CONNECTION_REFUSED"]
        server = Server()
        self.addCleanup(server.stop)
        page = self.open(server.base, locale="ko-KR")
        server.process.terminate()
        server.process.wait(20)
        page.locator("#labels").fill("고양이")
        self.drop(page, [self.picture("cat.jpg")])
        expect(self.card(page, "cat.jpg").locator(".refusal")).to_contain_text("서버에 연결할 수 없거나")


def main() -> int:
    if "--screenshots" in sys.argv:
        folder = pathlib.Path(sys.argv[sys.argv.index("--screenshots") + 1])
        sys.argv = sys.argv[:1]
    else:
        folder = None
    try:
        program = unittest.main(exit=False)
        if program.result.wasSuccessful() and folder:
            take_screenshots(SHARED[0], folder)
    finally:
        stop_search()
        for chromium in SHARED:
            chromium.close()
    for name, figure in FIGURES:
        print(f"  {name:<64} {figure}")
    return 0 if program.result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
