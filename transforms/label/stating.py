"""The statement on a release's recipient, made and checked.

It is the label rule asked again as the recipient sees the release: keys that it is declared not to have count as absent, so that
what they made is a pseudonym that nobody can turn back. Pseudonyms are released columns like all others: they make groups, and
where they link a person's rows, all of these are one composite value. All else is as strict as for the label. The statement follows
from what a label holds, so that `verify` and ``label --again`` make it again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from beam_deid.transforms.label.evidence import FieldFacts, Test
from beam_deid.transforms.label.for_recipient import Declaration, ForRecipient
from beam_deid.transforms.label.requirements import planned
from beam_deid.transforms.label.requirements.direct_identifiers import DirectIdentifiers
from beam_deid.transforms.label.requirements.keyless import Keyless
from beam_deid.transforms.label.requirements.requirement import Figure, Planned, Requirement, Told
from beam_deid.transforms.label.requirements.restorable import Restorable
from beam_deid.transforms.label.rule import ORDER, test_of
from beam_deid.transforms.label.scope import Scope, links
from beam_deid.transforms.label.told_release import ToldRelease
from beam_deid.transforms.terms import ForRecipientName, Recoverability

_BY_KEYS = (DirectIdentifiers, Restorable, Keyless)
"""Requirements that ask something else where a key is absent; their figures follow from what a label holds."""
_NOT_AGAIN = "a key was destroyed after the release was made; only a new run can measure what that changes"


def as_recipient_sees(scope: Scope, absent: Sequence[str]) -> Scope:
    """What a label is about, where some keys do not exist."""
    fields = {name: _without_key(facts) if name in absent else facts for name, facts in scope.fields.items()}
    return replace(scope, fields=fields, linked=links(fields))


def _without_key(facts: FieldFacts) -> FieldFacts:
    return replace(facts, recoverability=str(Recoverability.KEY_DESTROYED))


def statement_on(release: ToldRelease, tests: Sequence[Test], declared: Declaration) -> ForRecipient:
    """State what a release is for its recipient.

    Args:
        release: The release, as its label tells of it.
        tests: The label's tests.
        declared: What is declared of the recipient.
    """
    asked = list(_asked(release, {test.name: test for test in tests}, declared))
    failing = [test for _, test in asked if not test.passed]
    return ForRecipient(
        statement=_stated(failing, declared),
        declared=declared,
        tests=tuple(test for requirement, test in asked if isinstance(requirement, _BY_KEYS)),
        failing=tuple(test.name for test in failing),
    )


def _asked(release: ToldRelease, made: Mapping[str, Test], declared: Declaration) -> Iterator[tuple[Requirement, Test]]:
    """Every test of the release as the recipient sees it."""
    seen = replace(release, scope=as_recipient_sees(release.scope, declared.absent))
    for requirement, test in planned(seen.scope):
        yield requirement, test_of(test, _figure(seen, requirement, test, made))


def _figure(seen: ToldRelease, requirement: Requirement, test: Planned, made: Mapping[str, Test]) -> Figure:
    if isinstance(requirement, _BY_KEYS):
        return seen.figure(requirement, test)
    if test.name in made:
        return Figure(made[test.name].measured, made[test.name].detail)
    return Figure(None, "not measured when the release was made; only a new run can")


def _stated(failing: Sequence[Test], declared: Declaration) -> ForRecipientName:
    """What follows: nothing is stated where something is unknown, and whatever fails by what was measured identifies."""
    if declared.unknown:
        return ForRecipientName.NOT_ASSESSED
    if any(test.measured is not None for test in failing):
        return ForRecipientName.IDENTIFIABLE
    return ForRecipientName.NOT_ASSESSED if failing else ForRecipientName.NOT_IDENTIFIABLE


def told_of(seen: Told) -> ToldRelease:
    """A release that is decided now, as its label will tell of it."""
    return ToldRelease(seen.scope, seen.risk, seen.empty, seen.found)


def waits_for_order(seen: Told, tests: Sequence[Test], declared: Declaration | None) -> bool:
    """Whether all holds for the recipient once rows are shuffled, so that they must be."""
    if declared is None or declared.unknown:
        return False
    asked = _asked(told_of(seen), {test.name: test for test in tests}, declared)
    return all(test.passed for _, test in asked if test.line != ORDER)


def stated_again(release: ToldRelease, tests: Sequence[Test], before: Mapping[str, Any]) -> ForRecipient:
    """State it again, after keys were destroyed. Evidence never upgrades.

    Args:
        release: The release, as its label tells of it now.
        tests: The label's tests, decided again.
        before: The statement until now.

    Raises:
        KeyError, TypeError, ValueError: The statement has another shape.
    """
    given = Declaration.from_document(before)
    keyed = {name for name, facts in release.scope.fields.items() if facts.recoverability == Recoverability.KEYED}
    declared = replace(
        given,
        absent=tuple(name for name in given.absent if name in keyed),
        held=tuple(name for name in given.held if name in keyed),
    )
    made = statement_on(release, tests, declared)
    was = ForRecipientName(before["statement"])
    if made.statement is not ForRecipientName.NOT_IDENTIFIABLE or was is ForRecipientName.NOT_IDENTIFIABLE:
        return made
    return statement_on(release, tests, replace(declared, unknown=(*declared.unknown, _NOT_AGAIN)))


def disagreement(release: ToldRelease, label: Mapping[str, Any]) -> str | None:
    """What in a label's statement on its recipient does not follow from the label, in a sentence; None if all does.

    Args:
        release: The release, as its label tells of it.
        label: The content of ``label.json``.

    Raises:
        KeyError, TypeError, ValueError: The statement has another shape.
    """
    given = label.get("for_recipient")
    if given is None:
        return None
    declared = Declaration.from_document(given)
    keyed = [name for name, facts in release.scope.fields.items() if facts.recoverability == Recoverability.KEYED]
    if sorted((*declared.absent, *declared.held)) != sorted(keyed):
        return "what for_recipient says of keys does not follow from how fields are given out"
    tests = [Test(**test) for test in label["tests"]]
    if statement_on(release, tests, declared).to_document() != given:
        return "for_recipient does not follow from the label's tests and from what is declared of the recipient"
    return None
