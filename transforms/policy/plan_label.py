"""Why a release can never be anonymized, whatever the data, and what the author may not have meant."""

from collections.abc import Iterator
from dataclasses import dataclass

from beam_deid.transforms.policy.model import DEFAULT_K, Policy
from beam_deid.transforms.policy.nearest import bare
from beam_deid.transforms.policy.roles import (
    keyed_fields,
    linkable,
    platform_fields,
    quasi_fields,
    recoverability,
    released_fields,
)
from beam_deid.transforms.recognisers.identity import IDENTIFYING
from beam_deid.transforms.terms import LabelName, Recoverability, Role

_LEFT = {
    Recoverability.CLEAR: "leaves it as it is",
    Recoverability.PARTIAL: "leaves a part of it",
    Recoverability.KEYED: "can be undone or repeated by whoever holds the key",
}


@dataclass(frozen=True)
class Obstacle:
    """A line of the label rule that cannot hold.

    Attributes:
        line: Number of the line, 1 to 7.
        field: The field that it is about, or None.
        action: The action on that field, or None.
        what: What is wrong, in one sentence without a full stop.
        instead: What to do to reach ``anonymized``.
    """

    line: int
    field: str | None
    action: str | None
    what: str
    instead: str


def obstacles(policy: Policy, release: str) -> tuple[Obstacle, ...]:
    """The lines of the label rule that fail by the policy alone, with the field and what to do instead."""
    return (*_identifiers(policy, release), *_restorable(policy, release), *_history(policy, release))


def _identifiers(policy: Policy, release: str) -> Iterator[Obstacle]:
    for field in released_fields(policy, release):
        how = recoverability(policy, release, field)
        if policy.fields[field].has(Role.DIRECT) and how in _LEFT:
            action = policy.releases[release].fields[field].name
            what = f"{bare(field)} is a direct identifier, and {action} {_LEFT[how]} ({how})"
            yield Obstacle(1, field, action, what, "drop or generalize it, or expect still_personal")


def _restorable(policy: Policy, release: str) -> Iterator[Obstacle]:
    for field in keyed_fields(policy, release):
        action = policy.releases[release].fields[field].name
        what = f"a key exists for {bare(field)} ({action}), so that somebody can restore or recompute it"
        yield Obstacle(2, field, action, what, "drop or generalize it, or expect still_personal")
    for field in platform_fields(policy, release):
        if not policy.fields[field].has(Role.DIRECT):
            action = policy.releases[release].fields[field].name
            what = f"{bare(field)} is a {policy.kind(field)}, which links records and which its platform or carrier can restore"
            yield Obstacle(2, field, action, what, "drop it, or expect still_personal")


def _history(policy: Policy, release: str) -> Iterator[Obstacle]:
    if linkable(policy, release) and policy.subject is None:
        what = "rows of one subject can be linked, and without a subject nobody's history can be tested"
        yield Obstacle(7, None, None, what, "name the subject, or expect still_personal")


def warnings(policy: Policy, release: str, found: tuple[Obstacle, ...]) -> tuple[str, ...]:
    """Sentences on what is allowed but perhaps not meant."""
    return (*_expectations(policy, release, found), *_limits(policy, release), *_roles(policy, release))


def _expectations(policy: Policy, release: str, found: tuple[Obstacle, ...]) -> Iterator[str]:
    expected = policy.releases[release].expect
    if expected is LabelName.ANONYMIZED and found:
        yield "anonymized is expected but can never be reached: nothing of this release will be published"
    if expected is LabelName.STILL_PERSONAL and not found:
        yield "still_personal is expected: if every test passes nothing of this release will be published"


def _limits(policy: Policy, release: str) -> Iterator[str]:
    spec = policy.releases[release]
    least = DEFAULT_K[spec.sharing]
    if spec.require.k is not None and spec.require.k < least:
        yield f"require.k is {spec.require.k}, below the least of {spec.sharing} sharing; {least} is taken"
    for field, asked in spec.require.l.items():
        if asked.distinct is not None and asked.distinct < 2:
            yield f"require.l.{bare(field)} is {asked.distinct}; 2 is taken, the least for any sensitive field"
    if not quasi_fields(policy, release):
        yield "no field is tested as a quasi-identifier: the whole release is one class"
    if policy.subject is None:
        yield "no subject is named: every record counts as a person, and classes may look too large"


def _roles(policy: Policy, release: str) -> Iterator[str]:
    for field in released_fields(policy, release):
        spec, kind = policy.fields[field], policy.kind(field)
        if kind in IDENTIFYING and not spec.has(Role.DIRECT):
            roles = " and ".join(spec.role)
            what = f"{bare(field)} is of kind {kind} but {roles}"
            yield f"{what}; such values identify a person: should it be direct_identifier?"
