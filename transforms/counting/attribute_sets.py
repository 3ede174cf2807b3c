"""Whom sets of attributes single out, over all buckets: see `risk.combinations`.

Equal rows of a person are put together, and stay in buckets. Sets are asked in lots of one size, smaller ones first: a bucket
tells of each class of a set which persons it saw there, and hears of which classes nobody saw another one. A row that a part of a
set singles out is in a class with nobody else's, and is not asked for again: see `counting.set_lots`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from beam_deid.transforms.candidate.references import References
from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import codes, first_rows
from beam_deid.transforms.counting.classes import Classes
from beam_deid.transforms.counting.facts import Facts
from beam_deid.transforms.counting.said import places
from beam_deid.transforms.counting.set_lots import WHO, WORD, Lot, Rows, RowsSeen, Searched, Singled, as_bit, value_of
from beam_deid.transforms.risk.combinations import Attributes, Combinations, Harm, sets_of
from beam_deid.transforms.risk.histogram import Counts, Histogram, distinct_count, tally
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.run.stages import COUNT, Out, Stages, Stream

_SET = Column("set")
_KEY = Column("key")
_FROM = Column("from")
_ROWS = "rows"
_SEEN = "seen"
_ALONE = "alone"
_NOTED = "noted"

_ASKED = 1 << 23
"""Rows, about, that are asked for in a lot."""


@PROGRESS.doing("looking for attributes that single out persons")
def combinations_of(
    classes: Classes, everywhere: References, facts: Facts, stages: Stages, asked: int = _ASKED
) -> Combinations | None:
    """Which combinations of columns single persons out; None where the policy does not ask, or no record is left.

    Args:
        classes: What is left of a release.
        everywhere: What is known of all of that.
        facts: What its groups show.
        stages: Runs tasks over its buckets.
        asked: Rows, about, that are asked for in a lot of sets.

    Raises:
        OutputError: Rows cannot be set aside.
    """
    data = classes.source.nothing
    most = data.spec.combinations
    if not most or not facts.records:
        return None
    names = data.layout.rest
    sets = list(sets_of(names, most))
    harms = dict.fromkeys(sets, Harm(0, 0))
    if sets and facts.singled.by_rest:  # whom all columns together do not single out, none of their sets does
        harms = _harms(_searched(classes, everywhere, most, stages), sets, stages, asked)
    return Combinations.of(names, most, facts.singled.subjects, harms)


def _searched(classes: Classes, everywhere: References, most: int, stages: Stages) -> Searched:
    _, streams = stages.run(_ToRows(classes, everywhere), classes.filled)
    return Searched(streams[_ROWS], classes.source.job.prints.null, most)


def _harms(searched: Searched, sets: Sequence[Attributes], stages: Stages, asked: int) -> dict[Attributes, Harm]:
    """What each set does, in their order."""
    harms: dict[Attributes, Harm] = {}
    *smaller, largest = searched.levels(sets)
    for level in smaller:
        singled = Singled()
        for lot in searched.lots(level, asked):
            harms |= _asked(lot, stages, singled)
        searched = replace(searched, parts=singled)
    for lot in searched.lots(largest, asked):
        harms |= _asked(lot, stages, None)
    return harms


def _asked(lot: Lot, stages: Stages, singled: Singled | None) -> dict[Attributes, Harm]:
    """What each set of a lot does; which rows it singles out is added to what others of its level do, if these are parts."""
    filled = lot.rows.filled
    sets = len(lot.sets)
    _, streams = stages.run(_Ask(lot), filled)
    seen = stages.take(streams, _SEEN)
    compared, streams = stages.run(_Compare(seen, sets), seen.filled)
    minimal = sum(compared, np.zeros(sets, np.int64))
    alone = stages.take(streams, _ALONE)
    found, streams = stages.run(_Note(lot, alone, _Begun.of(singled)), filled)
    if singled is not None:
        rows = sum((one.rows for one in found), np.zeros(sets, np.int64))
        singled.add(dict(zip(lot.sets, rows.tolist(), strict=True)), streams[_NOTED])
    subjects = sum(one.known for one in found) + np.any([one.nobody for one in found], axis=0)
    harms = (Harm(int(persons), int(records)) for persons, records in zip(subjects, minimal, strict=True))
    return dict(zip(lot.sets, harms, strict=True))


@dataclass(frozen=True)
class _ToRows:
    """Puts equal rows of a person together, and brings all rows of a person to one bucket; those of nobody are spread."""

    classes: Classes
    everywhere: References

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        seen = self.classes.seen(bucket, self.everywhere)
        if seen.empty:
            return
        rows = {value_of(name): seen.data.key(name, seen.levels)[seen.cells] for name in seen.scope.rest}
        if seen.counted:
            found = Histogram.of({**rows, WHO: seen.subject_keys}, seen.counts)
        else:  # each record is a person of its own
            records = np.repeat(np.arange(len(seen.counts)), seen.counts)
            own = {column: keys[records] for column, keys in rows.items()}
            found = Histogram({**own, WHO: places(bucket, np.arange(len(records)))}, np.ones(len(records), np.int64))
        who = found.columns[WHO]
        spread = combine(found.columns.values(), len(who))
        keys = np.where(who == seen.data.job.prints.null, spread, who) if seen.counted else spread
        out.put(_ROWS, keys, {**found.columns, COUNT: found.counts})


@dataclass(frozen=True)
class _Ask:
    """Tells of each class of some sets which persons a bucket sees there: one, and another if there is one."""

    lot: Lot

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        seen = self.lot.read(bucket)
        for number, chosen in enumerate(self.lot.sets):
            rows = np.flatnonzero(~seen.known(number))
            if len(rows):
                self._put(seen, number, seen.keys(number, chosen, rows), rows, bucket, out)

    def _put(self, seen: RowsSeen, number: int, keys: Fingerprints, rows: Rows, bucket: int, out: Out) -> None:
        classes, distinct = codes(keys)
        many = len(distinct)
        who = seen.columns[WHO][rows]
        first = first_rows(classes, many)
        another = _another(classes, who, first)
        records = np.zeros(len(first) + len(another), np.int64)
        records[:many] = tally(classes, seen.columns[COUNT][rows], many)
        told = np.concatenate([first, another])
        columns = {
            _SET: np.full(len(told), number, np.uint64),
            _KEY: keys[told],
            WHO: who[told],
            _FROM: np.full(len(told), bucket, np.uint64),
            COUNT: records,
        }
        out.put(_SEEN, keys[told], columns)


def _another(classes: Counts, who: Fingerprints, first: Rows) -> Rows:
    """A row of each class with several persons that is not of the first one's."""
    others = np.flatnonzero(who != who[first][classes])
    found = np.full(len(first), -1, np.int64)
    found[classes[others]] = others
    return found[found >= 0]


