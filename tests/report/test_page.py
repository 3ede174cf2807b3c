"""The pages of real labels: what stands in them, and what never does."""

import copy
import json
import re
from functools import cache
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.language.words import spoken_in
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.pipelines.report.page import index_page, release_page
from beam_deid.pipelines.report.visible import visible
from beam_deid.transforms.names import NAMES

from .parsed import Parsed

GOLDEN = Path(__file__).parents[1] / "golden" / "v0_4_0"
LABELS = {path.parent.name: json.loads(path.read_text("utf-8")) for path in sorted(GOLDEN.glob("*/label.json"))}
LIMIT = 300_000
ENGLISH = re.compile(r"[A-Za-z]{2,} [a-z]{2,}")
NAMES_OF_THINGS = re.compile(r"beam-deid \w+|open id|person name|[\w:]+ \w+: [\d.,]+|.*\((?:19|20)\d\d\).*|.* = .*")
"""What is called the same in every language: commands, presets, figures by their codes, papers, guidelines and formulas."""
LANGUAGES = [("zh", "en"), ("zh",), ("en",)]


@pytest.fixture(params=LABELS)
def evidence(request):
    return Evidence(LABELS[request.param])


@pytest.fixture(scope="module")
def evidences(published):
    """What a real run left behind of each of its releases."""
    run = json.loads((published / "run.json").read_text("utf-8"))
    labels = [json.loads((published / name / "label.json").read_text("utf-8")) for name in run["releases"]]
    return [Evidence(label, run) for label in labels]


@pytest.fixture(scope="module")
def pages(evidences):
    """The page of each of its releases, and their index."""
    return [*(release_page(one) for one in evidences), index_page(evidences)]


@cache
def page_of(name, languages=("zh", "en")):
    """The page of a stored label: drawn once, for charts take their time."""
    return release_page(Evidence(LABELS[name]), languages)


@pytest.mark.parametrize("languages", LANGUAGES, ids="-".join)
def test_a_page_is_well_formed(evidence, languages):
    check_form(Parsed(page_of(evidence.name, languages)))


def test_the_pages_of_a_run_are_well_formed(pages):
    for page in pages:
        check_form(Parsed(page))


