"""A run's register opened: where it is, its key, and that it is no other than it should be."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from beam_deid.transforms.crypto.chained_record import ChainedRecord
from beam_deid.transforms.crypto.key_terms import REGISTER_NAME
from beam_deid.transforms.crypto.keyring_file import change, opened
from beam_deid.transforms.crypto.recorded import KeyAct, record_beside, recorded
from beam_deid.transforms.errors import KeyFault, UsageError
from beam_deid.transforms.policy.register_location import RegisterLocation, register_location
from beam_deid.transforms.publish.register_checks import (
    check_it_is_apart,
    check_none_is_elsewhere,
    check_none_is_left_out,
    check_none_was_lost,
)
from beam_deid.transforms.publish.register_current import replaced_in, settle, settled_document, tested_with
from beam_deid.transforms.publish.register_entries import Intent, PolicyFacts
from beam_deid.transforms.publish.register_session import RegisterSession
from beam_deid.transforms.register.document import Document, RequestKind, State
from beam_deid.transforms.register.folder import Held, hold, read
from beam_deid.transforms.register.given_out import given_out
from beam_deid.transforms.register.key import known_subkey, register_subkey
from beam_deid.transforms.register.reference import Reference
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.storage.paths import is_local, shown
from beam_deid.transforms.treat.corrected import correction_notes
from beam_deid.transforms.treat.replacing import check_corrections


def open_register(
    job: Job, output: str, *, overwrite: bool, unreleased: bool, new: bool = False
) -> tuple[Job, RegisterSession | None]:
    """Hold the register of a run, if it keeps one.

    Args:
        job: The run, with the keys of its keyring pinned.
        output: Its output folder, as all reach it.
        overwrite: Whether it may replace an earlier run's output.
        unreleased: Whether what it replaces was never given out.
        new: Whether a new register may be made where one is gone.

    Returns:
        The job, which knows the register or why there is none; and the register.

    Raises:
        UsageError: The register is damaged, or another run uses it.
        KeyFault: Its key cannot be had, or is another one.
    """
    place = register_location(job.policy, output, key_given=job.secret is not None)
    if place.missing:
        check_none_is_left_out(job.policy, output)
        check_corrections(job)
        return replace(job, unregistered=place.missing), None
    check_it_is_apart(place.path, output)
    held = hold(place.path)
    try:
        return _opened(job, place, held, output, overwrite, unreleased, new)
    except BaseException:
        held.close()
        raise


def consult_register(job: Job, output: str, *, unreleased: bool, new: bool = False) -> Job:
    """Read the register of a run that will not publish: nothing is written to it, and none is made.

    Args:
        job: The run, with the keys of its keyring pinned.
        output: Its output folder, as all reach it.
        unreleased: Whether what it would replace was never given out.
        new: Whether a new register might be made where one is gone.

    Returns:
        The job, which knows the register or why there is none.

    Raises:
        UsageError: The register is damaged.
        KeyFault: Its key cannot be had, or is another one.
    """
    place = register_location(job.policy, output, key_given=job.secret is not None)
    if place.missing:
        check_none_is_left_out(job.policy, output)
        check_corrections(job)
        return replace(job, unregistered=place.missing)
    check_it_is_apart(place.path, output)
    document = read(place.path)
    if document is not None:
        reference = _existing(job, place, output, settled_document(document), unreleased)
        job = replace(job, register=reference, unregistered="")
        check_corrections(job)
        return job
    check_corrections(job)
    if not new:
        check_none_was_lost(place.path, output)
    # Nothing of it outlives the run, so that its fingerprints need no key but the run's own.
    return replace(job, register=Reference(place.path, "", None, 0, "", is_new=True), unregistered="")


def resume(intent: Mapping[str, Any]) -> RegisterSession:
    """Hold the register of a run whose driver died.

    Args:
        intent: What it left: an `Intent` as plain values.

    Raises:
        UsageError: The register is damaged, or another run uses it.
    """
    given = Intent.from_document(intent)
    held = hold(given.path)
    try:
        settle(held)
    except BaseException:
        held.close()
        raise
    return RegisterSession(held, given)


def _opened(
    job: Job, place: RegisterLocation, held: Held, output: str, overwrite: bool, unreleased: bool, new: bool
) -> tuple[Job, RegisterSession]:
    settle(held)
    notes: tuple[str, ...] = ()
    if held.document is None:
        check_corrections(job)  # which no new register remembers; before a key is made for one
        if not new:
            check_none_was_lost(place.path, output)
        job, reference, notes = _new(job, place)
    else:
        reference = _existing(job, place, output, held.document, unreleased)
        notes = correction_notes(place.path, held.document, job.policy)
    replaced = State.UNRELEASED if overwrite and unreleased else State.SUPERSEDED
    intent = Intent(
        path=place.path,
        register=reference.register,
        key={"id": reference.key_id, "check": reference.check},
        dataset=job.policy.dataset,
        entries=tuple(entry.name for entry in reference.entries),
        output=output,
        replaced=str(replaced),
        told={name: PolicyFacts.of(job.policy, name) for name in job.releases},
    )
    job = replace(job, register=reference, unregistered="")
    check_corrections(job)
    return job, RegisterSession(held, intent, notes)


def _new(job: Job, place: RegisterLocation) -> tuple[Job, Reference, tuple[str, ...]]:
    """The run with a key for a new register, how the run knows that register, and what a person is told of it."""
    identity = secrets.token_hex(8)
    job, notes = _with_key(job, place)
    subkey = register_subkey(job.keys, place.key, identity)
    made = f"a new register of what is given out: {shown(place.path)}; nothing that was given out before is in it"
    return job, Reference(place.path, identity, place.key, subkey.id, subkey.check(), (), True), (*notes, made)


def _existing(job: Job, place: RegisterLocation, output: str, document: Document, unreleased: bool) -> Reference:
    """How the run knows a register that is there, once it is found to be the right one and its key to be at hand."""
    if document.dataset != job.policy.dataset:
        raise UsageError(
            f"the register is of the dataset {document.dataset}, and the policy's is {job.policy.dataset}",
            shown(place.path),
            "Name another folder under register: of the policy, or call the dataset as before",
        )
    check_none_is_elsewhere(place.path, output, document.register)
    entries = tuple(tested_with(document, output, unreleased=unreleased))
    key = document.key
    reference = Reference(
        path=place.path,
        register=document.register,
        key=place.key,
        key_id=key["id"],
        check=key["check"],
        entries=entries,
        given_out=given_out(document, replaced_in(document, output) if unreleased else ()),
        erased=document.requested(RequestKind.ERASED),
        corrected=document.requested(RequestKind.CORRECTED),
        erased_at=max((one.at for one in document.requests if one.kind is RequestKind.ERASED), default=""),
    )
    known_subkey(job.keys, reference)
    return reference


def _with_key(job: Job, place: RegisterLocation) -> tuple[Job, list[str]]:
    """The run once there is a key for a new register: one of that name is added to the policy's keyring if it has none."""
    keys = job.policy.keys
    if place.key != f"keyring:{REGISTER_NAME}" or keys is None or keys.keyring is None:
        return job, []
    if any(key.name == REGISTER_NAME for key in opened(keys.keyring).keys):
        return job, []
    if not is_local(keys.keyring):
        raise KeyFault(
            f"the keyring has no key called {REGISTER_NAME}, and it cannot be changed here",
            shown(keys.keyring),
            f"Where it was made: beam-deid keys create KEYRING --name {REGISTER_NAME}, and copy it; or say register: none",
        )
    record = ChainedRecord(record_beside(keys.keyring))
    with change(keys.keyring) as changing:
        made = changing.ring.with_new(REGISTER_NAME, changing.ring.opener())
        why = f"a new register, of {job.policy.dataset}"
        with recorded(record, KeyAct.CREATE, made, [made.primary(REGISTER_NAME)], why) as told:
            changing.save(told)
    return job.pinned(), [f"the keyring has a key for it now, called {REGISTER_NAME}: {shown(keys.keyring)}"]
