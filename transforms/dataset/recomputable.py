"""Which columns of a release its source gives again here: all but those whose key is not at hand, or that rest on rows' places."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from beam_deid.transforms.actions.action import Action, Beside
from beam_deid.transforms.actions.attack import KeylessAttack
from beam_deid.transforms.actions.key_options import KeyedAction
from beam_deid.transforms.actions.per_subject import PerSubject
from beam_deid.transforms.crypto.ephemeral import EPHEMERAL
from beam_deid.transforms.crypto.key_terms import DEFAULT_NAME
from beam_deid.transforms.dataset.published_rows import Published
from beam_deid.transforms.errors import KeyFault
from beam_deid.transforms.policy.categories import with_sensitive
from beam_deid.transforms.policy.for_recipient import absent_keys
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.terms import Role

_KEYRING = "keyring:"
_DESTROYED = "its key was destroyed when the release was published, so nobody can make it again"
_OTHER_KEY = "the key at hand is not the one that made it"
_CHANGED = "the label's check of its key is not that of the key with its id"
_PLACES = "it differs from row to row by the rows' places, and these are not the files that the run read"


@dataclass(frozen=True)
class Recomputable:
    """What of a release its source gives again.

    Attributes:
        job: The run of the one release, whose keys are the versions that made it.
        written: The keyed columns that are given again.
        missing: The columns that are not, and why, a sentence each without a full stop.
        uncounted: Those of them that cannot be counted by their source's values either: unlike values may have become alike.
        problems: What a label says of a key that the key itself belies, a sentence each without a full stop.
    """

    job: Job
    written: tuple[str, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)
    uncounted: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def recomputable(job: Job, published: Published, same_files: bool, persons_gone: int = 0) -> Recomputable:
    """Tell the columns of a release that its source gives again.

    Args:
        job: A run of this release alone, on its source.
        published: The release.
        same_files: Whether the source's files are those that the run read, as far as their names and sizes tell.
        persons_gone: How many persons of the source have no secret any more, although nobody was erased from the release.
    """
    # What values made sensitive in the run is sensitive here, whatever this policy says of its role.
    told = published.label["fields"].items()
    policy = with_sensitive(job.policy, [name for name, facts in told if str(Role.SENSITIVE) in facts["role"]])
    release = published.release
    actions = {name: policy.releases[release].fields[name] for name in published.label["fields"]}
    keyed = {name: action for name, action in actions.items() if isinstance(action, KeyedAction)}
    job = replace(job, policy=policy, key_ids=_versions(policy, published, keyed))
    missing: dict[str, str] = {}
    for name, action in keyed.items():
        why = _why_not(job, published, name, action)
        if why is None and action.beside is Beside.PLACE and not same_files:
            why = _PLACES
        if why is None and action.beside is Beside.PERSON and persons_gone:
            why = f"the secrets of {persons_gone:,} of the persons in the source are gone, so nobody can make their tokens again"
        if why is not None:
            missing[name] = why
    destroyed = policy.releases[release].key == EPHEMERAL
    # The label counted these as they were released, and here only what they were made from can be counted.
    as_released = missing if destroyed else [name for name in absent_keys(policy, release) if name in missing]
    many_to_one = [name for name in as_released if not _is_one_to_one(actions[name])]
    return Recomputable(
        job,
        tuple(name for name in keyed if name not in missing),
        missing,
        tuple(many_to_one),
        tuple(f"{name}: {_CHANGED}: one of both was changed" for name, why in missing.items() if why is _CHANGED),
    )


def _is_one_to_one(action: Action) -> bool:
    """Whether a keyed action makes unlike values of unlike ones, and of equal ones equal values."""
    return action.attacks == (KeylessAttack.FREQUENCY,) and action.beside is None


def _versions(policy: Policy, published: Published, keyed: Mapping[str, KeyedAction]) -> dict[str, int]:
    """The version of each key of the keyring that made the release, by the key's name, as the label tells it."""
    found = {}
    for name, action in keyed.items():
        reference = action.own_key or policy.target(published.release, name).key or f"{_KEYRING}{DEFAULT_NAME}"
        key = published.label["fields"][name].get("key")
        if key and reference.startswith(_KEYRING):
            found[reference.removeprefix(_KEYRING)] = int(key["id"])
    return found


def _why_not(job: Job, published: Published, name: str, action: KeyedAction) -> str | None:
    """Why a keyed column cannot be made again; None if it can."""
    target = job.policy.target(published.release, name)
    told = published.label["fields"][name].get("key")
    if not told:
        return _DESTROYED
    try:
        subkey = action.subkey(target, job.keys)
    except KeyFault as fault:
        return f"its key cannot be had: {fault.where}: {fault.what}"
    if subkey.id != told["id"]:
        return _OTHER_KEY
    if subkey.check(action.form(target)) != told["check"]:
        return _CHANGED
    try:
        if isinstance(action, PerSubject):
            action.secrets(target, job.keys)
    except KeyFault as fault:
        return f"the secrets of persons cannot be had: {fault.where}: {fault.what}"
    return None
