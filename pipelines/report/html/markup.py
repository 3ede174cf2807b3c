"""Texts as HTML: nothing of a text is ever read as markup, and nothing in it is invisible."""

import re
from collections.abc import Sequence

from markupsafe import Markup, escape

from beam_deid.pipelines.report.blocks import Link, Mark, Verbatim
from beam_deid.pipelines.report.html.languages import Language, in_language
from beam_deid.pipelines.report.visible import visible
from beam_deid.transforms.names import NAMES

_CODE = re.compile(r"(?=\w*[_\d.])[A-Za-z]\w*(?:[.:]\w+)*(?<!\.)", re.ASCII)
"""What a name of a column is told by that is no word: the others are set as the text around them."""

_BETWEEN = r"(?:, | \+ )"
"""What stands between the names of a list, and of a set of columns."""
_MOST_NAMES = 8
"""Names of a list that are told; of more, the rest is told as a count: a hundred tests may name the same sixty fields."""
_CODES = r" \(\w+(?:: \w+)?\)"
"""What stands behind a name of which it says how it was made."""
_DAY = re.compile(r"(?<![\w-])(\d{4}-\d{2}-\d{2})(?![\w-])", re.ASCII)


class Writer:
    """Writes texts as HTML, once for each language in which they differ.

    Args:
        languages: The languages of the page.
    """

    def __init__(self, languages: Sequence[Language]) -> None:
        self._languages = languages
        self._names = _pattern(NAMES.known())
        self._tags = [self.tagged(one) for one in languages]

    def text(self, text: str) -> Markup:
        """A text as HTML, its names set as code."""
        if isinstance(text, Link):
            return Markup('<a href="{}">{}</a>').format(text.to, visible(text))
        if isinstance(text, Verbatim):
            return self._verbatim(text)
        written = self._in_languages(text)
        if isinstance(text, Mark):
            return Markup('<span class="mark {}">{}</span>').format(text.tone, written)
        return written

    def plain(self, text: str) -> str:
        """A text in all languages where no element can stand."""
        return " · ".join(dict.fromkeys(visible(in_language(text, one.code)) for one in self._languages))

    def tagged(self, language: Language) -> Markup:
        """The attribute of an element that is in one of several languages."""
        return Markup(' lang="{}"').format(language.tag) if len(self._languages) > 1 else Markup("")

    def _in_languages(self, text: str) -> Markup:
        said = [in_language(text, one.code) for one in self._languages]
        if len(set(said)) == 1:
            return self._with_names(said[0])
        each = [_element("span", self._with_names(one), self._tags[at]) for at, one in enumerate(said)]
        return _joined(each)

    def _verbatim(self, text: str) -> Markup:
        if text in NAMES.known() and " " not in text:
            return _code(text)
        written = self._with_names(text)
        return written if text.isascii() else Markup("<bdi>{}</bdi>").format(written)

    def _with_names(self, text: str) -> Markup:
        if self._names is None:
            return _with_days(text)
        pieces = self._names.split(text)  # names at every second place
        return _joined([_list(piece) if number % 2 else _with_days(piece) for number, piece in enumerate(pieces)])


def _with_days(text: str) -> Markup:
    """A text whose days are marked as such, so that none is broken over two lines."""
    pieces = [escape(one) for one in _DAY.split(visible(text))]
    return _joined([_element("time", one) if number % 2 else one for number, one in enumerate(pieces)])


def _list(names: str) -> Markup:
    pieces = re.split(f"({_BETWEEN})", names)  # what is between them at every second place
    more = (len(pieces) + 1) // 2 - _MOST_NAMES
    if more > 0:
        return Markup("{} … (+{})").format(_list("".join(pieces[: 2 * _MOST_NAMES - 1])), more)
    return _joined([escape(one) if number % 2 else _code(one) for number, one in enumerate(pieces)])


def _code(name: str) -> Markup:
    return _element("code", escape(visible(name)))


def _element(name: str, html: Markup, attributes: Markup | str = "") -> Markup:
    """An element around what is markup already; a page has thousands, and `Markup.format` takes ten times as long."""
    return Markup(f"<{name}{attributes}>{html}</{name}>")  # noqa: S704 - all that is put in is escaped


def _joined(pieces: list[Markup]) -> Markup:
    """Pieces of markup as one."""
    return pieces[0] if len(pieces) == 1 else Markup("".join(pieces))  # noqa: S704 - all of it is escaped


def _pattern(names: frozenset[str]) -> re.Pattern[str] | None:
    """What finds names in a text: those that are surely no words of it, and lists of any, the longest first."""
    told = sorted(
        (name for name in names if name and not re.search(_BETWEEN, name)), key=lambda name: (-len(name), name)
    )
    if not told:
        return None
    one = f"(?:{'|'.join(map(re.escape, told))})"
    alone = "|".join(map(re.escape, filter(_CODE.fullmatch, told))) or "(?!)"
    return re.compile(rf"(?<![\w.])({one}(?:{_BETWEEN}{one})+|{alone}|{one}(?={_CODES}))(?!\w)")
