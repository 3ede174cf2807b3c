"""Records that were corrected, as the register of a run remembers them: whoever meets one that says something else withholds it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import FingerprintKey, Fingerprints, fingerprint
from beam_deid.transforms.columns.sizes import Words
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.recognisers.identity import identity_text
from beam_deid.transforms.register.document import Document, RequestKind, Table
from beam_deid.transforms.register.key import register_prints
from beam_deid.transforms.register.reference import Reference
from beam_deid.transforms.register.requested import read_pairs
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.treat.typed import Records


@dataclass(frozen=True)
class CorrectedRecords:
    """The records that were corrected. They are in memory, 16 bytes each.

    Attributes:
        policy: The policy of the run.
        pairs: Fingerprints of their numbers and of what they were corrected to last, shape (n, 2).
        key: The key of the fingerprints.
    """

    policy: Policy
    pairs: Words
    key: FingerprintKey

    def otherwise(self, records: Records) -> Bools:
        """Which of some records were corrected and say something else than that, shape (records,)."""
        found = pairs_of(records, self.policy, self.key)
        corrected = np.isin(found[:, 0], self.pairs[:, 0])
        if not corrected.any():
            return corrected
        return corrected & ~np.isin(_together(found), _together(self.pairs))

    def remembers(self, records: Records) -> Bools:
        """Which of some records were corrected to what they say, shape (records,)."""
        return np.isin(_together(pairs_of(records, self.policy, self.key)), _together(self.pairs))


def corrected_of(job: Job) -> CorrectedRecords | None:
    """The records that were corrected, as the register of a run remembers them; None where it remembers none.

    Raises:
        KeyFault: The register's key cannot be had.
        UsageError: A table of them is missing or damaged.
    """
    register = job.register
    if register is None or not register.corrected or job.policy.record is None:
        return None
    return CorrectedRecords(job.policy, _newest(register), register_prints(job.keys, register))


def _newest(register: Reference) -> Words:
    """The pairs of each record's newest request, shape (n, 2): what it said in between is as wrong as what it said first."""
    return np.concatenate([*_counting(register.path, register.corrected)])


def _counting(register: str, tables: Sequence[Table]) -> Iterator[Words]:
    """Of each table, from the newest on, the pairs (n, 2) of records that no newer one has.

    Args:
        register: The register's folder.
        tables: The tables, the newest last.
    """
    seen = np.empty(0, np.uint64)
    for table in reversed(tables):
        found = np.concatenate([np.empty((0, 2), np.uint64), *read_pairs(register, table)])
        yield found[~np.isin(found[:, 0], seen)]
        seen = np.concatenate([seen, found[:, 0]])


def pairs_of(records: Records, policy: Policy, key: FingerprintKey) -> Words:
    """Fingerprints of the numbers of n records and of all that they say, shape (n, 2).

    Args:
        records: The records, with all columns of the policy.
        policy: The policy, which says by what a record is known.
        key: The key of the fingerprints.
    """
    assert policy.record is not None  # noqa: S101 - asked for only where it says so
    # What went through a program that takes it for a number has lost its zeros.
    numbers = pc.utf8_ltrim(identity_text(records.columns[policy.record], policy.kind(policy.record)), characters="0")
    says = [fingerprint(records.columns[name], key) for name in compared_columns(policy)]
    return np.stack([fingerprint(numbers, key), combine(says, len(records))], axis=1)


def compared_columns(policy: Policy) -> tuple[str, ...]:
    """The columns in which a record says what it was corrected to, in the order in which they are compared."""
    return tuple(sorted(policy.fields))


def correction_notes(register: str, document: Document, policy: Policy) -> tuple[str, ...]:
    """What a person should know of records that were corrected when the policy had other columns, a sentence each.

    Args:
        register: The register's folder.
        document: The register.
        policy: The policy of the run.

    Raises:
        UsageError: A table of corrected records is missing or damaged.
    """
    columns = compared_columns(policy)
    requests = [one for one in document.requests if one.kind is RequestKind.CORRECTED]
    counting = _counting(register, [one.table for one in requests])
    records = 0
    others: set[str] = set()
    for one, pairs in zip(reversed(requests), counting, strict=True):
        if len(pairs) and one.columns not in ((), columns):
            records += len(pairs)
            others |= set(one.columns) ^ set(columns)
    if not records:
        return ()
    names = ", ".join(sorted(others))
    return (
        f"records that were corrected when the policy had other columns ({names}) are withheld wherever they are met "
        f"({records:,}): whether they are as corrected cannot be told; give them with all columns to beam-deid correct again",
    )


def _together(pairs: Words) -> Fingerprints:
    return combine([pairs[:, 0], pairs[:, 1]], len(pairs))
