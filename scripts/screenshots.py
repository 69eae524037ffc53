# SPDX-License-Identifier: Apache-2.0
"""Take the pictures in docs/pictures: every page, phone and desktop, light and dark.

``python -m scripts.screenshots`` starts the synthetic clinic in a throw-away folder, walks the main
path in a real browser and saves what people see. ``--out`` names another folder.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from scripts.small_png import shrink

ROOT = Path(__file__).resolve().parents[1]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-lcd-text",  # grey edges of letters: the files are a third of the size
    "--font-render-hinting=none",
]
TALLEST = 1200  # a picture shows the head of a long page
TOP_OF = (
    "(at) => Math.max(0, document.querySelector(at).getBoundingClientRect().top + scrollY - 24)"
)
SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1200, "height": 800}}
SCHEMES = ("light", "dark")
START_SECONDS = 180
BIRTH_YEAR = 1990  # which the synthetic clinic notes for one client, to open the own chart


class Camera:
    """Saves the page it is shown, in both sizes and both schemes, without leaving the page."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.taken: list[Path] = []

    def take(self, page: Page, name: str, *, whole: bool = True, at: str = "") -> None:
        """Save one page four times; ``whole`` takes more than one screen of it, from ``at`` on."""
        page.mouse.move(0, 0)  # nothing is shown as touched
        for size, box in SIZES.items():
            page.set_viewport_size(box)
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                path = self.out / f"{name}-{size}-{scheme}.png"
                tall = page.evaluate("document.documentElement.scrollHeight")
                top = page.evaluate(TOP_OF, at) if at else 0
                page.screenshot(
                    path=path,
                    full_page=whole,
                    clip={
                        "x": 0,
                        "y": top,
                        "width": box["width"],
                        "height": min(tall - top, TALLEST),
                    }
                    if whole
                    else None,
                    animations="disabled",
                    caret="hide",
                )
                self.taken.append(path)


@contextmanager
def demo(home: str) -> Iterator[tuple[str, str, str]]:
    """Serve the synthetic clinic from ``home``; yield its address and the log-in it prints."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [Path(sys.executable).with_name("attunement"), "demo", "--port", str(port)],
        env=os.environ | {"ATTUNEMENT_HOME": home, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None  # noqa: S101 -- we asked for a pipe
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/healthz", server)
        for line in server.stdout:
            if found := re.search(r"Therapist\s+(\S+) / (\S+)", line):
                yield address, found.group(1), found.group(2)
                break
    finally:
        server.terminate()
        server.wait(timeout=20)


def wait_for(address: str, server: subprocess.Popen[str]) -> None:
    """Return when the address answers; fail when the server ends or takes too long."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if server.poll() is not None:
            sys.exit("The synthetic clinic did not start; see the message above.")
        try:
            with urllib.request.urlopen(address, timeout=2):  # noqa: S310 -- our own server
                return
        except OSError:
            time.sleep(0.3)
    sys.exit(f"The synthetic clinic did not answer within {START_SECONDS} s.")


