"""Texts in another language, by the templates that they are made from."""

import re
from collections.abc import Mapping
from functools import lru_cache

from beam_deid.pipelines.language.index import TemplateIndex
from beam_deid.pipelines.language.parts import SEPARATORS, said_by_parts
from beam_deid.pipelines.language.template import Template

_WORDS = re.compile(r"[A-Za-z]{2}")
_MANY = re.compile(r"\n|[.;:] ")
"""What stands between messages: contents with any may be more than one placeholder's."""
_LIST = ", "
_BRACKETS = re.compile(r" \([^()]*\)")
_CUT = (".", ":", ";", ",")
"""What the end of a message's part ends with, of which another follows."""
_CODE = re.compile(r"\w+: [{\[]")
"""What a line of a policy begins with."""
_NAME = r"\S+(?: \(\w+: \w+\))?"
"""A name, perhaps with codes behind it, as ``buyer_id (tokenize: keyed)``."""
_NAMES = re.compile(rf"{_NAME}(?:, {_NAME})*(?: (?:or|and) {_NAME})?")
"""Names, the last of which may be joined by a word."""
_LONG_LIST = re.compile(r"(?<!\S)[^\s,]*[^\s,.;:](?:, [^\s,]*[^\s,.;:]){7,}")
"""A list of many names, in whose place a sign stands while a text is looked up: it is looked for in all templates."""
_ALL_BUT_ONE = re.compile(r"(?<!\S)[^\s,]*[^\s,.;:](?:, [^\s,]*[^\s,.;:]){6,}(?=, )")
"""The same without its last name."""
_FIRST_SIGN = 0xE000
_SIGN = re.compile("[\ue000-\uf8ff]")  # no character of any language
_LONGEST = 4000  # characters of a text that is looked up
_MOST_TRIES = 1000
"""How often templates are gone through for one text: a longer search, as for a text that imitates messages, is given up."""
_KEPT = 4096
COMMENT = "# "
"""What a comment begins with, which belongs to no message."""


class _TakesLong(Exception):
    """Whether a text is known is not found out in good time."""


class Catalogue:
    """Says texts of one language in another.

    A text is looked up as it is; else by the template that it fits, what stands in the placeholders' places being said in
    the other language, too; else part by part. What is not known stays as it is.

    Args:
        messages: The translation of each template.
        pieces: The translation of each single word that may be all that stands in a placeholder's place.
    """

    def __init__(self, messages: Mapping[str, str], pieces: Mapping[str, str]) -> None:
        self._pieces = pieces
        pairs = [(Template(one), Template(other)) for one, other in messages.items()]
        self._plain = {one.plain: other.plain for one, other in pairs if not one.names}
        with_names = (pair for pair in pairs if pair[0].names)
        self._templates = TemplateIndex(sorted(with_names, key=lambda pair: (-pair[0].literal, len(pair[0].names))))
        self._found = lru_cache(_KEPT)(self._look_up)
        self._tries = 0

    def said(self, text: str) -> str:
        """A text in the other language; as it is where it is not known."""
        if len(text) > _LONGEST and "\n" in text:
            return "\n".join(map(self.said, text.split("\n")))
        ways = [self._with_signs(text, _LONG_LIST)]
        if ways[0] is None or _unsaid(ways[0]):  # the last of a list may be a word of the sentence: a, b, counted by c
            ways.append(self._with_signs(text, _ALL_BUT_ONE))
        return min((way for way in ways if way is not None), key=_unsaid, default=text)

    def _with_signs(self, text: str, long_list: re.Pattern[str]) -> str | None:
        """A text in the other language, long lists being looked up as signs; None where it is not known."""
        lists: list[str] = []
        short = long_list.sub(lambda found: _sign_for(found[0], lists), text)
        is_short = len(short) <= _LONGEST and not _SIGN.search(text)
        self._tries = 0
        try:
            found = self._found(short) if is_short else None
        except _TakesLong:
            found = None
        if found is None:
            return None
        return _SIGN.sub(lambda sign: lists[ord(sign[0]) - _FIRST_SIGN], found)

    def word(self, text: str) -> str:
        """A heading, which may be a single word; names that are the same word are never asked for here."""
        return self._plain.get(text, text)

    def _look_up(self, text: str) -> str | None:
        """A text in the other language, or None."""
        inner = text.strip().removeprefix(COMMENT)
        if not _WORDS.search(inner):
            return None
        found = self._known(inner)
        if found is None:
            return None
        before, _, behind = text.partition(inner)
        return f"{before}{found}{behind}"

    def _known(self, text: str) -> str | None:
        found = self._one_message(text)
        if found is not None or text in self._plain:
            return found
        if "\n" in text:
            return "\n".join(self._found(line) or line for line in text.split("\n"))
        # Of a text that can be read in several ways the one that leaves least unsaid is right.
        ways = (said_by_parts(text, self._one_message), self._filled(text, sure=False))
        return min((way for way in ways if way is not None), key=_unsaid, default=None)

    def _filled(self, text: str, sure: bool) -> str | None:
        """The translation of the template with most words of its own that a text fits.

        Args:
            text: The text.
            sure: Whether contents that may be more than one placeholder's are refused.
        """
        self._tries += 1
        if self._tries > _MOST_TRIES:
            raise _TakesLong
        for one, other in self._templates.candidates(text):
            contents = one.contents(text)
            if contents is None or (sure and not all(self._is_one(content, one) for content in contents.values())):
                continue
            return other.filled({name: self._content(content) for name, content in contents.items()})
        return None

    def _is_one(self, content: str, template: Template) -> bool:
        """Whether contents are surely those of one placeholder: a name, a list, a line of a policy, or a message."""
        if content.count("(") != content.count(")") or content.endswith(_CUT):
            return False
        if _is_list(content) or _CODE.match(content):
            return True
        # A list of other things stands at an end: before a template's first words it may be the end of another message.
        may_be = not _MANY.search(content) and (_LIST not in content or template.begins)
        if may_be and not SEPARATORS.match(content):
            return True
        return self._one_message(content) is not None

    def _content(self, text: str) -> str:
        """What stands in a placeholder's place; a blank before or behind it is not needed between Chinese characters."""
        if text in self._pieces:
            return self._pieces[text]
        if _NAMES.fullmatch(text):  # many names are looked at once, and not as parts
            return text.replace(" or ", " 或 ").replace(" and ", " 与 ")
        found = self._found(text)
        return text if found is None else found.strip(" ")

    def _one_message(self, text: str) -> str | None:
        """The translation of a text that is one message, and not several."""
        if text in self._plain:
            return self._plain[text] if _is_said(text) else None
        return self._filled(text, sure=True)


def _sign_for(names: str, lists: list[str]) -> str:
    """A sign in the place of a list, which is kept by its number."""
    lists.append(names)
    return chr(_FIRST_SIGN + len(lists) - 1)


def _is_said(text: str) -> bool:
    """Whether a text is words rather than a name: a field may be called like a word that is shown elsewhere."""
    return " " in text or not text.replace("_", "").replace("-", "").isalnum()


def _is_list(text: str) -> bool:
    """Whether a text is a list of names, each perhaps with something in brackets behind it."""
    return not any(" " in name or not name for name in _BRACKETS.sub("", text).split(_LIST))


def _unsaid(text: str) -> int:
    return len(re.findall(r"[A-Za-z]+", text))
