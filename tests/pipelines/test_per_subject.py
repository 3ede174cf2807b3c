"""Tokens under secrets of persons (`key: per_subject`): made, turned back, and refused where no secret can be kept."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import apache_beam as beam
import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms import Deidentify
from beam_deid.transforms.crypto.keys import forget
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.policy.reader import read_policy
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.treat.person_secrets import check_apart

from ..kit.keys import KEK
from ..kit.per_subject import BUYERS, POLICY, TOKENS, Shop, furnish, orders
from ..kit.tables import POLICY as TABLES
from ..kit.tables import Tables, made_up


@pytest.fixture(autouse=True)
def _kek(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SHOP_KEK", KEK)
    forget()
    yield
    forget()


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A shop that published nothing yet."""
    return furnish(tmp_path)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop with a run, which nobody changes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOP_KEK", KEK)
        forget()
        made = furnish(tmp_path_factory.mktemp("published"))
        assert made.run() == 0
    return made


@pytest.fixture
def made(published: Shop, tmp_path: Path) -> Shop:
    """Such a shop of a test's own."""
    return published.copied(tmp_path / "shop")


def parts(shop: Shop, out: str = "out") -> dict[str, str]:
    folder = shop.folder / out
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*/part-*")
    }


def test_a_person_has_one_token_of_a_value_and_no_two_persons_have_the_same(made):
    source = orders().to_pylist()
    rows = made.rows()
    pairs = {(row["buyer"], row["mobile"], one["buyer"], one["mobile"]) for row, one in zip(rows, source, strict=True)}
    assert len(pairs) == BUYERS
    assert len({one["mobile"] for one in source}) == BUYERS / 2
    assert len({mobile for _, mobile, _, _ in pairs}) == BUYERS
    assert {row["mobile"] for row in rows} == {row["mobile"] for row in made.rows("bare")}, "one domain"
    assert made.label()["fields"]["mobile"]["recoverability"] == "keyed"
    assert made.label()["label"] == "still_personal"
    assert "secret of the person" in made.label()["fields"]["mobile"]["sentence"]


def test_whoever_has_the_key_and_the_secrets_turns_them_back(made):
    code, rows = made.turned_back()
    assert code == 0
    assert rows == orders().select(["buyer", "mobile", "city"]).to_pylist()


def test_the_same_run_gives_the_same_bytes_with_any_number_of_workers(made):
    secrets = made.secrets()
    assert made.run(out="again", workers=2) == 0
    assert parts(made) == parts(made, "again")
    assert made.secrets() == secrets


def test_a_later_input_keeps_the_tokens_of_those_who_come_again(made):
    pq.write_table(orders(500, ["buyer-3", "newcomer"]), made.folder / "later.parquet")
    assert made.run(out="later", orders="later.parquet") == 0
    known = {row["buyer"] for row in made.rows()}
    again, new = (row["buyer"] for row in made.rows(out="later"))
    assert again in known
    assert new not in known
    assert made.turned_back("later")[1][1]["buyer"] == "newcomer"


def test_a_dry_run_keeps_no_secret(shop):
    assert shop.run("--dry-run") == 0
    assert shop.secrets() == {}
    assert shop.run() == 0
    kept = shop.secrets()
    pq.write_table(orders(500, ["buyer-3", "newcomer"]), shop.folder / "orders-2.parquet")
    assert shop.run("--dry-run", out="new") == 0
    assert shop.secrets() == kept


def test_a_value_of_nobody_who_is_known_is_rejected_and_an_empty_one_needs_no_secret(tmp_path, capsys):
    who = [None, "", "13*********", *(f"buyer-{row}" for row in range(17))]
    shop = furnish(tmp_path, table=orders(buyers=who))
    assert shop.run("--max-rejects", "0.5") == 0
    records = shop.label()["records"]
    assert (records["read"], records["released"], records["rejected"]) == (20, 17, 3)
    rejected = pq.read_table(shop.out / "rejected.parquet").to_pylist()
    assert {row["reason"] for row in rejected} == {"no_secret"}
    capsys.readouterr()
    assert shop.run("--overwrite", "--unreleased") == 3
    assert "the subject is empty or masked" in " ".join(capsys.readouterr().err.split())


def test_a_key_that_is_rotated_makes_new_tokens_and_the_old_ones_are_turned_back(made):
    assert call(["keys", "rotate", made.keyring, "--reason", "yearly rotation"]) == 0
    assert made.run(out="new") == 0
    assert len(made.secrets()) == 2
    assert not {row["buyer"] for row in made.rows()} & {row["buyer"] for row in made.rows(out="new")}
    source = orders().select(["buyer", "mobile", "city"]).to_pylist()
    assert made.turned_back() == made.turned_back("new") == (0, source)


def test_a_key_that_is_destroyed_takes_all_secrets_with_it(made, capsys):
    assert call(["keys", "destroy", made.keyring, "--name", "main", "--reason", "end of contract", "--yes"]) == 0
    code, rows = made.turned_back()
    assert (code, rows) == (3, [])
    assert "no_such_key" in capsys.readouterr().err


def test_secrets_that_are_lost_cannot_be_made_again_and_prove_nothing(made, capsys):
    for name in made.secrets():
        (Path(f"{made.keyring}.subjects") / name).unlink()
    assert call(["verify", str(made.out)]) == 0
    capsys.readouterr()
    target = str(made.folder / "back.csv")
    asked = [
        "reidentify",
        "--policy",
        made.policy,
        "--release",
        "crm",
        "--fields",
        "buyer",
        "-i",
        str(made.out / "crm"),
    ]
    assert call([*asked, "-o", target, "--all", "--reason", "complaint"]) == 2
    assert "the file of secrets cannot be read" in " ".join(capsys.readouterr().err.split())
    source = str(made.folder / "orders*.parquet")
    call(["assess", made.policy, "-i", str(made.out / "crm"), "--source", source])
    told = capsys.readouterr()
    assert "the secrets of persons cannot be had" in " ".join((told.out + told.err).split())
    assert made.secrets() == {}


