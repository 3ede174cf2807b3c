"""The label rule: seven lines, a function each. `anonymized` only if every line holds on what is released.

Whatever is unknown or was not measured does not hold.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from beam_deid.transforms.label.evidence import Attack, FieldFacts, Label, Recovery, Test
from beam_deid.transforms.terms import LabelName, Recoverability, Role, Sharing

LINK_LIMIT: Mapping[Sharing, float] = {Sharing.PUBLIC: 0.0, Sharing.CONTROLLED: 0.05, Sharing.ENCLAVE: 0.2}
"""Share of subjects that a join may link to exactly one, where the policy sets none. Our own defaults."""

NEAR_UNIQUE = 0.5
"""Share of subjects from which on a sensitive field that singles them out by itself is taken for an identifier.

Sensitive fields are left out of the join with the source; an order number that is called sensitive must not get past the
label that way. Our own limit.
"""

_ROUNDING = 1e-12


@dataclass(frozen=True)
class Findings:
    """All that is known of a release when its label is decided.

    Attributes:
        fields: The fields that the release gives out, and how.
        quasi: The fields that were tested as quasi-identifiers.
        sensitive: The released sensitive fields.
        sharing: The sharing model.
        k: Required class size.
        l: Required distinct values per sensitive field.
        t: Required closeness per sensitive field.
        risk_limit: Greatest overall risk R.
        risk: Figures of all measures; empty if nothing could be measured.
        attacks: Every join that was tested.
        untested: Joins that should have been tested and were not, with the reason.
        hits: Direct identifiers found in released values: (field, recogniser, count).
        scanned: Whether every released text column was scanned.
        linkable: Whether records of one subject can be linked in the release.
        history: What points of a subject's history do: ``points, share, low, high`` each; None if it was not measured.
        history_limit: Greatest chance that points of a subject's history may single it out.
        recoveries: Attacks on what fields still show of the values that they were made from.
        further: What the policy requires of classes beside these: by name ``measured, limit, passed, detail``.
    """

    fields: Mapping[str, FieldFacts]
    quasi: tuple[str, ...]
    sensitive: tuple[str, ...]
    sharing: Sharing
    k: int
    l: Mapping[str, int]  # noqa: E741 - the field's own name
    t: Mapping[str, float]
    risk_limit: float
    risk: Mapping[str, Any]
    attacks: tuple[Attack, ...]
    untested: Mapping[str, str] = field(default_factory=dict)
    hits: tuple[tuple[str, str, int], ...] = ()
    scanned: bool = True
    linkable: bool = False
    search: Mapping[str, Any] = field(default_factory=dict)
    history: tuple[Mapping[str, Any], ...] | None = None
    history_limit: float | None = None
    recoveries: tuple[Recovery, ...] = ()
    further: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def identifiers(found: Findings) -> list[Test]:
    """Line 1: no direct identifier is left, by policy or by scan of the released values."""
    wrong = {Recoverability.CLEAR, Recoverability.PARTIAL, Recoverability.KEYED}
    named = [
        f"{name} ({facts.action}: {facts.recoverability})"
        for name, facts in found.fields.items()
        if Role.DIRECT in facts.role and facts.recoverability in wrong
    ]
    said = f"direct identifiers released: {', '.join(named)}" if named else "no direct identifier is released"
    tests = [Test(1, "direct_identifiers", not named, len(named), 0, said)]
    if not found.scanned:
        return [*tests, Test(1, "value_scan", False, None, 0, "released text was not scanned")]
    places = sorted({f"{name} ({kind})" for name, kind, _ in found.hits})
    said = f"released values look like {', '.join(places)}" if places else "no identifier found in released values"
    return [*tests, Test(1, "value_scan", not places, sum(hit[2] for hit in found.hits), 0, said)]


def restorable(found: Findings) -> list[Test]:
    """Line 2: nothing can be restored by whoever holds a key or a table, and no attack without them succeeds."""
    keyed = [name for name, facts in found.fields.items() if facts.recoverability == Recoverability.KEYED]
    said = f"a key exists for: {', '.join(keyed)}" if keyed else "no field can be restored with a key"
    attacks = [
        Test(2, f"{one.attack}:{one.field}", one.share is not None and one.share <= one.limit, one.share, one.limit, one.detail)
        for one in found.recoveries
        if one.limit is not None and one.attack != "masked"
    ]  # fmt: skip
    return [Test(2, "restorable", not keyed, len(keyed), 0, said), *attacks]


def remainders(found: Findings) -> list[Test]:
    """Line 3: what masks leave and pseudonyms without a key are among the quasi-identifiers."""
    part = {Recoverability.PARTIAL, Recoverability.KEY_DESTROYED}
    left_out = [n for n, f in found.fields.items() if f.recoverability in part and n not in found.quasi]
    said = f"not tested as quasi-identifiers: {', '.join(left_out)}" if left_out else (
        "every remainder of a mask is tested as a quasi-identifier"
    )  # fmt: skip
    masked = [
        Test(3, f"masked:{one.field}", False, one.share, 0, one.detail) for one in found.recoveries if one.attack == "masked"
    ]
    return [Test(3, "remainders", not left_out, len(left_out), 0, said), *masked]


def classes(found: Findings) -> list[Test]:
    """Line 4: the smallest class and the overall risk."""
    if not found.risk:
        return [Test(4, "k", False, None, found.k, "no record is released, so nothing could be measured")]
    k, sharing = found.risk["k"], found.risk["sharing"]
    tests = [Test(4, "k", k >= found.k, k, found.k, f"smallest class of {', '.join(found.quasi) or 'no field'}")]
    if found.linkable:
        composite = found.risk["k_composite"]
        tests.append(
            Test(4, "k_composite", composite is not None and composite >= found.k, composite, found.k,
                 "records of one subject can be linked: all of them as one quasi-identifier")
        )  # fmt: skip
    tests.append(
        Test(4, "classes_at_risk", sharing["R_a"] == 0, sharing["R_a"], 0, "share of classes above the threshold")
    )
    said = "overall risk R: " + ("highest" if found.sharing == Sharing.PUBLIC else "average") + " class risk × E"
    return [*tests, Test(4, "overall_risk", sharing["R"] <= found.risk_limit, sharing["R"], found.risk_limit, said)]


def attributes(found: Findings) -> list[Test]:
    """Line 5: l-diversity of every sensitive field (2 at least), the t-closeness, and all else that is required of classes."""
    tests = []
    for name in found.sensitive:
        limit = max(found.l.get(name, 2), 2)
        measured = found.risk.get("l_distinct", {}).get(name)
        tests.append(
            Test(5, f"l:{name}", measured is not None and measured >= limit, measured, limit,
                 "distinct values in the poorest class")
        )  # fmt: skip
    for name, distance in found.t.items():
        measured = found.risk.get("t", {}).get(name)
        tests.append(
            Test(5, f"t:{name}", measured is not None and measured <= distance + _ROUNDING, measured, distance,
                 "greatest distance of a class from the release")
        )  # fmt: skip
    return tests + [
        Test(5, name, one["passed"], one["measured"], one["limit"], one["detail"]) for name, one in found.further.items()
    ]


def joins(found: Findings) -> list[Test]:
    """Line 6: every join with what an attacker may hold."""
    tests = [
        Test(6, f"join:{attack.name}", attack.share <= attack.limit, attack.share, attack.limit,
             f"{attack.linked} of {attack.subjects} subjects linked to exactly one on {', '.join(attack.on) or 'nothing'}")
        for attack in found.attacks
        if attack.limit is not None
    ]  # fmt: skip
    tests += [Test(6, f"join:{name}", False, None, None, reason) for name, reason in found.untested.items()]
    if not tests:
        tests.append(Test(6, "join:source", False, None, None, "the join with the release's own source was not made"))
    return tests


def history(found: Findings) -> list[Test]:
    """Line 7: points of a subject's history do not single the subject out, where records can be linked."""
    if not found.linkable:
        return [Test(7, "history", True, None, None, "records of one subject cannot be linked")]
    if not found.history or found.history_limit is None:
        said = "records of one subject can be linked, and their history was not tested"
        return [Test(7, "history", False, None, found.history_limit, said)]
    worst = max(point["high"] for point in found.history)
    told = ", ".join(f"{point['points']}: {point['share']:.1%}" for point in found.history)
    said = f"chance that points of a subject's history single it out (greatest upper bound), by points known: {told}"
    return [Test(7, "history", worst <= found.history_limit, worst, found.history_limit, said)]


