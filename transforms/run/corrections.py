"""A file of corrected records that a run takes in place of what its input says of them, found before a record is read."""

import hashlib
from dataclasses import replace

from beam_deid.transforms.columns.type_class import type_class
from beam_deid.transforms.errors import PolicyError, UsageError
from beam_deid.transforms.run.corrections_file import CorrectionsFile
from beam_deid.transforms.run.shards import Prepared, prepare
from beam_deid.transforms.storage.journal import sha256_of
from beam_deid.transforms.storage.paths import name_of, shown


def with_corrections(prepared: Prepared, path: str) -> Prepared:
    """The run that takes corrected records from a file. Its id is another one.

    Args:
        prepared: The run.
        path: The file, with all columns of the policy.

    Raises:
        UsageError: There is no such file, or there are several; or the policy does not say by what a record is known.
        PolicyError: Its columns are not those of the policy, or not of the input's types.
        InputError: It cannot be read.
    """
    job = prepared.job
    if job.policy.record is None:
        raise UsageError(
            "the policy does not say by what a record is known", "record", "Add record: FIELD, such as an order number"
        )
    given = prepare(job.policy, [path])
    if given.job.files > 1:
        raise UsageError("these are several files", shown(path), "Name one file, as it was given to beam-deid correct")
    for name in job.policy.fields:
        here = given.job.type_of(name)
        there = job.type_of(name)
        if type_class(here) != type_class(there):
            raise PolicyError(
                f"{name} is {here} there and {there} in the input, so that a corrected value would be another one",
                shown(path),
                "Write the file as the input is written",
            )
    first = given.shards[0]
    sha256 = sha256_of(first.path)
    found = CorrectionsFile(first.path, name_of(shown(path)), first.size, sha256, given.shards, given.job.types)
    run = hashlib.sha256(f"{job.run}/{sha256}".encode()).hexdigest()[:16]
    return replace(prepared, job=replace(job, corrections=found, run=run))
