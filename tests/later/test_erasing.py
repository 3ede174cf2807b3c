"""Persons erased from what was published: nothing of them is left, everything else is as it was, and later runs leave them out."""

import json
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.label.schema import label_schema
from beam_deid.transforms.register.folder import read

from ..kit.stored_shop import upload
from .shop import BUYERS, FORMATS, PERSONAL, Shop, rows_of, table

GONE = ("buyer-3", "buyer-38")


def theirs(*buyers: str) -> list[bool]:
    """Which rows of the orders are about some buyers."""
    return [buyer in buyers for buyer in table()["buyer"].to_pylist()]


def without(rows: list[Any], *buyers: str) -> list[Any]:
    return [row for row, gone in zip(rows, theirs(*buyers), strict=True) if not gone]


def label_of(shop: Shop, release: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shop.out / release / "label.json").read_text("utf-8"))
    return found


def state_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("release", FORMATS)
def test_their_rows_are_gone_and_the_others_are_as_they_were_in_every_format(opened_shop, erased_shop, release):
    before = rows_of(opened_shop.out, release)
    assert rows_of(erased_shop.out, release) == without(before, *GONE)
    if FORMATS[release] == "parquet":
        old, new = (pq.read_schema(one.out / release / "part-00000.parquet") for one in (opened_shop, erased_shop))
        assert old.equals(new, check_metadata=True)


def test_of_rows_that_are_equal_as_many_go_as_are_theirs(opened_shop, erased_shop):
    before = rows_of(opened_shop.out, "bare")
    assert sorted(rows_of(erased_shop.out, "bare")) == sorted(without(before, *GONE))


def test_no_byte_of_the_output_is_theirs(opened_shop, erased_shop):
    before = {release: rows_of(opened_shop.out, release) for release in FORMATS}
    tokens = {str(row[0]) for rows in before.values() for row, mine in zip(rows, theirs(*GONE), strict=True) if mine}
    values = {*tokens, *GONE}
    left = b"".join(state_of(erased_shop.out).values())
    assert not [value for value in values if value.encode() in left]
    told = "".join(map(repr, [rows_of(erased_shop.out, release) for release in PERSONAL]))
    assert not [value for value in values if value in told]
    assert any(value.encode() in b"".join(state_of(opened_shop.out).values()) for value in tokens)


def test_what_is_left_is_verified_signed_and_adds_up(capsys, erased_shop):
    assert call(["verify", str(erased_shop.out)]) == 0
    rows = sum(theirs(*GONE))
    for release in PERSONAL:
        label = label_of(erased_shop, release)
        records = label["records"]
        assert records["released"] == 3 * BUYERS - rows
        assert records["withheld_by"] == {"erased": rows}
        assert records["read"] == sum(records[name] for name in ("released", "suppressed", "withheld", "rejected"))
        assert label["label"] == "still_personal"
        assert label["amendments"][-1]["erased"] == rows
        assert label["amendments"][-1]["measured"] == "beside its source"
        assert "signature" in label
        jsonschema.validate(label, label_schema())
    run = json.loads((erased_shop.out / "run.json").read_text("utf-8"))
    assert run["releases"]["crm"]["records"] == label_of(erased_shop, "crm")["records"]
    assert run["amendments"][-1]["erased"] == dict.fromkeys(PERSONAL, rows)


def test_a_release_that_is_anonymized_keeps_its_rows_and_says_why(capsys, shop):
    before = rows_of(shop.out, "analytics")
    assert shop.erase_beside_source(shop.list_of("buyer", "buyer-5")) == 0
    assert rows_of(shop.out, "analytics") == before
    assert "analytics: anonymized, not changed: nobody can be found in it" in capsys.readouterr().out


def test_what_was_measured_follows_from_what_is_left(capsys, erased_shop):
    tests = {test["name"]: test for test in label_of(erased_shop, "crm")["tests"]}
    assert tests["k"]["measured"] is not None
    assert label_of(erased_shop, "crm")["risk"]["records"] == len(rows_of(erased_shop.out, "crm"))
    folder = str(erased_shop.out / "crm")
    assert call(["assess", erased_shop.policy, "-i", folder, "--source", erased_shop.orders]) == 0
    assert "not proved" not in capsys.readouterr().out


def test_a_second_erasure_changes_nothing(capsys, erased_shop, tmp_path):
    shop = erased_shop.copied(tmp_path / "shop")
    before = state_of(shop.folder)
    assert shop.erase_beside_source(shop.list_of("buyer", *GONE)) == 0
    assert state_of(shop.folder) == before
    told = " ".join(capsys.readouterr().out.split())
    assert told.count("none of these persons is in it") == len(PERSONAL)
    assert "2 of the 2 persons of the list were found in no release that was looked at" in told


def test_a_later_run_leaves_them_out_of_every_release_by_every_identity(capsys, erased_shop, tmp_path):
    shop = erased_shop.copied(tmp_path / "shop")
    shop = Shop(shop.folder, shop.folder / "again")
    # Whoever has both releases that are anonymized would know who is gone, and so few are: the second is not published.
    assert shop.run() == 4
    releases = json.loads((shop.out / "run.json").read_text("utf-8"))["releases"]
    assert [name for name, one in releases.items() if one["published"]] == list(PERSONAL)
    assert {one["records"]["withheld_by"]["erased"] for one in releases.values()} == {sum(theirs(*GONE))}
    told = " ".join("".join(capsys.readouterr()).split())
    assert "analytics: line 8 fails because of an erasure: analytics.1 was made before it" in told
    assert rows_of(shop.out, "crm") == rows_of(erased_shop.out, "crm")