LINES: tuple[Callable[[Findings], list[Test]], ...] = (
    identifiers, restorable, remainders, classes, attributes, joins, history,
)  # fmt: skip


def decide(found: Findings) -> Label:
    """Decide the label from all seven lines."""
    tests = tuple(test for line in LINES for test in line(found))
    name = LabelName.ANONYMIZED if all(test.passed for test in tests) else LabelName.STILL_PERSONAL
    scan = tuple({"field": f, "kind": kind, "hits": hits} for f, kind, hits in found.hits)
    return Label(
        name, bool(found.sensitive), grade(found, tests), tests, dict(found.risk), found.attacks, scan,
        dict(found.search), dict(found.fields), _asked(found), tuple(dict(point) for point in found.history or ()),
        found.recoveries,
    )  # fmt: skip


def _asked(found: Findings) -> dict[str, Any]:
    """What the figures of a label do not say themselves, so that it can be decided again from the label alone."""
    return {
        "quasi": list(found.quasi), "sensitive": list(found.sensitive), "k": found.k, "l": dict(found.l),
        "t": dict(found.t), "risk": found.risk_limit, "untested": dict(found.untested), "scanned": found.scanned,
        "linkable": found.linkable, "history": found.history_limit,
        "further": {name: dict(one) for name, one in found.further.items()},
    }  # fmt: skip


def grade(found: Findings, tests: tuple[Test, ...]) -> int:
    """The grade after GB/T 42460-2023, 1 to 4, as a reference value: higher is less identifiable.

    1: a direct identifier is released; 2: quasi-identifiers, risk above the limit; 3: risk within it; 4: neither
    direct nor quasi-identifiers.
    """
    if not all(test.passed for test in tests if test.line == 1):
        return 1
    if not found.quasi and found.risk:
        return 4
    return 3 if all(test.passed for test in tests if test.line == 4) else 2
