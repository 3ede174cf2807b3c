"""What the release pass must find again of releases that are tested together: see `decide.proving.quotas`.

Where kinds of records are only released in part, a kind is all that every release says of a record. So its values in all releases
are brought together first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from beam_deid.transforms.candidate.references import References
from beam_deid.transforms.counting.classes import HOME, Records
from beam_deid.transforms.counting.meeting import home_stream, spread
from beam_deid.transforms.counting.proving import Quotas, proved, unsuppressed
from beam_deid.transforms.counting.said import bucket_at, some_of, stream
from beam_deid.transforms.counting.suppressing import BucketCut
from beam_deid.transforms.decide.decision import Proof, joint_key
from beam_deid.transforms.risk.histogram import row_digest, total
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.run.stages import COUNT, Out, Stages, Stream, Streams, joined

_KIND = Column("kind")
_SIGNATURE = Column("signature")
_ANYTHING = References(counted=True, values={}, written={})

Cuts = Mapping[str, BucketCut]


@PROGRESS.doing("preparing the proof")
def proved_together(cuts: Cuts, records: Records, stages: Stages) -> dict[str, tuple[Quotas, Proof]]:
    """Of each release the kinds of records of which fewer are released than there are, though their groups are not; and the proof.

    Args:
        cuts: What is left of each release that is tested together with the others.
        records: The run's records.
        stages: Runs tasks over buckets.
    """
    if not any(one.lost for one in cuts.values()) or (len(cuts) == 1 and not any(map(_is_spread, cuts.values()))):
        return {name: proved(one, stages) for name, one in cuts.items()}
    rows = joined([stages.run(_ToRecords(one))[1] for one in cuts.values()])
    _, kinds = stages.run(_Together(tuple(cuts), records, rows), records.filled)
    found = {}
    for name in cuts:
        parts, _ = stages.run(_Prove(name, stream(kinds, name, stages.buckets)))
        found[name] = total([quotas for quotas, _ in parts]), Proof.merge([proof for _, proof in parts])
    return found


def _is_spread(cut: BucketCut) -> bool:
    """Whether records of one kind may be in several buckets, where one by one some of them may be suppressed."""
    return cut.classes.source.met and cut.classes.heavy is not None


def _value(name: str) -> Column:
    """The key of all released values of a release."""
    return Column("released", release=name)


def _left(name: str) -> Column:
    """How many records of a row a release has."""
    return Column("left", release=name)


def _changed(name: str) -> Column:
    """Whether some are not released, though their group is not suppressed."""
    return Column("changed", release=name)


def _columns(name: str) -> Sequence[Column]:
    return (_value(name), _left(name), _changed(name))


@dataclass(frozen=True)
class _ToRecords:
    """Brings what is left of each row of a release to the buckets of the run's records."""

    cut: BucketCut

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        seen = self.cut.classes.seen(bucket, _ANYTHING)
        name = seen.data.layout.release
        home = self.cut.classes.homes(bucket)
        rows = {
            HOME: home,
            _value(name): seen.data.keys(seen.scope.columns, seen.levels),
            _left(name): seen.left.astype(np.uint64),
            _changed(name): unsuppressed(seen, self.cut.suppressed).astype(np.uint64),
        }
        out.put_into(home_stream(name), bucket_at(home), rows)


@dataclass(frozen=True)
class _Together:
    """Puts together what all releases say of each record, and brings records of one kind to one bucket."""

    names: tuple[str, ...]
    records: Records
    rows: Streams

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        known = self.records.read(bucket, (_SIGNATURE, COUNT))
        records = len(known[COUNT])
        sound = {}
        for name in self.names:
            rows = stream(self.rows, home_stream(name), self.records.buckets)
            given = spread(rows.read(bucket, (HOME, *_columns(name))), records)
            sound[name] = given.pop(HOME)
            known |= given
        kind = joint_key([known[_value(name)] for name in self.names], known[_SIGNATURE])
        for name in self.names:
            own = {column: known[column] for column in (*_columns(name), _SIGNATURE)}
            one = some_of({_KIND: kind, **own}, sound[name])
            out.put(name, one[_KIND], one)


@dataclass(frozen=True)
class _Prove:
    """Works out what must be found again of a bucket of kinds."""

    name: str
    rows: Stream

    def run(self, bucket: int, out: Out) -> tuple[Quotas, Proof]:
        """See `Task.run`."""
        rows = self.rows.read(bucket, (_KIND, _SIGNATURE, *_columns(self.name)))
        left = rows[_left(self.name)].astype(np.int64)
        kind = rows[_KIND]
        few = np.isin(kind, kind[rows[_changed(self.name)] > 0])
        sure = ~few
        values = rows[_value(self.name)]
        proof = Proof(
            int(left.sum()),
            row_digest([values], left),
            row_digest([values[sure], rows[_SIGNATURE][sure]], left[sure]),
        )
        return total([(kind[few], left[few])]), proof
