"""Columns that are passed over, as ``input.ignore`` says: by name, or by a pattern of names."""

import fnmatch
import re
from collections.abc import Iterable
from functools import lru_cache

_NOTHING = re.compile(r"(?!)")


class Ignored:
    """Names that some patterns match. Case matters, and a pattern stands for whole names.

    Args:
        patterns: Names, in which ``*``, ``?`` and ``[…]`` stand for characters as in names of files.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        listed = tuple(patterns)
        self._expression = _expression(listed)
        self._is_empty = not listed

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._expression.match(name) is not None

    def without(self, names: Iterable[str]) -> list[str]:
        """The names that no pattern matches, in their order."""
        return list(names) if self._is_empty else [name for name in names if name not in self]


@lru_cache(maxsize=64)
def _expression(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(fnmatch.translate, patterns))) if patterns else _NOTHING


NOTHING_IGNORED = Ignored(())
"""No name at all."""
