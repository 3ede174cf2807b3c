"""A run over tables: one policy, one output, tokens that join what belongs together, labels that promise no more than is tested."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.label.contradictions import contradictions
from beam_deid.transforms.label.requirements.other_tables import OtherTables
from beam_deid.transforms.label.requirements.requirement import Figure
from beam_deid.transforms.label.schema import label_schema
from beam_deid.transforms.policy.table_policy import TableFacts, TablePolicy
from beam_deid.transforms.register.folder import read
from beam_deid.transforms.release.proof import prove

from ..kit.keys import KEK, KEY
from ..kit.outputs import labels, leftovers, parts
from ..kit.tables import AGENCY, POLICY, TRADING, Tables, made_up, part

ROWS = 600
ORDERS = """\
version: 1
dataset: shop
subject: buyer
record: tid
fields:
  tid: {role: direct_identifier, kind: order_number}
  buyer: {role: direct_identifier}
  month: {role: quasi_identifier, kind: integer}
keys: {key: env:BEAM_DEID_KEY}
releases:
  crm: {purpose: marketing to members, sharing: enclave, expect: still_personal, fields: {tid: tokenize, buyer: tokenize}}
"""
"""A policy of the orders alone."""
PERSONAL = "expect: still_personal"
ANONYMIZED = "expect: anonymized"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """A run of three releases: two of personal information, and one of a single table that is anonymized."""
    made = Tables(tmp_path_factory.mktemp("shop"))
    made.write(made_up(ROWS), POLICY + AGENCY + TRADING.replace("EXPECT", ANONYMIZED))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEAM_DEID_KEY", KEY)
        assert made.run() == 0
    return made


def label(out: Path, name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((out / name / "label.json").read_text("utf-8"))
    return read


def failing(found: dict[str, Any]) -> set[str]:
    return {test["name"] for test in found["tests"] if not test["passed"]}


def test_all_tables_are_published_as_one_run(published: Tables) -> None:
    run = json.loads((published.out / "run.json").read_text("utf-8"))
    assert set(run["releases"]) == {
        "crm.customers",
        "crm.orders",
        "crm.items",
        "agency.orders",
        "trading.orders",
    }
    rows = {
        name: pq.read_metadata(published.folder / f"{name}.parquet").num_rows
        for name in ("customers", "orders", "items")
    }
    assert run["records"]["read"] == sum(rows.values())
    assert run["tables"]["orders"]["joins"]["buyer"]["table"] == "customers"
    assert run["tables"]["orders"]["joins"]["buyer"]["dangling"] > 0
    assert len(run["notes"]) == 1
    for name, release in run["releases"].items():
        records = release["records"]
        assert records["read"] == sum(records[kind] for kind in ("released", "suppressed", "withheld", "rejected"))
        assert records["read"] == rows[name.partition(".")[2]]
    assert call(["verify", str(published.out)]) == 0


def test_one_customer_has_one_token_in_all_tables_of_a_release(published: Tables) -> None:
    """What is joined by tokens is what is joined by the values that they stand for."""
    source = {name: f"'{published.folder / name}.parquet'" for name in ("customers", "orders", "items")}
    out = published.out
    by_value = duckdb.sql(
        f"""select city, month, line, category from read_parquet({source["items"]})
        join read_parquet({source["orders"]}) using (tid) join read_parquet({source["customers"]}) using (buyer)
        order by all"""
    ).fetchall()
    by_token = duckdb.sql(
        f"""select city, month, line, category from read_parquet({part(out, "crm.items")}) i
        join read_parquet({part(out, "crm.orders")}) o on i.tid = o.tid and i."customers.buyer" = o.buyer
        join read_parquet({part(out, "crm.customers")}) c on c.buyer = o.buyer order by all"""
    ).fetchall()
    assert by_token == by_value
    assert len(by_value) > ROWS


def test_another_release_has_tokens_of_its_own(published: Tables) -> None:
    here, there = (part(published.out, name) for name in ("crm.orders", "agency.orders"))
    for column in ("tid", "buyer"):
        query = f"select count(*) from read_parquet({here}) a join read_parquet({there}) b on a.{column} = b.{column}"
        assert duckdb.sql(query).fetchall() == [(0,)]


def test_a_row_that_refers_to_nobody_has_no_subject(published: Tables) -> None:
    found = duckdb.sql(
        f"""select count(*) filter (where "customers.buyer" is null) from read_parquet({part(published.out, "crm.items")})"""
    ).fetchall()
    source = {name: f"'{published.folder / name}.parquet'" for name in ("customers", "orders", "items")}
    wanted = duckdb.sql(
        f"""select count(*) from read_parquet({source["items"]}) join read_parquet({source["orders"]}) using (tid)
        where buyer not in (select buyer from read_parquet({source["customers"]}))"""
    ).fetchall()
    assert found == wanted
    assert found[0][0] > 0


def test_persons_are_counted_in_every_table_by_what_names_them_in_any(published: Tables) -> None:
    found = label(published.out, "crm.items")["asked"]
    assert found["subject"] == "customers.buyer"
    assert found["identities"] == ["customers.buyer", "tid", "customers.mobile"]


def test_two_accounts_with_one_mobile_are_one_person_in_every_table(tmp_path: Path) -> None:
    """Three accounts share a mobile: their orders alone are no crowd of three."""
    buyers = [f"b{number}" for number in range(6)]
    tables = {
        "customers": pa.table(
            {
                "buyer": buyers,
                "mobile": ["13800138000"] * 3 + [f"1390013900{number}" for number in range(3)],
                "city": ["x"] * 6,
            }
        ),
        "orders": pa.table(
            {"tid": [f"t{number}" for number in range(6)], "buyer": buyers, "month": [1, 1, 1, 2, 2, 2]}
        ),
        "items": pa.table({"tid": ["t0"], "line": [1], "category": ["c"]}),
    }
    made = Tables(tmp_path)
    made.write(tables, POLICY + TRADING.replace("EXPECT", ""))
    assert made.run("--release", "trading") == 0
    found = label(made.out, "trading.orders")
    k = next(test for test in found["tests"] if test["name"] == "k")
    assert (k["measured"], k["passed"]) == (1, False)
    assert "customers.mobile" in k["detail"]


def test_what_one_table_gives_out_alone_may_be_anonymized(published: Tables) -> None:
    assert label(published.out, "trading.orders")["label"] == "anonymized"


def two_tables(tmp_path: Path) -> Tables:
    """A release of two tables without a token, each of which is anonymous by itself."""
    both = TRADING.replace("EXPECT", "") + "      customers: {fields: {city: {generalize: {ranges: [1], level: 0}}}}\n"
    made = Tables(tmp_path)
    policy = POLICY.replace("city: {role: quasi_identifier}", "city: {role: quasi_identifier, kind: integer}")
    tables = made_up(ROWS)
    one = pa.array([1] * len(tables["customers"]))
    made.write({**tables, "customers": tables["customers"].set_column(2, "city", one)}, policy + both)
    return made


def test_several_tables_are_not_anonymized_for_they_are_not_tested_together(tmp_path: Path) -> None:
    made = two_tables(tmp_path)
    assert made.run("--release", "trading") == 0
    for name, other in (("trading.orders", "trading.customers"), ("trading.customers", "trading.orders")):
        found = label(made.out, name)
        assert found["label"] == "still_personal"
        assert failing(found) - {"order"} == {"other_tables"}
        test = next(test for test in found["tests"] if test["name"] == "other_tables")
        assert test["measured"] is None
        advice = next(change["text"] for change in found["changes"] if change["test"] == "other_tables")
        assert advice == (
            "give out one table alone, in a release of its own, and let the releases of the others expect still_personal"
        )
        assert test["detail"].startswith(f"tables of one dataset are not tested together: {other}")
        assert found["asked"]["apart"][0] == other
        assert list(jsonschema.Draft202012Validator(label_schema()).iter_errors(found)) == []
        assert contradictions(found) == []
        assert contradictions({**found, "label": "anonymized"})
    assert call(["verify", str(made.out)]) == 0


ACCOUNTS = """
version: 1
dataset: shop
register: none
tables:
  customers:
    subject: uid
    key: uid
    fields: {uid: {role: direct_identifier}, city: {role: quasi_identifier}}
  accounts:
    fields: {uid: {role: direct_identifier}, mobile: {role: direct_identifier, kind: mobile}}
    joins: {uid: customers}
