"""The measured records of a large run, set aside on disk in buckets by whom they are about."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from beam_deid.transforms.columns.combining import mix
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.stages import COUNT, Out, Streams

Table = tuple[str, ...]
"""The releases that are counted together."""

RECORD = Column("record")
SIGNATURE = Column("signature")


@dataclass(frozen=True)
class Aside:
    """Where measured records wait until they are counted.

    Attributes:
        folder: A private folder of this machine.
        buckets: How many buckets there are.
    """

    folder: str
    buckets: int

    def out(self) -> "AsideOut":
        """Begin to set records aside, as one of many writers."""
        return AsideOut(self)


class AsideOut:
    """Sets the records of a shard aside."""

    def __init__(self, aside: Aside) -> None:
        self._out = Out(f"{aside.folder}/records-{secrets.token_hex(8)}", aside.buckets)
        self._added = 0

    def add(self, table: Table, job: Job, columns: Mapping[Column, Fingerprints]) -> None:
        """Add the records of a batch.

        Args:
            table: The releases that are counted together.
            job: The run, with its key of fingerprints.
            columns: What was measured of each record, each of shape (n,).

        Raises:
            OutputError: They cannot be written.
        """
        keys = home_keys(job, columns, self._added)
        self._added += len(keys)
        self._out.put(stream_of(table), keys, {**columns, COUNT: np.ones(len(keys), np.int64)})

    def close(self) -> Streams:
        """Finish all files.

        Raises:
            OutputError: What is left cannot be written.
        """
        return self._out.close()


def stream_of(table: Table) -> str:
    """What the stream of a table's records is called."""
    return "\n".join(table)


def home_keys(job: Job, columns: Mapping[Column, Fingerprints], before: int = 0) -> Fingerprints:
    """By what the records of a run are brought to their buckets, shape (n,): all of one person by the subject are in one.

    Where each record is a person of its own, and where nobody says whose a record is, any bucket will do: these are spread evenly.

    Args:
        job: The run, with its key of fingerprints.
        columns: What was measured of the records, each of shape (n,).
        before: How many records came before these.
    """
    if RECORD in columns:
        return columns[RECORD]
    subject = job.policy.subject_field
    if subject is None:
        return _spread(len(columns[SIGNATURE]), before)
    keys = columns[Column("identity", subject)]
    nobody = keys == job.prints.null
    return np.where(nobody, _spread(len(keys), before), keys) if nobody.any() else keys


def _spread(rows: int, before: int) -> Fingerprints:
    """Keys that spread rows over all buckets, shape (rows,)."""
    return mix(np.arange(before, before + rows, dtype=np.uint64))
