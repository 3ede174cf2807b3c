"""A message's template, and the texts that are made from it."""

import re
from collections.abc import Mapping
from functools import cached_property
from string import Formatter


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
        found = self._pattern.fullmatch(text)
        return found.groupdict() if found else None

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        seen: set[str] = set()
        pieces = [re.escape(self._literals[0])]
        for name, literal in zip(self._names, self._literals[1:], strict=True):
            pieces += [f"(?P={name})" if name in seen else f"(?P<{name}>.*?)", re.escape(literal)]
            seen.add(name)
        return re.compile("".join(pieces), re.DOTALL)