releases:
  statistics:
    purpose: statistics
    sharing: enclave
    tables: {customers: {fields: {city: keep}}}
"""


@pytest.mark.parametrize(
    ("accounts", "best"),
    [
        (ACCOUNTS, "still_personal"),
        (
            ACCOUNTS.replace("mobile: {role: direct_identifier, kind: mobile}", "points: {role: insensitive}"),
            "anonymized",
        ),
    ],
)
def test_a_table_is_not_anonymized_while_another_one_names_its_persons_otherwise(
    accounts: str, best: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Customers who share a mobile in their accounts are fewer persons than there are customers."""
    (tmp_path / "policy.yaml").write_text(accounts, "utf-8")
    assert call(["plan", str(tmp_path / "policy.yaml"), "--json"]) == 0
    planned = json.loads(capsys.readouterr().out)["tables"]["customers"]["releases"]
    assert planned["statistics.customers"]["best_label"] == best


def test_a_subject_of_its_own_that_leads_nowhere_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the table is lent would be another person's: the referrer's, and not the buyer's."""
    own = ACCOUNTS.replace("  accounts:\n", "  accounts:\n    subject: buyer\n")
    own = own.replace(
        "accounts:\n    subject: buyer\n    fields: {",
        "accounts:\n    subject: buyer\n    fields: {buyer: {role: direct_identifier}, ",
    )
    (tmp_path / "policy.yaml").write_text(own, "utf-8")
    assert call(["plan", str(tmp_path / "policy.yaml")]) == 2
    assert "tables.accounts.subject: its persons are of no table that it refers to" in capsys.readouterr().err


