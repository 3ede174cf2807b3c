"""Persons who were erased, as the register of a run remembers them: their records are withheld from every release."""

import atexit
from dataclasses import dataclass

import numpy as np

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.fingerprint import FingerprintKey
from beam_deid.transforms.persons.identity_prints import IdentityPrints, identity_prints, set_key
from beam_deid.transforms.persons.person_set import PersonSet, PersonSetWriter
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.scoping import identities
from beam_deid.transforms.register.key import register_prints
from beam_deid.transforms.register.reference import Reference
from beam_deid.transforms.register.requested import read_pairs
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.spill_folder import SpillFolder
from beam_deid.transforms.treat.typed import Records

_SETS: dict[tuple[str, ...], PersonSet] = {}
"""The sets that this process has made, by the hashes of the tables that they were made of."""


@dataclass(frozen=True)
class ErasedPersons:
    """The persons who were erased.

    Attributes:
        policy: The policy of the run.
        persons: They, on this machine's disk.
        key: The key of their fingerprints.
    """

    policy: Policy
    persons: PersonSet
    key: FingerprintKey

    def among(self, records: Records) -> Bools:
        """Which of n records are about one of them, by any identity, shape (n,)."""
        found = np.zeros(len(records), np.bool_)
        for name in identities(self.policy):
            if name in records.columns:
                prints = identity_prints(records.columns[name], self.policy.kind(name), self.key)
                found |= self.persons.has(prints)
        return found


def erased_of(job: Job) -> ErasedPersons | None:
    """The persons who were erased, as the register of a run remembers them; None where it remembers nobody.

    Raises:
        KeyFault: The register's key cannot be had.
        OutputError: The disk fails.
        UsageError: A table of them is missing or damaged.
    """
    register = job.left_out if job.register is None else job.register
    if register is None or not register.erased:
        return None
    return ErasedPersons(job.policy, _set_of(register), set_key(register_prints(job.keys, register)))


def _set_of(register: Reference) -> PersonSet:
    known = tuple(table.sha256 for table in register.erased)
    if known not in _SETS:
        _SETS[known] = _made(register)
    return _SETS[known]


def _made(register: Reference) -> PersonSet:
    """A set of all of them, which this process keeps until it ends."""
    folder = SpillFolder()
    atexit.register(folder.remove)
    writer = PersonSetWriter(folder.file("erased"))
    for table in register.erased:
        for words in read_pairs(register.path, table):
            writer.add(IdentityPrints(words, np.ones(len(words), np.bool_)))
    return writer.close()
