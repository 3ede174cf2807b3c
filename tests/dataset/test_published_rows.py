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
from beam_deid.transforms.formats import FORMATS
from beam_deid.transforms.formats.output_options import OutputOptions
from beam_deid.transforms.risk.histogram import total
from beam_deid.transforms.storage.files import match

KEY = FingerprintKey(bytes(32))
WRITTEN = [(one, "neutralized") for one in FORMATS if one.written]
WRITTEN += [(one, "kept") for one, _ in WRITTEN if one.opened_as_text]
MOMENTS = st.datetimes(datetime.datetime(1950, 1, 1), datetime.datetime(2150, 1, 1))
TYPES = {
    "text": (pa.string(), st.text(st.characters(exclude_categories=["Cs"]), max_size=6)),
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


@pytest.mark.parametrize(("kind", "formulas"), WRITTEN, ids=lambda one: getattr(one, "name", one))
@given(rows=ROWS)
def test_what_stands_in_a_part_is_what_was_written(tmp_path_factory, kind, formulas, rows):
    columns = zip(*rows, strict=True)
    arrays = [pa.array(values, given) for values, (given, _) in zip(columns, TYPES.values(), strict=True)]
    batch = pa.RecordBatch.from_arrays(arrays, names=list(TYPES))
    folder = tmp_path_factory.mktemp("part")
    with (folder / f"part-00000.{kind.name}").open("wb") as stream:
        writer = kind.writer(stream, batch.schema, OutputOptions(formulas=formulas))
        writer.write(batch)
        writer.close()
    published = Published(str(folder), {}, tuple(match([str(folder / "part-*")])))
    types = {name: given for name, (given, _) in TYPES.items()}
    (found,) = count_kinds(published, types, [list(TYPES)], KEY, formulas == "kept")
    keys = combine([fingerprint(column, KEY) for column in batch.columns], len(rows))
    expected = total([(keys, np.ones(len(rows), np.int64))])
    assert found[0].tolist() == expected[0].tolist()
    assert found[1].tolist() == expected[1].tolist()
