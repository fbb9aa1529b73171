"""The page at /docs, in Chromium."""

from __future__ import annotations

import json
import pathlib
import subprocess

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from browser import FIGURES, PageTest, Server, expect

#: What a page may not do, or this server has no model or index for.
NOT_ANSWERED = {"addModel", "removeModel", "clearModels", "clearCache", "searchPictures", "thumbnail", "thumbnailHead"}


class DocumentTest(PageTest):
    def document(self, fragment: str = "", **options) -> Page:
        page = self.open(**options)
        page.goto(self.chromium.server.base + "/docs" + fragment)
        page.wait_for_selector("details.operation")
        return page

    def test_every_example_is_answered(self) -> None:
        page = self.document()
        page.evaluate("document.querySelectorAll('details.operation').forEach((one) => (one.open = true))")
        operations = page.locator("details.operation")
        sent = 0
        for place in range(operations.count()):
            operation = operations.nth(place)
            name = operation.get_attribute("id")
            send = operation.get_by_role("button", name="Send")
            if name in NOT_ANSWERED or "PerceptionEncoder" in name or not send.count():
                continue
            choice = operation.locator("select")
            for example in range(choice.locator("option").count() or 1):
                if choice.count():
                    choice.select_option(index=example)
                send.click()
                expect(operation.get_by_role("status").locator("strong"), name).to_have_text("200 OK" if "Known" not in name else "204 No Content")
                sent += 1
        self.assertNotIn("[object", page.locator("main").inner_text())
        FIGURES.append(("/docs: routes, examples sent from the page and answered", f"{operations.count()}, {sent} of {sent}"))

    def test_key_that_no_header_field_can_have(self) -> None:
        server = Server(environment={"CLIP_API_KEYS": "a-key-of-the-test"})
        self.addCleanup(server.stop)
        page = self.open(server.base)
        page.goto(server.base + "/docs#embedText")
        operation = page.locator("#embedText")
        for key, answer in (("키", "This is no key: keys have visible ASCII characters only."), ("a-key-of-the-test", "200 OK")):
            page.locator("#key").fill(key)
            operation.get_by_role("button", name="Send").click()
            expect(operation.get_by_role("status")).to_contain_text(answer)

    def test_examples_that_are_files_or_text(self) -> None:
        page = self.document("#embedImage")
        link = page.locator("#embedImage").get_by_role("link", name="A cat").first
        self.assertEqual(page.request.get(link.evaluate("(link) => link.href")).headers["content-type"], "image/webp")
        page.goto(self.chromium.server.base + "/docs#metrics")
        page.locator("#metrics .answer summary").first.click()
        expect(page.locator("#metrics .answer pre").first).to_contain_text("# TYPE clip_ready gauge\nclip_ready 1")

    def test_command_of_an_example(self) -> None:
        page = self.document("#compare")
        command = page.locator("#compare pre code").first.text_content()
        answer = subprocess.run(["bash", "-c", command], capture_output=True, check=True, timeout=30).stdout
        self.assertEqual(len(json.loads(answer)["similarity"]), 2)

    def test_korean_and_narrow(self) -> None:
        page = self.document("#embedText", locale="ko-KR", viewport={"width": 375, "height": 667})
        self.assertEqual(page.locator("html").get_attribute("lang"), "ko")
        expect(page.get_by_role("heading", level=1)).to_have_text("API 문서")
        page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
        self.assertLessEqual(page.evaluate("document.documentElement.scrollWidth"), 375)
        page.get_by_role("button", name="English").click()
        self.assertEqual(page.locator("html").get_attribute("lang"), "en")
        expect(page.locator("#embedText")).to_have_attribute("open", "")

    def test_accessibility(self) -> None:
        for scheme in ("light", "dark"):
            page = self.document("#compare", color_scheme=scheme, bypass_csp=True)
            found = Axe().run(page).response["violations"]
            self.assertEqual([f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]], [])

    def test_bytes(self) -> None:
        folder = pathlib.Path(__file__).parents[2] / "Sources" / "CLIPServer" / "Document" / "Web"
        total = sum(path.stat().st_size for path in folder.iterdir())
        self.assertLess(total, 40_000)
        FIGURES.append(("/docs: bytes of the page without the description", f"{total:,}"))
