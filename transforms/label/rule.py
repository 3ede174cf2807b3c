"""The label rule: nine lines, of which the requirements are the tests. `anonymized` only if every test holds on what is released.

Whatever is unknown or was not measured does not hold. A test is decided in one place (`test_of`), from its figure and its limit,
so that `verify` and ``label --again`` decide again by the same words.
"""

from collections.abc import Iterable, Mapping
from typing import cast

from beam_deid.transforms.label.change import Change
from beam_deid.transforms.label.condition import condition_of
from beam_deid.transforms.label.evidence import FieldFacts, Test
from beam_deid.transforms.label.identity_facts import IdentityFacts
from beam_deid.transforms.label.label import Label
from beam_deid.transforms.label.register_facts import RegisterFacts
from beam_deid.transforms.label.requirements import planned
from beam_deid.transforms.label.requirements.requirement import Figure, Planned, Requirement, Seen, Told, holds
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.label.search_facts import SearchFacts
from beam_deid.transforms.label.sensitive_values import ListedValues, says_sensitive
from beam_deid.transforms.risk.combinations import Combinations
from beam_deid.transforms.risk.steady import steady
from beam_deid.transforms.terms import LabelName

ORDER = 9
"""The line that holds once all others do."""


def test_of(test: Planned, figure: Figure) -> Test:
    """A test with what was measured, as far as that is the same in every run over the same records.

    Whether it holds follows from the figure itself. Where the rounded one would say otherwise it is told as it is: no rounding
    passes a limit, and whoever decides again from what is told decides alike.
    """
    passed = holds(figure.measured, test.limit, test.compare)
    told = steady(figure.measured)
    if holds(told, test.limit, test.compare) != passed:
        told = figure.measured
    return Test(test.line, test.name, passed, told, test.limit, figure.detail)


def tests_of(seen: Told) -> tuple[Test, ...]:
    """Every test of a release, in the order of the lines."""
    return tuple(test_of(test, figure_of(requirement, test, seen)) for requirement, test in planned(seen.scope))


def figure_of(requirement: Requirement, test: Planned, seen: Told) -> Figure:
    """What was measured for a test, or else is measured now.

    Whatever needs a release's rows was measured already where they are not here.
    """
    known = seen.figures.get(test.name)
    return requirement.figure(test, cast(Seen, seen)) if known is None else known


def once_ordered(seen: Told, tests: tuple[Test, ...]) -> tuple[Test, ...]:
    """The same tests of a release whose rows are shuffled, which they are where every other line holds."""
    asked = {test.name: (requirement, test) for requirement, test in planned(seen.scope) if test.line == ORDER}
    made = {name: test_of(test, figure_of(requirement, test, seen)) for name, (requirement, test) in asked.items()}
    return tuple(made.get(test.name, test) for test in tests)


def name_of(tests: Iterable[Test]) -> LabelName:
    """The label that follows from all tests."""
    return LabelName.ANONYMIZED if all(test.passed for test in tests) else LabelName.STILL_PERSONAL


def decide(
    seen: Told,
    tests: tuple[Test, ...],
    *,
    fields: Mapping[str, FieldFacts],
    search: SearchFacts,
    changes: tuple[Change, ...],
    identities: IdentityFacts,
    base_rates: Mapping[str, float],
    register: RegisterFacts,
    combinations: Combinations | None = None,
    listed: tuple[ListedValues, ...] = (),
) -> Label:
    """Decide the label of a release from all nine lines.

    Args:
        seen: The release.
        tests: All its tests, as `tests_of` makes them.
        fields: How each field is released, with the key that made it.
        search: How levels were chosen.
        changes: What would make the failing tests hold.
        identities: By what persons were counted.
        base_rates: Of each sensitive column the share of all persons who have its commonest value.
        register: What is known of releases that were given out before.
        combinations: Which columns single people out together; None where the policy does not ask.
        listed: Released values that are on a list of sensitive ones.
    """
    scope = seen.scope
    found = seen.found
    name = name_of(tests)
    return Label(
        label=name,
        sensitive=says_sensitive(scope, listed),
        grade=grade(scope, tests),
        tests=tests,
        condition=condition_of(name, scope),
        changes=changes,
        environment=scope.environment,
        attackers=scope.attackers,
        limits={test.name: test.limit for test in tests},
        identities=identities,
        risk=seen.risk,
        attacks=found.attacks,
        scan=found.hits,
        search=search,
        fields=fields,
        asked=scope,
        history=found.history or (),
        recoveries=found.recoveries,
        base_rates=base_rates,
        register=register,
        combinations=combinations.found if combinations else (),
        contributions=combinations.contributions if combinations else {},
        sensitive_values=listed,
    )


def grade(scope: Scope, tests: tuple[Test, ...]) -> int:
    """The grade after GB/T 42460-2023, 1 to 4, as a reference value: higher is less identifiable.

    1: a direct identifier is released; 2: quasi-identifiers, risk above the limit; 3: risk within it; 4: neither
    direct nor quasi-identifiers.
    """
    if not all(test.passed for test in tests if test.line == 1):
        return 1
    if not scope.rest and all(test.measured is not None for test in tests if test.name == "k"):
        return 4
    return 3 if all(test.passed for test in tests if test.line in (3, 6)) else 2
