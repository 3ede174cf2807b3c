"""What platforms masked or encrypted stays personal, and the label says what it found and whom it singles out."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.synthetic.platforms import platform_batches

from ..kit.outputs import labels

HEAD = """version: 1
dataset: d
{subject}fields:
{fields}releases:
  out:
    purpose: test
    sharing: enclave
    fields:
{keeps}"""


def run(folder: Path, table: pa.Table, roles: dict[str, str], subject: str = "") -> dict[str, Any]:
    """The label of a release that keeps every field."""
    pq.write_table(table, folder / "d.parquet")
    fields = "".join(f"  {name}: {{role: {role}}}\n" for name, role in roles.items())
    keeps = "".join(f"      {name}: keep\n" for name in roles if name != subject)
    policy = folder / "d.yaml"
    policy.write_text(HEAD.format(subject=f"subject: {subject}\n" if subject else "", fields=fields, keeps=keeps))
    out = folder / "out"
    assert (
        call(["run", str(policy), "-i", str(folder / "d.parquet"), "-o", str(out), "--workers", "1", "--overwrite"])
        == 0
    )
    assert call(["verify", str(out)]) == 0
    return dict(labels(out)["out"])


def failing(label: dict[str, Any]) -> dict[str, str]:
    return {test["name"]: test["detail"] for test in label["tests"] if not test["passed"]}


def recovered(label: dict[str, Any]) -> dict[tuple[str, str], str]:
    """What attacks on single fields found, by attack and field."""
    return {(one["attack"], one["field"]): one["detail"] for one in label["recoveries"]}


def columns(name: str, rows: int, /, **chosen: str) -> pa.Table:
    (batch,) = platform_batches(name, rows, seed=4)
    return pa.table({ours: batch.column(theirs) for ours, theirs in chosen.items()})


@pytest.mark.parametrize("role", ["insensitive", "quasi_identifier"])
def test_masked_only_data_are_not_anonymized_and_the_reason_says_whom_they_single_out(
    tmp_path: Path, role: str
) -> None:
    table = columns(
        "kuaishou",
        4_000,
        who="orderBaseInfo.buyerOpenId",
        name="orderAddress.desensitiseConsignee",
        mobile="orderAddress.desensitiseMobile",
        city="orderAddress.city",
        day="orderBaseInfo.createTime",
        amount="orderBaseInfo.totalFee",
    )
    days = pc.cast(pc.divide(table.column("day"), 86_400_000), pa.string())
    table = table.set_column(4, "day", days)
    roles = {"who": "direct_identifier", "name": role, "mobile": role, "city": role, "day": role, "amount": role}
    label = run(tmp_path, table, roles, subject="who")
    assert label["label"] == "still_personal"
    said = failing(label)
    assert {"k", "value_scan"} <= set(said)  # what is left of a mask is a column like any other, and told as evidence
    rows = set(
        zip(
            *(table.column(name).to_pylist() for name in ("who", "name", "mobile", "city", "day", "amount")),
            strict=True,
        )
    )
    seen: dict[tuple[Any, ...], set[str]] = {}
    for who, *rest in rows:
        seen.setdefault(tuple(rest), set()).add(who)
    alone = {who for people in seen.values() if len(people) == 1 for who in people}
    subjects = len(set(table.column("who").to_pylist()))
    for field, kind, left in (("name", "masked name", "65,691,025"), ("mobile", "masked mobile", "10,000")):
        detail = recovered(label)["masked", field]
        assert f"{field} came masked ({kind})" in detail
        assert f"no more than {left} may be meant" in detail
        assert f"singles out {len(alone):,} of {subjects:,} subjects" in detail
        assert all(other in detail for other in roles if other not in ("who", field))
    assert "mobile (masked_mobile)" in said["value_scan"]


def test_even_masks_that_nobody_is_singled_out_by_are_named(tmp_path: Path) -> None:
    table = pa.table({"name": ["张*"] * 100, "city": ["杭州市"] * 100})
    label = run(tmp_path, table, {"name": "quasi_identifier", "city": "quasi_identifier"})
    assert label["label"] == "still_personal"
    assert "joined with city it singles out 0 of 100 subjects" in recovered(label)["masked", "name"]


def test_a_ciphertext_is_restorable_by_its_platform_and_its_index_joins_records(tmp_path: Path) -> None:
    table = columns("taobao", 3_000, city="receiver_city", name="receiver_name", mobile="receiver_mobile")
    label = run(tmp_path, table, dict.fromkeys(("city", "name", "mobile"), "insensitive"))
    said = failing(label)
    assert "taobao; the platform restores it" in said["platform"]
    assert "the index's length tells how long a name is" in said["platform"]
    assert "taobao (mobile)" in said["platform"]
    assert "same last four digits" in said["platform"]
    assert "all but the last eight digits" in said["platform"]
    assert {field for kind, field in recovered(label) if kind == "platform"} == {"name", "mobile"}


def test_a_platforms_identifiers_are_found_by_their_columns_name_whatever_their_role(tmp_path: Path) -> None:
    table = columns("taobao", 2_000, oaid="oaid", receiver_city="receiver_city", tid="tid", status="status")
    label = run(tmp_path, table, dict.fromkeys(("oaid", "receiver_city", "tid", "status"), "sensitive"))
    assert label["label"] == "still_personal"
    found = {(hit["field"], hit["kind"]): hit["hits"] for hit in label["scan"]}
    assert found == {("oaid", "platform_id"): found["oaid", "platform_id"], ("tid", "platform_id"): 2_000}


def test_assess_tells_the_same_of_any_dataset(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = columns(
        "douyin",
        2_000,
        mobile="mask_post_tel",
        cipher="encrypt_post_tel",
        city="post_addr.city.name",
        who="doudian_open_id",
    )
    pq.write_table(table, tmp_path / "d.parquet")
    arguments = ["-i", str(tmp_path / "d.parquet"), "--quasi", "mobile,city", "--subject", "who", "--json"]
    assert call(["assess", *arguments]) == 0
    document = json.loads(capsys.readouterr().out)
    said = failing(document)
    assert "douyin (mobile)" in said["platform"]
    masked = recovered(document)["masked", "mobile"]
    assert f"it singles out {document['unique_subjects']:,} of {document['subjects']:,} subjects" in masked
    assert "52,000,000 may be meant" in masked


def test_a_declared_platform_identifier_is_found_whatever_it_looks_like_and_not_where_it_was_cut(
    tmp_path: Path,
) -> None:
    pq.write_table(
        pa.table({"a": [f"x{number}" for number in range(100)], "city": ["杭州市"] * 100}), tmp_path / "d.parquet"
    )
    policy = tmp_path / "d.yaml"
    fields = "  a: {role: quasi_identifier, kind: tracking_number}\n  city: {role: quasi_identifier}\n"
    for action, expected in (("keep", "still_personal"), ("{generalize: {prefix: [1], level: 0}}", "anonymized")):
        environment = "{controls: high, motive: low, prevalence: 0.0001, acquaintances: 150, security: high}"
        text = HEAD.format(
            subject="subject: each_record\n", fields=fields, keeps=f"      a: {action}\n      city: keep\n"
        )
        policy.write_text(f"{text}    environment: {environment}\n")
        out = tmp_path / "out"
        assert (
            call(
                ["run", str(policy), "-i", str(tmp_path / "d.parquet"), "-o", str(out), "--workers", "1", "--overwrite"]
            )
            == 0
        )
        assert labels(out)["out"]["label"] == expected
