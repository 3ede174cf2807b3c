"""The measured records of a large run, set aside on disk in buckets by whom they are about."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.policy.memory import in_memory
from beam_deid.transforms.policy.model import Policy
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

    def add(self, table: Table, policy: Policy, columns: Mapping[Column, Fingerprints]) -> None:
        """Add the records of a batch.

        Args:
            table: The releases that are counted together.
            policy: The policy.
            columns: What was measured of each record, each of shape (n,).

        Raises:
            OutputError: They cannot be written.
        """
        keys = home_keys(policy, columns)
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


def home_keys(policy: Policy, columns: Mapping[Column, Fingerprints]) -> Fingerprints:
    """By what the records of a run are brought to their buckets, shape (n,): all of one person by the subject are in one.

    Args:
        policy: The policy.
        columns: What was measured of the records, each of shape (n,).
    """
    if policy.subject_field is not None:
        return columns[Column("identity", policy.subject_field)]
    return columns.get(RECORD, columns[SIGNATURE])


def counted_in_buckets(job: Job, table: Table) -> bool:
    """Whether a table's records can be counted in buckets: nothing is asked that needs all records of a release."""
    return not any(in_memory(job.policy, name) for name in table)
