"""A ledger's rows as grants and withdrawals, of which for each person the latest counts.

A withdrawal beats a grant of the same time; a later grant counts again. What cannot be read never grants. What is withdrawn nobody
knows when, or for nobody knows which purpose, is withdrawn. A withdrawal at midnight is one of that day, until its end.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.distinct import per_distinct, plain
from beam_deid.transforms.columns.normal_text import normal_text
from beam_deid.transforms.columns.read_as import to_text
from beam_deid.transforms.consent.times import (
    ANY_ZONE,
    DAY,
    NEVER,
    UNKNOWN,
    Moments,
    Said,
    by_clocks,
    flagged,
    moments,
    said,
)
from beam_deid.transforms.persons.person_set import Marks
from beam_deid.transforms.persons.sorted_rows import PersonRows

KNOWN = 1
"""Marks of a person: the ledger has a row of it that counts."""
OWN = 2
"""Its own consent is valid."""
GUARDIAN = 4
"""The guardian's consent is valid."""
CHILD = 8
"""It is under 14 by the ledger, or has a guardian's consent."""
WITHDRAWN = 16
"""There was a consent, which is withdrawn."""
OF_AGE = 32
"""The ledger says that it is not under 14, and nothing else of its age."""

_SAID_OF_AGE = 1
_SAID_CHILD = 2

COLUMNS = 4
"""The numbers of a row: own grant, guardian's grant, withdrawal, and what is said of the age, 0 where nothing is."""


class Events(NamedTuple):
    """What rows say of their persons, each of shape (n,).

    Attributes:
        columns: See `COLUMNS`.
        counts: Which of the rows count at all.
    """

    columns: tuple[Moments, ...]
    counts: Bools


