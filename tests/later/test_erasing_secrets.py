"""Persons erased whose tokens are under secrets of their own: what others hold of them ends, and nobody's else does."""

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.crypto.keys import forget
from beam_deid.transforms.errors import OutputError
from beam_deid.transforms.later import destroying_secrets
from beam_deid.transforms.persons import secret_store

from ..kit.keys import KEK
from ..kit.per_subject import BUYERS, POLICY, Shop, furnish, orders
from .test_erasing import state_of

GONE = ("buyer-3", "buyer-11")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop with a published run, a copy of which somebody else holds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOP_KEK", KEK)
        forget()
        made = furnish(tmp_path_factory.mktemp("opened"))
        assert made.run() == 0
    shutil.copytree(made.out, made.folder / "held")
    return made


@pytest.fixture
def shop(opened: Shop, tmp_path: Path) -> Shop:
    """Such a shop of a test's own."""
    return opened.copied(tmp_path / "shop")


def theirs(shop: Shop, *buyers: str) -> set[str]:
    """The tokens of some buyers, as somebody holds them."""
    source = orders()["buyer"].to_pylist()
    held = [row for row, buyer in zip(shop.rows(out="held"), source, strict=True) if buyer in buyers]
    return {row[name] for row in held for name in ("buyer", "mobile")}


def without(*buyers: str) -> list[dict[str, str]]:
    rows = orders().select(["buyer", "mobile", "city"]).to_pylist()
    return [row for row in rows if row["buyer"] not in buyers]


def test_tokens_that_others_hold_can_neither_be_turned_back_nor_made_again(shop, capsys):
    tokens = theirs(shop, *GONE)
    assert len(tokens) == 4
    assert shop.erase(shop.list_of(*GONE)) == 0
    assert "2 secrets of these persons destroyed" in " ".join(capsys.readouterr().out.split())
    assert not [token for token in tokens if token.encode() in b"".join(state_of(shop.out).values())]
    assert call(["verify", str(shop.out)]) == 0
    assert shop.turned_back() == (0, without(*GONE))

    code, rows = shop.turned_back("held")
    assert (code, rows) == (3, without(*GONE))
    said = " ".join(capsys.readouterr().err.split())
    assert "12 tokens cannot be turned back, for the secrets of their persons were destroyed" in said
    assert "buyer-3" not in said

    # Without the register of erasures they come again, as persons whom no old token is of.
    kept = (shop.folder / "policy.yaml").read_text("utf-8")
    (shop.folder / "policy.yaml").write_text(kept.replace("\nfields:", "\nregister: none\nfields:", 1), "utf-8")
    assert shop.run(out="elsewhere") == 0
    again = {row[name] for row in shop.rows(out="elsewhere") for name in ("buyer", "mobile")}
    assert len(again) == 2 * BUYERS
    assert not tokens & again
    assert {row["buyer"] for row in shop.rows()} < again


def test_a_later_run_with_the_register_leaves_them_out_and_gives_them_no_secret(shop):
    assert shop.erase(shop.list_of(*GONE)) == 0
    kept = shop.secrets()
    assert shop.run(out="later") == 0
    assert shop.label(out="later")["records"]["withheld_by"] == {"erased": 6}
    assert shop.secrets() == kept


def test_the_record_of_keys_tells_how_many_were_destroyed_and_why_and_nothing_of_whom(shop, capsys):
    assert shop.erase(shop.list_of(*GONE)) == 0
    record = Path(f"{shop.keyring}.record.jsonl").read_text("utf-8")
    begun, done = (json.loads(line) for line in record.splitlines()[-2:])
    assert (begun["event"], begun["act"], begun["secrets"], begun["why"]) == (
        "begun",
        "destroy secrets",
        2,
        "request 17",
    )
    assert [key["name"] for key in begun["keys"]] == ["main"]
    assert (done["event"], done["secrets"]) == ("done", 2)
    assert "buyer-3" not in record
    capsys.readouterr()
    assert call(["keys", "record", shop.keyring]) == 0
    assert "secrets of" in capsys.readouterr().out


