"""The contract of a recogniser: which texts hold something that identifies a person, and where."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_FULL_WIDTH = str.maketrans("０１２３４５６７８９＠＊－．", "0123456789@*-.")


@dataclass(frozen=True)
class Recogniser:
    """Finds one kind of identifier in texts.

    A cheap pattern sorts out the few texts that may hold one, over the whole column; only these are then looked at
    one by one, with full-width digits read as ASCII ones.

    Attributes:
        name: What it finds.
        pattern: The identifier with what must and must not stand beside it; Python's syntax.
        sign: What every text that holds one holds; RE2's syntax, over the text as it is.
        check: Whether a match is one indeed (a check digit, a date); all are if None.
        source: The standard or format.
    """

    name: str
    pattern: re.Pattern[str]
    sign: str
    check: Callable[[str], bool] | None = None
    source: str = ""

    def find(self, texts: pa.Array) -> pa.Array:
        """A boolean mask (n,), never null, of the texts (n,) that hold one. Null holds none."""
        maybe = pc.match_substring_regex(texts, self.sign).fill_null(False)
        rows = np.flatnonzero(maybe.to_numpy(zero_copy_only=False))
        mask = np.zeros(len(texts), dtype=bool)
        if len(rows):
            mask[rows] = [self._holds(text) for text in texts.take(pa.array(rows)).to_pylist()]
        return pa.array(mask)

    def replace(self, texts: pa.Array, mark: str) -> pa.Array:
        """The texts with every identifier found replaced by ``mark``; the others are as they were."""
        found = self.find(texts)
        if not pc.any(found).as_py():
            return texts
        changed = [self._marked(text, mark) for text in texts.filter(found).to_pylist()]
        return pc.replace_with_mask(texts, found, pa.array(changed, pa.string()))

    def _holds(self, text: str) -> bool:
        return any(self._is_one(match) for match in self.pattern.finditer(text.translate(_FULL_WIDTH)))

    def _marked(self, text: str, mark: str) -> str:
        # Translation keeps positions, so that what stands around a match stays as it was written.
        pieces, at = [], 0
        for match in self.pattern.finditer(text.translate(_FULL_WIDTH)):
            if self._is_one(match):
                pieces += [text[at : match.start()], mark]
                at = match.end()
        return "".join([*pieces, text[at:]])

    def _is_one(self, match: re.Match[str]) -> bool:
        return self.check is None or self.check(match[0])
