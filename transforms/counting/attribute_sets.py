"""Whom sets of attributes single out, over all buckets: see `risk.combinations`.

Equal rows of a person are put together, and stay in buckets. Sets are asked in lots of one size, smaller ones first: a bucket
tells of each class of a set which persons it saw there, and hears of which classes nobody saw another one. A row that a part of a
set singles out is in a class with nobody else's, and is not asked for again.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.candidate.references import References
from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import codes, first_rows
from beam_deid.transforms.counting.classes import Classes
from beam_deid.transforms.counting.facts import Facts
from beam_deid.transforms.counting.said import places
from beam_deid.transforms.risk.combinations import Attributes, Combinations, Harm, parts_of, sets_of
from beam_deid.transforms.risk.histogram import Counts, Histogram, distinct_count, tally
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.stages import COUNT, Out, Stages, Stream

_WHO = Column("who")
_SET = Column("set")
_KEY = Column("key")
_FROM = Column("from")
_WORD = Column("word")
_ROWS = "rows"
_SEEN = "seen"
_ALONE = "alone"
_NOTED = "noted"

Rows = npt.NDArray[np.intp]

_ONE = np.uint64(1)
_LOT = 64
"""Most sets of a lot: a row has a bit for each."""
_FEWEST = 4
_ASKED = 1 << 23
"""Rows, about, that are asked for in a lot; a lot of `_FEWEST` sets may have more."""


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
    if facts.singled.by_rest:  # whom all columns together do not single out, none of their sets does
        harms = _harms(_searched(classes, everywhere, most, stages), sets, stages, asked)
    return Combinations.of(names, most, facts.singled.subjects, harms)


def _searched(classes: Classes, everywhere: References, most: int, stages: Stages) -> "_Searched":
    _, streams = stages.run(_ToRows(classes, everywhere))
    source = classes.source
    return _Searched(streams[_ROWS], source.layout.rest, source.job.prints.null, most)


def _harms(searched: "_Searched", sets: Sequence[Attributes], stages: Stages, asked: int) -> dict[Attributes, Harm]:
    """What each set does, in their order."""
    harms: dict[Attributes, Harm] = {}
    for lot in _lots(sets, searched, min(max(asked // searched.rows.rows, _FEWEST), _LOT)):
        found, noted = _asked(searched, lot, stages)
        harms |= zip(lot, found, strict=True)
        searched = searched.with_noted(lot, noted)
    return harms


def _asked(searched: "_Searched", lot: Sequence[Attributes], stages: Stages) -> tuple[list[Harm], Stream]:
    """What each set of a lot does, and which rows it singles out."""
    filled = searched.rows.filled
    _, streams = stages.run(_Ask(searched, lot), filled)
    seen = stages.take(streams, _SEEN)
    compared, streams = stages.run(_Compare(seen, len(lot)), seen.filled)
    minimal = sum(compared, np.zeros(len(lot), np.int64))
    found, streams = stages.run(_Note(searched, lot, stages.take(streams, _ALONE)), filled)
    subjects = sum(one.known for one in found) + np.any([one.nobody for one in found], axis=0)
    harms = [Harm(int(persons), int(records)) for persons, records in zip(subjects, minimal, strict=True)]
    return harms, streams[_NOTED]


def _lots(sets: Sequence[Attributes], searched: "_Searched", most: int) -> Iterator[Sequence[Attributes]]:
    """Lots of sets of which none needs to know what another one of its lot singles out."""
    for _, alike in itertools.groupby(sets, lambda chosen: min(len(chosen), searched.most + 1)):
        together = list(alike)
        yield from (together[begin : begin + most] for begin in range(0, len(together), most))


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
        rows = {_value(name): seen.data.key(name, seen.levels)[seen.cells] for name in seen.scope.rest}
        if seen.counted:
            found = Histogram.of({**rows, _WHO: seen.subject_keys}, seen.counts)
        else:  # each record is a person of its own
            records = np.repeat(np.arange(len(seen.counts)), seen.counts)
            own = {column: keys[records] for column, keys in rows.items()}
            found = Histogram({**own, _WHO: places(bucket, np.arange(len(records)))}, np.ones(len(records), np.int64))
        who = found.columns[_WHO]
        spread = combine(found.columns.values(), len(who))
        keys = np.where(who == seen.data.job.prints.null, spread, who) if seen.counted else spread
        out.put(_ROWS, keys, {**found.columns, COUNT: found.counts})


def _value(name: str) -> Column:
    return Column("value", name)


class _Noted(NamedTuple):
    """What is known of rows.

    Attributes:
        lot: Sets of attributes.
        stream: Of each row a word, with a bit for each set that singles it out.
    """

    lot: Sequence[Attributes]
    stream: Stream


@dataclass(frozen=True)
class _Searched:
    """Rows, and what is known of them.

    Attributes:
        rows: The rows: a value of each attribute, whose they are, and how many records.
        names: The attributes.
        null: Whose the rows are that count nobody: one subject of their own, wherever they lie.
        most: Most attributes of a set that is a part of others.
        noted: Which rows sets single out, of sets that may be parts of others.
    """

    rows: Stream
    names: Attributes
    null: np.uint64
    most: int
    noted: Sequence[_Noted] = ()

    def with_noted(self, lot: Sequence[Attributes], stream: Stream) -> "_Searched":
        """The same rows, of which it is known which of them the sets of a lot single out."""
        size = len(lot[0])
        if size > self.most:
            return self
        kept = [one for one in self.noted if len(one.lot[0]) >= size - 1]
        return replace(self, noted=(*kept, _Noted(lot, stream)))

    def read(self, bucket: int, lot: Sequence[Attributes]) -> "_RowsSeen":
        """The rows of a bucket, with what is known of them that a lot asks for."""
        columns = self.rows.read(bucket, (*map(_value, self.names), _WHO, COUNT))
        wanted = {part for chosen in lot for part in parts_of(chosen, self.most)}
        bits: dict[Attributes, tuple[Fingerprints, np.uint64]] = {}
        for one in self.noted:
            found = [(part, bit) for bit, part in enumerate(one.lot) if part in wanted]
            if found:
                word = one.stream.read(bucket, (_WORD,))[_WORD]
                bits |= {part: (word, np.uint64(bit)) for part, bit in found}
        return _RowsSeen(columns, self.most, bits)


@dataclass(frozen=True)
class _RowsSeen:
    """The rows of a bucket. Arrays are of shape (n,).

    Attributes:
        columns: The columns of the rows.
        most: Most attributes of a set that is a part of others.
        bits: Of such sets the words in which it stands which rows they single out, and the number of the bit.
    """

    columns: Mapping[Column, Any]
    most: int
    bits: Mapping[Attributes, tuple[Fingerprints, np.uint64]]

    def __len__(self) -> int:
        return len(self.columns[COUNT])

    def known(self, chosen: Attributes) -> Bools:
        """Which rows a part of a set singles out."""
        found = np.zeros(len(self), np.uint64)
        for part in parts_of(chosen, self.most):
            if part:
                word, bit = self.bits[part]
                found |= word >> bit
        return (found & _ONE).astype(bool)

    def keys(self, number: int, chosen: Attributes, rows: Rows) -> Fingerprints:
        """The key of the class that some rows are in by a set, which has a number in its lot."""
        columns = [np.full(len(rows), number, np.uint64)]
        columns += [self.columns[_value(name)][rows] for name in chosen]
        return combine(columns, len(rows))


@dataclass(frozen=True)
class _Ask:
    """Tells of each class of some sets which persons a bucket sees there: one, and another if there is one."""

    searched: _Searched
    lot: Sequence[Attributes]

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        seen = self.searched.read(bucket, self.lot)
        for number, chosen in enumerate(self.lot):
            rows = np.flatnonzero(~seen.known(chosen))
            if len(rows):
                self._put(seen, number, seen.keys(number, chosen, rows), rows, bucket, out)

    def _put(self, seen: _RowsSeen, number: int, keys: Fingerprints, rows: Rows, bucket: int, out: Out) -> None:
        classes, distinct = codes(keys)
        many = len(distinct)
        who = seen.columns[_WHO][rows]
        first = first_rows(classes, many)
        another = _another(classes, who, first)
        records = np.zeros(len(first) + len(another), np.int64)
        records[:many] = tally(classes, seen.columns[COUNT][rows], many)
        told = np.concatenate([first, another])
        columns = {
            _SET: np.full(len(told), number, np.uint64),
            _KEY: keys[told],
            _WHO: who[told],
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
        rows = self.seen.read(bucket, (_SET, _KEY, _WHO, _FROM, COUNT))
        classes, distinct = codes(rows[_KEY])
        first = first_rows(classes, len(distinct))
        several = np.zeros(len(distinct), bool)
        several[classes[_another(classes, rows[_WHO], first)]] = True
        alone = np.flatnonzero(~several[classes])
        out.put_into(_ALONE, rows[_FROM][alone].astype(np.uint16), {_KEY: rows[_KEY][alone]})
        return tally(rows[_SET][alone].view(np.int64), rows[COUNT][alone], self.sets)


class _Subjects(NamedTuple):
    """Whom sets single out in a bucket. Arrays are of shape (sets,).

    Attributes:
        known: Subjects, all of whose rows are in the bucket.
        nobody: Whether a row is among them that counts nobody.
    """

    known: Counts
    nobody: Bools


@dataclass(frozen=True)
class _Note:
    """Notes which rows some sets single out."""

    searched: _Searched
    lot: Sequence[Attributes]
    alone: Stream

    def run(self, bucket: int, out: Out) -> _Subjects:
        """See `Task.run`."""
        seen = self.searched.read(bucket, self.lot)
        alone = self.alone.read(bucket, (_KEY,))[_KEY]
        who = codes(seen.columns[_WHO])[0].view(np.uint64)
        nobody = seen.columns[_WHO] == self.searched.null
        word = np.zeros(len(seen), np.uint64)
        found = _Subjects(np.zeros(len(self.lot), np.int64), np.zeros(len(self.lot), bool))
        for number, chosen in enumerate(self.lot):
            unique = seen.known(chosen)
            rows = np.flatnonzero(~unique)
            unique[rows] = np.isin(seen.keys(number, chosen, rows), alone)
            word |= unique.astype(np.uint64) << np.uint64(number)
            found.known[number] = distinct_count(who[unique & ~nobody])
            found.nobody[number] = bool((unique & nobody).any())
        out.put_into(_NOTED, np.full(len(seen), bucket, np.uint16), {_WORD: word})
        return found
