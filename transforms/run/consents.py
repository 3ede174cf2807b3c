"""The consent that the releases of a run need: every ledger is read once, before the first record."""

import atexit
import os
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from beam_deid.transforms.consent.ledger import ConsentFacts, read_ledger
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.persons.identity_prints import set_key
from beam_deid.transforms.persons.person_set import PersonSet
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.run.job import Consented, Job
from beam_deid.transforms.run.spill_folder import SpillFolder


def with_consents(job: Job, folder: str = "") -> Job:
    """The run with all its ledgers as sets of persons; the very run where no release needs consent.

    Args:
        job: The run, with its key of fingerprints.
        folder: A private folder for them, which is removed with the run; one that goes with this process if not given.

    Raises:
        DeidError: A ledger cannot be read: see `read_ledger`.
    """
    needing = [name for name in job.releases if job.policy.releases[name].consent is not None]
    if not needing:
        return job
    place = folder or _of_process()
    key = set_key(job.prints)
    read: dict[str, tuple[PersonSet, ConsentFacts]] = {}
    for number, name in enumerate(needing):
        path = os.path.join(place, f"consent-{os.getpid()}-{number}-{os.urandom(8).hex()}")
        read[name] = read_ledger(job.policy, name, job.keys, key, job.as_of_for(name), path)
    return replace(job, consents={name: Consented(*found) for name, found in read.items()})


def refuse_ledgers(policy: Policy, releases: Iterable[str]) -> None:
    """Refuse ledgers of consent, where a run's workers are on other machines.

    Raises:
        UsageError: A release needs consent.
    """
    for name in releases:
        if policy.releases[name].consent is not None:
            raise UsageError(
                "a ledger of consent needs workers on this machine, for they look persons up in a folder of it",
                f"releases.{name}.consent",
                "Run it with the default engine",
            )


@lru_cache(maxsize=1)
def _of_process() -> str:
    folder = SpillFolder()
    atexit.register(folder.remove)
    return folder.path
