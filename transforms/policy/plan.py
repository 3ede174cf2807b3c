"""What a policy will do to each field, what is tested, and the best label that can come out."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from beam_deid.transforms.label.documents import attributes
from beam_deid.transforms.label.requirements import planned
from beam_deid.transforms.label.requirements.requirement import Planned
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.policy.canonical import policy_sha256
from beam_deid.transforms.policy.categories import category_of
from beam_deid.transforms.policy.model import Policy, Release
from beam_deid.transforms.policy.nearest import bare
from beam_deid.transforms.policy.plan_label import Obstacle, obstacles, unsaid, warnings
from beam_deid.transforms.policy.plan_recipient import RecipientPlan, recipient_plan
from beam_deid.transforms.policy.register_location import register_location
from beam_deid.transforms.policy.roles import how_normalized, open_levels, recoverability, released_fields
from beam_deid.transforms.policy.scoping import scope_of
from beam_deid.transforms.recognisers.categories.category import article
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.recognisers.platforms.catalogue import platform
from beam_deid.transforms.storage.paths import name_of
from beam_deid.transforms.terms import LabelName, Recoverability, Role, Sharing


@dataclass(frozen=True)
class FieldPlan:
    """What a release does with one field.

    Attributes:
        field: Its name.
        role: Its roles.
        kind: Its kind, declared or implied; None if nothing says.
        category: Its category of personal information; None if nothing says.
        sensitive_by: The article by which that is sensitive; None if it is not.
        action: The action's name.
        recoverability: How far it can be turned back.
        sentence: The same in one sentence, without a full stop.
        counted: Whether groups are made by it that anybody may know: its role is not sensitive alone.
        level_open: Whether its level of generalization is chosen by the search.
    """

    field: str
    role: tuple[Role, ...]
    kind: Kind | None
    category: str | None
    sensitive_by: str | None
    action: str
    recoverability: Recoverability
    sentence: str
    counted: bool
    level_open: bool


@dataclass(frozen=True)
class ReleasePlan:
    """What one release will be.

    Attributes:
        purpose: As the policy says.
        sharing: The sharing model.
        expect: The label that is expected, if any.
        format: Format of the files.
        part_rows: Rows of a part, where the policy says how large parts are.
        records: Which records it is about, where not all of them: a sentence for each condition, without a full stop.
        fields: The released fields and those it drops by name, in the policy's order.
        not_released: Fields that the release does not give out, named by it or not.
        rest: Released fields that make the groups that anybody may know.
        sensitive: Released sensitive fields.
        identities: Fields of the source by which persons are counted.
        tested_with: Releases of the policy that are tested together with this one.
        open_levels: Fields whose level the search chooses.
        linkable: Whether rows of one subject can be linked in the release.
        best_label: The best label that data could still give it.
        reasons: Why it cannot be anonymized, whatever the data.
        unsaid: What the policy does not say, so that the worst counts.
        warnings: What the policy's author may not have meant.
        tests: What will be tested, with limits.
        recipient: What is planned for its recipient; None where the policy declares none.
        permitted_by: Who permitted what the platform's terms do not allow; None where nothing is said.
    """

    purpose: str
    sharing: Sharing
    expect: LabelName | None
    format: str
    part_rows: int | None
    records: tuple[str, ...]
    fields: tuple[FieldPlan, ...]
    not_released: tuple[str, ...]
    rest: tuple[str, ...]
    sensitive: tuple[str, ...]
    identities: tuple[str, ...]
    tested_with: tuple[str, ...]
    open_levels: tuple[str, ...]
    linkable: bool
    best_label: LabelName
    reasons: tuple[Obstacle, ...]
    unsaid: tuple[str, ...]
    warnings: tuple[str, ...]
    tests: tuple[Planned, ...]
    recipient: RecipientPlan | None
    permitted_by: str | None


@dataclass(frozen=True)
class FilledPlan:
    """What is filled down in files.

    Attributes:
        by: The column that says which order a row is of.
        fields: The columns that are filled where they are blank.
    """

    by: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """What a policy will do.

    Attributes:
        dataset: The dataset's name.
        subject: The field that says whom a record is about, if any.
        record: The field by which a record is known again in later runs, if not by all of them.
        register: Why nothing is remembered of what is given out; empty where a register is kept.
        policy_sha256: The policy's hash.
        never_released: Fields that no release gives out.
        optional: Fields whose column files may lack.
        ignored: Names and patterns of columns that are not read.
        filled: By which column rows go together, and which columns are filled down; None where none are.
        releases: The plan of each release, by name.
        purposes: The declared purposes; None where purposes are free text, so that nothing is checked by them.
        platform: Whose orders these are; None where the policy does not say, so that no terms are checked.
        terms: Its terms that are known, a sentence each without a full stop.
    """

    dataset: str
    subject: str | None
    record: str | None
    register: str
    policy_sha256: str
    never_released: tuple[str, ...]
    optional: tuple[str, ...]
    ignored: tuple[str, ...]
    filled: FilledPlan | None
    releases: dict[str, ReleasePlan]
    purposes: tuple[str, ...] | None
    platform: str | None
    terms: tuple[str, ...]

    def to_document(self) -> dict[str, Any]:
        """The plan as plain values for JSON: dicts, lists, text, numbers, booleans, None."""
        return {"schema_version": 2, **attributes(self)}


def plan(policy: Policy) -> Plan:
    """Plan every release of a policy, without reading data."""
    missing = register_location(policy, os.curdir).missing
    releases = {name: _release(policy, name, missing) for name in policy.releases}
    given = {field for name in policy.releases for field in released_fields(policy, name)}
    never = tuple(field for field in policy.fields if field not in given)
    filled = policy.input.fill_down
    return Plan(
        dataset=policy.dataset,
        subject=policy.subject,
        record=policy.record,
        register=missing,
        policy_sha256=policy_sha256(policy),
        never_released=never,
        optional=tuple(field for field, spec in policy.fields.items() if spec.optional),
        ignored=policy.input.ignore,
        filled=None if filled is None else FilledPlan(filled.by, filled.fields),
        releases=releases,
        purposes=None if policy.purposes is None else tuple(policy.purposes),
        platform=policy.platform,
        terms=() if policy.platform is None else tuple(term.told for term in platform(policy.platform).terms),
    )


def _release(policy: Policy, name: str, missing: str) -> ReleasePlan:
    spec = policy.releases[name]
    scope = scope_of(policy, name, tuple(policy.releases), register=missing)
    found = obstacles(policy, scope)
    return ReleasePlan(
        purpose=spec.purpose,
        sharing=spec.sharing,
        expect=spec.expect,
        format=spec.format,
        part_rows=None if spec.parts is None else spec.parts.rows,
        records=tuple(_records(spec)),
        fields=tuple(_field(policy, scope, field) for field in policy.fields if field in spec.fields),
        not_released=tuple(field for field in policy.fields if field not in scope.fields),
        rest=scope.rest,
        sensitive=scope.sensitive,
        identities=scope.identities,
        tested_with=tuple(scope.siblings),
        open_levels=open_levels(policy, name),
        linkable=scope.linked,
        best_label=LabelName.STILL_PERSONAL if found else LabelName.ANONYMIZED,
        reasons=found,
        unsaid=() if found else unsaid(policy, scope),
        warnings=warnings(policy, scope, found),
        tests=tuple(test for _, test in planned(scope)),
        recipient=recipient_plan(policy, scope, missing),
        permitted_by=None if spec.permitted_by is None else spec.permitted_by.told,
    )


def _records(spec: Release) -> Iterator[str]:
    """Which records a release is about."""
    if spec.where:
        yield f"those that meet where: {', '.join(map(bare, spec.where))}"
    if spec.consent is not None:
        yield f"those of persons who have consented to {spec.consent.purpose or spec.purpose}, by {name_of(spec.consent.ledger)}"


def _sentence(policy: Policy, release: str, field: str) -> str:
    action = policy.releases[release].fields[field]
    normal = how_normalized(policy, release, field)
    return action.sentence(policy.target(release, field)) + (f"; taken {normal}" if normal else "")


def _field(policy: Policy, scope: Scope, field: str) -> FieldPlan:
    action = policy.releases[scope.release].fields[field]
    category = category_of(policy, field)
    return FieldPlan(
        field=field,
        role=policy.fields[field].role,
        kind=policy.kind(field),
        category=category,
        sensitive_by=article(category) or None,
        action=action.name,
        recoverability=recoverability(policy, scope.release, field),
        sentence=_sentence(policy, scope.release, field),
        counted=field in scope.rest,
        level_open=field in open_levels(policy, scope.release),
    )