def check_form(parsed):
    ids = parsed.all("id")
    assert len(ids) == len(set(ids))
    assert set(parsed.all("aria-labelledby")) <= set(ids)
    assert set(parsed.all("for")) <= set(ids)
    assert {one[1:] for one in parsed.all("href") if one.startswith("#")} <= set(ids)
    levels = [int(tag[1]) for tag, _ in parsed.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_a_page_has_no_script_and_asks_for_nothing(pages):
    for page in pages:
        parsed = Parsed(page)
        assert not {"script", "link", "img", "iframe", "form", "object"} & {tag for tag, _ in parsed.elements}
        assert not parsed.all("src")
        assert not re.search(r"@import|url\(|https?:", page.decode())
        policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
        assert policy in parsed.all("content")


def test_a_page_is_the_same_bytes_whatever_was_met_or_spoken_before(evidence):
    before = page_of(evidence.name)
    NAMES.add(["holds", "released", "Line 1: identifiers"])
    with spoken_in("zh"):
        assert release_page(evidence) == before
    assert "holds" in NAMES.known()


def test_an_index_is_the_same_bytes(evidences):
    assert index_page(evidences) == index_page(copy.deepcopy(evidences))


def test_pages_are_small(pages):
    assert max(map(len, pages)) < LIMIT


@pytest.mark.parametrize("fields", [1, 5, 20])
def test_a_page_of_so_many_fields_is_small(fields):
    label = copy.deepcopy(LABELS["in_csv"])
    facts = next(iter(label["fields"].values()))
    label["fields"] = {f"column_with_a_long_name_{number:02}": facts for number in range(fields)}
    names = ", ".join(label["fields"])
    for test in label["tests"]:
        test["detail"] = f"persons in the smallest group of {names}, counted by buyer_open_uid"
    assert len(release_page(Evidence(label))) < LIMIT


def test_a_page_of_many_fields_with_tests_of_each_is_small_and_counts_what_it_leaves_out():
    label = copy.deepcopy(LABELS["in_csv"])
    facts = next(iter(label["fields"].values()))
    label["fields"] = {f"column_with_a_long_name_{number:02}": facts for number in range(60)}
    names = ", ".join(label["fields"])
    test = next(one for one in label["tests"] if one["line"] == 3)
    of_each = [{**test, "detail": f"in groups of {names}", "passed": number != 59} for number in range(60)]
    label["tests"] = [one for one in label["tests"] if one["line"] != 3] + of_each * 2
    page = release_page(Evidence(label))
    assert len(page) < LIMIT
    text = Parsed(page).text()
    assert "… (+52)" in text
    assert "… (+100)" in text
    third = page.decode().split('<table class="checks">')[3].split("</table>")[0]
    assert third.count('"result bad"') == 2


def test_nothing_of_the_data_stands_in_a_page(pages, orders):
    """No value of any column of the source, but for those that any text may hold, as a year or a small number."""
    told = "\n".join(Parsed(page).text() for page in pages)
    table = pq.read_table(sorted(orders.glob("*.parquet"))[0]).slice(0, 2_000)
    tried = {name: [one for one in values_of(table[name]) if telling(one)] for name in table.column_names}
    found = {name: [one for one in values if one in told] for name, values in tried.items()}
    assert not {name: values for name, values in found.items() if values}
    assert sum(bool(values) for values in tried.values()) > len(tried) / 2


def values_of(column):
    return set(column.cast(pa.string()).drop_null().to_pylist())


def telling(value):
    """Whether a value is none that a page may hold by chance."""
    return len(value) >= 8 or len(re.findall("[\u4e00-\u9fff]", value)) >= 3


def test_a_canary_in_the_evidence_that_is_a_name_is_shown_as_it_is():
    label = json.loads(json.dumps(LABELS["open"]).replace("receiver_city", "holds <b>"))
    parsed = Parsed(release_page(Evidence(label)))
    assert "b" not in {tag for tag, _ in parsed.elements}


def test_a_chinese_page_has_no_english_sentence(evidence):
    check_chinese(page_of(evidence.name, ("zh",)), evidence)


def test_the_chinese_pages_of_a_run_have_no_english_sentence(evidences):
    for one in evidences:
        check_chinese(release_page(one, ("zh",)), one)
    check_chinese(index_page(evidences, ("zh",)), *evidences)


def check_chinese(page, *evidences):
    own = {visible(one.label["purpose"]) for one in evidences}
    texts = [text for text, tags, _ in Parsed(page).texts if not {"style", "code"} & set(tags) and text not in own]
    assert not [text for text in texts if ENGLISH.search(NAMES_OF_THINGS.sub("", text))]


def test_a_page_says_the_same_in_both_languages(evidence):
    both = Parsed(page_of(evidence.name))
    for code, tag in (("zh", "zh-CN"), ("en", "en")):
        own = Parsed(page_of(evidence.name, (code,)))
        told = [text.strip() for text, tags, languages in both.texts if "main" in tags and languages[-1] == tag]
        alone = {text.strip() for text, tags, _ in own.texts if "main" in tags}
        assert set(told) <= alone


def test_no_page_says_that_a_law_is_kept(evidence, pages):
    for page in (page_of(evidence.name), *pages):
        told = page.decode().replace("个人信息保护合规审计", "")  # of which a law is called
        assert not re.search("compliant|合规(?!则)", told, re.IGNORECASE)


def test_the_verdict_is_the_label(evidence):
    told = Parsed(page_of(evidence.name, ("en",))).text()
    anonymized = evidence.label["label"] == "anonymized"
    assert ("is labelled anonymized." in told) is anonymized
    assert ("is still personal information." in told) is not anonymized


def test_every_test_is_told_with_what_was_measured_and_its_limit(evidence):
    page = page_of(evidence.name, ("en",)).decode()
    lines = re.search(r'<section id="lines".*?</section>', page, re.DOTALL)[0]
    codes = re.findall("<code>([^<]+)</code></th>", lines)
    assert codes == [one["name"] for one in sorted(evidence.label["tests"], key=lambda one: one["line"])]


def test_an_index_leads_to_every_release_and_counts_every_record(evidences):
    parsed = Parsed(index_page(evidences, ("en",)))
    assert [f"{one.name}/report.html" for one in evidences] == [one for one in parsed.all("href") if "/" in one]
    for one in evidences:
        records = one.label["records"]
        assert records["read"] == sum(records[what] for what in ("released", "suppressed", "withheld", "rejected"))
        assert {f"{records[what]:,}" for what in ("read", "released", "suppressed")} <= {
            text for text, *_ in parsed.texts
        }


def test_an_index_of_no_release_is_a_page():
    check_form(Parsed(index_page([])))


def test_a_release_with_a_chinese_name_is_led_to():
    label = {**LABELS["open"], "release": "市场 分析"}
    assert "%E5%B8%82%E5%9C%BA%20%E5%88%86%E6%9E%90/report.html" in index_page([Evidence(label)]).decode()
