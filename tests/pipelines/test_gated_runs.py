"""Row filter and consent through the command line: what is withheld is written nowhere, and every count adds up."""

import json

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest
import yaml

from beam_deid.pipelines.cli import call

from ..kit.outputs import leftovers, parts

AS_OF = "2026-06-01T00:00:00+08:00"
CITIES = ("杭州市", "宁波市")
GOODS = ("茶", "书", "鞋", "纸")
SAFE = {"controls": "high", "motive": "low", "prevalence": 0.0001, "acquaintances": 1, "security": "high"}


def records(persons=80):
    """Two orders of each person; every third wants no advertising, and every fifth never consented to anything."""
    rows = [(person, city) for city in CITIES for person in range(persons)]
    return pa.table(
        {
            "buyer": [f"buyer-{person}" for person, _ in rows],
            "city": [city for _, city in rows],
            "item": [GOODS[(person + len(city)) % 4] for person, city in rows],
            "agreed": ["否" if person % 3 == 0 else "是" for person, _ in rows],
        }
    )


def ledger(path, persons=80):
    lines = ["会员号,用途,同意,撤回,时间"]
    lines += [f"buyer-{person},营销,是,,2026-01-02 10:00:00" for person in range(persons) if person % 5]
    lines += [f"buyer-{person},营销,,是,2026-03-02 10:00:00" for person in range(persons) if person % 7 == 0]
    path.write_text("\n".join(lines), "utf-8")


def policy(**releases):
    return {
        "version": 1,
        "dataset": "shop",
        "subject": "buyer",
        "register": "none",
        "keys": {"key": "env:BEAM_DEID_KEY"},
        "fields": {
            "buyer": {"role": "direct_identifier"},
            "city": {"role": "quasi_identifier"},
            "item": {"role": "sensitive"},
            "agreed": {"role": "insensitive"},
        },
        "releases": releases,
    }


CONSENT = {"ledger": "ledger.csv", "input": {"timezone": "Asia/Shanghai"}}


def release(fields, **more):
    return {"purpose": "营销", "sharing": "enclave", "environment": SAFE, "fields": fields, **more}


CRM = release({"buyer": {"tokenize": {"domain": "customer"}}, "city": "keep"}, where={"agreed": "是"}, consent=CONSENT)
STATISTICS = release({"city": "keep", "item": "keep"}, where={"agreed": "是"})


@pytest.fixture
def made(tmp_path):
    """Writes a policy, records and a ledger, and runs commands on them."""
    pq.write_table(records(), tmp_path / "orders.parquet")
    ledger(tmp_path / "ledger.csv")

    def run(*arguments, **releases):
        if releases:
            (tmp_path / "policy.yaml").write_text(yaml.safe_dump(policy(**releases), allow_unicode=True), "utf-8")
        return call([*map(str, arguments)])

    run.folder = tmp_path
    run.policy = tmp_path / "policy.yaml"
    run.source = tmp_path / "orders.parquet"
    run.out = tmp_path / "out"
    return run


def written(out, name):
    return pa.concat_tables([pq.read_table(path) for path in sorted((out / name).glob("part-*"))])


def label(out, name):
    return json.loads((out / name / "label.json").read_text("utf-8"))


def expected(consents=True):
    wants = [person for person in range(80) if person % 3]
    return [person for person in wants if not consents or (person % 5 and person % 7)]


def test_what_is_withheld_is_written_nowhere_and_every_count_adds_up(made):
    assert (
        made("run", made.policy, "-i", made.source, "-o", made.out, "--as-of", AS_OF, crm=CRM, statistics=STATISTICS)
        == 0
    )
    crm, statistics = label(made.out, "crm"), label(made.out, "statistics")
    assert crm["records"] == {
        "read": 160,
        "released": 2 * len(expected()),
        "suppressed": 0,
        "withheld": 160 - 2 * len(expected()),
        "rejected": 0,
        "withheld_by": {
            "no_consent": 2 * len([p for p in range(80) if p % 3 and not p % 5]),
            "where": 2 * 27,
            "withdrawn": 2 * len([p for p in range(80) if p % 3 and p % 5 and not p % 7]),
        },
    }
    assert statistics["label"] == "anonymized"
    assert statistics["records"]["withheld_by"] == {"where": 54}
    assert len(written(made.out, "crm")) == 2 * len(expected())
    assert len(written(made.out, "statistics")) == 2 * len(expected(consents=False))
    assert len(written(made.out, "crm")["buyer"].unique()) == len(expected())
    assert made("verify", made.out) == 0
    for name in ("crm", "statistics"):
        source = ["assess", made.policy, "-i", made.out / name, "--source", made.source]
        assert made(*source) == 0
    assert not leftovers(made.out)