def walk(  # noqa: PLR0915 -- one line a picture
    browser: Browser, clinic: tuple[str, str, str], camera: Camera
) -> None:
    """Walk the main path and take a picture at every page."""
    address, login, password = clinic
    staff = browser.new_page(base_url=address)
    staff.goto("/")
    camera.take(staff, "sign-in")
    staff.get_by_label("Name or e-mail").fill(login)
    staff.get_by_label("Password").fill(password)
    staff.get_by_role("button", name="Sign in").click()
    staff.get_by_role("heading", name="Today", exact=True).wait_for()
    loop(staff, camera)
    staff.goto("/")
    staff.locator("ul.rows").wait_for()
    short = next(iter(staff.locator(".rows > li", has_text="Session 3,").all()), None)
    (short or staff.locator(".rows > li").first).get_by_role("link").click()
    dyad = staff.url
    staff.locator("a.button", has_text="Start").click()
    camera.take(staff, "start-session")
    staff.locator("button.button", has_text="Start").click()
    camera.take(staff, "session")
    session = staff.url
    staff.get_by_role("button", name="Show a link and picture code").click()
    staff.locator(".qr").wait_for()
    camera.take(staff, "invite")
    link = staff.get_by_label("Link").input_value()
    client(browser, address, link, camera)
    staff.goto(f"{session}rate")
    camera.take(staff, "rate")
    staff.locator("#prediction-input").fill("4.8")
    for number, value in enumerate((5, 4, 5, 4, 5, 5, 4, 0), start=1):
        staff.locator(f"label[for=q{number}-{value}]").click()
    staff.get_by_role("button", name="Send my answers").click()
    staff.get_by_role("heading", name="What you expected").wait_for()
    camera.take(staff, "both-chairs")
    staff.get_by_text("Why this question?").first.click()
    camera.take(staff, "both-chairs-why", at="#questions-title")
    staff.goto(dyad)
    camera.take(staff, "client")
    beside(staff, dyad, camera)
    staff.goto("/")
    camera.take(staff, "caseload")
    staff.get_by_role("link", name="Questions", exact=True).click()
    camera.take(staff, "questions")
    staff.locator(".question-line a").first.click()
    camera.take(staff, "question-why")
    camera.take(staff, "question-answer", at="#became-title")
    lead(browser, address, password, camera)
    again = browser.new_page(base_url=address)
    again.context.add_cookies(staff.context.cookies())
    waiting(again, dyad, camera)
    shared_screen(browser, clinic, camera)
    staff.goto("/design/")
    camera.take(staff, "design")
    staff.goto("/no/such/page")
    camera.take(staff, "not-found")


def loop(staff: Page, camera: Camera) -> None:
    """Take the day, and the pages before, together and after a session, of who is worth a look."""
    camera.take(staff, "day")
    staff.locator(".question-line h3 a").first.click()
    staff.get_by_role("button", name="I’ll raise it").wait_for()
    camera.take(staff, "before")
    before = staff.url
    staff.goto(before.replace("/before", "/together"))
    staff.get_by_label("Going more slowly").check()
    staff.locator("#change").fill("You ask me first, before we change the subject.")
    camera.take(staff, "together")
    staff.goto(before.replace("/before", "/ledger"))
    staff.get_by_role("heading", name="Ruptures and repairs").wait_for()
    camera.take(staff, "ledger")
    staff.locator("a.row-link").first.click()
    staff.get_by_label("A rupture", exact=True).check()
    camera.take(staff, "after")


def beside(staff: Page, dyad: str, camera: Camera) -> None:
    """Take the pages that a therapist needs now and then."""
    for name, address in {
        "who-sees": f"{dyad}visibility",
        "asking": f"{dyad}asking",
        "predictions": "/me/calibration",
        "paper": "/paper/",
        "hand-over": "/kiosk/start",
        "emergency": "/team/emergency",
        "risk": "/risk/",
    }.items():
        staff.goto(address)
        camera.take(staff, name)


def lead(browser: Browser, address: str, password: str, camera: Camera) -> None:
    """Sign in as the lead, and take the pages about the rules."""
    page = browser.new_page(base_url=address)
    page.goto("/")
    page.get_by_label("Name or e-mail").fill("lead")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Rules", exact=True).click()
    camera.take(page, "rules")
    page.goto("/rules/tune?null_rate=0.3")
    camera.take(page, "rules-tune")
    for name, path in {
        "practice": "/",
        "care-teams": "/team/",
        "from-clients": "/team/messages",
        "answers-for-the-lead": "/team/answers/",
        "erase": "/team/erase",
    }.items():
        page.goto(path)
        camera.take(page, name)


def shared_screen(browser: Browser, clinic: tuple[str, str, str], camera: Camera) -> None:
    """Hand a device over, and take what stands on it then."""
    address, login, password = clinic
    tablet = browser.new_page(base_url=address)
    tablet.goto("/kiosk/start")
    tablet.get_by_label("Name or e-mail").fill(login)
    tablet.get_by_label("Password").fill(password)
    tablet.get_by_role("button", name="Sign in").click()
    tablet.get_by_label("Where it stands").fill("Waiting room")
    tablet.get_by_label("PIN to leave it").fill("2468")
    tablet.get_by_label("The same once more").fill("2468")
    tablet.get_by_role("button", name="Sign me out and hand it over").click()
    tablet.get_by_label("Your code").wait_for()
    camera.take(tablet, "shared-screen")
    tablet.goto("/kiosk/leave")
    camera.take(tablet, "shared-screen-leave")


