"""Rows of parts, in every format that releases are written in, have the fingerprints of what was written."""

import datetime
import decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import FingerprintKey, fingerprint
from beam_deid.transforms.dataset.published_rows import Published, count_kinds
from beam_deid.transforms.formats import FORMATS, format_named
from beam_deid.transforms.formats.output_options import OutputOptions
from beam_deid.transforms.risk.histogram import total
from beam_deid.transforms.storage.files import match

KEY = FingerprintKey(bytes(32))
QUICK = [("parquet", "neutralized"), ("csv", "neutralized"), ("csv", "kept"), ("jsonl", "neutralized")]
MOMENTS = st.datetimes(datetime.datetime(1950, 1, 1), datetime.datetime(2150, 1, 1))
TYPES = {
    # Without NUL, which is taken for damage where CSV is read.
    "text": (pa.string(), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)),
    "formula": (
        pa.string(),
        st.sampled_from(["=1+1", "'=1", "-5", "+a", "@x", "'", "", " a ", "a,b", 'a"b', "a\nb", "茶"]),
    ),
    "number": (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    "fraction": (pa.float64(), st.floats(allow_nan=False, allow_infinity=False)),
    "money": (pa.decimal128(18, 2), st.integers(-(10**15), 10**15).map(lambda cents: decimal.Decimal(cents) / 100)),
    "day": (pa.date32(), st.dates(datetime.date(1890, 1, 1), datetime.date(2150, 1, 1))),
    "moment": (pa.timestamp("us"), MOMENTS),
    "yes": (pa.bool_(), st.booleans()),
}
ROWS = st.lists(st.tuples(*(st.none() | values for _, values in TYPES.values())), min_size=1, max_size=8)


ODD = [
    ("\x01_x0041_", "'=1", 2**53 + 1, 0.1, decimal.Decimal("12345678901234.56"), *[None] * 3),
    (None, "=1+1", -(2**63), 1e300, decimal.Decimal("0.10"), datetime.date(1900, 2, 1), None, False),
    (" a ", "-5", 7, -2.5, None, datetime.date(2024, 2, 29), datetime.datetime(2024, 2, 29, 23, 59, 59, 500_000), True),
    ("茶\n纸", None, 0, 0.0, None, None, datetime.datetime(1899, 1, 1, 0, 0, 0, 1), None),
]
"""Values that a sheet keeps in a way of their own. It has no cell for an empty text, and no row of nothing but nulls."""


def is_found_again(folder, name, formulas, rows):
    """Whether rows that are written as a part have the fingerprints that they had before."""
    columns = zip(*rows, strict=True)
    arrays = [pa.array(values, given) for values, (given, _) in zip(columns, TYPES.values(), strict=True)]
    batch = pa.RecordBatch.from_arrays(arrays, names=list(TYPES))
    with (folder / f"part-00000.{name}").open("wb") as stream:
        writer = format_named(name).writer(stream, batch.schema, OutputOptions(formulas=formulas))
        writer.write(batch)
        writer.close()
    published = Published(str(folder), {}, tuple(match([str(folder / "part-*")])))
    types = {name: given for name, (given, _) in TYPES.items()}
    (found,) = count_kinds(published, types, [list(TYPES)], KEY, formulas == "kept")
    keys = combine([fingerprint(column, KEY) for column in batch.columns], len(rows))
    expected = total([(keys, np.ones(len(rows), np.int64))])
    return all(map(np.array_equal, found, expected))


@pytest.mark.parametrize(("name", "formulas"), QUICK)
@given(rows=ROWS)
def test_what_stands_in_a_part_is_what_was_written(tmp_path_factory, name, formulas, rows):
    assert is_found_again(tmp_path_factory.mktemp("part"), name, formulas, rows)


def test_what_stands_in_a_sheet_is_what_was_written(tmp_path):
    assert is_found_again(tmp_path, "xlsx", "neutralized", ODD)


def test_every_format_that_is_written_is_tried():
    assert {one.name for one in FORMATS if one.written} == {name for name, _ in QUICK} | {"xlsx"}
