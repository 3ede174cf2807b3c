"""Pages in Debian's Chromium: what they ask for, what they say to the console, and what axe-core finds."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright

EXECUTABLE = shutil.which("chromium")
ABSENT = "Chromium is not installed here: apt-get install chromium"
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
GRAVE = ("serious", "critical")
"""Findings of axe-core that no page may have."""


def launched(playwright: "Playwright") -> "Browser":
    """Debian's Chromium, without a window, which asks for nothing by itself."""
    return playwright.chromium.launch(executable_path=EXECUTABLE, args=list(_QUIET))


@dataclass
class Heard:
    """What a page did while it was looked at.

    Attributes:
        requests: All addresses that were asked for.
        said: What it wrote to the console, and its faults.
    """

    requests: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


@contextmanager
def opened(
    browser: "Browser", path: Path, *, scheme: str = "light", width: int = 1280
) -> "Iterator[tuple[Page, Heard]]":
    """A page in a context of its own."""
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})
    heard = Heard()
    context.on("request", lambda request: heard.requests.append(request.url))
    page = context.new_page()
    page.on("console", lambda message: heard.said.append(message.text))
    page.on("pageerror", lambda error: heard.said.append(str(error)))
    page.goto(path.as_uri())
    try:
        yield page, heard
    finally:
        context.close()


def grave_findings(page: "Page", rules: Sequence[str] = ()) -> list[str]:
    """What axe-core finds that is serious or critical, each in a line with the first places.

    Args:
        page: The page.
        rules: The rules of axe-core that are asked; all where there are none.
    """
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    asked = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
    found: dict[str, Any] = page.evaluate("asked => axe.run(document, asked)", asked)
    return [
        f"{one['impact']} {one['id']}: {'; '.join(node['html'][:160] for node in one['nodes'][:3])}"
        for one in found["violations"]
        if one["impact"] in GRAVE
    ]


def speak(page: "Page", language: str) -> None:
    """Choose a language as a mouse does."""
    page.locator(f"label[for=say-{language}]").click()


def unfold(page: "Page") -> None:
    """Open what is folded, so that all of it is seen and looked at."""
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")


def visible_in(page: "Page", language: str) -> bool:
    """Whether texts of a language are shown in the heading of the page."""
    return bool(page.locator(f'h1 [lang|="{language}"]').first.is_visible())


def wider_than_its_window(page: "Page") -> int:
    """By how many pixels a page is scrolled sideways."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