def test_without_its_source_a_release_without_tokens_stops_the_erasure_and_nothing_is_changed(capsys, shop):
    before = state_of(shop.folder)
    assert shop.erase(str(_list(shop, "buyer-1"))) == 2
    told = capsys.readouterr().err
    assert "no column of the release bare shows whose a row is by buyer" in told
    assert "--input" in told
    after = state_of(shop.folder)
    del after["buyer.csv"]
    assert after == before


def _list(shop: Shop, *buyers: str) -> str:
    return shop.list_of("buyer", *buyers)


@pytest.fixture
def tokens_only(shop):
    """A shop whose release without tokens was never made."""
    shutil.rmtree(shop.out)
    releases = [word for name in ("analytics", *FORMATS) for word in ("--release", name)]
    assert shop.run(*releases) == 0
    return shop


def test_by_tokens_alone_their_rows_go_and_nothing_is_said_to_be_measured(tokens_only):
    shop = tokens_only
    before = {release: rows_of(shop.out, release) for release in FORMATS}
    # Two buyers have this mobile, and it is written in another way than the source has it.
    assert shop.erase(shop.list_of("mobile", "+86 138-0000-0000")) == 0
    for release in FORMATS:
        assert rows_of(shop.out, release) == without(before[release], "buyer-0", "buyer-1")
        label = label_of(shop, release)
        assert {test["measured"] for test in label["tests"] if 3 <= test["line"] <= 8} == {None}
        assert label["risk"] == {}
    assert call(["verify", str(shop.out)]) == 0
    entries = {
        entry.release: entry
        for entry in read(str(shop.folder / "shop.register")).releases
        if entry.state == "published"
    }
    assert entries["crm"].records.released == len(rows_of(shop.out, "crm"))
    assert read(str(shop.folder / "shop.register")).requests[-1].rows == {entries[name].name: 6 for name in FORMATS}


def test_an_output_that_was_changed_is_left_alone(capsys, shop):
    part = shop.out / "text" / "part-00000.csv"
    part.write_bytes(part.read_bytes() + b"\n")
    before = state_of(shop.out)
    assert shop.erase_beside_source(_list(shop, "buyer-1")) == 1
    assert "this is not what was published" in capsys.readouterr().err
    assert state_of(shop.out) == before


@pytest.mark.parametrize(
    ("reason", "operator", "said"),
    [
        ("asked by BUYER-1, today", "Li Na", "--reason: this names one of these persons"),
        ("customer_buyer-1", "Li Na", "--reason: this names one of these persons"),
        ("客户buyer-1要求删除", "Li Na", "--reason: this names one of these persons"),
        ("request 17", "buyer-1", "--operator: this names one of these persons"),
        ("request 17", "13800000001", "--operator: this holds what identifies a person (mobile)"),
        ("手机13800000001", "Li Na", "--reason: this holds what identifies a person (mobile)"),
    ],
)
def test_neither_a_reason_nor_an_operator_may_name_a_person(capsys, shop, reason, operator, said):
    before = state_of(shop.out)
    subjects = _list(shop, "buyer-1")
    named = ["--subjects", subjects, "--reason", reason, "--operator", operator]
    assert call(["erase", shop.policy, str(shop.out), *named]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert not {"uyer-1", "UYER-1", "13800000001"} & set(told.replace("--subjects", "").split())
    assert state_of(shop.out) == before


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("buyer,city\nbuyer-1,杭州市\n", 2, "the column city is no identity of the policy"),
        ("buyer-1\nbuyer-2\n", 2, "what stands above column 1 is no field of the policy: the first line is to name"),
        ("buyer\n无\n", 3, "row 1 names nobody"),
        ("mobile\n138****0000\n", 3, "row 1 "),
        ("buyer\n", 3, "nobody is named in it"),
    ],
)
def test_a_list_that_names_nobody_is_refused(capsys, shop, text, code, said):
    path = shop.folder / "list.csv"
    path.write_text(text, "utf-8")
    before = state_of(shop.folder)
    assert shop.erase_beside_source(str(path)) == code
    told = capsys.readouterr().err
    assert said in told
    assert "buyer-1" not in told
    assert state_of(shop.folder) == before


def test_another_source_is_refused(capsys, shop):
    other = shop.folder / "other.parquet"
    changed = table().set_column(3, "city", [["温州市"] * 3 * BUYERS])
    pq.write_table(changed, other)
    assert shop.erase(_list(shop, "buyer-1"), "--input", str(other)) == 1
    assert "this is another source" in capsys.readouterr().err
    pq.write_table(table().slice(1), other)
    assert shop.erase(_list(shop, "buyer-1"), "--input", str(other)) == 1
    assert "the label says that 120 were read" in capsys.readouterr().err


def test_in_a_bucket_that_keeps_versions_no_version_of_their_rows_is_left(bucket, shop, opened_shop):
    upload(shop.out, bucket, "out")
    where = f"{bucket.uri}/out"
    subjects = shop.list_of("buyer", *GONE)
    command = ["erase", shop.policy, where, "--subjects", subjects, "--input", shop.orders, "--reason", "request 17"]
    assert call(command) == 0
    assert call(["verify", where]) == 0
    before = rows_of(opened_shop.out, "text")
    tokens = [str(row[0]).encode() for row, mine in zip(before, theirs(*GONE), strict=True) if mine]
    data = {(key, version): bucket.old(key, version) for key, version, _ in bucket.versions()}
    assert not [place for place, found in data.items() for token in tokens if token in found]
    parts = [key for key, _ in data if "/part-" in key and "/analytics/" not in key]
    assert len(parts) == len(set(parts)) == len(PERSONAL)
