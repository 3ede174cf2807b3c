"""What was measured: labels, figures, tests, attacks, and what none of them covers."""

from collections.abc import Iterator, Mapping
from typing import Any

from beam_deid.pipelines.report.amounts import measured_and_limit
from beam_deid.pipelines.report.blocks import Block, Bullets, Callout, Grid, Paragraph, Tone, Verbatim
from beam_deid.pipelines.report.documents.whole_run import WholeRun
from beam_deid.pipelines.report.wording import LABELS, number
from beam_deid.transforms.label.explaining import explanation_of
from beam_deid.transforms.terms import LabelName


def verdicts(whole: WholeRun) -> Iterator[Block]:
    """The label of each release, and what fails."""
    yield Grid(
        ("The release", "The label", "Tests made", "Tests that do not hold"),
        [
            (
                Verbatim(one.name),
                LABELS[one.label["label"]],
                number(len(one.label["tests"])),
                number(len(_failing(one.label))),
            )
            for one in whole.evidences
        ],
        "The label of each release: a statement within the tests that were made",
        numbers=(2, 3),
    )
    for one in whole.evidences:
        if one.label.get("condition"):
            yield Paragraph(f"The label of {one.name} holds under a condition: {one.label['condition']}.")
        failing = _failing(one.label)
        if failing:
            yield _failures(f"Why {one.name} is still personal information", failing)


def _failures(caption: str, tests: list[Mapping[str, Any]]) -> Grid:
    return Grid(
        ("Line of the rule", "What is asked", "What was measured", "Its limit", "What was found"),
        [
            (
                Verbatim(test["line"]),
                _meaning(test["name"]),
                *measured_and_limit(test["name"], test["measured"], test["limit"]),
                test["detail"],
            )
            for test in tests
        ],
        caption,
        numbers=(0, 2, 3),
    )


