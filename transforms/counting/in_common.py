"""How many values the groups of a record have in common, in buckets: see `composition.common_values`.

Which groups a record is in is a choice of one group of each release. Choices go from bucket to bucket: first to see in which of
their groups the fewest values are, then with these values to the buckets of their other groups, where those stay that are there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from beam_deid.transforms.columns.among import is_among
from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import runs
from beam_deid.transforms.counting.finding_again import GROUP, VALUE, held_stream
from beam_deid.transforms.counting.meeting import CHOICE, Rows, place_column, put_broken, side_column
from beam_deid.transforms.counting.said import many, some_of, stream
from beam_deid.transforms.counting.targets import InCommon
from beam_deid.transforms.risk.group_pairs import expanded
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.risk.known_again import ABSENT
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.stages import Out, Stages, Stream, Streams, filled, joined

_FEWEST = Column("fewest")
_FROM = Column("from")
"""How many values the poorest group of a choice has, as far as was looked, and of which release that is."""
_LEFT = "left"


def fewest_in_common(
    asked: InCommon, members: Sequence[str], met: Streams, held: Streams, stages: Stages
) -> tuple[int, Streams]:
    """Find the least number of values that a record's groups in several releases have in common.

    Args:
        asked: What is asked.
        members: The releases of the run from which records go that have too few.
        met: The records and their choices: see `meeting.Meeting`.
        held: The groups of all releases with their values, by `finding_again.held_stream`.
        stages: Runs tasks over buckets.

    Returns:
        The number, that which is required where no record is asked about; and by `meeting.broken_stream` records that have fewer.
    """
    rows = stream(met, f"asked\n{asked.name}", stages.buckets)
    if not rows.rows:
        return asked.least, {}
    values = [stream(held, held_stream(asked.field, name), stages.buckets) for name in (*asked.holders, *asked.entries)]
    choices = stream(met, f"choices\n{asked.name}", stages.buckets)
    streams = _sized(choices, values, stages)
    streams = joined([_beside(_Expand, side, values, streams, _at(side), stages) for side in range(len(values))])
    for side in range(len(values)):
        streams = joined([streams, _beside(_Keep, side, values, streams, _at(side), stages)])
    count = _Count(asked, tuple(members), rows, stream(streams, _LEFT, stages.buckets))
    told, broken = stages.run(count, filled(rows))
    return min(one for one in told if one is not None), broken


def _sized(choices: Stream, values: Sequence[Stream], stages: Stages) -> Streams:
    """Choices, each at the bucket of its group with the fewest values."""
    _, streams = stages.run(_Begin(len(values), choices), filled(choices))
    for side in range(len(values)):
        streams = joined([streams, _beside(_Size, side, values, streams, _asking(side), stages)])
    return streams


def _beside(
    task: "type[_Size | _Expand | _Keep]",
    side: int,
    values: Sequence[Stream],
    streams: Streams,
    name: str,
    stages: Stages,
) -> Streams:
    """What is set aside of the choices of one stream that are looked at beside a release's groups."""
    choices = stream(streams, name, stages.buckets)
    _, found = stages.run(task(side, values, choices), filled(choices))
    return found


def _at(side: int) -> str:
    """What the stream of choices is called that are to be looked at beside one release's groups."""
    return f"at {side}"


def _asking(side: int) -> str:
    """The same of choices whose poorest group is looked for."""
    return f"asking {side}"


def _sides(many_: int) -> list[Column]:
    return [side_column(number) for number in range(many_)]


def _ask_on(out: Out, rows: Rows, side: int, sides: int) -> None:
    """Bring choices to the next release, from some one on, that has a group of theirs; from the last one to their poorest group."""
    where = np.full(many(rows), sides)
    for number in reversed(range(side, sides)):
        where[rows[side_column(number)] != ABSENT] = number
    for number in range(side, sides):
        _put(out, _asking(number), number, some_of(rows, where == number))
    done = some_of(rows, where == sides)
    for number in range(sides):
        _put(out, _at(number), number, some_of(done, done[_FROM] == number))


def _put(out: Out, name: str, side: int, rows: Rows) -> None:
    if many(rows):
        out.put(name, rows[side_column(side)], rows)


def _keep_on(out: Out, rows: Rows, side: int, sides: int) -> None:
    """Bring values of choices to the next release, from some one on, whose group they were not taken from."""
    where = np.full(many(rows), sides)
    for number in reversed(range(side, sides)):
        asked = (rows[side_column(number)] != ABSENT) & (rows[_FROM] != number)
        where[asked] = number
    for number in range(side, sides):
        _put(out, _at(number), number, some_of(rows, where == number))
    done = rows[CHOICE][where == sides]
    out.put(_LEFT, done, {CHOICE: done})