@pytest.mark.parametrize("fault", ["measured", "not asked"])
def test_a_fault_there_would_make_both_anonymized(fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So the test above sees one: the requirement is all that stands between the two and the label."""
    if fault == "measured":
        monkeypatch.setattr(OtherTables, "figure", lambda self, test, seen: Figure(0, "planted"))
    else:
        known = TablePolicy.with_facts
        monkeypatch.setattr(TablePolicy, "with_facts", lambda self, facts: known(self, without_others(facts)))
    made = two_tables(tmp_path)
    assert made.run("--release", "trading") == 0
    assert {label(made.out, name)["label"] for name in ("trading.orders", "trading.customers")} == {"anonymized"}


def without_others(facts: TableFacts) -> TableFacts:
    return TableFacts(facts.table, facts.releases, facts.counterparts, facts.sha256)


def test_what_another_table_gave_out_before_is_untested_and_does_not_hold(tmp_path: Path) -> None:
    """Orders were given out as anonymized; now items would be, and nobody measured what both say."""
    made = Tables(tmp_path)
    tables = made_up(ROWS)
    made.write(tables, POLICY + TRADING.replace("EXPECT", ANONYMIZED))
    assert made.run("--release", "trading") == 0
    items = TRADING.replace("EXPECT", "").replace(
        "orders: {fields: {month: keep}}", "customers: {fields: {city: keep}}"
    )
    one = pa.array(["x"] * len(tables["customers"]))
    made.write({**tables, "customers": tables["customers"].set_column(2, "city", one)}, POLICY + items)
    assert made.run("--release", "trading", out="later") == 0
    found = label(made.folder / "later", "trading.customers")
    assert found["label"] == "still_personal"
    assert "composition:trading.orders.1" in failing(found)
    advice = next(change["text"] for change in found["changes"] if change["test"] == "composition:trading.orders.1")
    assert advice.startswith(
        "it is of the table orders, this run of the table customers: these are not tested together"
    )
    assert "record:" not in advice


def test_a_release_is_published_with_all_its_tables_or_not_at_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = Tables(tmp_path)
    wrong = POLICY.replace("items: {fields: {tid: tokenize", "items: {expect: anonymized, fields: {tid: tokenize")
    made.write(made_up(60), wrong + AGENCY)
    assert made.run() == 4
    assert {path.name for path in made.out.iterdir() if path.is_dir()} == {"agency.orders"}
    run = json.loads((made.out / "run.json").read_text("utf-8"))
    unmet = [name for name, one in run["releases"].items() if not one["published"]]
    assert unmet == ["crm.customers", "crm.orders", "crm.items"]
    told = " ".join(capsys.readouterr().out.split())
    for name in unmet:
        assert f"✗ {name}: still_personal, not published" in told
    assert all(run["releases"][name]["records"]["released"] == 0 for name in unmet)
    assert call(["verify", str(made.out)]) == 0


def test_several_tables_with_a_register_are_verified_also_when_they_are_labelled_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_KEK", KEK)
    ring = str(tmp_path / "shop.keyring")
    assert call(["keys", "create", ring, "--kek", "env:SHOP_KEK"]) == 0
    made = Tables(tmp_path)
    made.write(made_up(60), POLICY.replace("{key: env:BEAM_DEID_KEY}", "{keyring: shop.keyring}"))
    assert made.run() == 0
    run = json.loads((made.out / "run.json").read_text("utf-8"))
    assert run["register"]
    assert [one["common_subject"] for one in run["persons"]] == ["customers.buyer"] * 3
    assert call(["verify", str(made.out)]) == 0
    assert call(["keys", "destroy", ring, "--name", "main", "--output", str(made.out), "--yes"]) == 0
    assert call(["label", "--again", str(made.out)]) == 0
    assert call(["verify", str(made.out)]) == 0


def test_persons_of_tables_count_once_in_the_register(published: Tables, capsys: pytest.CaptureFixture[str]) -> None:
    """By the customers that the three tables tell, counted by DuckDB."""
    source = {name: f"'{published.folder / name}.parquet'" for name in ("customers", "orders", "items")}
    wanted = duckdb.sql(f"select count(distinct buyer) from read_parquet({source['customers']})").fetchall()[0][0]
    assert call(["releases", "persons", str(published.folder / "shop.register"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["handled"]
    assert found["persons"] == wanted
    assert found["subjects"] == ["customers.buyer"]
    assert found["runs"] == 1
    assert found["groups"]["sensitive"] <= wanted
    assert found["untold"] == {"sensitive": 0, "under_14": 1}


def test_the_files_of_a_table_that_is_only_joined_are_inputs_too(tmp_path: Path) -> None:
    made = Tables(tmp_path)
    made.write(made_up(60), POLICY + AGENCY)
    assert made.run("--release", "agency") == 0
    run = json.loads((made.out / "run.json").read_text("utf-8"))
    files = {path.name: path.read_bytes() for path in tmp_path.glob("*.parquet")}
    assert run["inputs"] == [
        {"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in sorted(files.items())
    ]
    register = read(str(tmp_path / "shop.register"))
    assert register is not None
    assert [*register.releases[-1].inputs] == run["inputs"]
    assert call(["verify", str(made.out)]) == 0


def test_a_fault_in_one_table_publishes_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last table is not what was decided: nothing of the others is there either, and nothing is left behind."""
    made = Tables(tmp_path)
    made.write(made_up(60))

    def faulty(decided: Any, facts: Any) -> None:
        prove(decided, facts)
        if decided.release == "crm.items":
            raise RuntimeError

    monkeypatch.setattr("beam_deid.transforms.publish.concluding.prove", faulty)
    assert made.run() == 1
    assert not made.out.exists()
    assert leftovers(made.out) == []


@pytest.mark.slow("two runs, one of them with a pool of processes")
def test_workers_change_no_byte(published: Tables, tmp_path: Path) -> None:
    """Two processes over the same files elsewhere, with a register of their own."""
    other = Tables(tmp_path)
    for path in (Path(published.policy), *published.folder.glob("*.parquet")):
        shutil.copy(path, tmp_path)
    command = other.command()
    command[command.index("--workers") + 1] = "2"
    assert call(command) == 0
    assert parts(other.out) == parts(published.out)


def test_a_dry_run_says_the_same_and_writes_nothing(published: Tables, capsys: pytest.CaptureFixture[str]) -> None:
    assert published.run("--dry-run", "--json", out="dry") == 0
    told = json.loads(capsys.readouterr().out)
    assert not (published.folder / "dry").exists()
    assert {name: one["label"] for name, one in told["labels"].items()} == {
        name: one["label"] for name, one in labels(published.out).items()
    }
    assert told["run"]["tables"]["items"]["joins"]["tid"]["dangling"] == 0


def test_rejects_of_all_tables_stand_in_one_file(tmp_path: Path) -> None:
    made = Tables(tmp_path)
    tables = made_up(60)
    months = pa.array(["no month", *(str(one) for one in tables["orders"].column("month").to_pylist()[1:])])
    made.write({**tables, "orders": tables["orders"].set_column(2, "month", months)})
    assert made.run("--max-rejects", "0.1") == 0
    found = pq.read_table(made.out / "rejected.parquet").to_pylist()
    assert [(Path(one["file"]).name, one["row"], one["field"]) for one in found] == [("orders.parquet", 1, "month")]
    assert call(["verify", str(made.out)]) == 0


def test_tokens_of_a_table_are_turned_back(published: Tables, tmp_path: Path) -> None:
    target = tmp_path / "back.parquet"
    files = str(published.out / "crm.items" / "part-*.parquet")
    command = [
        "reidentify",
        "--policy",
        published.policy,
        "--release",
        "crm.items",
        "--fields",
        "customers.buyer,tid",
        "--input",
        files,
    ]
    assert (
        call([*command, "--output", str(target), "--all", "--reason", "a test", "--record", str(tmp_path / "record")])
        == 0
    )
    back = duckdb.sql(f"""select "customers.buyer", tid, line from '{target}' order by all""").fetchall()
    source = {name: f"'{published.folder / name}.parquet'" for name in ("customers", "orders", "items")}
    wanted = duckdb.sql(
        f"""select c.buyer, tid, line from read_parquet({source["items"]}) join read_parquet({source["orders"]}) o using (tid)
        left join read_parquet({source["customers"]}) c on c.buyer = o.buyer order by all"""
    ).fetchall()
    assert back == wanted


@pytest.mark.parametrize(
    "command", [["search", "POLICY", "-i", "x"], ["assess", "POLICY", "-i", "x"]], ids=lambda command: command[0]
)
def test_what_takes_one_table_says_so(
    command: list[str], published: Tables, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call([published.policy if word == "POLICY" else word for word in command]) == 2
    assert "the policy has several tables, and this takes one" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "policy", "said"),
    [
        ("correct", "of all tables", "cannot be corrected yet in what a policy with tables published"),
        ("correct", "of one table", "cannot be corrected yet in what a policy with tables published"),
        ("erase", "of one table", "is of a table, and the policy that was named has none such"),
    ],
)
def test_what_tables_published_is_not_changed_and_what_can_be_done_is_told(
    command: str, policy: str, said: str, published: Tables, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = parts(published.out)
    path = published.policy
    if policy == "of one table":
        path = str(tmp_path / "orders.yaml")
        Path(path).write_text(ORDERS, "utf-8")
    (tmp_path / "gone.csv").write_text("tid,buyer,month\n1,b1,5\n", "utf-8")
    (tmp_path / "persons.csv").write_text("buyer\nb1\n", "utf-8")
    listed = str(tmp_path / ("persons.csv" if command == "erase" else "gone.csv"))
    assert call([command, path, str(published.out), "--subjects", listed, "--reason", "request 17"]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert "run again with --overwrite" in told or "Name the policy as it was when the run was made" in told
    assert parts(published.out) == before


def test_releases_of_tables_are_removed_once_their_retention_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing has to be found for that, and the whole of a release goes."""
    made = Tables(tmp_path)
    made.write(
        made_up(60),
        POLICY.replace("    sharing: enclave\n", "    sharing: enclave\n    retain: 1 month\n", 1),
    )
    assert made.run() == 0
    monkeypatch.setattr("beam_deid.transforms.clock.now", lambda: "2999-01-01T00:00:00+00:00")
    assert call(["sweep", str(made.out), "--delete", "--yes"]) == 0
    assert parts(made.out) == {}
    assert call(["verify", str(made.out)]) == 0


def test_plan_says_of_each_table_what_will_become_of_it(published: Tables, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["plan", published.policy, *published.inputs(), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["policy_sha256"] == json.loads((published.out / "run.json").read_text("utf-8"))["policy_sha256"]
    best = {name: one["best_label"] for table in told["tables"].values() for name, one in table["releases"].items()}
    assert best == {name: one["label"] for name, one in labels(published.out).items()}


def test_no_other_engine_is_taken(published: Tables, capsys: pytest.CaptureFixture[str]) -> None:
    assert published.run("--runner", "FlinkRunner", out="flink") == 2
    assert "tables are joined on this machine" in capsys.readouterr().err
