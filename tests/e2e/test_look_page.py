# SPDX-License-Identifier: Apache-2.0
"""The look page in a real browser: from disk, without a network, by keyboard, in both themes."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from attunement import simulate
from attunement.picture import look

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
]
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
MISTAKES = (
    "id;session;score\nA;1;3,5\nA;2;99\nA;3;4\nid;session;score\nB;1;#NULL!\nB;2;2\nB;x;2\n"
    "<b>bold</b>;1;3\n"
)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("look")
    rows = "".join(
        f"P{n},{s},{('client', 'therapist')[c]},{(n * s + c) % 7}\n"
        for n in range(1, 401) for s in range(1, 7) for c in (0, 1)
    )  # fmt: skip
    scale = {"scale_range": (0.0, 6.0), "lower_is_better": False}
    looks = {
        "small": look(simulate.clinic(seed=3, therapists=3, clients=14).ratings, name="ratings"),
        "bare": look(b"id,session,bdi\nA,1,30\nA,2,20\nB,1,9\nB,2,\n", name="bare.csv"),
        "mistakes": look(MISTAKES.encode(), name="m.csv", **scale),  # type: ignore[arg-type]
        "large": look(
            f"id,session,rater,score\n{rows}".encode(), name="large.csv", **scale  # type: ignore[arg-type]
        ),
    }  # fmt: skip
    for name, seen in looks.items():
        (folder / f"{name}.html").write_text(seen.html(), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in looks}


class Watch:
    """What must not happen while a page is open: requests, console messages, errors."""

    def __init__(self, page: Page) -> None:
        self.seen: list[str] = []
        page.on("console", lambda message: self.seen.append(message.text))
        page.on("pageerror", lambda error: self.seen.append(str(error)))
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith(("file:", "data:"))
                else self.seen.append(request.url)
            ),
        )


def _open(chromium: Browser, path: Path, **named: object) -> tuple[Page, Watch]:
    page = chromium.new_page(**named)  # type: ignore[arg-type]
    watch = Watch(page)
    page.goto(path.as_uri())
    page.wait_for_selector("#tools:not([hidden])")
    return page, watch


@pytest.mark.parametrize("name", ["small", "bare", "mistakes", "large"])
def test_axe_finds_nothing_and_nothing_overflows(
    chromium: Browser, pages: dict[str, Path], name: str
) -> None:
    """On a phone by day and on a desktop by night: widths and colours do not meet anywhere."""
    phone, desktop = {"width": 320, "height": 800}, {"width": 1280, "height": 800}
    page, watch = _open(chromium, pages[name], viewport=phone, color_scheme="light")
    if name == "large":
        page.click("table.list tbody tr a")
        page.wait_for_selector("#one article")
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    for size, scheme in ((phone, "light"), (desktop, "dark")):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found = Axe().run(page, options=WCAG)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert watch.seen == []
    page.close()


def test_search_narrows_list_and_articles(chromium: Browser, pages: dict[str, Path]) -> None:
    page, watch = _open(chromium, pages["small"])
    everyone = page.locator("table.list tbody tr:visible").count()
    page.fill("#find", "d03")
    expect(page.locator("table.list tbody tr:visible")).to_have_count(1)
    expect(page.locator("article.dyad:visible")).to_have_count(1)
    assert page.inner_text("#status") == f"1 of {everyone} dyads"
    page.fill("#find", "%_.*[")
    expect(page.locator("table.list tbody tr:visible")).to_have_count(0)
    assert watch.seen == []
    page.close()


def test_sorting_by_keyboard_says_its_direction(chromium: Browser, pages: dict[str, Path]) -> None:
    page, watch = _open(chromium, pages["small"])
    page.locator("th[data-key='1'] button").focus()
    page.keyboard.press("Enter")
    numbers = [int(text) for text in page.locator("td.few").all_inner_texts()]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) > 1
    assert page.get_attribute("th[data-key='1']", "aria-sort") == "descending"
    page.keyboard.press("Enter")
    numbers = [int(text) for text in page.locator("td.few").all_inner_texts()]
    assert numbers == sorted(numbers)
    assert watch.seen == []
    page.close()


def test_small_file_works_without_script(chromium: Browser, pages: dict[str, Path]) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(pages["small"].as_uri())
    count = page.locator("table.list tbody tr").count()
    assert count > 10
    expect(page.locator("article.dyad")).to_have_count(count)
    expect(page.locator("#tools")).to_be_hidden()
    context.close()


def test_large_file_unfolds_what_is_shown(chromium: Browser, pages: dict[str, Path]) -> None:
    page, watch = _open(chromium, pages["large"])
    assert page.inner_text("#status") == "400 dyads"
    expect(page.locator("table.list tbody tr")).to_have_count(50)
    expect(page.locator("article")).to_have_count(0)
    page.click("#on")
    expect(page.locator("#where")).to_have_text("Page 2 of 8")
    page.fill("#find", "p399")
    page.click("table.list tbody tr a")
    expect(page.locator("#one article h3")).to_have_text("P399")
    expect(page.locator("article:focus")).to_have_count(1)
    page.fill("#find", "")
    page.click("table.list tbody tr:first-child a")
    expect(page.locator("#one h3")).to_have_text("P1")
    page.click("#after")
    expect(page.locator("#one h3")).to_have_text("P2")
    page.go_back()
    expect(page.locator("#one h3")).to_have_text("P1")
    assert watch.seen == []
    page.close()


def test_a_link_to_one_dyad_of_a_large_file_opens_it(
    chromium: Browser, pages: dict[str, Path]
) -> None:
    page = chromium.new_page()
    page.goto(pages["large"].as_uri() + "#d-120")
    expect(page.locator("#one article h3")).to_have_text("P120")
    page.close()


def test_names_are_text(chromium: Browser, pages: dict[str, Path]) -> None:
    page, _ = _open(chromium, pages["mistakes"])
    assert "<b>bold</b>" in page.locator("table.list tbody th").all_inner_texts()
    expect(page.locator("table.list b")).to_have_count(0)
    page.close()


def test_prints_without_controls(chromium: Browser, pages: dict[str, Path]) -> None:
    page, _ = _open(chromium, pages["small"])
    page.emulate_media(media="print")
    expect(page.locator("#find")).to_be_hidden()
    expect(page.locator("article.dyad").first).to_be_visible()
    assert len(page.pdf()) > 10_000
    page.close()


def test_targets_are_large_enough(chromium: Browser, pages: dict[str, Path]) -> None:
    page, _ = _open(chromium, pages["small"], viewport={"width": 390, "height": 800})
    small = page.evaluate(
        "[...document.querySelectorAll('main a, main button, summary, input')]"
        ".filter((one) => one.offsetParent !== null).map((one) => one.getBoundingClientRect())"
        ".filter((box) => box.width < 24 || box.height < 24).length"
    )
    assert small == 0
    page.close()