def test_what_was_released_is_proved_against_its_source(made, capsys):
    kept = made.secrets()
    assert (
        call(["assess", made.policy, "-i", str(made.out / "bare"), "--source", str(made.folder / "orders*.parquet")])
        == 0
    )
    assert "cannot be had" not in capsys.readouterr().out
    assert made.secrets() == kept


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("keys: {keyring: keys/shop.keyring}", "keys: {key: 'env:SHOP_KEK'}", "takes a key of a keyring"),
        ("crm: {purpose", "crm: {key: ephemeral, purpose", "takes a key of a keyring"),
        ("crm: {purpose", "crm: {key: 'env:SHOP_KEK', purpose", "takes a key of a keyring"),
        ("subject: buyer", "subject: each_record", "has a secret of each person; add subject: FIELD"),
        ("keys: {keyring: keys/shop.keyring}\n", "", "needs a key"),
        (
            "mobile: {tokenize: {domain: customer, key: per_subject}}",
            "mobile: {hash: {key: per_subject}}",
            "not a key reference",
        ),
    ],
)
def test_a_policy_without_a_place_for_secrets_is_refused(shop, capsys, old, new, said):
    assert old in POLICY
    Path(shop.policy).write_text(POLICY.replace(old, new, 1), "utf-8")
    assert call(["plan", shop.policy]) == 2
    assert said in " ".join(capsys.readouterr().err.split())


def test_a_collection_and_workers_elsewhere_are_refused(shop, capsys):
    with pytest.raises(UsageError, match="key: per_subject needs to know all persons"):
        Deidentify(shop.policy, "crm")
    with beam.Pipeline() as pipeline:
        assert not pipeline.transforms_stack[0].parts
    assert shop.run("--runner", "DataflowRunner", "--", "--project=p", "--region=r") == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "needs workers on this machine" in said or "this path is local" in said
    assert shop.secrets() == {}


def test_secrets_are_never_kept_in_an_output(shop):
    job = Job(read_policy(shop.policy), ("crm",))
    check_apart(job, str(shop.out))
    for output in (shop.folder / "keys", shop.folder):
        with pytest.raises(UsageError, match="they are never published"):
            check_apart(job, str(output))


def test_two_recipients_have_secrets_of_their_own(tmp_path):
    agencies = """
recipients:
  first: {name: First Agency, role: entrusted_processor, contract: 2026-017, has_keys: none, sub_processing: false}
  second: {name: Second Agency, role: other_processor, has_keys: none}
"""
    policy = POLICY.replace("\nfields:", f"{agencies}fields:", 1)
    policy = policy.replace("crm: {", "crm: {recipient: first, ").replace("bare: {", "bare: {recipient: second, ")
    shop = furnish(tmp_path, policy)
    assert shop.run() == 0
    assert len(shop.secrets()) == 2
    one, two = shop.rows("crm"), shop.rows("bare")
    assert not {row["mobile"] for row in one} & {row["mobile"] for row in two}
    assert shop.turned_back(release="bare")[1] == orders().select(["number", "buyer", "mobile"]).to_pylist()
    assert shop.erase(shop.list_of("buyer-3")) == 0
    assert shop.turned_back(release="bare")[0] == 0


def test_tables_are_joined_by_tokens_under_one_secret_of_a_person(tmp_path):
    made = Tables(tmp_path)
    policy = TABLES.replace("keys: {key: env:BEAM_DEID_KEY}", "keys: {keyring: keys/shop.keyring}")
    policy = policy.replace("buyer: tokenize", "buyer: {tokenize: {domain: customer, key: per_subject}}")
    assert call(["keys", "create", str(tmp_path / "keys" / "shop.keyring"), "--kek", "env:SHOP_KEK"]) == 0
    tables = made_up(60)
    known = tables["customers"]["buyer"].to_pylist()
    mask = [buyer in known for buyer in tables["orders"]["buyer"].to_pylist()]
    tables["orders"] = tables["orders"].filter(mask)
    orders_left = {*tables["orders"]["tid"].to_pylist()}
    tables["items"] = tables["items"].filter([tid in orders_left for tid in tables["items"]["tid"].to_pylist()])
    made.write(tables, policy)
    assert made.run("--dry-run") == 0
    shop = Shop(tmp_path)
    assert shop.secrets() == {}
    assert made.run() == 0
    tokens = {
        name: {row.get("buyer", row.get("customers.buyer")) for row in shop.rows(f"crm.{name}")}
        for name in ("customers", "orders", "items")
    }
    assert tokens["items"] == tokens["orders"] <= tokens["customers"]
    assert len(shop.secrets()) == 1
    gone = tables["orders"]["buyer"][0].as_py()
    assert shop.erase(shop.list_of(gone), *made.inputs(), "--workers", "1") == 0
    left = {row["buyer"] for row in shop.rows("crm.customers")}
    assert len(tokens["customers"] - left) == 1


def test_what_a_policy_says_of_it(shop, capsys):
    assert call(["plan", shop.policy, "-v"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "under a secret of the person" in said
    assert "keep what erase destroys" in said or "keeps what erase destroys" in said
    assert TOKENS in Path(shop.policy).read_text("utf-8")