def test_the_ground_stands_beside_the_label_and_the_ledger_in_the_run_alone(made):
    basis = {**STATISTICS, "basis": "PIPL Art. 13(1)(2)"}
    assert (
        made(
            "run",
            made.policy,
            "-i",
            made.source,
            "-o",
            made.out,
            "--as-of",
            AS_OF,
            crm=CRM,
            basis=basis,
            plain=STATISTICS,
        )
        == 0
    )
    crm = label(made.out, "crm")
    assert crm["ground"] == {
        "kind": "consent",
        "basis": None,
        "consent": {
            "purpose": "营销",
            "as_of": "2026-05-31T16:00:00+00:00",
            "persons": {"known": 67, "own": 55, "guardian": 0, "withdrawn": 9},
        },
    }
    assert label(made.out, "basis")["ground"] == {"kind": "declared", "basis": "PIPL Art. 13(1)(2)", "consent": None}
    assert label(made.out, "plain")["ground"]["kind"] == "anonymization"
    run = json.loads((made.out / "run.json").read_text("utf-8"))
    (file,) = run["releases"]["crm"]["consent"]["files"]
    assert (file["name"], file["size"]) == ("ledger.csv", (made.folder / "ledger.csv").stat().st_size)
    assert "ledger" not in (made.out / "crm" / "label.json").read_text("utf-8")
    assert b"ledger" not in b"".join(path.read_bytes() for path in (made.out / "crm").glob("part-*"))


def test_the_order_of_the_ledger_changes_no_byte_and_a_later_time_does(made):
    def run(out, as_of=AS_OF):
        assert made("run", made.policy, "-i", made.source, "-o", out, "--as-of", as_of) == 0
        return parts(out)

    made("plan", made.policy, crm=CRM)
    first = run(made.folder / "first")
    path = made.folder / "ledger.csv"
    header, *rows = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([header, *reversed(rows)]), "utf-8")
    tables = [written(made.folder / one, "crm") for one in ("first",)]
    second = run(made.folder / "second")
    assert written(made.folder / "second", "crm") == tables[0]
    assert len(first) == len(second)
    run(made.folder / "before", "2026-02-01T00:00:00+08:00")
    assert len(written(made.folder / "before", "crm")) > len(tables[0])


def test_the_register_shows_a_release_with_consent_and_what_was_withheld(made, capsys):
    given = policy(crm=CRM) | {"register": "shop.register"}
    made.policy.write_text(yaml.safe_dump(given, allow_unicode=True), "utf-8")
    assert made("run", made.policy, "-i", made.source, "-o", made.out) == 0
    capsys.readouterr()
    assert made("releases", "show", made.folder / "shop.register", "crm.1") == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "54 where" in shown


def test_a_ledger_whose_column_is_named_as_the_subject_needs_no_word_for_it(made):
    table = made.folder / "ledger.csv"
    table.write_text(table.read_text("utf-8").replace("会员号", "buyer"), "utf-8")
    assert made("run", made.policy, "-i", made.source, "-o", made.out, crm=CRM) == 0
    assert label(made.out, "crm")["records"]["released"] == 2 * len(expected())


def test_a_filter_that_tells_something_sensitive_or_names_somebody_is_never_anonymized(made):
    telling = {**STATISTICS, "fields": {"city": "keep"}}
    assert (
        made(
            *("run", made.policy, "-i", made.source, "-o", made.out),
            sick={**telling, "where": {"item": ["茶"]}},
            one={**telling, "where": {"buyer": [f"buyer-{person}" for person in range(40)]}},
            fine={**telling, "where": {"city": ["杭州市"]}},
        )
        == 0
    )
    failing = {
        name: [test["name"] for test in label(made.out, name)["tests"] if not test["passed"]]
        for name in ("sick", "one", "fine")
    }
    assert "row_filter" in failing["sick"]
    assert "row_filter" in failing["one"]
    assert "row_filter" not in failing["fine"]
    assert label(made.out, "sick")["asked"]["row_filter"] == {"item": {"role": ["sensitive"], "names_a_person": False}}
    assert made("verify", made.out) == 0


def test_plan_says_that_such_a_filter_cannot_be_anonymized(made, capsys):
    made("plan", made.policy, "--json", sick={**STATISTICS, "where": {"item": "茶"}}, fine=STATISTICS)
    planned = json.loads(capsys.readouterr().out)["releases"]
    assert planned["sick"]["best_label"] == "still_personal"
    assert planned["fine"]["best_label"] == "anonymized"


def test_a_filter_for_values_on_a_sensitive_list_is_never_anonymized_whatever_the_role_says(made, capsys):
    asked = {**STATISTICS, "fields": {"city": "keep"}, "where": {"agreed": ["是", "抗抑郁药"]}}
    made("plan", made.policy, "--json", sick=asked, fine=STATISTICS)
    planned = json.loads(capsys.readouterr().out)["releases"]
    assert planned["sick"]["best_label"] == "still_personal"
    assert planned["fine"]["best_label"] == "anonymized"