def client(browser: Browser, address: str, link: str, camera: Camera) -> None:
    """Fill the client's form and take a picture of each of its states."""
    phone = browser.new_page(base_url=address, viewport=SIZES["phone"])
    phone.goto("/c/")
    camera.take(phone, "code")
    phone.goto("about:blank")
    phone.goto(link)
    phone.get_by_role("heading", name="Have you met yet?").wait_for()
    camera.take(phone, "client-which", whole=False)
    phone.get_by_role("link", name="Not yet").click()
    phone.get_by_role("button", name="Show all questions on one page").click()
    camera.take(phone, "client-before")
    phone.go_back()
    phone.get_by_role("link", name="Yes, the session is over").click()
    phone.get_by_role("button", name="Start").wait_for()
    camera.take(phone, "client-intro", whole=False)
    phone.get_by_role("button", name="Start").click()
    camera.take(phone, "client-question", whole=False)
    for number, value in enumerate((4, 2, 3, 4, 4, 3, 4), start=1):
        phone.locator(f"label[for=q{number}-{value}]").click()
        if number == 1:
            camera.take(phone, "client-answered", whole=False)
        phone.locator("[data-next]").click()
    phone.locator("label[for=q8-3]").click()
    phone.locator("label[for=q8a-2]").click()
    camera.take(phone, "client-strain", whole=False)
    phone.locator("[data-next]").click()
    phone.locator("#q9-input").fill("Synthetic words: a slower start would help.")
    camera.take(phone, "client-words", whole=False)
    phone.get_by_role("button", name="Show all questions on one page").click()
    camera.take(phone, "client-one-page")
    phone.get_by_role("button", name="Send my answers").click()
    phone.get_by_role("heading", name="Thank you").wait_for()
    camera.take(phone, "client-thanks")
    own = phone.get_by_role("link", name="See how it has been over time")
    own.locator("visible=true").click()
    phone.get_by_label("Year of birth").fill(str(BIRTH_YEAR))
    phone.get_by_role("button", name="Show my chart").click()
    phone.locator(".att-chart:visible").wait_for()
    phone.wait_for_load_state("load")
    camera.take(phone, "client-chart")
    phone.goto("/c/form")
    camera.take(phone, "client-closed")
    phone.goto("/c/waiting")
    camera.take(phone, "client-waiting")


def waiting(staff: Page, dyad: str, camera: Camera) -> None:
    """Rate one more session from the therapist's chair alone, and take the page that waits."""
    staff.goto(dyad)
    staff.locator("a.button", has_text="Start").click()
    staff.locator("button.button", has_text="Start").click()
    staff.get_by_role("link", name="Rate from your chair").click()
    staff.locator("#prediction-input").fill("eight")
    staff.locator("label[for=q1-4]").click()
    staff.get_by_role("button", name="Send my answers").click()
    staff.locator("#errors").wait_for()
    camera.take(staff, "rate-refused", whole=False)
    staff.locator("#prediction-input").fill("5")
    staff.get_by_role("button", name="Send my answers").click()
    staff.get_by_text("Waiting for both.").wait_for()
    camera.take(staff, "session-waiting")


def main() -> None:
    """Take every picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs/pictures")
    out: Path = parser.parse_args().out
    chromium = shutil.which("chromium") or shutil.which("chromium-headless-shell")
    if chromium is None:
        sys.exit("Chromium is missing; on Debian: apt-get install chromium")
    out.mkdir(parents=True, exist_ok=True)
    camera = Camera(out)
    with (
        tempfile.TemporaryDirectory() as home,
        demo(home) as clinic,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        walk(browser, clinic, camera)
        helper = browser.new_page()
        for path in camera.taken:
            shrink(path, helper)
        browser.close()
    size = sum(path.stat().st_size for path in camera.taken)
    print(f"{len(camera.taken)} pictures in {out} ({size / 1_000_000:.1f} MB)")


if __name__ == "__main__":
    main()
