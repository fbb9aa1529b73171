"""Pictures of the page for the README."""

from __future__ import annotations

import pathlib

from browser import PICTURES, Chromium, expect

MOST_BYTES = 300_000
SHOTS = (
    ("page-en", "en-US", ["cat.jpg", "espresso.jpg"], ["cat", "dog", "espresso", "koala"]),
    ("page-ko", "ko-KR", ["cat.jpg", "espresso.jpg"], ["고양이", "개", "에스프레소", "코알라"]),
)


def take_screenshots(chromium: Chromium, folder: pathlib.Path) -> None:
    for name, locale, files, labels in SHOTS:
        context = chromium.browser.new_context(
            locale=locale,
            viewport={"width": 1080, "height": 860},
            device_scale_factor=2,
            color_scheme="light",
            reduced_motion="reduce",
        )
        page = context.new_page()
        page.goto(chromium.server.base + "/")
        page.locator("#labels").fill("\n".join(labels))
        page.set_input_files("#files", [PICTURES / file for file in files])
        expect(page.locator("#list .bars")).to_have_count(len(files))
        page.locator("h1").click()  # so that no field has the focus
        path = folder / f"{name}.jpg"
        page.screenshot(path=path, type="jpeg", quality=80)
        context.close()
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise RuntimeError(f"{path} has {size} bytes; {MOST_BYTES} are the most")
        print(f"  {path}: {size:,} bytes")
