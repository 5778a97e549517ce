"""A real browser for pages that are tested: Debian's Chromium, or any that is on the path."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
]


def executable() -> str:
    """Path of the browser, or an empty string."""
    return next((path for path in map(shutil.which, NAMES) if path), "")


def browsers() -> Iterator[Any]:
    """One browser, for a fixture of the session's scope."""
    if not executable():
        words = f"no browser: none of {', '.join(NAMES)} is installed"
        if os.environ.get("BOOK_BROWSER") == "required":
            pytest.fail(words)
        pytest.skip(words)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=OPTIONS)
        yield browser
        browser.close()


def document(body: str, head: str = "") -> str:
    """A small page around a piece of HTML."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Page</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"{head}</head><body><main><h1>Page</h1>{body}</main></body></html>"
    )


class Visit:
    """A page that has been opened, with all that it complained of and asked for."""

    def __init__(self, browser: Any, path: Path, **context: Any) -> None:
        self.context = browser.new_context(**{"viewport": {"width": 900, "height": 900}, **context})
        self.context.set_default_timeout(10_000)
        self.context.set_default_navigation_timeout(60_000)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.add_init_script(path=Path(__file__).parent / "probe.js")
        self.page.goto(path.as_uri())

    def _hear(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def outside(self) -> list[str]:
        """Requests that left the folder."""
        return [url for url in self.requests if not url.startswith(("file:", "data:"))]

    def overflow(self) -> int:
        """Pixels by which the page is wider than its window."""
        return int(self.page.evaluate("probe.overflow()"))

    def __enter__(self) -> "Visit":
        return self

    def __exit__(self, *_: Any) -> None:
        self.context.close()