def test_consent_for_something_sensitive_is_never_anonymized_and_the_label_says_what_to_do(made, capsys):
    (made.folder / "ledger.csv").write_text(
        (made.folder / "ledger.csv").read_text("utf-8").replace("营销", "孕产"), "utf-8"
    )
    asked = {**STATISTICS, "fields": {"city": "keep"}, "where": {}, "consent": {**CONSENT, "purpose": "孕产"}}
    assert made("run", made.policy, "-i", made.source, "-o", made.out, sick=asked) == 0
    document = label(made.out, "sick")
    failing = {test["name"] for test in document["tests"] if not test["passed"]}
    assert "row_filter" in failing
    assert document["label"] == "still_personal"
    assert document["asked"]["row_filter"] == {"consent": {"role": ["sensitive"], "names_a_person": False}}
    (change,) = (one["text"] for one in document["changes"] if one["test"] == "row_filter")
    assert "leave consent out" in change
    assert made("verify", made.out) == 0
    made("plan", made.policy, "--json", sick=asked)
    assert "consent asks for a purpose" in capsys.readouterr().out


def test_releases_of_which_each_has_what_the_other_lacks_are_tested_together(made):
    one = {**STATISTICS, "fields": {"city": "keep"}}
    made(
        *("run", made.policy, "-i", made.source, "-o", made.out),
        some={**one, "where": {"agreed": "是"}},
        others={**one, "where": {"agreed": "否"}},
        everybody={**one, "where": {"agreed": {"null": False}}},
    )
    tests = {test["name"]: test for test in label(made.out, "some")["tests"]}
    together = tests["composition:everybody"]
    # Who holds both knows who is in the one and not in the other: 27 persons of each city, and 53.
    assert together["measured"] == 27
    assert "composition:others" in tests


def test_nobody_who_meets_the_filter_is_told_and_labels_nothing(made, capsys):
    nobody = {**STATISTICS, "where": {"agreed": "也许"}}
    assert made("run", made.policy, "-i", made.source, "-o", made.out, nobody=nobody) == 0
    assert label(made.out, "nobody")["label"] == "still_personal"
    assert label(made.out, "nobody")["records"]["withheld"] == 160
    assert "no record meets where" in " ".join(json.loads((made.out / "run.json").read_text("utf-8"))["notes"])


def test_a_ledger_that_knows_nobody_of_the_input_is_told(made):
    text = (made.folder / "ledger.csv").read_text("utf-8").replace("buyer-", "member ")
    (made.folder / "ledger.csv").write_text(text, "utf-8")
    assert made("run", made.policy, "-i", made.source, "-o", made.out, "--as-of", AS_OF, crm=CRM) == 0
    notes = " ".join(json.loads((made.out / "run.json").read_text("utf-8"))["notes"])
    assert "the ledger of consent knows nobody of the input" in notes
    assert label(made.out, "crm")["records"]["released"] == 0


def test_a_value_that_is_rejected_is_not_counted_among_those_withheld(made):
    table = records()
    numbers = pa.array([str(number % 90) if number % 40 else "many" for number in range(len(table))])
    pc.write_csv(table.append_column("paid", numbers), made.folder / "orders.csv")
    whole = policy(
        crm={**CRM, "fields": {"city": "keep", "paid": "keep"}, "where": {"agreed": "是", "paid": {"from": 10}}}
    )
    whole["fields"]["paid"] = {"role": "quasi_identifier", "kind": "decimal"}
    made.policy.write_text(yaml.safe_dump(whole, allow_unicode=True), "utf-8")
    arguments = ["run", made.policy, "-i", made.folder / "orders.csv", "-o", made.out, "--as-of", AS_OF]
    assert made(*arguments, "--max-rejects", "0.1") == 0
    found = label(made.out, "crm")["records"]
    assert found["rejected"] == 4
    assert found["read"] == found["released"] + found["suppressed"] + found["withheld"] + found["rejected"]
    assert sum(found["withheld_by"].values()) == found["withheld"]
    assert made("verify", made.out) == 0


def test_search_and_a_dry_run_see_what_a_run_sees(made, capsys):
    open_level = {**STATISTICS, "fields": {"city": {"generalize": {"hierarchy": "cn_divisions"}}}, "consent": CONSENT}
    made("plan", made.policy, statistics=open_level)
    capsys.readouterr()
    assert made("run", made.policy, "-i", made.source, "-o", made.out, "--as-of", AS_OF, "--dry-run", "--json") == 0
    dry = json.loads(capsys.readouterr().out)["labels"]["statistics"]["records"]
    assert made("run", made.policy, "-i", made.source, "-o", made.out, "--as-of", AS_OF, "--json") == 0
    assert json.loads(capsys.readouterr().out)["labels"]["statistics"]["records"] == dry
    assert dry["withheld"] == 160 - 2 * len(expected())
    assert made("search", made.policy, "-i", made.source, "--json") == 0
    assert json.loads(capsys.readouterr().out)["levels"]
