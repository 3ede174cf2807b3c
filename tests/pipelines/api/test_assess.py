"""`beam_deid.assess` measures files and tables in memory alike, as the command does."""

import json

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import beam_deid
from beam_deid.pipelines.cli import call

from ...frames.test_releasing import POLICY, orders

ASKED = {"quasi": ["city", "age"], "sensitive": ["item"], "subject": "who"}


def rounded(document):
    """A document but for last digits: sums run in the order of fingerprints, whose key is another each time."""
    return json.loads(json.dumps(document), parse_float=lambda number: round(float(number), 9))


@pytest.mark.parametrize(
    "held",
    [lambda table: table, lambda table: table.to_reader(7), lambda table: table.to_pandas(), pl.from_arrow],
    ids=["table", "reader", "pandas", "polars"],
)
def test_a_table_in_memory_is_measured_as_a_file_is(held, tmp_path, capsys):
    pq.write_table(orders(), tmp_path / "orders.parquet")
    command = ["assess", "-i", str(tmp_path / "orders.parquet"), "--quasi", "city,age", "--sensitive", "item", "--json"]
    assert call([*command, "--subject", "who"]) == 0
    of_command = rounded(json.loads(capsys.readouterr().out))
    of_files = beam_deid.assess(tmp_path / "orders.parquet", **ASKED)
    of_memory = beam_deid.assess(held(orders()), **ASKED)
    assert capsys.readouterr() == ("", "")
    assert rounded(of_files.document) == rounded(of_memory.document) == of_command
    assert of_memory.label == "still_personal"
    assert "direct_identifiers" in of_memory.failing


def test_roles_come_from_a_policy_where_nothing_else_is_said():
    by_policy = beam_deid.assess(orders(), POLICY)
    assert set(by_policy.document["counted"]) == {"city", "age", "item"}
    assert set(beam_deid.assess(orders(), POLICY, quasi=["city"]).document["counted"]) == {"city", "item"}


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({}, beam_deid.UsageError),
        ({"quasi": ["town"]}, beam_deid.UsageError),
        ({"quasi": ["city"], "sharing": "friends"}, beam_deid.UsageError),
        ({"quasi": ["city"], "k": 0}, beam_deid.UsageError),
        ({"quasi": ["city"], "k": "5"}, beam_deid.UsageError),
        ({"quasi": ["city"], "max_combination": "2"}, beam_deid.UsageError),
        ({"quasi": 5}, beam_deid.UsageError),
        ({"quasi": ["city"], "mobiles": ["99"]}, beam_deid.UsageError),
        ({"quasi": ["city"], "joins": ["list=a.parquet:on=city"]}, beam_deid.UsageError),
        ({"quasi": ["city"], "data": orders().slice(0, 0)}, beam_deid.InputError),
        ({"quasi": ["city"], "data": pa.table({"city": [[1]]})}, beam_deid.InputError),
        ({"quasi": ["city"], "data": 7}, beam_deid.UsageError),
    ],
    ids=str,
)
def test_a_wrong_call_is_an_exception(arguments, error):
    with pytest.raises(error):
        beam_deid.assess(**{"data": orders(), **arguments})


def test_one_name_in_place_of_several_is_one_name():
    several = beam_deid.assess(orders(), quasi=["city"], sensitive=["item"])
    assert beam_deid.assess(orders(), quasi="city", sensitive="item").document == several.document
    assert beam_deid.assess(orders(), quasi={"city"}, sensitive=("item",)).document == several.document


def test_what_is_shown_of_an_assessment_is_its_label_with_what_fails():
    shown = repr(beam_deid.assess(orders(), quasi=["who", "city"]))
    assert shown.startswith("Assessment(still_personal, k=2, failing: direct_identifiers, ")
    assert shown.endswith(", …)")
    assert "杭州市" not in shown
    assert repr(beam_deid.assess(orders(), quasi=["city"])) == (
        "Assessment(still_personal, k=40, failing: direct_identifiers, restorable, order)"
    )
