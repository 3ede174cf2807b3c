"""Keys of the records of a batch: of their persons, of the record itself, and of what released values are made from."""

import pyarrow.compute as pc

from beam_deid.transforms.actions.action import Beside
from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import Fingerprints, fingerprint
from beam_deid.transforms.policy.scoping import identities
from beam_deid.transforms.recognisers.identity import identity_text
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.layout import Layout
from beam_deid.transforms.treat.typed import Records


def source_key(job: Job, layout: Layout, name: str, records: Records) -> Fingerprints:
    """The keys that stand for the released values of a keyed field, shape (n,): equal only where the released values are equal."""
    action = job.policy.releases[layout.release].fields[name]
    value = fingerprint(records.columns[name], job.prints)
    if action.beside is Beside.PLACE:
        return combine([value, fingerprint(records.places, job.prints)], len(records))
    subject = job.policy.subject_field
    if action.beside is Beside.SUBJECT and subject is not None:
        return combine([value, fingerprint(records.columns[subject], job.prints)], len(records))
    return value


def identity_keys(job: Job, records: Records) -> dict[str, Fingerprints]:
    """The key of each identity of the records, as it is spelled canonically, each of shape (n,)."""
    policy = job.policy
    return {
        name: fingerprint(identity_text(records.columns[name], policy.kind(name)), job.prints)
        for name in identities(policy)
    }


def recorded_keys(job: Job, records: Records) -> Fingerprints:
    """The key by which each record is known again in later runs, shape (n,): its number's, or that of all its columns."""
    policy = job.policy
    if policy.record is not None:
        numbers = identity_text(records.columns[policy.record], policy.kind(policy.record))
        # What went through a program that takes it for a number has lost its zeros.
        return fingerprint(pc.utf8_ltrim(numbers, characters="0"), job.prints)
    # In an order that does not depend on the policy's: fields that change their places make no other records.
    return combine([fingerprint(records.columns[name], job.prints) for name in sorted(policy.fields)], len(records))


def identity_signature(job: Job, records: Records) -> Fingerprints:
    """One key for all identities of each record, shape (n,)."""
    return combine(identity_keys(job, records).values(), len(records))
