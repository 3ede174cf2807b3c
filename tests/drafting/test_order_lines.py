"""Orders over several lines are found by the number that repeats while other cells are blank."""

import pytest
import yaml

from beam_deid.pipelines.cli import call
from beam_deid.transforms.drafting.order_lines import filled_down, numbers_orders

from ..kit.exports import write_export
from ..kit.outputs import labels
from .columns import sample


def lines(blank, **more):
    """Forty orders of two lines each; ``blank`` stands on the second."""
    first = {"city": [f"c{i % 3}" if i % 2 == 0 else blank for i in range(80)]}
    return sample(
        **{"order_id": [f"o{i // 2}" for i in range(80)], **first},
        total=[f"{i % 7}.50" if i % 2 == 0 else blank for i in range(80)],
        sku=[f"s{i % 5}" for i in range(80)],
        **more,
    )


@pytest.mark.parametrize("blank", [None, "", "  "])
def test_what_is_blank_on_further_lines_is_filled_down(blank):
    found = filled_down(lines(blank))
    assert (found.by, found.fields) == ("order_id", ("city", "total"))


def test_what_is_blank_in_any_line_is_not():
    assert filled_down(lines("x", note=[None] * 80, memo=[None if i % 3 else "m" for i in range(80)])) is None


def test_without_an_order_number_nothing_is_filled_down():
    rows = lines(None)
    assert filled_down(sample(**{name: rows.columns[name].to_pylist() for name in ("city", "total", "sku")})) is None


@pytest.mark.parametrize(
    ("texts", "numbers"), [(["#1001", "#1002"], True), (["SO-12", "7"], True), (["Ann", "#1"], False), ([], False)]
)
def test_a_name_may_number_orders(texts, numbers):
    import pyarrow as pa

    assert numbers_orders(pa.array(texts, pa.string())) is numbers


def test_a_draft_of_shopifys_export_fills_down_and_counts_no_blank_region(tmp_path, capsys):
    """Half of the rows of such an export were one group without region and date, and the label said anonymized."""
    path = write_export(tmp_path, "shopify", 600)
    assert call(["profile", "-i", str(path)]) == 0
    text = capsys.readouterr().out
    draft = yaml.safe_load(text)
    assert draft["input"]["fill_down"]["by"] == "Name"
    assert {"Total", "Shipping Zip", "Billing Name"} <= set(draft["input"]["fill_down"]["fields"])
    assert draft["fields"]["Name"] == {"role": "direct_identifier", "kind": "order_number"}
    assert draft["releases"]["crm"]["fields"]["Name"] == {"tokenize": {"domain": "order"}}
    (tmp_path / "draft.yaml").write_text(text, "utf-8")
    command = ["run", str(tmp_path / "draft.yaml"), "-i", str(path), "-o", str(tmp_path / "out"), "--workers", "1"]
    assert call([*command, "--release", "crm"]) == 0
    assert "is that of the row above" not in capsys.readouterr().err
    assert labels(tmp_path / "out")["crm"]["records"]["rejected"] == 0
