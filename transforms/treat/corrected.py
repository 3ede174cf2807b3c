"""Records that were corrected, as the register of a run remembers them: whoever meets one that says something else withholds it."""

from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import FingerprintKey, Fingerprints, fingerprint
from beam_deid.transforms.columns.sizes import Words
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.recognisers.identity import identity_text
from beam_deid.transforms.register.key import register_prints
from beam_deid.transforms.register.requested import read_pairs
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.treat.typed import Records


@dataclass(frozen=True)
class CorrectedRecords:
    """The records that were corrected. They are in memory, 16 bytes each.

    Attributes:
        policy: The policy of the run.
        pairs: Fingerprints of their numbers and of what they say, shape (n, 2).
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


def corrected_of(job: Job) -> CorrectedRecords | None:
    """The records that were corrected, as the register of a run remembers them; None where it remembers none.

    Raises:
        KeyFault: The register's key cannot be had.
        UsageError: A table of them is missing or damaged.
    """
    register = job.register
    if register is None or not register.corrected or job.policy.record is None:
        return None
    parts = [pairs for table in register.corrected for pairs in read_pairs(register.path, table)]
    return CorrectedRecords(job.policy, np.concatenate(parts), register_prints(job.keys, register))


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
    says = [fingerprint(records.columns[name], key) for name in sorted(policy.fields)]
    return np.stack([fingerprint(numbers, key), combine(says, len(records))], axis=1)


def _together(pairs: Words) -> Fingerprints:
    return combine([pairs[:, 0], pairs[:, 1]], len(pairs))
