"""The system's Chromium, driven by Playwright, for tests of pages."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")


class Tab:
    """One page. ``complaints`` has what its console says, ``requests`` all that it asked for."""

    def __init__(self, browser: Browser, file: Path, *, width: int, dark: bool) -> None:
        self.page: Page = browser.new_page(
            viewport={"width": width, "height": 800},
            color_scheme="dark" if dark else "light",
            is_mobile=width < 600,
            has_touch=width < 600,
            locale="en-US",
        )
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(file.resolve().as_uri())
        self.requests.clear()  # of the page itself

    @property
    def scrolls_sideways(self) -> bool:
        """Whether the page is wider than its window."""
        widths = "[document.documentElement.scrollWidth, innerWidth]"
        wide, window = self.page.evaluate(widths)
        return bool(wide > window)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without network, which ends with the block."""
    assert PROGRAM
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=PROGRAM,
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                  "--host-resolver-rules=MAP * ~NOTFOUND"],
        )  # fmt: skip
        try:
            yield browser
        finally:
            browser.close()
