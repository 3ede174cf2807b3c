"""A search that leaves nothing of a field says so."""

from pathlib import Path

import pytest

from beam_deid.pipelines.cli import call

POLICY = """
version: 1
dataset: shop
subject: buyer
register: none
fields: {buyer: {role: direct_identifier}, city: {role: quasi_identifier}, code: {role: quasi_identifier}}
releases:
  analytics:
    purpose: test
    sharing: enclave
    require: {k: 3}
    fields: {city: {generalize: {prefix: [2]}}, code: {generalize: {prefix: [2, 1]}}}
"""


@pytest.mark.parametrize(("codes", "emptied"), [("abcdef", True), ("aaaaaa", False)])
def test_a_field_of_which_nothing_is_left_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], codes: str, emptied: bool
) -> None:
    (tmp_path / "policy.yaml").write_text(POLICY, "utf-8")
    rows = [f"b{number},杭州,{code}{code}" for number, code in enumerate(codes)]
    (tmp_path / "orders.csv").write_text("\n".join(["buyer,city,code", *rows, ""]), "utf-8")
    assert call(["search", str(tmp_path / "policy.yaml"), "-i", str(tmp_path / "orders.csv")]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert ("nothing is left of code: at the level * every row has the same value" in told) == emptied
    assert "nothing is left of city" not in told
