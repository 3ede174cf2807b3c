"""Columns that no release gives out, and that only count persons, reject no record."""

import json
from pathlib import Path

from beam_deid.pipelines.cli import call

POLICY = """\
version: 1
dataset: shop
subject: buyer
fields:
  buyer: {role: direct_identifier}
  card: {role: direct_identifier, kind: integer}
  parcels: {role: direct_identifier, kind: free_text}
  city: {role: quasi_identifier}
releases:
  out: {purpose: test, sharing: controlled, fields: {city: keep}}
"""


def test_an_unreadable_cell_names_nobody_and_the_subject_stands_for_it(tmp_path: Path) -> None:
    orders = (
        {"buyer": f"u{row}", "card": row if row % 3 else "n/a", "parcels": [{"n": row}], "city": "A"}
        for row in range(60)
    )
    (tmp_path / "orders.jsonl").write_text("".join(json.dumps(order) + "\n" for order in orders))
    (tmp_path / "policy.yaml").write_text(POLICY)
    command = ["run", str(tmp_path / "policy.yaml"), "-i", str(tmp_path / "orders.jsonl"), "-o", str(tmp_path / "out")]
    assert call([*command, "--workers", "1"]) == 0
    label = json.loads((tmp_path / "out/out/label.json").read_text())
    assert (label["records"]["released"], label["records"]["rejected"]) == (60, 0)
    assert label["risk"]["subjects"] == 60
    assert label["label"] == "anonymized"