def _failing(label: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [test for test in label["tests"] if not test["passed"]]


def outcome(whole: WholeRun) -> Iterator[Block]:
    """The labels once more, as what a conclusion starts from."""
    personal = [one.name for one in whole.evidences if one.label["label"] != LabelName.ANONYMIZED]
    anonymized = [one.name for one in whole.evidences if one.label["label"] == LabelName.ANONYMIZED]
    if anonymized:
        yield Paragraph(
            f"Within the tests that were made these releases are labelled anonymized: {', '.join(anonymized)}"
        )
    if personal:
        yield Paragraph(
            f"These releases are still personal information, and the law applies to them: {', '.join(personal)}"
        )


def figures(whole: WholeRun) -> Iterator[Block]:
    """The figures of risk."""
    yield Grid(
        (
            "The release",
            "Persons in it",
            "Groups of equal records",
            "Persons in the smallest group",
            "At least asked",
            "Persons who are alone",
        ),
        [_groups(one.name, one.label) for one in whole.evidences],
        "Groups of records that are equal in what may be known",
        numbers=(1, 2, 3, 4, 5),
    )
    yield Grid(
        ("The release", "R_a", "R_b", "R_c", "E", "R", "Limit of R", "Grade 1 to 4"),
        [_shares(one.name, one.label) for one in whole.evidences],
        "Risk of re-identification after GB/T 42460-2023, which is referred to",
        numbers=(1, 2, 3, 4, 5, 6, 7),
    )
    yield Paragraph(
        "R_a is the share of groups whose risk is above the limit, R_b the greatest risk of a group, R_c the mean risk of the "
        "groups, E the chance that the environment lets somebody try, and R the overall risk. Grade 1 has direct identifiers, 2 a "
        "risk above the limit, 3 a risk not above it, and 4 no identifiers. The grade rates de-identification, and is no label."
    )


def _groups(name: str, label: Mapping[str, Any]) -> tuple[str, ...]:
    risk = label["risk"]
    found = (
        risk.get("subjects"),
        risk.get("classes"),
        risk.get("k"),
        label.get("limits", {}).get("k"),
        risk.get("unique_subjects"),
    )
    return Verbatim(name), *map(number, found)


def _shares(name: str, label: Mapping[str, Any]) -> tuple[str, ...]:
    sharing = label["risk"].get("sharing", {})
    found = [sharing.get(one) for one in ("R_a", "R_b", "R_c", "E")]
    overall = sharing.get("R")
    limit = label.get("limits", {}).get("overall_risk")
    told = number(overall)
    if told == number(limit) and overall != limit:  # the rounded one would hide on which side it is
        told = Verbatim(f"{overall:.16g}")
    return Verbatim(name), *map(number, found), told, number(limit), number(label.get("grade"))


def uniques(whole: WholeRun) -> Iterator[Block]:
    """Persons who are alone in their group."""
    yield Grid(
        ("The release", "Persons in it", "Persons who are alone", "Share of persons"),
        [_alone(one.name, one.label["risk"]) for one in whole.evidences],
        "Persons whom the released columns single out",
        numbers=(1, 2, 3),
    )


def _alone(name: str, risk: Mapping[str, Any]) -> tuple[str, ...]:
    persons = risk.get("subjects")
    alone = risk.get("unique_subjects")
    share = "–" if not persons or alone is None else f"{alone / persons:.1%}"
    return Verbatim(name), number(persons), number(alone), Verbatim(share)


def groups(whole: WholeRun) -> Iterator[Block]:
    """Groups, and how small the smallest is."""
    yield Grid(
        ("The release", "Groups of equal records", "Persons in the smallest group", "At least asked"),
        [
            (
                Verbatim(one.name),
                number(one.label["risk"].get("classes")),
                number(one.label["risk"].get("k")),
                number(one.label.get("limits", {}).get("k")),
            )
            for one in whole.evidences
        ],
        "Groups of records that are equal in what may be known",
        numbers=(1, 2, 3),
    )


def requirements(whole: WholeRun) -> Iterator[Block]:
    """Every test that was made, with its limit."""
    for one in whole.evidences:
        yield _tests(f"All tests of release {one.name}", one.label["tests"])


def inferences(whole: WholeRun) -> Iterator[Block]:
    """The tests of what can be inferred of a person without being found."""
    found = False
    for one in whole.evidences:
        tests = [test for test in one.label["tests"] if test["line"] == 4]
        if tests:
            found = True
            yield _tests(f"What can be inferred from release {one.name}", tests)
    if not found:
        yield Paragraph("No release has a sensitive column, so that nothing was tested here.")


def _tests(caption: str, tests: list[Mapping[str, Any]]) -> Grid:
    return Grid(
        ("Line of the rule", "What is asked", "What was measured", "Its limit", "Does it hold?"),
        [
            (
                Verbatim(test["line"]),
                _meaning(test["name"]),
                *measured_and_limit(test["name"], test["measured"], test["limit"]),
                "it holds" if test["passed"] else "it does not hold",
            )
            for test in tests
        ],
        caption,
        numbers=(0, 2, 3),
    )


def _meaning(name: str) -> str:
    known = explanation_of(name)
    return Verbatim(name) if known is None else known.meaning[0].lower() + known.meaning[1:]


def attacks(whole: WholeRun) -> Iterator[Block]:
    """What attacks on the releases came to."""
    rows = [
        (
            Verbatim(one.name),
            Verbatim(attack["name"]),
            Verbatim(", ".join(attack["on"])),
            number(attack["subjects"]),
            number(attack["linked_rightly"]),
            Verbatim(f"{attack['share']:.1%}"),
        )
        for one in whole.evidences
        for attack in one.label.get("attacks", ())
    ]
    if rows:
        yield Grid(
            ("The release", "The attack", "What it joins on", "Persons tried", "Rightly found", "Share of persons"),
            rows,
            "Attempts to find persons in the releases by joining",
            numbers=(3, 4, 5),
        )
    for one in whole.evidences:
        found = one.label.get("recoveries") or ()
        if found:
            yield Paragraph(f"What fields of {one.name} still show:")
            yield Bullets(tuple(recovery["detail"] for recovery in found))


def not_covered(whole: WholeRun) -> Iterator[Block]:
    """What no test covers."""
    yield Callout(
        Tone.NOTE, "What the tests do not cover", "A label says nothing of what follows; a person has to think of it."
    )
    yield Bullets(
        (
            "values that mean nearly the same: two names of one illness count as two unless the policy says that they are one",
            "whether it can be told that somebody is in the data at all, beyond the attackers that are declared",
            "tables that nobody declared, and whatever else is known of the same persons",
            "releases that no register knows, and what is given out of the same records later",
            "whatever changes after the day on which it was measured",
        )
    )
    for one in whole.evidences:
        register = one.label.get("register", {})
        if register.get("missing"):
            yield Paragraph(f"For {one.name} nothing remembers what was given out before: {register['missing']}.")


def changes(whole: WholeRun) -> Iterator[Block]:
    """What would make failing tests hold."""
    for one in whole.evidences:
        found = dict.fromkeys((change["line"], change["text"]) for change in one.label.get("changes", ()))
        if found:
            yield Grid(
                ("Line of the rule", "What would make its tests hold"),
                [(Verbatim(line), what) for line, what in found],
                f"What would change the label of {one.name}, of which a person decides whether it fits the purpose",
                numbers=(0,),
            )
        elif failing := _failing(one.label):
            yield _failures(f"Tests of {one.name} that do not hold", failing)
            yield Paragraph(
                f"No change is known that makes these tests of {one.name} hold. Whether a changed policy does, a new run measures."
            )
        else:
            yield Paragraph(f"No test of {one.name} asks for a change.")
