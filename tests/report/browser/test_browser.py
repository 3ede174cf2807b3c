"""Reports in a browser: they ask for nothing, can be read by everybody, on every screen and on paper, and show no data."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.terms import LabelName

from ...kit.keys import KEY
from .chromium import (
    ABSENT,
    EXECUTABLE,
    grave_findings,
    launched,
    opened,
    speak,
    unfold,
    visible_in,
    wider_than_its_window,
)
from .runs import Made, carried_out, label_of

pytestmark = [pytest.mark.browser, pytest.mark.skipif(EXECUTABLE is None, reason=ABSENT)]

MOST = 300_000
"""Bytes of a page."""
NUMBERS = (1, 5, 20)
"""Of columns."""
PAGES = ("1 open", "5 keyed", "5 index", "20 open")
COLOURS = {"light": (), "dark": ("color-contrast",)}
"""By colour scheme the rules of axe-core: in the dark nothing but colours is another."""
LANGUAGES = ("zh", "en")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Made]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEAM_DEID_KEY", KEY)
        return {
            number: carried_out(tmp_path_factory.mktemp("reports"), number, personal=number == 5) for number in NUMBERS
        }


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = launched(playwright)
        yield started
        started.close()


@pytest.fixture
def path(made: dict[int, Made], request: pytest.FixtureRequest) -> Path:
    number, name = request.param.split()
    return made[int(number)].pages["out" if name == "index" else name]


def test_the_pages_are_those_of_real_runs(made: dict[int, Made]) -> None:
    labels = {name: label_of(made[5].pages[name])["label"] for name in ("open", "keyed")}
    assert labels == {"open": LabelName.ANONYMIZED, "keyed": LabelName.STILL_PERSONAL}
    assert all("open" in one.pages and "out" in one.pages for one in made.values())


@pytest.mark.parametrize("number", NUMBERS)
def test_a_page_is_small(made: dict[int, Made], number: int) -> None:
    for page in made[number].pages.values():
        assert page.stat().st_size < MOST


@pytest.mark.parametrize("path", PAGES, indirect=True)
@pytest.mark.parametrize("scheme", COLOURS)
def test_a_page_asks_for_nothing_and_everybody_can_read_it(browser, path, scheme, tmp_path) -> None:
    with opened(browser, path, scheme=scheme) as (page, heard):
        for language in LANGUAGES:
            speak(page, language)
            assert {one: visible_in(page, one) for one in LANGUAGES} == {one: one == language for one in LANGUAGES}
            page.screenshot(path=tmp_path / f"{scheme}-{language}.png", full_page=True)
            unfold(page)
            page.screenshot(path=tmp_path / f"{scheme}-{language}-unfolded.png", full_page=True)
            assert heard.said == []
            assert grave_findings(page, COLOURS[scheme]) == []
        assert heard.requests == [path.as_uri()]


@pytest.mark.parametrize("path", PAGES, indirect=True)
def test_a_page_fits_a_telephone(browser, path, tmp_path) -> None:
    with opened(browser, path, width=390, scheme="dark") as (page, heard):
        for language in LANGUAGES:
            speak(page, language)
            unfold(page)
            page.screenshot(path=tmp_path / f"390-{language}.png", full_page=True)
            assert wider_than_its_window(page) == 0
        assert heard.said == []
        assert heard.requests == [path.as_uri()]


@pytest.mark.parametrize("path", PAGES, indirect=True)
def test_the_language_is_chosen_by_keyboard_alone(browser, path) -> None:
    with opened(browser, path) as (page, _):
        focused = "document.activeElement.id"
        for _ in range(5):
            page.keyboard.press("Tab")
            if page.evaluate(focused).startswith("say-"):
                break
        assert page.evaluate(focused) == "say-zh"
        page.keyboard.press("ArrowRight")
        assert page.evaluate(focused) == "say-en"
        assert visible_in(page, "en")
        assert not visible_in(page, "zh")
        page.keyboard.press("ArrowLeft")
        assert visible_in(page, "zh")


@pytest.mark.parametrize("path", PAGES, indirect=True)
def test_on_paper_every_section_is_there(browser, path, made, tmp_path) -> None:
    from pypdf import PdfReader

    with opened(browser, path) as (page, heard):
        speak(page, "en")
        printed = page.pdf(path=tmp_path / "report.pdf", format="A4")
        titles = page.locator("h2").all_inner_texts()
        assert heard.said == []
    told = "".join("".join(one.extract_text() for one in PdfReader(io.BytesIO(printed)).pages).split())
    assert len(titles) > 2
    assert [title for title in titles if "".join(title.split()) not in told] == []
    assert not [value for one in made.values() for value in one.canaries if value in told]


@pytest.mark.parametrize("number", NUMBERS)
def test_no_value_of_the_input_is_on_a_page(made: dict[int, Made], number: int) -> None:
    canaries = made[number].canaries
    assert len(canaries) >= number * 4
    for page in made[number].pages.values():
        text = page.read_text("utf-8")
        assert not [value for value in canaries if value in text]


@pytest.mark.parametrize("number", NUMBERS)
def test_no_value_of_the_input_is_in_a_document(made: dict[int, Made], number: int, tmp_path: Path) -> None:
    out = made[number].out
    for name in ("pipia.docx", "pipia.md", "record.json"):
        document, _, form = name.partition(".")
        asked = ["--document", document, *(["--format", form] if document == "pipia" else [])]
        assert call(["report", str(out), *asked, "--output", str(tmp_path / name)]) == 0
        text = words_of(tmp_path / name)
        assert "column" in text or "列" in text
        assert not [value for value in made[number].canaries if value in text]


def words_of(path: Path) -> str:
    """All that is in a file, of a .docx in every part of it."""
    if path.suffix != ".docx":
        return path.read_text("utf-8")
    with zipfile.ZipFile(path) as parts:
        return "".join(parts.read(name).decode("utf-8", "replace") for name in parts.namelist())
