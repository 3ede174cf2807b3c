"""What the first screen, the lines and the statement say of a label."""

import copy
import json
from pathlib import Path

import pytest

from beam_deid.pipelines.report.amounts import amount, measured_and_limit, share
from beam_deid.pipelines.report.blocks import Bullets, Checks, Facts, Paragraph, Part
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.pipelines.report.sections import SECTIONS, lines, statement, verdict
from beam_deid.transforms.label.condition import CONDITION
from beam_deid.transforms.label.lines import LINE_WORDS, LINES
from beam_deid.transforms.label.requirements import REQUIREMENTS

GOLDEN = Path(__file__).parents[1] / "golden" / "v0_4_0"
NEEDED = ("release", "label", "tests")


@pytest.fixture
def personal():
    return json.loads((GOLDEN / "in_csv" / "label.json").read_text("utf-8"))


@pytest.fixture
def anonymized():
    return json.loads((GOLDEN / "open" / "label.json").read_text("utf-8"))


def texts(blocks):
    """All texts of blocks, in order."""
    for one in blocks:
        if isinstance(one, Paragraph):
            yield one.text
        elif isinstance(one, Bullets):
            yield from one.items
        elif isinstance(one, Facts):
            yield from (text for pair in one.pairs for text in pair)
        elif isinstance(one, Part):
            yield one.title
            yield from texts(one.blocks)


def blocks_of(section):
    return section.blocks if section else ()


def part(section, title):
    return next(one for one in section.blocks if isinstance(one, Part) and one.title == title)


def test_every_line_has_words():
    assert list(LINE_WORDS) == list(LINES)
    for number, words in LINE_WORDS.items():
        assert words.title == f"Line {number}: {LINES[number].lower()}"


def test_why_tells_every_failing_line_in_order(personal):
    why = part(verdict.section(Evidence(personal)), "Why")
    failing = sorted({one["line"] for one in personal["tests"] if not one["passed"]})
    told = [word for word, _ in why.blocks[0].pairs]
    assert told == [
        LINE_WORDS[line].fails if _first(personal, line)["measured"] is not None else LINE_WORDS[line].title
        for line in failing
    ]


def _first(label, line):
    return next(one for one in label["tests"] if one["line"] == line and not one["passed"])


def test_what_was_not_measured_is_not_told_as_found(personal):
    for test in personal["tests"]:
        test |= {"passed": False, "measured": None, "detail": "no record is released, so nothing could be measured"}
    why = part(verdict.section(Evidence(personal)), "Why").blocks[0].pairs
    assert not {word for word, _ in why} & {words.fails for words in LINE_WORDS.values()}
    assert all(text.startswith("This was not measured") for _, text in why)


def test_what_would_change_a_label_is_told_once_each(personal):
    told = list(texts(part(verdict.section(Evidence(personal)), "What would change it").blocks))
    wanted = {one["text"] for one in personal["changes"] if one["test"] != "order"}
    assert all(one in told or one.partition("; or ")[0] in told for one in wanted)
    assert len(told) == len(set(told))


def test_a_policy_that_expects_personal_data_is_told(personal):
    run = {"releases": {personal["release"]: {"expect": "still_personal"}}}
    sentence = "The policy expects it to be personal, so nothing has to change for its purpose."
    assert sentence in list(texts(verdict.section(Evidence(personal, run)).blocks))
    assert sentence not in list(texts(verdict.section(Evidence(personal)).blocks))


def test_an_anonymized_label_tells_its_condition(anonymized):
    told = list(texts(part(verdict.section(Evidence(anonymized)), "On which condition it holds").blocks))
    assert f"It holds {anonymized['condition']}." in told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"signature": None}, "Its origin: it bears no signature, so that nothing proves who made it."),
        (
            {"attackers": {}},
            "Tables that nobody declared: the policy names no attacker, so that no other data was tried against it.",
        ),
        (
            {"attackers": {"courier": {}}},
            "Tables that nobody declared: only what the policy says of attackers was tried (courier).",
        ),
        ({"register": {"kept": True}}, "Releases that the register does not know, such as those given out without it."),
        (
            {"assessed_at": "2026-11-27T22:13:06+00:00"},
            "What has become known since 2026-11-27: it speaks as of that day.",
        ),
        (
            {"asked": {"subject": "each_record"}},
            "Persons with several records: each record counts as one person, as the policy says.",
        ),
    ],
)
def test_what_the_verdict_does_not_cover_follows_from_the_label(anonymized, change, told):
    limits = list(
        texts(part(verdict.section(Evidence({**anonymized, **change})), "What this verdict does not cover").blocks)
    )
    assert told in limits
    assert len(limits) >= 6