@dataclass(frozen=True)
class Question:
    """What a ledger is asked.

    Attributes:
        purpose: The purpose, as it is compared.
        scope: The scope, as it is compared; None where any will do.
        now: The time at which consent must be valid, by the ledger's clocks, in microseconds since 1970.
        zone: The zone of these clocks; None where nobody says.
    """

    purpose: str
    scope: str | None
    now: int
    zone: str | None

    @classmethod
    def of(cls, purpose: str, scope: str | None, as_of: int, zone: str | None) -> "Question":
        """Ask for a purpose, and perhaps a scope, as the policy writes them.

        Args:
            purpose: The purpose.
            scope: The scope.
            as_of: The time, in microseconds since 1970, UTC.
            zone: The zone of the ledger's clocks.
        """
        return cls(_spelt(purpose), None if scope is None else _spelt(scope), by_clocks(as_of, zone), zone)

    def events(self, columns: Mapping[str, pa.Array], told: Counter[str]) -> Events:
        """What some rows say; what stands out is counted.

        Args:
            columns: The ledger's columns by what they mean, each (n,).
            told: Counts of what a person should know.
        """
        rows = len(columns["purpose"])
        granted = said(columns["granted"], self.zone)
        withdrawn = said(columns["withdrawn"], self.zone) if "withdrawn" in columns else _nothing(rows)
        beside = moments(plain(columns["time"]), self.zone) if "time" in columns else np.full(rows, NEVER, np.int64)
        mine, unsaid = self._mine(columns)
        told["other_purpose"] += int((~mine & ~unsaid).sum())
        told["unreadable"] += int((mine & (granted.strange | withdrawn.strange)).sum())
        grants = self._grants(granted, withdrawn, beside, mine, told)
        ends = self._withdrawals(granted, withdrawn, beside, mine | unsaid)
        guardian = self._flags(columns, "guardian", rows)
        age = self._age(columns, mine | unsaid)
        own = np.where(guardian, NEVER, grants)
        theirs = np.where(guardian, grants, NEVER)
        counts = mine | (ends != NEVER) | (age == _SAID_CHILD)
        return Events((own, theirs, ends, age), counts)

    def _age(self, columns: Mapping[str, pa.Array], about: Bools) -> Moments:
        """What rows say of their persons' age: only a plain no says that somebody is of age."""
        rows = len(about)
        if "under_14" not in columns:
            return np.zeros(rows, np.int64)
        flags = said(columns["under_14"], self.zone)
        told = np.where(flags.done | flags.strange, _SAID_CHILD, np.where(flags.denied, _SAID_OF_AGE, 0))
        return np.where(about, told, 0)

    def _flags(self, columns: Mapping[str, pa.Array], name: str, rows: int) -> Bools:
        return flagged(columns[name], self.zone) if name in columns else np.zeros(rows, np.bool_)

    def _mine(self, columns: Mapping[str, pa.Array]) -> tuple[Bools, Bools]:
        """Which rows are about the purpose and the scope, and which do not say what they are about."""
        about = [(columns["purpose"], self.purpose)]
        if self.scope is not None:
            about.append((columns["scope"], self.scope))
        mine = np.ones(len(columns["purpose"]), np.bool_)
        other = np.zeros(len(mine), np.bool_)
        for column, wanted in about:
            texts = _normal(column)
            same = np.asarray(pc.equal(texts, wanted).to_numpy(zero_copy_only=False))
            unsaid = np.asarray(pc.is_in(texts, pa.array(["", "*"])).to_numpy(zero_copy_only=False))
            mine &= same
            other |= ~same & ~unsaid
        return mine, ~mine & ~other

    def _grants(self, granted: Said, withdrawn: Said, beside: Moments, mine: Bools, told: Counter[str]) -> Moments:
        at = np.where(granted.at != NEVER, granted.at, beside)
        given = mine & granted.done & ~withdrawn.strange
        told["unknown_time"] += int((given & (at == NEVER)).sum())
        told["later"] += int((given & (at > self.now)).sum())
        return np.where(given & (at <= self.now), at, NEVER)

    def _withdrawals(self, granted: Said, withdrawn: Said, beside: Moments, mine: Bools) -> Moments:
        # A flag was not set before the grant in its row.
        flagged_at = np.where(beside == NEVER, NEVER, np.maximum(beside, granted.at))
        at = np.where(withdrawn.at != NEVER, withdrawn.at, flagged_at)
        at = np.where(withdrawn.strange, NEVER, at)
        ended = mine & (withdrawn.done | withdrawn.strange | granted.denied)
        slack = 0 if self.zone is not None else ANY_ZONE
        until = np.where(at == NEVER, UNKNOWN, np.where(at % DAY == 0, at + (DAY - 1), at))
        over = ended & ((at == NEVER) | (at <= self.now + slack))
        return np.where(over, until, NEVER)


def marks_of(rows: PersonRows) -> Marks:
    """The marks (n,) of some persons, of each of whom the latest of everything is known."""
    own, theirs, ended, age = rows.columns
    marks = np.full(len(own), KNOWN, np.uint8)
    marks |= _where(own > ended, OWN)
    marks |= _where(theirs > ended, GUARDIAN)
    child = (age == _SAID_CHILD) | (theirs != NEVER)
    marks |= _where(child, CHILD)
    marks |= _where((age == _SAID_OF_AGE) & ~child, OF_AGE)
    given = np.maximum(own, theirs)
    marks |= _where((given != NEVER) & (given <= ended), WITHDRAWN)
    return marks


def _where(mask: Bools, mark: int) -> npt.NDArray[np.uint8]:
    return np.asarray(mask.astype(np.uint8) * np.uint8(mark))


def _nothing(rows: int) -> Said:
    no = np.zeros(rows, np.bool_)
    return Said(no, no, no, np.full(rows, NEVER, np.int64))


def _normal(column: pa.Array) -> pa.Array:
    texts = to_text(plain(column))[0].fill_null("")
    return per_distinct(texts, lambda values: pc.utf8_trim_whitespace(normal_text(values)))


def _spelt(text: str) -> str:
    return str(_normal(pa.array([text]))[0].as_py())
