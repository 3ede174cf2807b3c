"""A run's register opened: where it is, its key, and that it is no other than it should be."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from beam_deid.transforms.crypto.keyring import REGISTER_NAME
from beam_deid.transforms.crypto.keyring_file import change, opened
from beam_deid.transforms.errors import KeyFault, UsageError
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.register_place import ResolvedRegister, register_place
from beam_deid.transforms.publish.register_standing import run_in, settle, tested_with
from beam_deid.transforms.publish.registering import Intent, Registering, told_of
from beam_deid.transforms.register.document import State
from beam_deid.transforms.register.folder import Held, hold, read
from beam_deid.transforms.register.key import known_subkey, register_subkey
from beam_deid.transforms.register.reference import Reference
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.storage.files import store_of
from beam_deid.transforms.storage.paths import is_hidden, is_local, name_of, parent, shown


def open_register(
    job: Job, output: str, *, overwrite: bool, unreleased: bool, new: bool = False
) -> tuple[Job, Registering | None]:
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
    place = register_place(job.policy, output, key_given=job.secret is not None)
    if place.missing:
        _see_that_none_is_left_out(job.policy, output)
        return replace(job, unregistered=place.missing), None
    _see_that_it_is_apart(place.path, output)
    held = hold(place.path)
    try:
        return _opened(job, place, held, output, overwrite, unreleased, new)
    except BaseException:
        held.close()
        raise


def resume(intent: Mapping[str, Any]) -> Registering:
    """Hold the register of a run whose driver died.

    Args:
        intent: What it left: an `Intent` as plain values.

    Raises:
        UsageError: The register is damaged, or another run uses it.
    """
    given = Intent(**{**intent, "entries": tuple(intent["entries"])})
    held = hold(given.path)
    try:
        settle(held)
    except BaseException:
        held.close()
        raise
    return Registering(held, given)


def _opened(
    job: Job, place: ResolvedRegister, held: Held, output: str, overwrite: bool, unreleased: bool, new: bool
) -> tuple[Job, Registering]:
    settle(held)
    document = held.document
    key = place.key
    notes = list[str]()
    if document is None:
        if not new:
            _see_that_none_was_lost(place.path, output)
        identity = secrets.token_hex(8)
        job, notes = _with_key(job, place)
        subkey = register_subkey(job.keys, key, identity)
        facts: Mapping[str, Any] = {"id": subkey.id, "check": subkey.check()}
        notes.append(
            f"a new register of what is given out: {shown(place.path)}; nothing that was given out before is in it"
        )
    else:
        if document.dataset != job.policy.dataset:
            raise UsageError(
                f"the register is of the dataset {document.dataset}, and the policy's is {job.policy.dataset}",
                shown(place.path),
                "Name another folder under register: of the policy, or call the dataset as before",
            )
        _see_that_none_is_elsewhere(place.path, output, document.register)
        identity = document.register
        facts = document.key
    entries = [] if document is None else tested_with(document, output, unreleased=unreleased)
    reference = Reference(place.path, identity, key, facts["id"], facts["check"], tuple(entries), document is None)
    if document is not None:
        known_subkey(job.keys, reference)
    replaced = State.UNRELEASED if overwrite and unreleased else State.SUPERSEDED
    intent = Intent(
        place.path,
        identity,
        dict(facts),
        job.policy.dataset,
        tuple(entry.name for entry in entries),
        output,
        str(replaced),
        told_of(job.policy, job.releases),
    )
    return replace(job, register=reference, unregistered=""), Registering(held, intent, tuple(notes))


def _with_key(job: Job, place: ResolvedRegister) -> tuple[Job, list[str]]:
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
    with change(keys.keyring) as changing:
        changing.save(changing.ring.with_new(REGISTER_NAME, changing.ring.opener()))
    return job.pinned(), [f"the keyring has a key for it now, called {REGISTER_NAME}: {shown(keys.keyring)}"]


def _see_that_none_was_lost(path: str, output: str) -> None:
    """See that no run in the output, or in an output beside it, was registered in a register that is to be made anew.

    Raises:
        UsageError: One was, and that register is gone.
    """
    for place in [output, *_outputs_beside(output)]:
        register = run_in(place).get("register")
        if register and (place == output or shown(str(register["path"])) == shown(path)):
            raise UsageError(
                f"the run in {shown(place)} was registered, and its register is gone",
                shown(path),
                "Put the register back; or, if it is gone for good, add --new-register: what was given out is then not tested",
            )


def _see_that_it_is_apart(path: str, output: str) -> None:
    """See that what is published and what never is are not in one another.

    Raises:
        UsageError: They are.
    """
    here = f"{shown(path)}/"
    there = f"{shown(output)}/"
    if output and (here.startswith(there) or there.startswith(here)):
        raise UsageError(
            "the register and the output are in one another, and a register is never published",
            shown(path),
            "Name another folder under register: of the policy, or another --output",
        )
    if run_in(parent(path)):
        raise UsageError(
            "the register would lie in the output of another run, and it is never published",
            shown(path),
            "Name another folder under register: of the policy, or another --output",
        )


def _outputs_beside(output: str) -> list[str]:
    if not output:
        return []
    above = parent(output)
    try:
        found = store_of(above).entries(above)
    except OSError:
        return []
    return [
        entry.path for entry in found if entry.is_folder and entry.path != output and not is_hidden(name_of(entry.path))
    ]


def _see_that_none_is_left_out(policy: Policy, output: str) -> None:
    """See that a policy that names no key for a register, by mistake, does not pass one by.

    Raises:
        UsageError: There is one where the policy's would be.
    """
    place = register_place(policy, output, key_given=True)
    if not place.missing and read(place.path) is not None:
        raise UsageError(
            "a register of what was given out is here, and the policy names no key for it",
            shown(place.path),
            "Name the key with which it was made (keys: or register: {key: …}), or say register: none to go without",
        )


def _see_that_none_is_elsewhere(path: str, output: str, register: str) -> None:
    """See that the run in the output, if there is one, is in no other register: what this one does not know it cannot test.

    Raises:
        UsageError: It is.
    """
    other = run_in(output).get("register")
    if other and other["id"] != register:
        raise UsageError(
            f"the run in the output is in the register {other['id']}, which was at {other['path']}, and this is {register}",
            shown(path),
            "Name that register under register: of the policy, or move that output away",
        )