@pytest.mark.parametrize("label", ["personal", "anonymized"])
def test_a_label_that_lacks_something_is_told_as_far_as_it_goes(label, request):
    """As labels of earlier versions do, and what is assessed."""
    whole = request.getfixturevalue(label)
    for missing in set(whole) - set(NEEDED):
        less = {name: value for name, value in whole.items() if name != missing}
        assert [make(Evidence(less)) for make in SECTIONS]
    least = {name: value for name, value in whole.items() if name in NEEDED}
    assert [make(Evidence(least)) for make in SECTIONS]
    assert all(make(Evidence(least)) is not None for make in (verdict.section, lines.section, statement.section))


def test_every_line_is_there_and_only_those_that_fail_are_open(personal):
    parts = [one for one in lines.section(Evidence(personal)).blocks if isinstance(one, Part)]
    assert [one.title for one in parts] == [words.title for words in LINE_WORDS.values()]
    failing = {one["line"] for one in personal["tests"] if not one["passed"]}
    assert [number for number, one in enumerate(parts, 1) if not one.folded] == sorted(failing)


def test_a_test_of_another_version_is_told_by_its_name(anonymized):
    anonymized["tests"].append(
        {"line": 3, "name": "novel:x", "passed": False, "measured": 0.25, "limit": 0.5, "detail": ""}
    )
    checks = [
        one for part in lines.section(Evidence(anonymized)).blocks[1:] for one in part.blocks if isinstance(one, Checks)
    ]
    [found] = [check for one in checks for check in one.items if check.code == "novel:x"]
    assert (found.asks, found.measured, found.limit) == ("novel:x", "0.25", "0.5")


def test_who_states_the_surroundings_and_until_when(anonymized):
    run = {"releases": {anonymized["release"]: {"environment": {"stated_by": "the DPO", "valid_until": "2027-01-31"}}}}
    label = copy.deepcopy(anonymized)
    label["environment"] |= {"valid_until": "2027-01-31", "lapsed": False}
    told = dict(part(statement.section(Evidence(label, run)), "The recipient's surroundings").blocks[1].pairs)
    assert (told["Stated by"], told["Stated until"]) == ("the person named in the report of the run", "2027-01-31")
    label["environment"]["lapsed"] = True
    told = dict(part(statement.section(Evidence(label)), "The recipient's surroundings").blocks[1].pairs)
    assert told["Stated until"] == "2027-01-31, which was past when it was measured: the worst counts"


def test_what_was_changed_after_publication_is_told(personal):
    change = {"at": "2026-12-01T00:00:00+00:00", "erased": 30, "corrected": 0, "not_measured": "no source was given"}
    told = list(
        texts(
            part(
                statement.section(Evidence({**personal, "amendments": [change]})),
                "What was changed after it was published",
            ).blocks
        )
    )
    assert told == [
        "On 2026-12-01 30 rows were taken out, as persons asked to have their data erased.",
        "It was not measured again then: no source was given.",
    ]


def test_a_release_page_names_no_operator_and_no_input(personal):
    run = {
        "operator": {"operator": "Zhang", "host": "vm7"},
        "inputs": [{"name": "secret.csv"}],
        "versions": {"beam-deid": "1"},
    }
    told = "\n".join(text for make in SECTIONS for text in texts(blocks_of(make(Evidence(personal, run)))))
    assert not {"Zhang", "vm7", "secret.csv"} & set(told.split())


def test_no_rounding_hides_on_which_side_of_a_limit_a_figure_is():
    assert measured_and_limit("overall_risk", 0.05, 0.05) == ("5%", "≤\N{NO-BREAK SPACE}5%")
    told, asked = measured_and_limit("overall_risk", 0.0500001, 0.05)
    assert (told, asked) == ("5.00001%", "≤\N{NO-BREAK SPACE}5%")
    told, asked = measured_and_limit("t:category", 0.40000001, 0.4)
    assert (told, asked) == ("0.40000001", "≤\N{NO-BREAK SPACE}0.4")


def test_figures_are_told_as_people_read_them():
    assert (amount(5), amount(1234.0), amount(0.123456), amount(None)) == ("5", "1,234", "0.1235", "not measured")
    assert (share(0.27), share(0.0162904), share(None)) == ("27%", "1.63%", "not measured")
    assert measured_and_limit("k", 5, 5) == ("5", "≥\N{NO-BREAK SPACE}5")
    assert measured_and_limit("restorable", 2, 0) == ("2", "0")


def test_a_requirement_whose_words_speak_of_a_share_is_one():
    told = {one.name for one in REQUIREMENTS if one.words.startswith(("greatest share", "share"))}
    assert told <= {one.name for one in REQUIREMENTS if one.is_share}


def test_the_personal_releases_of_a_run_are_named_beside_the_condition(anonymized):
    beside = {anonymized["release"]: {"expect": "anonymized"}, "crm": {"expect": "still_personal"}}
    found = Evidence({**anonymized, "condition": CONDITION}, {"releases": beside})
    told = list(texts(part(verdict.section(found), "On which condition it holds").blocks))
    assert f"It holds {CONDITION}." not in told
    assert any(text.endswith(": crm.") for text in told)
