"""The label of a release, from what was chosen for it and what was found of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from beam_deid.transforms.actions.key_options import KeyedAction
from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.decide.changing import changes_of
from beam_deid.transforms.decide.choosing import Chosen
from beam_deid.transforms.decide.findings import found_for_label
from beam_deid.transforms.decide.telling import identity_facts, register_facts, search_facts
from beam_deid.transforms.label.change import Change
from beam_deid.transforms.label.evidence import FieldFacts, KeyFacts, Test
from beam_deid.transforms.label.for_recipient import Declaration
from beam_deid.transforms.label.found import Composed
from beam_deid.transforms.label.label import Label
from beam_deid.transforms.label.requirements.requirement import Told
from beam_deid.transforms.label.rule import ORDER, decide, once_ordered, tests_of
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.label.stating import statement_on, told_of, waits_for_order
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.terms import Recoverability

_COMPOSITION = 8
"""The line of the label rule that is about several releases."""


@PROGRESS.doing("deciding the label")
def label_of(one: Chosen, seen: Candidate) -> Label:
    """Ask all lines of the label rule of a release. Where all others hold its rows will be shuffled, so that line 9 holds, too.

    Args:
        one: What was chosen for the release.
        seen: The release at its levels, with all that was found of it.
    """
    tests = tests_of(seen)
    declared = one.data.job.declared_of(seen.scope.release)
    if would_be_ordered(seen, tests, declared):
        seen = seen.with_found(replace(seen.found, ordered=True))
        tests = once_ordered(seen, tests)
    label = decide(
        seen,
        tests,
        fields=fields_with_keys(one.data.job, seen.scope),
        search=search_facts(one),
        changes=tuple(changes_of(one, seen, tests)),
        identities=identity_facts(one.data, seen),
        base_rates=seen.base_rates(),
        register=register_facts(one.data, one.data.past.in_common(one.data.cells.counts)),
        combinations=seen.combinations(),
    )
    return with_statement(label, seen, declared)


def would_be_ordered(seen: Told, tests: Sequence[Test], declared: Declaration | None) -> bool:
    """Whether every line but that of order holds, for everybody or for the recipient, so that rows will be shuffled."""
    everybody = all(test.passed for test in tests if test.line != ORDER)
    return everybody or waits_for_order(seen, tests, declared)


def with_statement(label: Label, seen: Told, declared: Declaration | None) -> Label:
    """The label, with what the release is for its recipient beside it; as it is where the policy declares no recipients."""
    if declared is None:
        return label
    return replace(label, for_recipient=statement_on(told_of(seen), label.tests, declared))


@PROGRESS.doing("looking for what would change the label")
def explained(one: Chosen) -> tuple[Change, ...]:
    """Tell what would change the label that a release would get by itself: see `changes_of`."""
    seen = with_findings(one, {})
    changes = changes_of(one, seen, tests_of(seen))
    return tuple(change for change in changes if change.line not in (_COMPOSITION, ORDER))


def with_findings(one: Chosen, compositions: Mapping[str, Composed]) -> Candidate:
    """Look at a release as it was chosen, with all that its label tells.

    Args:
        one: What was chosen for the release.
        compositions: What it and each release that it is tested with say together, by the other's name.

    Raises:
        InputError: An attacker's table, or one of frequencies, cannot be read.
    """
    seen = one.candidate
    return seen.with_found(found_for_label(seen, [each.levels for each in one.recoding.rounds], compositions))


def fields_with_keys(job: Job, scope: Scope) -> dict[str, FieldFacts]:
    """How each field is released, with the key that made it where one exists."""
    return {name: replace(facts, key=_key(job, scope.release, name, facts)) for name, facts in scope.fields.items()}


def _key(job: Job, release: str, name: str, facts: FieldFacts) -> KeyFacts | None:
    action = job.policy.releases[release].fields[name]
    if not isinstance(action, KeyedAction) or facts.recoverability != Recoverability.KEYED:
        return facts.key
    target = job.policy.target(release, name)
    subkey = action.subkey(target, job.keys)
    return KeyFacts(subkey.id, subkey.check(action.form(target)), job.keyring_of(action, target))
