"""Line 7 of the label rule over all buckets: a release joined with what each declared attacker holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from beam_deid.transforms.attack.declared import Declared, Rounds, declared_attacks
from beam_deid.transforms.attack.other_recipients import joined_by_others
from beam_deid.transforms.candidate.references import References
from beam_deid.transforms.counting.classes import Classes
from beam_deid.transforms.counting.join_met import (
    AMONG,
    ATTACKERS,
    PAIRS,
    ROWS,
    SOURCE,
    BucketMet,
    CountAmong,
    CountAttackers,
    KeysMet,
    Meet,
    Pair,
    SumUp,
)
from beam_deid.transforms.counting.join_sides import WHO, Sides, sides_of
from beam_deid.transforms.counting.people import PERSON
from beam_deid.transforms.label.evidence import Attack
from beam_deid.transforms.risk.attackers import AttackersMet, Candidates
from beam_deid.transforms.risk.exposure import MOST_KEPT
from beam_deid.transforms.risk.joining import Joined
from beam_deid.transforms.risk.presence import PresenceCounts
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.stages import COUNT, Out, Stages, Stream, Streams, filled

_PEOPLE = "people"


def declared_in_buckets(
    classes: Classes, everywhere: References, stages: Stages, rounds: Rounds
) -> tuple[list[Attack], dict[str, str]]:
    """Join a release with what each declared attacker holds.

    Args:
        classes: What is left of the release.
        everywhere: What is known of all of that.
        stages: Runs tasks over its buckets.
        rounds: The levels of each round of its recoding.

    Returns:
        The attacks, and for attackers that could not be tested why.

    Raises:
        InputError: An attacker's table cannot be read.
        OutputError: Rows cannot be set aside.
    """
    joins = _Joins(classes, everywhere, stages, rounds)
    return declared_attacks(classes.source.job, classes.source.layout, joins)


def other_recipients_in_buckets(
    classes: Classes, everywhere: References, stages: Stages, rounds: Rounds
) -> list[Attack]:
    """Count whom a release and those that go to other recipients have in common; the arguments are those of `declared_in_buckets`.

    Raises:
        OutputError: Rows cannot be set aside.
    """
    joins = _Joins(classes, everywhere, stages, rounds)
    return joined_by_others(classes.source.job, classes.source.layout.release, joins)


class _Joins:
    """Joins a release with what attackers hold, one after the other. The arguments are those of `declared_in_buckets`."""

    def __init__(self, classes: Classes, everywhere: References, stages: Stages, rounds: Rounds) -> None:
        self._classes = classes
        self._everywhere = everywhere
        self._stages = stages
        self._rounds = rounds

    def join(self, declared: Declared) -> tuple[Joined | None, bool, str]:
        """See `Holding.join`."""
        sides, problem = sides_of(self._classes, self._everywhere, declared, self._rounds, self._stages)
        if sides is None:
            return None, False, problem
        own = declared.attacker.table is None and declared.attacker.release is None
        keys, streams = self._stages.run(Meet(sides), sides.filled)
        if sides.spelt:
            return self._spelt(sides, keys, streams), sides.named, ""
        met = [each.met for each in keys if each.met is not None]
        return self._joined(sides, keys, _Met(met, streams, not declared.near, True), own), own or sides.named, ""

    def _spelt(self, sides: Sides, keys: Sequence[KeysMet], streams: Streams) -> Joined:
        """What a join finds where rows may be looked for by several probes."""
        nothing = Stream(self._stages.buckets)
        pairs = None
        if sum(each.pairs for each in keys) <= MOST_KEPT:
            _, found = self._stages.run(Pair(sides), sides.filled)
            pairs = found.get(PAIRS, nothing)
        probes = streams.get(ROWS, nothing)
        rows, more = self._stages.run(SumUp(sides, probes, pairs), filled(probes))
        exact_keys = not sides.declared.near and not any(each.several for each in rows)
        return self._joined(sides, keys, _Met([each.met for each in rows], more, exact_keys, pairs is not None), False)

    def _joined(self, sides: Sides, keys: Sequence[KeysMet], met: "_Met", own: bool) -> Joined:
        k = sides.k
        records = sum(each.records for each in keys)
        attackers = self._attackers(sides, met, own)
        presence = PresenceCounts.merge([each.presence for each in keys]).presence(records, k) if met.presence else None
        released = self._people if sides.counted else records
        among = self._among(met)
        if not met.exact:
            among = min(among, released)
        linked = attackers.linkage(sides.named and sides.counted)
        exposed = attackers.exposure(released, among, met.exact)
        return Joined(linked, Candidates.of(attackers.candidates), presence, exposed)

    def _attackers(self, sides: Sides, met: "_Met", own: bool) -> AttackersMet:
        if not sides.named:
            return AttackersMet.merge([part.attackers for part in met.parts if part.attackers is not None])
        persons = met.streams.get(ATTACKERS, Stream(self._stages.buckets))
        source = None if own else self._source
        found, _ = self._stages.run(CountAttackers(persons, source, sides.nobody), filled(persons))
        return AttackersMet.merge(found)

    def _among(self, met: "_Met") -> int:
        among = sum(part.among for part in met.parts)
        if AMONG not in met.streams:
            return among
        found, _ = self._stages.run(CountAmong(met.streams[AMONG]), filled(met.streams[AMONG]))
        return among + sum(found)

    @cached_property
    def _source(self) -> Stream:
        """The persons of the source, released or not."""
        records = self._classes.source.records
        task = _SourcePeople(self._classes)
        _, streams = self._stages.run(task, range(records.buckets))
        return streams.get(SOURCE, Stream(self._stages.buckets))

    @cached_property
    def _people(self) -> int:
        """How many persons are released."""
        _, streams = self._stages.run(_ReleasedPeople(self._classes), self._classes.filled)
        people = streams.get(_PEOPLE, Stream(self._stages.buckets))
        found, _ = self._stages.run(CountAmong(people), filled(people))
        return sum(found)


@dataclass(frozen=True)
class _Met:
    """What is found of rows.

    Attributes:
        parts: What buckets say.
        streams: What they set aside.
        presence: Whether both sides must be equal, and no row has several probes, so that they can be counted by their keys.
        exact: Whether the exposed were counted exactly.
    """

    parts: Sequence[BucketMet]
    streams: Streams
    presence: bool
    exact: bool


@dataclass(frozen=True)
class _SourcePeople:
    """Sets the persons of a bucket of the source aside."""

    classes: Classes

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        source = self.classes.source
        column = Column(PERSON, source.people.names[0])
        who = np.unique(source.records.read(bucket, (column,))[column])
        out.put(SOURCE, who, {WHO: who})


@dataclass(frozen=True)
class _ReleasedPeople:
    """Sets the persons aside whose records a bucket releases."""

    classes: Classes

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        source = self.classes.source
        column = Column(PERSON, source.people.names[0])
        who = np.unique(self.classes.column(bucket, column))
        who = who[who != source.job.prints.null]
        out.put(_PEOPLE, who, {WHO: who, COUNT: np.ones(len(who), np.int64)})
