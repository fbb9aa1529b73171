"""How the page looks and is reached: telephones, dark, keyboard, screen readers, languages, speed."""

from __future__ import annotations

import re
import statistics

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from browser import FIGURES, PICTURES, PageTest, expect

FIRST_PAINT_LIMIT = 300
BYTES_LIMIT = 60_000
MODES = ("labels", "sentence", "texts")


class LooksTest(PageTest):
    def fill(self, page: Page, mode: str) -> None:
        """Brings a mode to its result."""
        self.mode(page, mode)
        if mode != "texts" and page.locator("#tray li").count() == 0:
            self.drop(page, [self.picture("cat.jpg"), self.picture("koala.jpg")])
        page.locator("#examples button").first.click()
        expect(page.locator("#list .figure").first).to_be_visible()
        page.locator("#list summary").first.click()

    def test_keyboard_alone(self) -> None:
        page = self.open(permissions=["clipboard-read", "clipboard-write"])
        press = page.keyboard.press

        def tab_to(selector: str, most: int = 30) -> None:
            for _ in range(most):
                if page.locator(f"{selector}:focus").count():
                    return
                press("Tab")
            self.fail(f"{selector} is not reached")

        press("Tab")
        expect(page.locator(".skip")).to_be_focused()
        expect(page.locator(".skip")).to_be_in_viewport()
        tab_to("#files")
        # What has the focus is seen: the input itself is not, its frame is.
        outline = page.locator("#drop").evaluate("(zone) => getComputedStyle(zone).outlineStyle")
        self.assertEqual(outline, "solid")
        with page.expect_file_chooser() as chooser:
            press("Space")
        chooser.value.set_files([PICTURES / "cat.jpg", PICTURES / "koala.jpg"])
        tab_to("#tray li:nth-child(2) button")
        press("Enter")
        expect(page.locator("#tray li")).to_have_count(1)
        expect(page.locator("#tray li button")).to_be_focused()
        tab_to("#labels")
        page.keyboard.type("dog, cat")
        press("Control+Enter")
        card = self.card(page, "cat.jpg")
        self.assertEqual(self.ranking(card)[0][0], "cat")
        tab_to("#list summary")
        press("Enter")
        expect(card.locator("pre")).to_be_visible()
        tab_to("#list .command button")
        press("Enter")
        expect(card.get_by_role("button", name="Copied")).to_be_visible()
        self.assertEqual(page.evaluate("navigator.clipboard.readText()"), card.locator("pre").inner_text())
        for _ in range(40):
            if page.locator(".modes input:focus").count():
                break
            press("Shift+Tab")
        press("ArrowRight")
        expect(page.locator("input[value=sentence]")).to_be_checked()
        tab_to("#examples button")
        press("Enter")
        expect(page.locator("#list .figure").first).to_be_visible()
        FIGURES.append(("keyboard alone, from the first Tab to the copied command", "passes"))

    def test_narrow_screen(self) -> None:
        for locale in ("en-US", "ko-KR"):
            page = self.open(
                locale=locale,
                viewport={"width": 375, "height": 667},
                has_touch=True,
                is_mobile=True,
            )
            expect(page.locator(".camera .button")).to_be_visible()
            for mode in MODES:
                self.fill(page, mode)
                page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
                width = page.evaluate("document.documentElement.scrollWidth")
                self.assertLessEqual(width, 375, f"{locale}, {mode}")
                beyond = page.evaluate(
                    """() => [...document.querySelectorAll("main *, header *, footer *")]
                        .filter((one) => one.checkVisibility() && !one.closest(".unseen, .skip, pre"))
                        .filter((one) => one.getBoundingClientRect().right > 375.5).map((one) => one.outerHTML.slice(0, 80))"""
                )
                self.assertEqual(beyond, [])
            small = page.evaluate(
                """() => [...document.querySelectorAll("button, select, textarea, summary, .button, .modes span")]
                    .filter((one) => one.checkVisibility()).map((one) => [one.textContent.trim(), one.getBoundingClientRect()])
                    .filter(([, box]) => box.width < 24 || box.height < 24).map(([text]) => text)"""
            )
            self.assertEqual(small, [], "smaller than a finger")
        FIGURES.append(("375 px wide, all three ways, both languages", "no sideways scroll"))

    def test_results_come_into_view_on_a_telephone(self) -> None:
        page = self.open(viewport={"width": 375, "height": 667}, reduced_motion="reduce")
        page.locator(".samples button").first.click()
        page.locator("#labels").fill("cat, dog")
        page.locator("#submit").click()
        expect(page.locator("#results-title")).to_be_in_viewport()

    def test_dark_and_calm(self) -> None:
        page = self.open(color_scheme="dark", reduced_motion="reduce")
        ground = page.locator("body").evaluate("(body) => getComputedStyle(body).backgroundColor")
        self.assertLess(max(int(part) for part in re.findall(r"\d+", ground)[:3]), 64)
        self.fill(page, "labels")
        moved = page.locator(".bar span").first.evaluate("(bar) => getComputedStyle(bar).transitionDuration")
        self.assertIn(moved, ("0s", ""))

    def test_accessibility(self) -> None:
        axe, checked = Axe(), 0
        for locale in ("en-US", "ko-KR"):
            for scheme in ("light", "dark"):
                page = self.open(locale=locale, color_scheme=scheme, bypass_csp=True, reduced_motion="reduce")
                page.locator("form summary").click()
                for mode in (None, *MODES):
                    if mode:
                        self.fill(page, mode)
                    found = axe.run(page).response["violations"]
                    told = [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]
                    self.assertEqual(told, [], f"{locale}, {scheme}, {mode}")
                    checked += 1
        FIGURES.append(("axe-core: languages, light and dark, ways, violations", f"{checked} states, 0"))

    def test_names_and_live_regions(self) -> None:
        page = self.open()
        self.assertEqual(page.locator("#status").get_attribute("role"), "status")
        self.assertEqual(page.locator("#problem").get_attribute("role"), "alert")
        self.fill(page, "labels")
        for name in ("Remove cat.jpg", "Remove koala.jpg", "Add the picture of a cat", "Compare"):
            expect(page.get_by_role("button", name=name, exact=True)).to_be_visible()
        self.assertEqual(page.locator("#list .bars").first.evaluate("(list) => list.tagName"), "OL")
        expect(page.get_by_role("group", name="What to compare")).to_be_visible()

    def test_language_is_the_browsers_until_it_is_chosen(self) -> None:
        page = self.open(locale="de-DE")
        self.assertEqual(page.locator("html").get_attribute("lang"), "en")
        self.fill(page, "labels")
        page.get_by_role("button", name="한국어").click()
        self.assertEqual(page.locator("html").get_attribute("lang"), "ko")
        expect(page.get_by_role("heading", level=1)).to_contain_text("사진")
        # What was answered already is told in the new language, too.
        expect(page.get_by_role("status")).to_have_text("사진 2장을 비교했어요.")
        page.reload()
        self.assertEqual(page.locator("html").get_attribute("lang"), "ko")
        page.get_by_role("button", name="English").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("picture")

    def test_links_and_routes(self) -> None:
        page = self.open()
        for link in page.locator("nav a").all():
            address = link.evaluate("(link) => link.href")
            self.assertEqual(page.request.get(address).status, 200, address)
        page.locator("#routes summary").click()
        expect(page.locator("#routes pre")).to_contain_text("POST /clip/embed_image")

    def test_first_paint_and_bytes(self) -> None:
        paints = []
        for _ in range(7):
            page = self.open()
            entries = page.evaluate("performance.getEntriesByName('first-contentful-paint').map((one) => one.startTime)")
            self.assertEqual(len(entries), 1)
            paints.append(entries[0])
        sizes = page.evaluate(
            """[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
                .filter((one) => !one.name.endsWith("/model/registry"))
                .map((one) => [one.decodedBodySize, one.transferSize])"""
        )
        whole = sum(size for size, _ in sizes)
        self.assertGreater(len(sizes), 10)
        self.assertLess(whole, BYTES_LIMIT)
        self.assertLess(statistics.median(paints), FIRST_PAINT_LIMIT)
        FIGURES.append(
            ("first paint from the server, median and most of 7 visits", f"{statistics.median(paints):.0f} ms, {max(paints):.0f} ms")
        )
        FIGURES.append((f"the page's {len(sizes)} files, uncompressed", f"{whole:,} bytes"))