def test_a_command_that_dies_between_rows_and_secrets_is_finished_by_the_next(shop, monkeypatch, capsys):
    tokens = theirs(shop, *GONE)

    def die(*arguments: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(destroying_secrets, "destroy_secrets", die)
        assert shop.erase(shop.list_of(*GONE)) != 0
    record = [json.loads(line) for line in Path(f"{shop.keyring}.record.jsonl").read_text("utf-8").splitlines()]
    assert record[-1]["event"] == "failed"
    assert not [token for token in tokens if token.encode() in b"".join(state_of(shop.out).values())]
    assert shop.turned_back("held")[0] == 0, "the secrets are there still"
    rows = shop.rows()
    capsys.readouterr()
    assert shop.erase(shop.list_of(*GONE)) == 0
    assert "2 secrets of these persons destroyed" in " ".join(capsys.readouterr().out.split())
    assert shop.rows() == rows
    assert shop.turned_back("held")[0] == 3


def test_a_disk_that_fails_while_secrets_are_destroyed_leaves_all_of_them(shop, monkeypatch, capsys):
    kept = shop.secrets()

    def fail(path: str) -> None:
        raise OSError(5, "the disk failed")

    with monkeypatch.context() as patch:
        patch.setattr(secret_store, "make", fail)
        assert shop.erase(shop.list_of(*GONE)) == 2
    assert "the disk failed" in capsys.readouterr().err
    assert shop.secrets() == kept
    assert shop.erase(shop.list_of(*GONE)) == 0
    assert shop.turned_back("held")[0] == 3


def test_a_record_that_cannot_be_written_destroys_nothing(shop, monkeypatch):
    kept = shop.secrets()

    def fail(*arguments: object) -> None:
        raise OutputError("the record of what is done with keys cannot be written", "record")

    with monkeypatch.context() as patch:
        patch.setattr(destroying_secrets.ChainedRecord, "append", fail)
        assert shop.erase(shop.list_of(*GONE)) != 0
    assert shop.secrets() == kept


def test_the_same_list_again_changes_nothing_and_says_so(shop, capsys):
    assert shop.erase(shop.list_of(*GONE)) == 0
    before = state_of(shop.out), shop.secrets()
    capsys.readouterr()
    assert shop.erase(shop.list_of(*GONE)) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "No secret of these persons was there to be destroyed" in said
    assert "2 of the persons without a secret" in said
    assert (state_of(shop.out), shop.secrets()) == before


def test_with_its_source_what_is_left_is_measured_and_proved(shop, capsys):
    source = str(shop.folder / "orders*.parquet")
    assert shop.erase(shop.list_of(*GONE), "--input", source, "--workers", "1") == 0
    assert shop.label("bare")["amendments"][-1]["measured"] == "beside its source"
    assert shop.turned_back("held")[0] == 3
    assert call(["assess", shop.policy, "-i", str(shop.out / "crm"), "--source", source]) == 0
    capsys.readouterr()
    # What others hold was not erased, and cannot be proved any more.
    call(["assess", shop.policy, "-i", str(shop.folder / "held" / "crm"), "--source", source])
    told = capsys.readouterr()
    assert "the secrets of 2 of the persons in the source are gone" in " ".join((told.out + told.err).split())


@pytest.mark.parametrize("listed", ["mobile\n13800000000\n", "buyer,mobile\nbuyer-3,\n,13800000000\n"])
def test_a_list_that_does_not_name_persons_by_the_subject_is_refused_before_anything_is_changed(shop, capsys, listed):
    before = state_of(shop.out), shop.secrets()
    path = shop.folder / "list.csv"
    path.write_text(listed, "utf-8")
    assert shop.erase(str(path), "--input", str(shop.folder / "orders*.parquet")) == 2
    assert "not named by buyer" in " ".join(capsys.readouterr().err.split())
    assert (state_of(shop.out), shop.secrets()) == before


def test_old_versions_of_a_key_are_gone_through_as_well(shop):
    assert call(["keys", "rotate", shop.keyring, "--reason", "yearly rotation"]) == 0
    assert shop.run(out="new") == 0
    assert shop.erase(shop.list_of(*GONE), str(shop.folder / "new")) == 0
    assert shop.turned_back("held")[0] == 3
    assert shop.turned_back("new") == (0, without(*GONE))


def test_corrected_records_have_tokens_under_secrets_that_are_kept(tmp_path):
    made = furnish(tmp_path, POLICY.replace("subject: buyer\n", "subject: buyer\nrecord: number\n", 1))
    assert made.run("--release", "bare") == 0
    corrected = orders(0, ["a person who is new"])
    pq.write_table(corrected, tmp_path / "corrected.parquet")
    command = ["correct", made.policy, str(made.out), "--subjects", str(tmp_path / "corrected.parquet")]
    assert call([*command, "--reason", "request 18"]) == 0
    code, rows = made.turned_back(release="bare")
    assert code == 0
    assert next(row["buyer"] for row in rows if row["number"] == "202600000000") == "a person who is new"
