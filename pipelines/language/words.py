"""What is shown, in the language of the call."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING

from beam_deid.pipelines.language.bilingual import Bilingual
from beam_deid.pipelines.language.chosen import ENGLISH
from beam_deid.transforms.errors import DeidError
from beam_deid.transforms.names import NAMES

if TYPE_CHECKING:  # loaded only where another language than English is spoken
    import polib

    from beam_deid.pipelines.language.catalogue import Catalogue

_OWN = "beam_deid.po"
_CLICK = "click.po"
_MARKS = {": ": "：", ", ": "，", "; ": "；", ". ": "。", ".": "。"}
"""Marks of other languages than English."""
PIECE = "piece"
"""The context of a word that stands in a placeholder's place, and is no name there."""


_LANGUAGE: ContextVar[str] = ContextVar("language", default=ENGLISH)
"""The language of the call; a thread that shall speak it runs in a copy of the context that starts it."""


@contextmanager
def spoken_in(language: str) -> Iterator[None]:
    """Say in a language what is shown meanwhile."""
    before = _LANGUAGE.set(language)
    try:
        yield
    finally:
        _LANGUAGE.reset(before)


def spoken() -> str:
    """The language of the call."""
    return _LANGUAGE.get()


def said(text: str) -> str:
    """A message in the language of the call, its names as they are; as it is where it is not known."""
    if isinstance(text, Bilingual):
        return str(text) if _LANGUAGE.get() == ENGLISH else text.chinese
    return text if _LANGUAGE.get() == ENGLISH else _said(text, "")


def said_by_click(text: str) -> str:
    """The same for what click says, which has general sentences (``… is not …``) that ours must not be taken for."""
    return text if _LANGUAGE.get() == ENGLISH else _said(text, _CLICK)


def _said(text: str, more: str) -> str:
    from beam_deid.pipelines.language.sparing import said_but_for

    return said_but_for(NAMES.known(), text, catalogue(_LANGUAGE.get(), more).said)


def word(text: str) -> str:
    """A heading or another word that stands alone, in the language of the call. Never a name of the data."""
    if isinstance(text, Bilingual):
        return said(text)
    return text if _LANGUAGE.get() == ENGLISH else catalogue(_LANGUAGE.get(), _CLICK).word(text)


def joined(before: str, mark: str, behind: str) -> str:
    """Two texts that were said, with the mark between them that the language of the call has.

    Args:
        before: What stands before the mark.
        mark: The mark in English, with the blank behind it.
        behind: What stands behind it.
    """
    if _LANGUAGE.get() != ENGLISH:
        mark = _MARKS[mark]
    return f"{before}{mark}{behind}"


def words(*texts: str) -> tuple[str, ...]:
    """Headings of a table, in the language of the call."""
    return tuple(map(word, texts))


def message_of(error: DeidError, by_click: bool = False) -> str:
    """The message of an error, in the language of the call.

    Args:
        error: The error.
        by_click: Whether what is wrong may be told in words of click.
    """
    if _LANGUAGE.get() == ENGLISH:
        return error.message
    place = f"{said(error.where)}：" if error.where else ""
    advice = f"。{said(error.next_step)}" if error.next_step else ""
    return f"{place}{said_by_click(error.what) if by_click else said(error.what)}{advice}"


@lru_cache
def catalogue(language: str, more: str = "") -> "Catalogue":
    """The catalogue of a language; English needs none, and loads none.

    Args:
        language: The language.
        more: A file whose messages it has as well.
    """
    from beam_deid.pipelines.language.catalogue import Catalogue

    messages = messages_of(language, _OWN)
    if more:
        messages = {**messages_of(language, more), **messages}
    return Catalogue(messages, messages_of(language, _OWN, PIECE))


def messages_of(language: str, name: str, context: str = "") -> dict[str, str]:
    """The messages of a catalogue's file that are of a context, with their translations."""
    return {one.msgid: one.msgstr for one in _entries(language, name) if (one.msgctxt or "") == context and one.msgstr}


@lru_cache
def _entries(language: str, name: str) -> "tuple[polib.POEntry, ...]":
    # Neither is needed in English, and both take longer to load than `--help` does.
    from importlib.resources import files

    import polib

    text = files("beam_deid.pipelines.language").joinpath(language, name).read_text("utf-8")
    return tuple(entry for entry in polib.pofile(text) if not entry.obsolete)
