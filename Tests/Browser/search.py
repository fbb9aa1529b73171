"""The search of the server's pictures, in Chromium: a server with an index of the example pictures."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page

from browser import FIGURES, PICTURES, PageTest, Server, expect

BYTES_LIMIT = 15_000
KEY = "a-key-of-the-test"
#: The server of all tests that change nothing, and its folder.
SHARED: list[tuple[Server, tempfile.TemporaryDirectory]] = []


def make_index(folder: pathlib.Path, *pictures: pathlib.Path) -> pathlib.Path:
    """An index of some pictures beside them."""
    index = folder / "photos.index"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CLIP_")}
    command = [os.environ["CLIP_BINARY"], "index", *map(str, pictures), "--index", str(index)]
    subprocess.run(command, check=True, capture_output=True, env=clean, timeout=120)
    return index


class SearchTest(PageTest):
    def setUp(self) -> None:
        super().setUp()
        if not SHARED:
            folder = tempfile.TemporaryDirectory()
            SHARED.append((Server("--index", str(make_index(pathlib.Path(folder.name), PICTURES))), folder))
        self.base = SHARED[0][0].base

    def search(self, base: str | None = None, locale: str = "ko-KR", **options) -> Page:
        page = self.open(base or self.base, locale=locale, **options)
        page.get_by_role("link", name={"ko-KR": "검색", "en-US": "Search"}[locale]).click()
        expect(page.locator("#search-text")).to_be_visible()
        return page

    def items(self, page: Page) -> list[str]:
        """Names of the files that were found, best first; their thumbnails are there."""
        expect(page.locator("#search-list li").first).to_be_visible()
        return [title.split(". ", 1)[1] for title in page.locator("#search-list h3").all_inner_texts()]

    def thumbnails(self, page: Page, count: int) -> None:
        """Waits for the first thumbnails, and looks whether they are pictures."""
        images = page.locator("#search-list .thumbnail img")
        for place in range(count):
            page.locator("#search-list li").nth(place).scroll_into_view_if_needed()
            expect(images.nth(place)).to_be_visible()
        widths = images.evaluate_all("(all) => Promise.all(all.map((one) => one.decode().then(() => one.naturalWidth)))")
        self.assertGreaterEqual(len(widths), count)
        self.assertTrue(all(0 < width <= 256 for width in widths), widths)
        self.assertTrue(images.first.get_attribute("src").startswith("blob:"))

    def test_korean_text(self) -> None:
        page = self.search()
        expect(page.get_by_role("heading", level=1)).to_have_text("사진 검색")
        page.get_by_label("어떤 사진을 찾으세요?").fill("고양이")
        page.keyboard.press("Enter")
        names = self.items(page)
        self.assertEqual(names[0], "cat.jpg")
        self.thumbnails(page, 4)
        expect(page.locator("#search-status")).to_contain_text("사진")
        self.assertRegex(page.locator("#search-list .figure").first.inner_text(), r"점수 0\.\d{3}")
        scores = [float(re.sub(r"[^\d.-]", "", text)) for text in page.locator("#search-list .figure").all_inner_texts()]
        self.assertEqual(scores, sorted(scores, reverse=True))
        # In the other language at once, and with the same results.
        page.get_by_role("button", name="English").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Search the pictures")
        self.assertEqual(self.items(page), names)
        FIGURES.append(("search tab in Korean: the right picture first, thumbnails", f"{names[0]}, {len(names)} results"))

    def test_more_like_this_and_dropped_picture(self) -> None:
        page = self.search(locale="en-US")
        self.drop(page, [self.picture("dam-1.jpg")])
        names = self.items(page)
        self.assertEqual(names[0], "dam-1.jpg")
        self.assertEqual(sum(name.startswith("dam") for name in names[:5]), 4, names[:5])
        # The comparison has not taken it.
        self.assertEqual(page.locator("#tray li").count(), 0)
        page.get_by_role("button", name="More like this: dam-1.jpg").click()
        expect(page.locator("#search-list h3").first).not_to_have_text("1. dam-1.jpg")
        names = self.items(page)
        self.assertNotIn("dam-1.jpg", names)
        self.assertEqual(sum(name.startswith("dam") for name in names[:4]), 3, names[:5])
        expect(page.locator("#search-also li")).to_have_text(re.compile("More like this: dam-1.jpg"))
        page.get_by_role("button", name="Remove More like this: dam-1.jpg").click()
        expect(page.locator("#search-also li")).to_have_count(0)
        expect(page.locator("#search-text")).to_be_focused()
        page.locator("#search-file").set_input_files(PICTURES / "koala.jpg")
        expect(page.locator("#search-list h3").first).to_have_text("1. koala.jpg")

    def test_settings(self) -> None:
        page = self.search(locale="en-US")
        page.get_by_role("button", name="Search", exact=True).click()
        expect(page.locator("#search-problem")).to_contain_text("write something")
        page.locator("#search-text").fill("a cat")
        page.locator("#search summary").first.click()
        page.get_by_label("Lowest score").fill("much")
        page.keyboard.press("Enter")
        expect(page.locator("#search-problem")).to_contain_text("a number")
        page.get_by_label("Lowest score").fill("0,99")
        page.keyboard.press("Enter")
        expect(page.locator("#search-status")).to_contain_text("None of")
        page.get_by_label("Lowest score").fill("")
        page.get_by_label("Only below this folder").fill("/nowhere")
        page.keyboard.press("Enter")
        expect(page.locator("#search-status")).to_contain_text("None of 0 pictures")
        expect(page.locator("#search-problem")).to_be_empty()

    def test_commands(self) -> None:
        page = self.search(locale="en-US")
        for ask in (lambda: page.locator("#search-text").fill("it's \"a\" $(cat) 100 %"), lambda: self.drop(page, [self.picture("cat.jpg")])):
            page.locator("#search-text").fill("")
            ask()
            page.get_by_role("button", name="Search", exact=True).click()
            names = self.items(page)
            item = page.locator("#search-list li").nth(1)
            item.locator("summary").click()
            command = item.locator("pre").inner_text()
            with tempfile.TemporaryDirectory() as folder:
                shutil.copy(PICTURES / "cat.jpg", folder)
                for shell in ("bash", "dash"):
                    ran = subprocess.run([shell, "-c", command], cwd=folder, capture_output=True, text=True, timeout=60)
                    self.assertEqual((ran.returncode, ran.stderr), (0, ""), command)
                    self.assertIn(f"/{names[1]}\",", ran.stdout)
                [picture] = pathlib.Path(folder).glob("[0-9]*.jpg")
                with Image.open(picture) as image:
                    self.assertLessEqual(max(image.size), 256)

    def test_keyboard_alone(self) -> None:
        page = self.open(self.base, locale="en-US")
        press = page.keyboard.press

        def tab_to(selector: str, most: int = 40) -> None:
            for _ in range(most):
                if page.locator(f"{selector}:focus").count():
                    return
                press("Tab")
            self.fail(f"{selector} is not reached")

        tab_to(".views a:nth-child(2)")
        press("Enter")
        expect(page.locator(".views [aria-current=page]")).to_have_text("Search")
        tab_to("#search-text")
        page.keyboard.type("a koala")
        press("Enter")
        self.assertEqual(self.items(page)[0], "koala.jpg")
        tab_to("#search-list li:nth-child(1) button.plain")
        press("Enter")
        expect(page.locator("#search-results")).to_be_focused()
        self.assertNotIn("koala.jpg", self.items(page))
        tab_to("#search-list li:nth-child(1) summary")
        press("Enter")
        expect(page.locator("#search-list li").first.locator("pre")).to_be_visible()

    def test_accessibility_and_narrow_screens(self) -> None:
        checked = 0
        for locale in ("en-US", "ko-KR"):
            for scheme in ("light", "dark"):
                page = self.search(locale=locale, color_scheme=scheme, bypass_csp=True, viewport={"width": 375, "height": 667})
                for text in (None, "고양이"):
                    if text:
                        page.locator("#search-text").fill(text)
                        page.keyboard.press("Enter")
                        self.items(page)
                        self.thumbnails(page, 2)
                        page.evaluate("document.querySelectorAll('#search details').forEach((one) => (one.open = true))")
                    found = Axe().run(page).response["violations"]
                    told = [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]
                    self.assertEqual(told, [], f"{locale}, {scheme}, {text}")
                    self.assertLessEqual(page.evaluate("document.documentElement.scrollWidth"), 375)
                    checked += 1
                small = page.evaluate(
                    """() => [...document.querySelectorAll("#search button, #search select, #search summary, .views a")]
                        .filter((one) => one.checkVisibility()).map((one) => [one.textContent.trim(), one.getBoundingClientRect()])
                        .filter(([, box]) => box.width < 24 || box.height < 24).map(([text]) => text)"""
                )
                self.assertEqual(small, [], "smaller than a finger")
        FIGURES.append(("axe-core on the search tab, 375 px wide: states, violations", f"{checked}, 0"))

    def test_keys(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            index = make_index(pathlib.Path(folder), PICTURES / "cat.jpg")
            server = Server("--index", str(index), environment={"CLIP_API_KEYS": KEY})
            self.addCleanup(server.stop)
            self.allowed_messages = ["401"]
            page = self.search(server.base, locale="en-US")
            page.locator("#search-text").fill("a cat")
            page.keyboard.press("Enter")
            expect(page.locator("#search-key")).to_be_focused()
            for key, words in (("키", "does not know this key"), ("wrong-key", "does not know this key"), (KEY, "")):
                page.locator("#search-key").fill(key)
                page.keyboard.press("Enter")
                if words:
                    expect(page.locator("#search-problem")).to_contain_text(words)
            self.assertEqual(self.items(page), ["cat.jpg"])
            self.thumbnails(page, 1)
            page.locator("#search-list summary").click()
            self.assertIn("$CLIP_API_KEY", page.locator("#search-list pre").inner_text())

    def test_many_results_and_a_file_that_is_gone(self) -> None:
        with tempfile.TemporaryDirectory() as place:
            folder = pathlib.Path(place) / "pictures"
            folder.mkdir()
            for number in range(200):
                Image.new("RGB", (32, 24), (number, 255 - number, number * 7 % 256)).save(folder / f"{number}.png")
            index = make_index(pathlib.Path(place), folder)
            (folder / "7.png").unlink()
            server = Server("--index", str(index))
            self.addCleanup(server.stop)
            self.allowed_messages = ["404"]
            page = self.search(server.base, locale="en-US")
            statuses: list[int] = []
            page.on("response", lambda response: statuses.append(response.status) if "/thumbnails/" in response.url else None)
            page.locator("#search summary").first.click()
            page.get_by_label("Number of pictures").select_option("200")
            page.locator("#search-text").fill("a colour")
            page.keyboard.press("Enter")
            self.assertEqual(len(self.items(page)), 200)
            for place_ in range(0, 200, 10):
                page.locator("#search-list li").nth(place_).scroll_into_view_if_needed()
            page.locator("#search-list li").nth(199).scroll_into_view_if_needed()
            expect(page.locator("#search-list .thumbnail img")).to_have_count(199)
            expect(page.get_by_text("no longer there")).to_have_count(1)
            self.assertEqual((statuses.count(200), statuses.count(404), len(statuses)), (199, 1, 200))
            FIGURES.append(("200 thumbnails of one search, four at a time: answered, refused for load", "200, 0"))

    def test_bytes_and_servers_without_an_index(self) -> None:
        page = self.open(self.base)
        asked = "performance.getEntriesByType('resource').filter((one) => one.name.includes('search'))"
        sizes = page.evaluate(f"{asked}.map((one) => one.decodedBodySize)")
        self.assertEqual(len(sizes), 3)
        self.assertLess(sum(sizes), BYTES_LIMIT)
        FIGURES.append(("the search tab's 3 files, uncompressed", f"{sum(sizes):,} bytes"))
        other = self.open()
        self.assertEqual(other.evaluate(f"{asked}.length"), 0)
        self.assertEqual(other.locator(".views, #search").count(), 0)


def stop() -> None:
    """Ends the server of these tests."""
    for server, folder in SHARED:
        server.stop()
        folder.cleanup()
