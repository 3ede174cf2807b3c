"""The contract of a recogniser: which texts hold something that identifies a person, and where."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.recognisers.screen import WIDE, Rows, Screen, Sign
from beam_deid.transforms.terms import Recoverability, Role


@dataclass(frozen=True)
class Recogniser:
    """Finds one kind of identifier in texts.

    The texts' bytes are counted once for all recognisers (`Screen`); only those that have the signs are matched, over the
    whole column, with full-width digits read as ASCII ones. Where a match is checked as well (a check digit, a date), values
    that are nothing but the identifier are checked as a column, and only those that hold it among other things one by one.

    Attributes:
        name: What it finds.
        body: The identifier; in what RE2 and Python's ``re`` have in common: no lookaround, no back reference.
        needs: How many of each sign a text must have to hold one.
        before: What must not stand right before it, as the inside of a character class.
        after: What must not stand right behind it, likewise.
        whole: Whether it is looked for as the whole value only.
        lookaround: The same as ``body`` in Python's ``re`` where ``body`` also matches a character before the identifier.
        check: Whether a match is one indeed; all are if None.
        columnar: The same for a column of matches, shape (m,), none null: a mask (m,). `check` value by value if None.
        source: The standard or format.
        role: The role of a column of such values, at least. A masked value is a quasi-identifier: the less it hides, the
            fewer people may be meant.
        recoverability: How far the values can be turned back as they stand: clear, partial (masked), keyed (by their platform).
        links: Whether equal values mean the same person, telephone, address or order.
        kind: The name of the kind whose values may look like this among other things. Empty where a kind of
            `beam_deid.transforms.recognisers.kinds` names this as its own recogniser, or none has to do with it.
        left: How many values may be meant by each masked one, shape (n,), float64; None where nothing is masked, or nobody knows.
    """

    name: str
    body: str
    needs: Mapping[Sign, int]
    before: str = ""
    after: str = ""
    whole: bool = False
    lookaround: str = ""
    check: Callable[[str], bool] | None = None
    columnar: Callable[[pa.Array], Bools] | None = None
    source: str = field(default="", compare=False)
    role: Role = Role.DIRECT
    recoverability: Recoverability = Recoverability.CLEAR
    links: bool = False
    kind: str = ""
    left: Callable[[pa.Array], npt.NDArray[np.float64]] | None = None

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The identifier with what must not stand beside it, for Python."""
        if self.whole:
            return re.compile(rf"\A(?:{self.body})\Z")
        before = f"(?<![{self.before}])" if self.before else ""
        after = f"(?![{self.after}])" if self.after else ""
        return re.compile(f"{before}(?:{self.lookaround or self.body}){after}")

    @cached_property
    def search(self) -> str:
        """The same for RE2, which matches what stands beside it, too."""
        if self.whole:
            return rf"\A(?:{self.body})\z"
        before = rf"(?:\A|[^{self.before}])" if self.before else ""
        after = rf"(?:\z|[^{self.after}])" if self.after else ""
        return f"{before}(?:{self.body}){after}"

    def find(self, texts: pa.Array | Screen) -> pa.Array:
        """A boolean mask (n,), never null, of the texts (n,) that hold one. Null holds none."""
        mask = np.zeros(len(texts), dtype=bool)
        mask[self.rows(Screen.of(texts))] = True
        return pa.array(mask)

    def rows(self, screen: Screen) -> Rows:
        """The rows of the texts that hold one, ascending, shape (m,)."""
        rows = screen.having(dict(self.needs))
        if not len(rows):
            return rows
        some = screen.some(rows)
        if self.check is None:
            return rows[_mask(pc.match_substring_regex(some, self.search))]
        whole = pc.match_substring_regex(some, self._alone).fill_null(False)
        found = _mask(whole).copy()
        rest = np.flatnonzero(~found)
        if found.any():
            found[found] = self._sound(some.filter(whole))
        if len(rest) and not self.whole:
            found[rest] = self._among(some.take(pa.array(rest)))
        return rows[found]

    def valid(self, texts: pa.Array) -> pa.Array:
        """A boolean mask (n,), never null, of the texts that are the identifier and nothing else."""
        texts = Screen.of(texts).texts
        fits = pc.match_substring_regex(texts, self._alone).fill_null(False)
        mask = _mask(fits).copy()
        if self.check is not None and mask.any():
            mask[mask] = self._sound(texts.filter(fits))
        return pa.array(mask)

    def replace(self, texts: pa.Array, mark: str) -> pa.Array:
        """The texts with every identifier found replaced by ``mark``; the others are as they were."""
        found = self.find(texts)
        if not pc.any(found).as_py():
            return texts
        changed = [self._marked(text, mark) for text in texts.filter(found).to_pylist()]
        return pc.replace_with_mask(texts, found, pa.array(changed, pa.string()))

    @property
    def _alone(self) -> str:
        return rf"\A(?:{self.body})\z"

    def _among(self, texts: pa.Array) -> Bools:
        """Which texts (n,), that are not the identifier alone, hold it among other things."""
        found = _mask(pc.match_substring_regex(texts, self.search)).copy()
        if found.any():
            found[found] = [self._holds(text) for text in texts.filter(pa.array(found)).to_pylist()]
        return found

    def _sound(self, texts: pa.Array) -> Bools:
        if self.columnar is not None:
            return self.columnar(texts)
        assert self.check is not None  # noqa: S101 - asked for only where there is one
        return np.array([self.check(text) for text in texts.to_pylist()], dtype=bool)

    def _holds(self, text: str) -> bool:
        return any(self._is_one(match) for match in self.pattern.finditer(text))

    def _marked(self, text: str, mark: str) -> str:
        # Translation keeps positions, so that what stands around a match stays as it was written.
        pieces = []
        at = 0
        for match in self.pattern.finditer(text.translate(WIDE)):
            if self._is_one(match):
                pieces += [text[at : match.start()], mark]
                at = match.end()
        return "".join([*pieces, text[at:]])

    def _is_one(self, match: re.Match[str]) -> bool:
        return self.check is None or self.check(match[0])


def _mask(found: pa.Array) -> Bools:
    return np.asarray(found.fill_null(False).to_numpy(zero_copy_only=False))