@dataclass(frozen=True)
class _Compare:
    """Finds the classes of which all buckets have seen one person only, and tells those who have seen them."""

    seen: Stream
    sets: int

    def run(self, bucket: int, out: Out) -> Counts:
        """The records of these classes by set, shape (sets,); see `Task.run`."""
        rows = self.seen.read(bucket, (_SET, _KEY, WHO, _FROM, COUNT))
        classes, distinct = codes(rows[_KEY])
        first = first_rows(classes, len(distinct))
        several = np.zeros(len(distinct), bool)
        several[classes[_another(classes, rows[WHO], first)]] = True
        alone = np.flatnonzero(~several[classes])
        told = {_SET: rows[_SET][alone], _KEY: rows[_KEY][alone]}
        out.put_into(_ALONE, rows[_FROM][alone].astype(np.uint16), told)
        return tally(rows[_SET][alone].view(np.int64), rows[COUNT][alone], self.sets)


class _Found(NamedTuple):
    """Whom sets single out in a bucket. Arrays are of shape (sets,).

    Attributes:
        rows: How many rows each singles out.
        known: Subjects, all of whose rows are in the bucket.
        nobody: Whether a row is among them that counts nobody.
    """

    rows: Counts
    known: Counts
    nobody: Bools


class _Begun(NamedTuple):
    """The word that bits of a lot are noted in.

    Attributes:
        word: What it says already; None if it is a new one.
        taken: How many of its bits are taken.
    """

    word: Stream | None
    taken: int

    @classmethod
    def of(cls, singled: Singled | None) -> "_Begun | None":
        """The word of the next lot of a level; None where nothing is noted of it."""
        return None if singled is None else cls(singled.begun, singled.taken)

    def note(self, bits: Fingerprints, bucket: int, out: Out) -> None:
        """Set the word of each row of a bucket aside, with the bits of a lot, shape (n,)."""
        word = bits << np.uint64(self.taken)
        if self.word is not None:
            word |= self.word.read(bucket, (WORD,))[WORD]
        out.put_into(_NOTED, np.full(len(bits), bucket, np.uint16), {WORD: word})


@dataclass(frozen=True)
class _Note:
    """Finds which rows the sets of a lot single out, and notes it where it is asked for."""

    lot: Lot
    alone: Stream
    begun: _Begun | None

    def run(self, bucket: int, out: Out) -> _Found:
        """See `Task.run`."""
        seen = self.lot.read(bucket)
        alone = self.alone.read(bucket, (_SET, _KEY))
        who = codes(seen.columns[WHO])[0].view(np.uint64)
        nobody = seen.columns[WHO] == self.lot.null
        bits = np.zeros(len(seen), np.uint64)
        sets = len(self.lot.sets)
        found = _Found(np.zeros(sets, np.int64), np.zeros(sets, np.int64), np.zeros(sets, bool))
        for number, chosen in enumerate(self.lot.sets):
            unique = seen.known(number)
            rows = np.flatnonzero(~unique)
            unique[rows] = np.isin(seen.keys(number, chosen, rows), alone[_KEY][alone[_SET] == number])
            bits |= as_bit(unique, number)
            found.rows[number] = np.count_nonzero(unique)
            found.known[number] = distinct_count(who[unique & ~nobody])
            found.nobody[number] = bool((unique & nobody).any())
        if self.begun is not None:
            self.begun.note(bits, bucket, out)
        return found
