"""A message's template, and the texts that are made from it."""

import re
from collections.abc import Mapping
from functools import cached_property
from string import Formatter

_SHORT = 400
"""Characters of a text that is quickly matched with a pattern."""


class Template:
    """A text with placeholders, as ``line {number} is longer than {limit}``; a brace of the text itself is doubled.

    Attributes:
        text: The template.
        literal: Number of characters that are no placeholder's: the more there are, the surer is a match.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._names: list[str] = []
        self._literals = [""]
        for literal, name, _, _ in Formatter().parse(text):
            self._literals[-1] += literal
            if name is not None:
                self._names.append(name)
                self._literals.append("")
        self._longest = max(self._literals, key=len)
        self.literal = sum(map(len, self._literals))

    @property
    def names(self) -> frozenset[str]:
        """The placeholders."""
        return frozenset(self._names)

    @property
    def begins(self) -> bool:
        """Whether it begins with words of its own."""
        return bool(self._literals[0])

    @property
    def plain(self) -> str:
        """The text itself, of a template without placeholders."""
        return self._literals[0]

    @property
    def words(self) -> frozenset[str]:
        """Words that stand between blanks in each text that is made from it."""
        pieces = [literal.split(" ") for literal in self._literals]
        for place, words in enumerate(pieces):  # a word at an end of a literal may go on in a placeholder's content
            first = 0 if place == 0 else 1
            last = len(words) if place == len(pieces) - 1 else len(words) - 1
            pieces[place] = words[first:last]
        return frozenset(word for words in pieces for word in words if word)

    def filled(self, contents: Mapping[str, str]) -> str:
        """The text with contents in the place of its placeholders."""
        pieces = [self._literals[0]]
        for name, literal in zip(self._names, self._literals[1:], strict=True):
            pieces += [contents[name], literal]
        return "".join(pieces)

    def contents(self, text: str) -> dict[str, str] | None:
        """What stands in the place of each placeholder, or None if a text is not made from this template."""
        # Most templates are passed over by one look for their longest words, and never become a pattern.
        if self._longest not in text or not text.startswith(self._literals[0]):
            return None
        places = self._places(text)
        if places is None:
            return None
        found: dict[str, str] = {}
        for name, (start, end) in zip(self._names, places, strict=True):
            if found.setdefault(name, text[start:end]) != text[start:end]:
                return self._repeated(text)
        return found

    def _places(self, text: str) -> list[tuple[int, int]] | None:
        """Where the content of each placeholder begins and ends, each as short as can be, or None if there is no such text.

        The text is gone through once: a pattern would try all places of all placeholders, for minutes where a text is long.
        """
        if not self._names:
            return [] if text == self._literals[0] else None
        last = len(text) - len(self._literals[-1])
        start = len(self._literals[0])
        places = []
        for literal in self._literals[1:-1]:
            end = text.find(literal, start, last)
            if end < 0:
                return None
            places.append((start, end))
            start = end + len(literal)
        return [*places, (start, last)] if start <= last and text.endswith(self._literals[-1]) else None

    def _repeated(self, text: str) -> dict[str, str] | None:
        """The same for a text whose shortest contents of a placeholder differ that is there more than once; not for a long one."""
        found = self._pattern.fullmatch(text) if len(text) <= _SHORT else None
        return found.groupdict() if found else None

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        seen: set[str] = set()
        pieces = [re.escape(self._literals[0])]
        for name, literal in zip(self._names, self._literals[1:], strict=True):
            pieces += [f"(?P={name})" if name in seen else f"(?P<{name}>.*?)", re.escape(literal)]
            seen.add(name)
        return re.compile("".join(pieces), re.DOTALL)
