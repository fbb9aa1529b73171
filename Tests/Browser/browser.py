"""The served page in a browser: the command under test with clip-mini, Chromium, and what no test may see happen."""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import threading
import unittest
from collections.abc import Iterable

from playwright.sync_api import Locator, Page, Playwright, expect, sync_playwright

ROOT = pathlib.Path(__file__).resolve().parents[2]
PICTURES = ROOT / "Examples" / "pictures"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
START_LIMIT = 60

#: What was measured, for people to read.
FIGURES: list[tuple[str, str]] = []

expect.set_options(timeout=30_000)


def expected_labels() -> list[tuple[str, str, str]]:
    """File, English and Korean label of Examples/labels.tsv; the file is empty where a label only competes."""
    lines = (ROOT / "Examples" / "labels.tsv").read_text().splitlines()
    return [tuple(line.split("\t")) for line in lines if not line.startswith("#")]


class Server:
    """`clip serve` at a port of its own."""

    def __init__(self, *arguments: str, environment: dict[str, str] | None = None) -> None:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("CLIP_") and name not in ("HOST", "PORT")
        }
        self.process = subprocess.Popen(
            [os.environ["CLIP_BINARY"], "serve", "--port", "0", *arguments],
            stderr=subprocess.PIPE,
            text=True,
            env=kept | (environment or {}),
        )
        self.base = ""
        self.log: list[str] = []
        self.listening = threading.Event()
        self.reader = threading.Thread(target=self.read_log, daemon=True)
        self.reader.start()
        if not self.listening.wait(START_LIMIT) or not self.base:
            self.stop()
            raise RuntimeError("The server did not start:\n" + "".join(self.log))

    def read_log(self) -> None:
        for line in self.process.stderr:
            self.log.append(line)
            found = re.search(r"listening on (http://127\.0\.0\.1:\d+)", line)
            if found and not self.base:
                self.base = found.group(1)
                self.listening.set()
        self.listening.set()

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.reader.join(5)
        self.process.stderr.close()


class Chromium:
    """One browser and one server for all tests."""

    playwright: Playwright

    def __init__(self) -> None:
        self.playwright = sync_playwright().start()
        self.browser = self.playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"] if os.geteuid() == 0 else []
        )
        self.server = Server()

    def close(self) -> None:
        self.browser.close()
        self.playwright.stop()
        self.server.stop()


SHARED: list[Chromium] = []


def shared() -> Chromium:
    if not SHARED:
        SHARED.append(Chromium())
    return SHARED[0]


class PageTest(unittest.TestCase):
    """A test with pages; whatever they log, whomever they ask beside their server, and what the policy forbids, fails it."""

    def setUp(self) -> None:
        self.chromium = shared()
        self.said: list[str] = []
        self.asked: list[tuple[str, str]] = []
        #: What the browser may log, since the test is about a refusal.
        self.allowed_messages: list[str] = []

    def open(self, base: str | None = None, locale: str = "en-US", **options) -> Page:
        """A page in a context of its own, as at the first visit."""
        base = base or self.chromium.server.base
        options.setdefault("viewport", {"width": 1180, "height": 900})
        context = self.chromium.browser.new_context(locale=locale, **options)
        self.addCleanup(context.close)
        context.add_init_script(
            "document.addEventListener('securitypolicyviolation',"
            " (event) => console.error('policy: ' + event.violatedDirective));"
        )
        page = context.new_page()
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        context.on("request", lambda request: self.asked.append((base, request.url)))
        page.goto(base + "/")
        expect(page.locator("body")).not_to_have_class("waiting")
        # The models are asked for behind the first paint.
        page.wait_for_load_state("networkidle")
        return page

    def tearDown(self) -> None:
        strange = [
            url
            for base, url in self.asked
            if not url.startswith((base + "/", "blob:" + base, "data:"))
        ]
        self.assertEqual(strange, [], "requests to other hosts")
        said = [
            text for text in self.said if not any(part in text for part in self.allowed_messages)
        ]
        self.assertEqual(said, [], "the browser's console")

    # What people do

    @staticmethod
    def drop(page: Page, files: Iterable[tuple[str, bytes]], kind: str = "image/jpeg") -> None:
        """Drops files on the page, as from a file manager."""
        transfer = page.evaluate_handle(
            """([files, type]) => {
                const transfer = new DataTransfer();
                for (const [name, bytes] of files) {
                    transfer.items.add(new File([new Uint8Array(bytes)], name, { type }));
                }
                return transfer;
            }""",
            [[[name, list(content)] for name, content in files], kind],
        )
        for event in ("dragover", "drop"):
            page.dispatch_event("main", event, {"dataTransfer": transfer})

    @staticmethod
    def picture(name: str) -> tuple[str, bytes]:
        return name, (PICTURES / name).read_bytes()

    @staticmethod
    def mode(page: Page, name: str) -> None:
        page.locator(f"input[value={name}]").check(force=True)

    @staticmethod
    def card(page: Page, name: str) -> Locator:
        """The result of a picture, found as a screen reader finds it."""
        return page.get_by_role("article", name=name, exact=True)

    @staticmethod
    def ranking(card: Locator) -> list[tuple[str, float]]:
        """Labels with their percentages or similarities, in the order that is seen."""
        expect(card.locator(".bars li").first).to_be_visible()
        rows = card.locator(".bars li")
        labels = rows.locator(".name").all_inner_texts()
        figures = [
            float(re.sub(r"[^\d.-]", "", text)) for text in rows.locator(".figure").all_inner_texts()
        ]
        return list(zip(labels, figures, strict=True))
