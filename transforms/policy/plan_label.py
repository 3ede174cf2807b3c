"""Why a release can never be anonymized, whatever the data, and what the author may not have meant."""

from collections.abc import Iterator
from dataclasses import dataclass

from beam_deid.transforms.clock import is_past
from beam_deid.transforms.label.requirements.direct_identifiers import identifies
from beam_deid.transforms.label.requirements.register import Register
from beam_deid.transforms.label.scope import CONSENT, Scope
from beam_deid.transforms.policy.accountability import Dates, lapsed_statements
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.nearest import bare
from beam_deid.transforms.policy.roles import platform_fields
from beam_deid.transforms.recognisers.kinds.boolean import BOOLEAN
from beam_deid.transforms.terms import LabelName, Recoverability, Role, Sharing

_LEFT = {
    Recoverability.CLEAR: "leaves it as it is",
    Recoverability.PARTIAL: "leaves a part of it",
    Recoverability.KEYED: "can be undone or repeated by whoever holds the key",
}


@dataclass(frozen=True)
class Obstacle:
    """A line of the label rule that cannot hold.

    Attributes:
        line: Number of the line, 1 to 9.
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


def obstacles(policy: Policy, scope: Scope) -> tuple[Obstacle, ...]:
    """The lines of the label rule that fail by the policy alone, with the field and what to do instead."""
    lasting = (*_identifiers(scope), *_restorable(policy, scope), *_uncounted(scope), *_filtered(scope))
    return (*lasting, *_unregistered(scope), *_apart(scope))


def _identifiers(scope: Scope) -> Iterator[Obstacle]:
    for field, facts in scope.fields.items():
        if identifies(facts):
            how = _LEFT.get(Recoverability(facts.recoverability), "leaves what nobody can foresee")
            named = (
                "a direct identifier" if Role.DIRECT in facts.role else f"of kind {facts.kind}, which names a person"
            )
            what = f"{bare(field)} is {named}, and {facts.action} {how} ({facts.recoverability})"
            yield Obstacle(1, field, facts.action, what, "drop or generalize it, or expect still_personal")


_CONSENTED = (
    "consent asks for a purpose or a scope that is sensitive: of everybody in the release it is known for certain"
)


def _restorable(policy: Policy, scope: Scope) -> Iterator[Obstacle]:
    for field, facts in scope.fields.items():
        if facts.recoverability == Recoverability.KEYED:
            what = f"a key exists for {bare(field)} ({facts.action}), so that somebody can turn it back or recompute it"
            yield Obstacle(2, field, facts.action, what, "drop or generalize it, or expect still_personal")
    for field in platform_fields(policy, scope.release):
        what = f"{bare(field)} is a {policy.kind(field)}, which links records and which its platform or carrier can turn back"
        yield Obstacle(2, field, scope.fields[field].action, what, "drop it, or expect still_personal")


def _uncounted(scope: Scope) -> Iterator[Obstacle]:
    if scope.subject is None:
        what = "no subject is named, so nobody can say how many persons there are"
        yield Obstacle(
            3, None, None, what, "name the subject, or write subject: each_record if every record is one person"
        )


def _filtered(scope: Scope) -> Iterator[Obstacle]:
    for field in scope.telling_filters:
        if field == CONSENT:
            yield Obstacle(4, None, None, _CONSENTED, "leave consent out, or expect still_personal")
            continue
        why = "names a person" if scope.row_filter[field].names_a_person else "is sensitive"
        what = f"where asks for {bare(field)}, which {why}: of everybody in the release it is known for certain"
        yield Obstacle(4, None, None, what, "take it out of where, or expect still_personal")


def _unregistered(scope: Scope) -> Iterator[Obstacle]:
    if scope.register and scope.sharing in Register.sharings:
        what = f"nothing remembers what the public was given: {scope.register}"
        yield Obstacle(8, None, None, what, "keep a register, share it otherwise, or expect still_personal")


def _apart(scope: Scope) -> Iterator[Obstacle]:
    if scope.apart:
        what = f"tables of one dataset are not tested together: {', '.join(scope.apart)}"
        yield Obstacle(
            8, None, None, what, "give out one table alone, in a release of its own, or expect still_personal"
        )


def unsaid(policy: Policy, scope: Scope) -> tuple[str, ...]:
    """What of the recipient nobody says, a sentence each without a full stop: the worst counts then."""
    environment = policy.releases[scope.release].environment
    if scope.sharing is Sharing.PUBLIC:
        return ()
    if not environment.is_stated:
        return ("environment: of the recipient nothing is said, so the worst counts in overall_risk (E is 1)",)
    if environment.stated_by is None or environment.valid_until is None:
        return ("environment: stated_by and valid_until are not said",)
    return ()


def warnings(policy: Policy, scope: Scope, found: tuple[Obstacle, ...]) -> tuple[str, ...]:
    """Sentences on what is allowed but perhaps not meant."""
    return (
        *_expectations(policy, scope, found),
        *_limits(scope),
        *_remembering(policy, scope, found),
        *lapsed_statements(policy, (scope.release,), scope.assessed_at),
        *_kept_no_longer(policy, scope),
        *_noted(scope),
    )


def _noted(scope: Scope) -> Iterator[str]:
    """What is to be known of fields beside what is done with them."""
    fields: dict[str, list[str]] = {}
    for field, facts in scope.fields.items():
        for note in facts.notes:
            fields.setdefault(note, []).append(bare(field))
    yield from (f"{', '.join(names)}: {note}" for note, names in fields.items())


def _kept_no_longer(policy: Policy, scope: Scope) -> Iterator[str]:
    until = Dates.of(policy.releases[scope.release], scope.assessed_at).retain_until
    if is_past(until, scope.assessed_at):
        yield f"it may be kept until {until} only (retain:), and that is past: a run stops"


def _expectations(policy: Policy, scope: Scope, found: tuple[Obstacle, ...]) -> Iterator[str]:
    expected = policy.releases[scope.release].expect
    if expected is LabelName.ANONYMIZED and found:
        yield "anonymized is expected but can never be reached: nothing of this release will be published"
    if expected is LabelName.STILL_PERSONAL and not found:
        yield "still_personal is expected: if every test passes nothing of this release will be published"


def _remembering(policy: Policy, scope: Scope, found: tuple[Obstacle, ...]) -> Iterator[str]:
    if found or policy.releases[scope.release].expect is LabelName.STILL_PERSONAL:
        return
    if scope.register:
        yield f"nothing remembers what was given out, so that it is not tested together with later releases: {scope.register}"
    elif policy.record is None:
        yield (
            "record: names no field, so that a record that changes is another one later; name the number of the order or its line"
        )


def _limits(scope: Scope) -> Iterator[str]:
    if not scope.rest:
        yield "no released column is anything but sensitive: the whole release is one group"
    for field in scope.sensitive:
        if scope.fields[field].kind == BOOLEAN:
            yield (
                f"{bare(field)} has two values, and every group needs both: where one of them is rare, groups must have hundreds "
                "of persons"
            )
