"""Tokens matched to a known distribution over all buckets; see `risk.recovery.frequency`.

What a token's place is follows from how many tokens occur how often, which is little. Of values that the attacker does not know
a token has one pair in all, so that no token has more pairs than there are known values.
"""

from dataclasses import dataclass

import numpy as np

from beam_deid.transforms.candidate.references import References
from beam_deid.transforms.columns.fingerprint import FingerprintKey
from beam_deid.transforms.columns.key_codes import codes
from beam_deid.transforms.counting.classes import Classes
from beam_deid.transforms.counting.crowds import stream_of
from beam_deid.transforms.risk.belongings import Belongings
from beam_deid.transforms.risk.histogram import Counts, tally
from beam_deid.transforms.risk.recovery.frequency import Hits, HowOften, Known, Matched
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.stages import COUNT, Out, Stages, Stream

_TOKEN = Column("token")
_VALUE = Column("place of the token's value")
_TOKENS = "tokens"


def matched_of(
    name: str, known: Known, key: FingerprintKey, classes: Classes, everywhere: References, stages: Stages
) -> Matched:
    """Match the tokens of a field.

    Args:
        name: The field.
        known: What the attacker knows.
        key: The key of all fingerprints.
        classes: What is left of the release.
        everywhere: What is known of all of that.
        stages: Runs tasks over its buckets.
    """
    _, streams = stages.run(_ToTokens(name, known, key.null, classes, everywhere))
    stream = stream_of(streams, _TOKENS, stages)
    counted, _ = stages.run(_HowOften(stream))
    often = HowOften.merge(counted)
    found, _ = stages.run(_Hits(stream, often, known))
    return Hits.merge(found).matched(often, known)


@dataclass(frozen=True)
class _ToTokens:
    """Brings the rows of a bucket to their tokens."""

    name: str
    known: Known
    null: np.uint64
    classes: Classes
    everywhere: References

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        seen = self.classes.seen(bucket, self.everywhere)
        cells = seen.data.cells
        release = seen.data.layout.release
        tokens, origins = (cells.column(what, self.name, release)[seen.cells] for what in ("token", "origin"))
        there = origins != self.null
        pairs = Belongings.of(tokens[there], self.known.places(origins[there]), seen.counts[there])
        out.put(_TOKENS, pairs.values, {_TOKEN: pairs.values, _VALUE: pairs.holders, COUNT: pairs.records})


def _tokens(stream: Stream, bucket: int) -> tuple[Belongings, Counts]:
    """The tokens of a bucket with the places of their values, and how often the token of each such pair occurs."""
    columns = stream.read(bucket, (_TOKEN, _VALUE, COUNT))
    pairs = Belongings.of(columns[_TOKEN], columns[_VALUE], columns[COUNT])
    numbers, distinct = codes(pairs.values)
    return pairs, tally(numbers, pairs.records, len(distinct))[numbers]


@dataclass(frozen=True)
class _HowOften:
    """Counts how many tokens of a bucket occur how often."""

    stream: Stream

    def run(self, bucket: int, out: Out) -> HowOften:
        """See `Task.run`."""
        columns = self.stream.read(bucket, (_TOKEN, COUNT))
        numbers, distinct = codes(columns[_TOKEN])
        return HowOften.of(tally(numbers, columns[COUNT], len(distinct)))


@dataclass(frozen=True)
class _Hits:
    """Counts the tokens of a bucket that may be taken for their value."""

    stream: Stream
    often: HowOften
    known: Known

    def run(self, bucket: int, out: Out) -> Hits:
        """See `Task.run`."""
        pairs, often = _tokens(self.stream, bucket)
        return Hits.of(often, pairs.holders, pairs.records, self.often, self.known)
