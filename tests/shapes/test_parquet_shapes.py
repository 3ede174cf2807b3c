"""Parquet as engines write it: structs, lists, bytes, and a column that is null throughout in some files."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.dataset.sampling import take_sample
from beam_deid.transforms.formats.input_options import InputOptions

OPTIONS = InputOptions()
COUNT = 60
POLICY = """
version: 1
dataset: orders
subject: buyer
fields:
  order_id: {role: direct_identifier}
  buyer: {role: direct_identifier}
  to.city: {role: quasi_identifier}
  to.street: {role: direct_identifier}
  tags: {role: direct_identifier, kind: free_text}
  extra: {role: direct_identifier, kind: free_text}
  photo: {role: direct_identifier, kind: free_text}
  channel: {role: quasi_identifier}
releases:
  a: {purpose: planning, sharing: enclave, fields: {to.city: keep, channel: keep}}
"""


def orders():
    return pa.table(
        {
            "order_id": [f"A{n}" for n in range(COUNT)],
            "buyer": [f"b{n % 20}" for n in range(COUNT)],
            "to": [
                {"city": ("上海", "York")[n % 2], "street": f"{n} High St"} if n % 6 else None for n in range(COUNT)
            ],
            "tags": [["x"], [], None] * (COUNT // 3),
            "extra": pa.array([[("k", "v")], [], None] * (COUNT // 3), pa.map_(pa.string(), pa.string())),
            "photo": [bytes([0xFF, n]) for n in range(COUNT)],
            "channel": [b"app", b"web"] * (COUNT // 2),
        }
    )


def test_a_file_with_nested_columns_is_released_without_them(tmp_path):
    """0.3.0 refused the whole file for a column that nobody wanted, and released bytes as bytes."""
    pq.write_table(orders(), tmp_path / "in.parquet", row_group_size=25)
    (tmp_path / "policy.yaml").write_text(POLICY, "utf-8")
    out = tmp_path / "out"
    assert call(["run", str(tmp_path / "policy.yaml"), "-i", str(tmp_path / "in.parquet"), "-o", str(out)]) == 0
    released = pq.read_table(out / "a" / "part-00000.parquet")
    assert [str(one) for one in released.schema.types] == ["string", "string"]
    expected = [(("上海", "York")[n % 2] if n % 6 else None, ("app", "web")[n % 2]) for n in range(COUNT)]
    key = str
    assert sorted(zip(*released.to_pydict().values(), strict=True), key=key) == sorted(expected, key=key)


def test_a_list_that_is_to_be_released_is_refused_by_name(tmp_path, capsys):
    pq.write_table(orders(), tmp_path / "in.parquet")
    (tmp_path / "policy.yaml").write_text(POLICY.replace("channel: keep", "photo: keep"), "utf-8")
    policy = str(tmp_path / "policy.yaml")
    assert call(["run", policy, "-i", str(tmp_path / "in.parquet"), "-o", str(tmp_path / "out")]) == 3
    assert "in.parquet: photo: a list, a map, or bytes that are no text are never read" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_draft_says_what_is_never_read(tmp_path, capsys):
    pq.write_table(orders(), tmp_path / "in.parquet")
    assert call(["profile", "-i", str(tmp_path / "in.parquet")]) == 0
    draft = capsys.readouterr().out
    for name in ("tags", "extra", "photo"):
        assert f"  {name}: {{role: direct_identifier, kind: free_text}}" in draft
    assert "  to.city:" in draft


@pytest.mark.parametrize("first", ["nulls", "texts"])
def test_a_column_that_is_null_throughout_in_a_file_is_of_the_others_type(tmp_path, first, capsys):
    """0.3.0 drafted a policy that its own run refused, and `assess` refused the files."""
    pieces = {
        "nulls": {"buyer": ["a", "b"], "coupon": pa.nulls(2), "amount": pa.nulls(2)},
        "texts": {"buyer": ["a", "c"], "coupon": ["X", None], "amount": [3, 4]},
    }
    for number, name in enumerate([first, *(pieces.keys() - {first})]):
        pq.write_table(pa.table(pieces[name]), tmp_path / f"{number}.parquet")
    sample = take_sample([str(tmp_path)], OPTIONS, 100)
    assert {name: str(column.type) for name, column in sample.columns.items()} == {
        "buyer": "string",
        "coupon": "string",
        "amount": "int64",
    }
    expected = [("X", 3), (None, 4)]
    nothing = [(None, None)] * 2
    rows = list(zip(sample.columns["coupon"].to_pylist(), sample.columns["amount"].to_pylist(), strict=True))
    assert rows == (nothing + expected if first == "nulls" else expected + nothing)
    assert call(["assess", "-i", str(tmp_path), "--quasi", "coupon,amount", "--subject", "buyer"]) == 0
    capsys.readouterr()