@dataclass(frozen=True)
class _Begin:
    """Brings the choices of a bucket, each once, to their first release."""

    sides: int
    choices: Stream

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        rows = self.choices.read(bucket, (CHOICE, *_sides(self.sides)))
        _, once = np.unique(rows[CHOICE], return_index=True)
        rows = some_of(rows, once)
        rows[_FEWEST] = np.full(len(once), np.iinfo(np.uint64).max, np.uint64)
        rows[_FROM] = np.zeros(len(once), np.uint64)
        if len(once):
            _ask_on(out, rows, 0, self.sides)


@dataclass(frozen=True)
class _Held:
    """The values of groups, in order of these.

    Attributes:
        groups: The groups, ascending, shape (g,).
        sizes: How many values each has, shape (g,).
        values: The values, group by group.
        pairs: A key for each group with each of its values, ascending.
    """

    groups: Fingerprints
    sizes: Counts
    values: Fingerprints
    pairs: Fingerprints

    @classmethod
    def of(cls, rows: Rows) -> "_Held":
        """Collect groups from rows, of which several may be alike."""
        pairs, once = np.unique(combine([rows[GROUP], rows[VALUE]], many(rows)), return_index=True)
        groups = rows[GROUP][once]
        order = np.argsort(groups, kind="stable")
        distinct, sizes = runs(groups)
        return cls(distinct, sizes, rows[VALUE][once][order], pairs)

    def place(self, groups: Fingerprints) -> Counts:
        """The place of some groups, shape (m,); -1 for those that have no value."""
        if not len(self.groups):
            return np.full(len(groups), -1, np.int64)
        place = np.minimum(np.searchsorted(self.groups, groups), len(self.groups) - 1)
        return np.where(self.groups[place] == groups, place, -1)


@dataclass(frozen=True)
class _Beside:
    """Looks at choices of a bucket beside the values of one release's groups.

    Attributes:
        side: The number of the release.
        values: By release the groups with their values.
        choices: The choices.
    """

    side: int
    values: Sequence[Stream]
    choices: Stream

    def _held(self, bucket: int) -> _Held:
        return _Held.of(self.values[self.side].read(bucket, (GROUP, VALUE)))

    def _read(self, bucket: int, *others: Column) -> dict[Column, Fingerprints]:
        return self.choices.read(bucket, (CHOICE, *_sides(len(self.values)), _FROM, *others))


@dataclass(frozen=True)
class _Size(_Beside):
    """Sees how many values the groups of choices have."""

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        rows = self._read(bucket, _FEWEST)
        if not many(rows):
            return
        held = self._held(bucket)
        sizes = np.append(held.sizes, 0)[held.place(rows[side_column(self.side)])].astype(np.uint64)
        fewer = sizes < rows[_FEWEST]
        rows[_FEWEST] = np.where(fewer, sizes, rows[_FEWEST])
        rows[_FROM] = np.where(fewer, np.uint64(self.side), rows[_FROM])
        _ask_on(out, rows, self.side + 1, len(self.values))


@dataclass(frozen=True)
class _Expand(_Beside):
    """Takes the values of the poorest groups of choices."""

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        rows = self._read(bucket)
        if not many(rows):
            return
        held = self._held(bucket)
        place = held.place(rows[side_column(self.side)])
        rows = some_of(rows, place >= 0)
        place = place[place >= 0]
        begins = np.cumsum(held.sizes) - held.sizes
        for item, at in expanded(held.sizes[place], begins[place]):
            _keep_on(out, {**some_of(rows, item), VALUE: held.values[at]}, 0, len(self.values))


@dataclass(frozen=True)
class _Keep(_Beside):
    """Keeps the values that are in the groups of choices."""

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        rows = self._read(bucket, VALUE)
        if not many(rows):
            return
        pairs = combine([rows[side_column(self.side)], rows[VALUE]], many(rows))
        there = is_among(pairs, self._held(bucket).pairs)
        if there.any():
            _keep_on(out, some_of(rows, there), self.side + 1, len(self.values))


@dataclass(frozen=True)
class _Count:
    """Counts the values that all groups of a choice have."""

    asked: InCommon
    members: tuple[str, ...]
    rows: Stream
    left: Stream

    def run(self, bucket: int, out: Out) -> int | None:
        """The fewest values of a record of the bucket; see `Task.run`."""
        rows = self.rows.read(bucket, (CHOICE, *(place_column(name) for name in self.members)))
        if not many(rows):
            return None
        choices, counts = runs(self.left.read(bucket, (CHOICE,))[CHOICE])
        found = self._counted(rows[CHOICE], choices, counts)
        few = found < self.asked.least
        for name in self.members:
            put_broken(out, name, rows[place_column(name)][few])
        return int(found.min())

    def _counted(self, choice: Fingerprints, choices: Fingerprints, counts: Counts) -> Counts:
        if not len(choices):
            return np.zeros(len(choice), np.int64)
        place = np.minimum(np.searchsorted(choices, choice), len(choices) - 1)
        return np.where(choices[place] == choice, counts[place], 0)
