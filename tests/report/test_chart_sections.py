"""The sections that tell of fields, groups, losses, sensitive values and the records' way: from a real run, and from any label."""

import copy
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pytest

from beam_deid.pipelines.cli import call
from beam_deid.pipelines.language.words import spoken_in
from beam_deid.pipelines.report.blocks import Facts, Figure, Grid, Paragraph, Section
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.pipelines.report.examples import examples_of, left_out
from beam_deid.pipelines.report.sections import attribute_sets, fields, flow, groups, loss, sensitive

from .charts import parsed

OWN = tuple(one.section for one in (fields, groups, attribute_sets, loss, flow, sensitive))
ROWS = 400
POLICY = """
version: 1
dataset: shop
subject: buyer
register: none
keys: {key: env:SHOP_KEY}
fields:
  buyer: {role: direct_identifier}
  receiver_name: {role: direct_identifier, kind: person_name}
  mobile: {role: direct_identifier, kind: mobile}
  city: {role: quasi_identifier}
  birth_year: {role: quasi_identifier, kind: integer}
  paid: {role: quasi_identifier, kind: timestamp}
  category: {role: sensitive}
  channel: {role: insensitive}
releases:
  market:
    purpose: market research
    sharing: controlled
    where: {channel: shop}
    combinations: 2
    fields:
      birth_year: {generalize: {ranges: [10, 20, 40]}}
      paid: {generalize: {calendar: [month, year]}}
      city: {generalize: {hierarchy: HIERARCHY}}
      category: keep
    require: {suppression: 0.2}
  crm:
    purpose: marketing to members
    sharing: enclave
    expect: still_personal
    fields:
      buyer: {tokenize: {domain: customer}}
      receiver_name: {mask: {keep_first: 1}}
      mobile: {fpe: {domain: mobile}}
      paid: {shift: {days: 30}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("report")
    random = np.random.default_rng(1)
    buyers = random.integers(0, 200, ROWS)
    table = pa.table(
        {
            "buyer": [f"canaryB{one}" for one in buyers],
            "receiver_name": [f"canaryN{one}" for one in buyers],
            "mobile": [f"138{one:08d}" for one in buyers],
            "city": [f"canaryC{one}" for one in random.integers(0, 4, ROWS)],
            "birth_year": [*map(str, 1960 + buyers % 40)],
            "paid": [f"2025-0{1 + one % 9}-11 10:00:00" for one in buyers],
            "category": [("药品", "canaryK", "图书")[one] for one in random.integers(0, 3, ROWS)],
            "channel": ["shop" if one else "canaryO" for one in random.integers(0, 9, ROWS)],
        }
    )
    rows = table.to_pylist()
    rows[0]["birth_year"] = "canaryY"
    rows[1]["paid"] = "canaryT"
    rows[1]["birth_year"] = "canaryY"
    pc.write_csv(pa.Table.from_pylist(rows, table.schema), made / "orders.csv")
    places = "".join(f"canaryC{one};region {one % 2};*\n" for one in range(4))
    (made / "places.csv").write_text("# levels: city;region;*\n" + places, "utf-8")
    (made / "policy.yaml").write_text(POLICY.replace("HIERARCHY", str(made / "places.csv")), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOP_KEY", "5f" * 32)
        options = ["--workers", "1", "--max-rejects", "0.1"]
        assert call(["run", f"{made}/policy.yaml", "-i", f"{made}/orders.csv", "-o", f"{made}/out", *options]) == 0
    return made


@pytest.fixture(scope="module")
def market(folder) -> Evidence:
    return evidence(folder, "market")


@pytest.fixture(scope="module")
def crm(folder) -> Evidence:
    return evidence(folder, "crm")


def evidence(folder: Path, release: str) -> Evidence:
    label = json.loads((folder / "out" / release / "label.json").read_text("utf-8"))
    run = json.loads((folder / "out" / "run.json").read_text("utf-8"))
    return Evidence(label, run, (folder / "policy.yaml").read_text("utf-8"))


def changed(given: Evidence, **label) -> Evidence:
    return Evidence({**copy.deepcopy(dict(given.label)), **label}, given.run, given.policy)


def written(section: Section) -> list[str]:
    """All texts of a section, those of its charts among them."""
    texts = [section.title]
    for block in section.blocks:
        match block:
            case Paragraph():
                texts.append(block.text)
            case Facts():
                texts += [text for pair in block.pairs for text in pair]
            case Grid():
                texts += [*block.headings, block.caption, *(cell for row in block.rows for cell in row)]
            case Figure():
                drawing = parsed(block.picture.svg())
                texts += [block.caption, block.told, *filter(None, (one.text for one in drawing.iter()))]
    return texts


def grid(section: Section, first: str) -> list[tuple[str, ...]]:
    """The rows of the table whose first heading it is."""
    return [
        tuple(row)
        for block in section.blocks
        if isinstance(block, Grid) and block.headings[0] == first
        for row in block.rows
    ]


def test_no_value_of_the_data_is_in_any_section(market, crm):
    for known in (market, crm):
        for section in filter(None, (one(known) for one in OWN)):
            told = "\n".join(written(section)).casefold()
            assert "canary" not in told
            assert "药品" not in told
            assert "13800" not in told


def test_the_same_evidence_gives_the_same_sections(market, folder):
    again = evidence(folder, "market")
    for one in OWN:
        assert written(one(market)) == written(one(again))


def test_every_figure_says_in_words_what_it_shows(market, crm):
    for known in (market, crm):
        figures = [block for one in OWN if (found := one(known)) for block in found.blocks if isinstance(block, Figure)]
        assert figures
        for figure in figures:
            assert figure.told.endswith(".")
            assert any(letter.isdigit() for letter in figure.told)


def test_group_sizes_are_those_of_the_label(market):
    told = " ".join(written(groups.section(market)))
    assert f"All {market.label['risk']['classes']} groups have at least 5 persons, the limit." in told
    small = changed(market, limits={"k": 10**6})
    assert f"{market.label['risk']['classes']} groups have fewer persons than the limit of 1,000,000; 100%" in " ".join(
        written(groups.section(small))
    )


def test_the_worst_set_of_columns_is_named(market):
    worst = max(market.label["combinations"] or market.label["attacks"], key=lambda one: one["share"])
    rows = {row[0]: row for row in grid(attribute_sets.section(market), "Columns")}
    assert any(
        str(f"{one['unique_subjects']:,}") in rows[" + ".join(one["fields"])]
        for one in market.label["combinations"][:1]
    )
    assert worst["share"] <= 1


def test_the_records_way_has_every_record_and_every_reason(market):
    records = market.label["records"]
    rows = {row[0]: int(row[1].replace(",", "")) for row in grid(flow.section(market), "What became of the records")}
    assert rows["Read"] == ROWS
    left_out_ = sum(count for words, count in rows.items() if words.startswith(("Rejected", "Withheld", "Suppressed")))
    assert rows["Read"] == rows["Released"] + left_out_
    assert (
        rows["Withheld: The record does not meet the row filter of the release"] == records["withheld_by"]["where"] > 0
    )
    assert (
        rows["Rejected: The value cannot be read as the kind that the policy gives its field"]
        == 2
        == records["rejected"]
    )


def test_run_json_says_why_records_were_rejected(market, crm):
    assert market.declared["rejected_by"] == {"wrong_type": 2}
    assert sum(crm.declared.get("rejected_by", {}).values()) == crm.label["records"]["rejected"]


def test_a_run_that_does_not_say_why_tells_how_many(market):
    silent = Evidence(market.label, None, market.policy)
    rows = dict(grid(flow.section(silent), "What became of the records"))
    assert rows["Rejected: a value could not be read or treated"] == "2"


def test_examples_are_what_the_actions_make_of_made_up_values(market, crm):
    made = examples_of(crm)
    assert set(made) == {"buyer", "receiver_name", "mobile", "paid"}
    for before, after in ((one.before, one.after) for one in made["receiver_name"]):
        assert after == before[0] + "*" * (len(before) - 1)
    for one in made["mobile"]:
        assert one.after != one.before
        assert len(one.after) == len(one.before) == 11
    coarse = examples_of(market)
    levels = market.label["search"]["levels"]
    assert coarse.keys() == {"birth_year", "paid", "category"}, "what needs a file beside the policy has no example"
    for one in coarse["paid"]:
        assert one.before.startswith(one.after) or levels["paid"] == "*"
    assert all(one.before == one.after for one in coarse["category"])


def test_examples_take_no_key_of_the_policy(crm, monkeypatch):
    monkeypatch.delenv("SHOP_KEY", raising=False)
    without = examples_of(crm)
    monkeypatch.setenv("SHOP_KEY", "6a" * 32)
    assert examples_of(crm) == without


@pytest.mark.parametrize("policy", [None, "", "{", "releases: 1", "releases: {crm: {fields: {buyer: {tokenize: 7}}}}"])
def test_without_a_policy_that_can_be_read_there_are_no_examples(crm, policy):
    known = Evidence(crm.label, crm.run, policy)
    assert examples_of(known) == {}
    assert [row[0] for row in grid(fields.section(known), "Field")] == list(crm.label["fields"])


def test_columns_that_are_left_out_are_named(market):
    assert left_out(market) == ["buyer", "receiver_name", "mobile", "channel"]


def test_tables_have_their_own_actions(crm):
    policy = "tables: {a: {fields: {buyer: {}, x: {}}}}\nreleases: {crm: {tables: {a: {fields: {buyer: {mask: {keep_first: 2}}}}}}}"
    known = Evidence({**crm.label, "release": "crm.a", "fields": {"buyer": crm.label["fields"]["buyer"]}}, None, policy)
    assert left_out(known) == ["x"]
    (one, _) = examples_of(known)["buyer"]
    assert one.after == one.before[:2] + "*" * (len(one.before) - 2)


LABELS = sorted(Path(__file__).parents[1].glob("golden/v*/*/label.json"))


@pytest.mark.parametrize("path", LABELS, ids=lambda path: f"{path.parent.name}/{path.name}")
@pytest.mark.parametrize("language", ["en", "zh"])
def test_labels_of_all_versions_have_sections(path, language):
    label = json.loads(path.read_text("utf-8"))
    with spoken_in(language):
        for section in filter(None, (one(Evidence(label)) for one in OWN)):
            assert written(section)


def test_a_label_that_says_next_to_nothing_has_no_section_that_needs_more():
    assert [one(Evidence({"release": "x"})) for one in OWN] == [None] * len(OWN)


def test_nothing_is_read_beside_a_group_that_nobody_counted(market):
    without = sensitive.section(changed(market, sensitive_values=[], base_rates={"category": 0.5}))
    assert not any("one group" in block.text for block in without.blocks if isinstance(block, Paragraph))
