"""Which tests a release will have to pass, with their limits."""

from collections.abc import Iterator
from dataclasses import dataclass

from beam_deid.transforms.policy.model import Attacker, Policy
from beam_deid.transforms.policy.roles import (
    join_fields,
    keyed_fields,
    linkable,
    quasi_fields,
    released_fields,
    sensitive_fields,
    shared_tokens,
)
from beam_deid.transforms.terms import Sharing


@dataclass(frozen=True)
class PlannedTest:
    """A test of the label rule.

    Attributes:
        line: Number of the rule's line, 1 to 7.
        name: The name that it has in ``label.json``.
        limit: The limit, or None where there is none to name.
        at_least: Whether the figure must be at least the limit, not at most.
        fields: The fields that it looks at.
        detail: What is tested, in one sentence without a full stop.
    """

    line: int
    name: str
    limit: float | None
    at_least: bool
    fields: tuple[str, ...]
    detail: str


def planned_tests(policy: Policy, release: str) -> tuple[PlannedTest, ...]:
    """All tests of a release, in the order of the label rule."""
    return (
        *_identity(policy, release),
        *_classes(policy, release),
        *_attributes(policy, release),
        *_joins(policy, release),
        *_history(policy, release),
    )


def _identity(policy: Policy, release: str) -> Iterator[PlannedTest]:
    given, keyed = released_fields(policy, release), keyed_fields(policy, release)
    scanned = tuple(field for field in given if field not in keyed)
    yield PlannedTest(1, "direct_identifiers", 0, False, given, "no direct identifier is left")
    yield PlannedTest(1, "value_scan", 0, False, scanned, "no identifier is found in released values")
    yield PlannedTest(2, "restorable", 0, False, given, "nothing can be restored with a key")
    yield PlannedTest(3, "remainders", 0, False, given, "what masks and pseudonyms leave is a quasi-identifier")


def _classes(policy: Policy, release: str) -> Iterator[PlannedTest]:
    spec, quasi = policy.releases[release], quasi_fields(policy, release)
    yield PlannedTest(4, "k", spec.k, True, quasi, "subjects in the smallest class")
    if linkable(policy, release):
        yield PlannedTest(4, "k_composite", spec.k, True, quasi, "subjects that share all their classes")
    yield PlannedTest(4, "classes_at_risk", 0, False, quasi, f"share of classes with a risk above 1/{spec.k}")
    which = "highest" if spec.sharing is Sharing.PUBLIC else "average"
    yield PlannedTest(4, "overall_risk", spec.require.risk, False, quasi, f"{which} class risk times environment risk")
    said = "share of records suppressed to get there"
    yield PlannedTest(4, "suppression", spec.require.suppression, False, quasi, said)


def _attributes(policy: Policy, release: str) -> Iterator[PlannedTest]:
    require = policy.releases[release].require
    for field in sensitive_fields(policy, release):
        least = policy.releases[release].distinct(field)
        yield PlannedTest(5, f"l:{field}", least, True, (field,), "distinct values in the poorest class")
    for field, distance in require.t.items():
        said = f"greatest distance of a class's distribution from the release's ({distance.distance})"
        yield PlannedTest(5, f"t:{field}", distance.max, False, (field,), said)
    for field, asked in require.l.items():
        if asked.entropy is not None:
            yield PlannedTest(5, f"l_entropy:{field}", asked.entropy, True, (field,), "entropy of the poorest class, as values")
        if asked.recursive is not None:
            said = f"records of the commonest value over those of number {asked.recursive[1]} and rarer ones, to be below it"
            yield PlannedTest(5, f"l_recursive:{field}", asked.recursive[0], False, (field,), said)
    for field, most in require.alpha.items():
        yield PlannedTest(5, f"alpha:{field}", most, False, (field,), "greatest share of one value in a class")
    for field, gain in require.beta.items():
        said = f"greatest relative gain of a value's share in a class ({gain.kind})"
        yield PlannedTest(5, f"beta:{field}", gain.max, False, (field,), said)
    for field, ratio in require.delta.items():
        yield PlannedTest(5, f"delta:{field}", ratio, False, (field,), "greatest |ln| of a value's share in a class over all")
    if require.average_risk is not None:
        said = "classes by people"
        yield PlannedTest(5, "average_risk", require.average_risk, False, quasi_fields(policy, release), said)


def _joins(policy: Policy, release: str) -> Iterator[PlannedTest]:
    spec, joined = policy.releases[release], join_fields(policy, release)
    visible = _visible(policy, release)
    said = "share of subjects linked to exactly one, by "
    yield PlannedTest(6, "join:source", spec.link, False, joined, said + "whoever holds the source")
    if spec.require.link_sensitive is not None:
        both = said + "whoever holds the source and knows the sensitive fields"
        yield PlannedTest(6, "join:source+sensitive", spec.require.link_sensitive, False, visible, both)
    for other in policy.releases:
        shared = tuple(field for field in visible if field in _visible(policy, other)) + shared_tokens(policy, release, other)
        if other != release:
            yield PlannedTest(6, f"join:release:{other}", spec.link, False, shared, said + f"release {other}")
    for name, attacker in spec.attackers.items():
        known = tuple(field for field in attacker.knows or visible if field in visible)
        yield PlannedTest(6, f"join:attacker:{name}", spec.link, False, known, said + _holder(name, attacker))


def _holder(name: str, attacker: Attacker) -> str:
    if attacker.release:
        return f"{name} with an earlier release"
    return f"{name} with a table of its own" if attacker.table else f"{name}, who knows these of everyone"


def _visible(policy: Policy, release: str) -> tuple[str, ...]:
    keyed = keyed_fields(policy, release)
    return tuple(field for field in released_fields(policy, release) if field not in keyed)


def _history(policy: Policy, release: str) -> Iterator[PlannedTest]:
    if linkable(policy, release):
        said = "chance that points of a subject's history single it out"
        spec = policy.releases[release]
        yield PlannedTest(7, "history", spec.history_limit, False, spec.history or _visible(policy, release), said)
