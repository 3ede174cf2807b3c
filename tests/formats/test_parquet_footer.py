"""Footers that would end the process are refused; all others are left to Arrow."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats import format_named
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.parquet_footer import is_sound

OPTIONS = InputOptions()
PARQUET = format_named("parquet")


def written(**options):
    table = pa.table({"s": ["a", None], "n": [1, 2], "l": [[1], []], "t": [{"x": 1.5}, None]})
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"write_statistics": False},
        {"version": "1.0"},
        {"data_page_version": "2.0"},
        {"store_schema": False},
        {"row_group_size": 1},
    ],
)
def test_a_sound_footer_is_sound(options):
    whole = written(**options)
    assert is_sound(pa.BufferReader(whole), pq.read_metadata(io.BytesIO(whole)))


def test_histograms_of_another_length_than_levels_are_refused(tmp_path):
    """Arrow ends the process where it meets them."""
    whole = written()
    footer = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    histogram = bytes([0x26, 0x02, 0x02])  # two numbers: a null, and a value
    place = whole.index(histogram, footer)
    path = tmp_path / "in.parquet"
    path.write_bytes(whole[:place] + bytes([0x16, 0x02, 0x02]) + whole[place + 3 :])
    for call in (PARQUET.schema, lambda path, options: PARQUET.shards(path, 1, options, 10)):
        with pytest.raises(InputError, match="cannot be read as Parquet"):
            call(str(path), OPTIONS)
