"""The secrets of the persons of an input, kept before a run begins: each person who has none yet is given one in every domain.

Whoever was erased gets none: their records are left out. Records that a release is not about are not told apart, so that a
person may have a secret of which no token is made.
"""

import os
from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import pyarrow as pa

from beam_deid.transforms.crypto.person_secrets import folder_beside
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.formats.format import Shard
from beam_deid.transforms.persons.secret_store import NewPersons
from beam_deid.transforms.policy.per_subject import secret_domains
from beam_deid.transforms.policy.scoping import identities
from beam_deid.transforms.recognisers.identity import identity_text
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.run.spill_folder import SpillFolder
from beam_deid.transforms.storage.paths import absolute, is_local
from beam_deid.transforms.treat.erased import erased_of
from beam_deid.transforms.treat.typed import read_typed

KEEPING = "keeping secrets of persons"
"""What a run does before it measures, where tokens are under such secrets."""


SECRETS = "secrets"
"""The name of a folder, in a private one, of secrets that are not kept."""


class Kept(NamedTuple):
    """A run whose persons have secrets.

    Attributes:
        job: The run, which knows where they are.
        new: How many were new.
    """

    job: Job
    new: int = 0


def with_person_secrets(
    job: Job, shards: Sequence[Shard], folder: str = "", fields: Container[str] | None = None
) -> Kept:
    """The run with a secret for each person of its input; the very run where no token is under one.

    Args:
        job: The run, whose keys are pinned.
        shards: Its input.
        folder: A private folder for the secrets of a run that publishes nothing: a copy of those that are kept, and those that are
            new, which go with it. They are kept beside the keyring if not given.
        fields: The fields of which tokens are made; all if not given.

    Raises:
        InputError: The input cannot be read.
        KeyFault: A key cannot be had, or a file of secrets is damaged or cannot be written.
        OutputError: The disk fails.
    """
    domains = [one for one in secret_domains(job.policy, job.releases) if fields is None or one.target.field in fields]
    if not domains or job.policy.subject_field is None:
        return Kept(job)
    job = replace(job, secrets_folder="")
    made = replace(job, secrets_folder=folder)
    PROGRESS.start(KEEPING)
    with SpillFolder() as private:
        collected = []
        for number, (action, target) in enumerate(domains):
            subkey = action.subkey(target, job.keys)
            paths = [keys.secrets_file(action.key_domain(target), subkey) for keys in (made.keys, job.keys)]
            os.mkdir(private.file(str(number)), 0o700)
            collected.append(NewPersons(paths[0], subkey.bytes, private.file(str(number)), paths[1]))
        for persons in _persons(job, shards):
            for one in collected:
                one.add(persons)
        for one in collected:
            one.close()
        return Kept(made, sum(one.given for one in collected))


def check_apart(job: Job, output: str) -> None:
    """See that secrets are not kept in what a run publishes.

    Args:
        job: The run.
        output: Its output.

    Raises:
        KeyFault: The policy has no keyring on a local disk.
        UsageError: They would be.
    """
    places = job.policy.keys
    if not secret_domains(job.policy, job.releases) or places is None:
        return
    folder = folder_beside(places.keyring)
    if is_local(output) and f"{folder}/".startswith(f"{os.path.realpath(absolute(output))}/"):
        raise UsageError(
            "the secrets of persons, which are kept beside the keyring, would lie in the output, and they are never published",
            folder,
            "Choose another --output, or move the keyring",
        )


def _persons(job: Job, shards: Sequence[Shard]) -> Iterator[pa.Array]:
    """The persons of an input, in one spelling, each several times; those who were erased left out."""
    subject = job.policy.subject_field or ""
    erased = erased_of(job)
    columns = [subject] if erased is None else identities(job.policy)
    jobs = [(job, shards)]
    if job.corrections is not None:
        jobs.append((replace(job, types=job.corrections.types), job.corrections.shards))
    for own, some in jobs:
        for shard in some:
            for batch in read_typed(shard, own, columns, spare=columns):
                records = batch.records
                left = records if erased is None else records.where(~erased.among(records))
                yield identity_text(left.columns[subject], job.policy.kind(subject)).unique().drop_null()
                PROGRESS.add(batch.read)
