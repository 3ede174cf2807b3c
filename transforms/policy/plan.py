"""What a policy will do to each field, what is tested, and the best label that can come out."""

from dataclasses import asdict, dataclass
from typing import Any

from beam_deid.transforms.policy.canonical import policy_sha256
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.plan_label import Obstacle, obstacles, warnings
from beam_deid.transforms.policy.plan_tests import PlannedTest, planned_tests
from beam_deid.transforms.policy.roles import (
    join_fields,
    linkable,
    open_levels,
    quasi_fields,
    recoverability,
    released_fields,
    sensitive_fields,
)
from beam_deid.transforms.terms import Kind, LabelName, Recoverability, Role, Sharing


@dataclass(frozen=True)
class FieldPlan:
    """What a release does with one field.

    Attributes:
        field: Its name.
        role: Its roles.
        kind: Its kind, declared or implied; None if nothing says.
        action: The action's name.
        recoverability: How far it can be turned back.
        sentence: The same in one sentence, without a full stop.
        quasi_identifier: Whether it is tested as a quasi-identifier.
        level_open: Whether its level of generalization is chosen by the search.
    """

    field: str
    role: tuple[Role, ...]
    kind: Kind | None
    action: str
    recoverability: Recoverability
    sentence: str
    quasi_identifier: bool
    level_open: bool


@dataclass(frozen=True)
class ReleasePlan:
    """What one release will be.

    Attributes:
        purpose: As the policy says.
        sharing: The sharing model.
        expect: The label that is expected, if any.
        format: Format of the files.
        fields: The released fields and those it drops by name, in the policy's order.
        not_released: Fields that the release does not give out, named by it or not.
        quasi_identifiers: Fields tested together as quasi-identifiers.
        sensitive: Released sensitive fields.
        join_fields: Fields on which somebody who holds the source can join.
        open_levels: Fields whose level the search chooses.
        linkable: Whether rows of one subject can be linked in the release.
        best_label: The best label that data could still give it.
        reasons: Why it cannot be anonymized, whatever the data.
        warnings: What the policy's author may not have meant.
        tests: What will be tested, with limits.
    """

    purpose: str
    sharing: Sharing
    expect: LabelName | None
    format: str
    fields: tuple[FieldPlan, ...]
    not_released: tuple[str, ...]
    quasi_identifiers: tuple[str, ...]
    sensitive: tuple[str, ...]
    join_fields: tuple[str, ...]
    open_levels: tuple[str, ...]
    linkable: bool
    best_label: LabelName
    reasons: tuple[Obstacle, ...]
    warnings: tuple[str, ...]
    tests: tuple[PlannedTest, ...]


@dataclass(frozen=True)
class Plan:
    """What a policy will do.

    Attributes:
        dataset: The dataset's name.
        subject: The field that says whom a record is about, if any.
        policy_sha256: The policy's hash.
        never_released: Fields that no release gives out.
        releases: The plan of each release, by name.
    """

    dataset: str
    subject: str | None
    policy_sha256: str
    never_released: tuple[str, ...]
    releases: dict[str, ReleasePlan]

    def to_json(self) -> dict[str, Any]:
        """The plan as plain values for JSON: dicts, lists, text, numbers, booleans, None."""
        document: dict[str, Any] = _plain(asdict(self))
        return {"schema_version": 1, **document}


def plan(policy: Policy) -> Plan:
    """Plan every release of a policy, without reading data."""
    releases = {name: _release(policy, name) for name in policy.releases}
    given = {field for name in policy.releases for field in released_fields(policy, name)}
    never = tuple(field for field in policy.fields if field not in given)
    return Plan(policy.dataset, policy.subject, policy_sha256(policy), never, releases)


def _release(policy: Policy, name: str) -> ReleasePlan:
    spec, found = policy.releases[name], obstacles(policy, name)
    given = set(released_fields(policy, name))
    return ReleasePlan(
        purpose=spec.purpose,
        sharing=spec.sharing,
        expect=spec.expect,
        format=spec.format,
        fields=tuple(_field(policy, name, field) for field in policy.fields if field in spec.fields),
        not_released=tuple(field for field in policy.fields if field not in given),
        quasi_identifiers=quasi_fields(policy, name),
        sensitive=sensitive_fields(policy, name),
        join_fields=join_fields(policy, name),
        open_levels=open_levels(policy, name),
        linkable=linkable(policy, name),
        best_label=LabelName.STILL_PERSONAL if found else LabelName.ANONYMIZED,
        reasons=found,
        warnings=warnings(policy, name, found),
        tests=planned_tests(policy, name),
    )


def _field(policy: Policy, release: str, field: str) -> FieldPlan:
    action, target = policy.releases[release].fields[field], policy.target(release, field)
    return FieldPlan(
        field=field,
        role=policy.fields[field].role,
        kind=policy.kind(field),
        action=action.name,
        recoverability=recoverability(policy, release, field),
        sentence=action.sentence(target),
        quasi_identifier=field in quasi_fields(policy, release),
        level_open=field in open_levels(policy, release),
    )


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, str) else value
