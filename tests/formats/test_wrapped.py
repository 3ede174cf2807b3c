"""Formats around others know what the format of the file is: escapes of spreadsheets are taken off in all of them."""

import pytest

from beam_deid.transforms.formats import format_of, format_of_shard
from beam_deid.transforms.formats.format import Shard
from beam_deid.transforms.formats.input_options import InputOptions

FILLED = {"by": "a", "fields": ["b"]}
COMBINED = {"c": ["a", "b"]}


@pytest.mark.parametrize(
    "given", [{}, {"fill_down": FILLED}, {"combine": COMBINED}, {"fill_down": FILLED, "combine": COMBINED}]
)
def test_a_format_around_another_is_of_spreadsheets_where_that_is(given):
    options = InputOptions.model_validate(given)
    assert format_of("a.csv", options).notation.of_spreadsheets
    assert not format_of("a.parquet", options).notation.of_spreadsheets


def test_so_is_the_format_of_a_file_that_lacks_columns():
    """White space and escapes stayed in the files that lack an optional column, and in them alone."""
    assert format_of_shard(Shard("a.csv", "csv", 1, lacks=("b",)), InputOptions()).notation.of_spreadsheets
    assert not format_of_shard(Shard("a.parquet", "parquet", 1, lacks=("b",)), InputOptions()).notation.of_spreadsheets
