"""Pictures of the page for the README."""

from __future__ import annotations

import io
import pathlib

from PIL import Image

from browser import PICTURES, Chromium, expect

MOST_BYTES = 300_000
SHOTS = (
    ("page.en.png", "en-US", ["cat", "dog", "koala", "bird"]),
    ("page.ko.png", "ko-KR", ["고양이", "개", "코알라", "새"]),
)


def take_screenshots(chromium: Chromium, folder: pathlib.Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, locale, labels in SHOTS:
        context = chromium.browser.new_context(
            locale=locale,
            viewport={"width": 1000, "height": 800},
            device_scale_factor=2,
            color_scheme="light",
            reduced_motion="reduce",
        )
        page = context.new_page()
        page.goto(chromium.server.base + "/")
        page.locator("#labels").fill("\n".join(labels))
        page.set_input_files("#files", [PICTURES / "cat.jpg"])
        expect(page.locator("#list .bars")).to_be_visible()
        page.locator("h1").click()  # so that no field has the focus
        path = folder / name
        shot = Image.open(io.BytesIO(page.screenshot(full_page=True)))
        context.close()
        # Few colours are enough for a page, and for photographs of that size.
        shot.convert("RGB").quantize(256).save(path, optimize=True)
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise RuntimeError(f"{path} has {size} bytes; {MOST_BYTES} are the most")
        print(f"  {path}: {size:,} bytes")
