"""Records that only earlier releases have: of those that are alike in these as many as tell whether they are a crowd."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.counting.said import many, said_together, some_of, stream, view_columns
from beam_deid.transforms.label.scope import EVERY
from beam_deid.transforms.past.comparing import Compared
from beam_deid.transforms.risk.known_again import ABSENT, Others
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.stages import Out, Stages, Stream, Streams, filled

SAID = Column("said")
OPEN = Column("open")
CROWD = Column("crowd")
"""Whether a row stands for a crowd of persons."""


def crowds_of(
    job: Job, compared: Compared, together: bool, identities: Mapping[str, Column], streams: Streams, stages: Stages
) -> Streams:
    """Bring records that only earlier releases have to the buckets in which they are counted with the run's.

    Args:
        job: The run.
        compared: The earlier releases.
        together: Whether all of them together are asked about as well.
        identities: By every identity the column of the persons' keys.
        streams: Where `finding_again.FindAgain` set them aside.
        stages: Runs tasks over buckets.

    Returns:
        By `counted_stream` of each view and release, and of all releases together, what is said of rows, `SAID` and `OPEN`,
        their persons, and whether each stands for a `CROWD`; in buckets by what is said beside secrets.
    """
    found: Streams = {}
    for view in compared.views:
        rows = stream(streams, others_stream(view), stages.buckets)
        _, more = stages.run(_Crowds(job, compared, together, identities, rows, view), filled(rows))
        found |= more
    return found


def others_stream(view: str) -> str:
    """What the stream is called of records that only earlier releases have."""
    return f"elsewhere\n{view}"


def put_others(
    out: Out,
    view: str,
    rows: Mapping[Column, Fingerprints],
    entries: Sequence[str],
    identities: Mapping[str, Column],
    others: Others,
) -> None:
    """Set records aside that only earlier releases have, in buckets by all that these say of them.

    Args:
        out: What sets them aside.
        view: The view.
        rows: What each release says of them, and their persons, each of shape (n,).
        entries: The releases.
        identities: By every identity the column of the persons' keys.
        others: Tells crowds from others.
    """
    if not many(rows):
        return
    history, _ = said_together(rows, view, entries)
    told = _told(history, rows, identities, others)
    history = told.pop(SAID)
    out.put(others_stream(view), history, {**told, **_said_in(history, rows, view, entries)})


def _told(
    history: Fingerprints, rows: Mapping[Column, Fingerprints], identities: Mapping[str, Column], others: Others
) -> dict[Column, Fingerprints]:
    """The rows that are counted: their histories as `SAID`, their persons, and whether they are a crowd."""
    others.add(history, {name: rows[column] for name, column in identities.items()})
    left, people = others.rows
    crowds = others.crowds
    return {
        SAID: np.concatenate([left, crowds]),
        **{column: _with_nobody(people[name], len(crowds), others.null) for name, column in identities.items()},
        CROWD: np.repeat(np.array([0, 1], np.uint64), [len(left), len(crowds)]),
    }


def _with_nobody(persons: Fingerprints, more: int, null: np.uint64) -> Fingerprints:
    return np.concatenate([persons, np.full(more, null)])


def _said_in(
    wanted: Fingerprints, rows: Mapping[Column, Fingerprints], view: str, entries: Sequence[str]
) -> dict[Column, Fingerprints]:
    """What each release says in some histories, each of shape (h,)."""
    history, _ = said_together(rows, view, entries)
    distinct, first = np.unique(history, return_index=True)
    at = first[np.searchsorted(distinct, wanted)]
    return {column: rows[column][at] for column in view_columns(view, entries)}


def counted_stream(view: str, other: str) -> str:
    """What a stream of rows is called that are counted beside the run's."""
    return f"counted\n{view}\n{other}"


@dataclass(frozen=True)
class _Crowds:
    """Tells crowds from others in a bucket of histories."""

    job: Job
    compared: Compared
    together: bool
    identities: Mapping[str, Column]
    rows: Stream
    view: str

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        entries = [entry.name for entry in self.compared.entries]
        rows = self.rows.read(bucket, (*view_columns(self.view, entries), *self.identities.values(), CROWD))
        if not many(rows):
            return
        told = self._told(rows, entries)
        said = _said_in(told.pop(SAID), rows, self.view, entries)
        for entry in entries:
            self._put(entry, [entry], said, told, out)
        if self.together:
            self._put(EVERY, entries, said, told, out)

    def _told(self, rows: Mapping[Column, Fingerprints], entries: Sequence[str]) -> dict[Column, Fingerprints]:
        """The rows that are counted: see `_told`. Some histories were a crowd's in one bucket of records already."""
        history, _ = said_together(rows, self.view, entries)
        others = Others(tuple(self.identities), self.compared.crowd, self.job.prints.null)
        others.add_crowds(np.unique(history[rows[CROWD] > 0]))
        return _told(history, rows, self.identities, others)

    def _put(
        self,
        other: str,
        entries: Sequence[str],
        said: Mapping[Column, Fingerprints],
        told: Mapping[Column, Fingerprints],
        out: Out,
    ) -> None:
        """Set aside what some of the releases say together."""
        together, openly = said_together(said, self.view, entries)
        rows = some_of({**told, SAID: together, OPEN: openly}, together != ABSENT)
        out.put(counted_stream(self.view, other), rows[OPEN], rows)
