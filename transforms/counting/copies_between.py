"""Copies of a release's sensitive column in another release of the run, looked for in buckets: see `composition.copies.copied`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from beam_deid.transforms.composition.copies import candidates_between, told
from beam_deid.transforms.counting.classes import HOME, Classes, Records
from beam_deid.transforms.counting.copies import ToRecords, is_one_to_one, put_pairs, value_of
from beam_deid.transforms.counting.meeting import home_stream, spread
from beam_deid.transforms.counting.said import stream
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.stages import COUNT, Out, Stages, Streams, joined


@dataclass(frozen=True)
class _Candidate:
    """A sensitive column of one release that may be copied in another one."""

    holder: str
    secret: str
    elsewhere: str
    copy: str


def copied(one: Classes, other: Classes, records: Records, stages: Stages) -> str:
    """Look for a copy of a sensitive column in the other one of two releases of the run, under another name.

    Args:
        one: What is left of one release.
        other: What is left of the other.
        records: The run's records.
        stages: Runs tasks over buckets.

    Returns:
        A sentence that names the copy and what to do; empty if there is none.
    """
    wanted = [*_candidates(one, other), *_candidates(other, one)]
    if not wanted:
        return ""
    rows = joined([stages.run(ToRecords(each, _names(each, wanted)))[1] for each in (one, other)])
    met = {each.source.layout.release: _names(each, wanted) for each in (one, other)}
    found, pairs = stages.run(_Meet(met, wanted, records, rows), range(records.buckets))
    refuted = frozenset[int]().union(*found)
    for number, candidate in enumerate(wanted):
        if number not in refuted and is_one_to_one(number, one.source.sound + 1, pairs, stages):
            return told(candidate.copy, candidate.elsewhere, candidate.secret, candidate.holder)
    return ""


def _candidates(holder: Classes, elsewhere: Classes) -> list[_Candidate]:
    layouts = (holder.source.layout, elsewhere.source.layout)
    names = [layout.release for layout in layouts]
    return [_Candidate(names[0], secret, names[1], copy) for secret, copy in candidates_between(*layouts)]


def _names(classes: Classes, wanted: Sequence[_Candidate]) -> tuple[str, ...]:
    """The columns of a release that are looked at."""
    release = classes.source.layout.release
    secret = [one.secret for one in wanted if one.holder == release]
    return tuple(dict.fromkeys([*secret, *(one.copy for one in wanted if one.elsewhere == release)]))


@dataclass(frozen=True)
class _Meet:
    """Puts the values of a record in both releases side by side."""

    names: Mapping[str, tuple[str, ...]]
    wanted: Sequence[_Candidate]
    records: Records
    rows: Streams

    def run(self, bucket: int, out: Out) -> frozenset[int]:
        """The numbers of candidates that are no copies; see `Task.run`."""
        records = len(self.records.read(bucket, (COUNT,))[COUNT])
        known: dict[Column, Any] = {}
        both = None
        for release, names in self.names.items():
            rows = stream(self.rows, home_stream(release), self.records.buckets)
            given = spread(rows.read(bucket, (HOME, *(value_of(release, name) for name in names))), records)
            there = given.pop(HOME)
            both = there if both is None else both & there
            known |= given
        return frozenset(
            number
            for number, one in enumerate(self.wanted)
            if not put_pairs(
                out,
                number,
                known[value_of(one.holder, one.secret)][both],
                known[value_of(one.elsewhere, one.copy)][both],
            )
        )
