"""Files with damaged bytes: a clear refusal, and where the format has checksums never another value."""

import bz2
import gzip
import io
import zipfile

import fastavro
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from pyarrow import orc

from beam_deid.transforms.errors import InputError, UsageError
from beam_deid.transforms.formats import format_named
from beam_deid.transforms.formats.format import Format
from beam_deid.transforms.formats.input_options import InputOptions

from ..kit.examples import examples

CSV = ("a,b\n" + "".join(f"{number},杭{number * 7}\n" for number in range(300))).encode()
TABLE = pa.table({"a": [str(number) for number in range(300)], "b": [f"杭{number * 7}" for number in range(300)]})
OPTIONS = InputOptions()


def _zip():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("in.csv", CSV)
    return stream.getvalue()


def _avro(codec):
    stream = io.BytesIO()
    fields = [{"name": "a", "type": "string"}, {"name": "b", "type": ["null", "string"]}]
    schema = {"type": "record", "name": "Order", "fields": fields}
    fastavro.writer(stream, schema, TABLE.to_pylist(), codec=codec, sync_marker=bytes(range(16)))
    return stream.getvalue()


def _orc():
    stream = io.BytesIO()
    orc.write_table(TABLE, stream, compression="zstd")
    return stream.getvalue()


def _xlsx():
    stream = io.BytesIO()
    writer = format_named("xlsx").writer(stream, TABLE.schema)
    writer.write(TABLE.to_batches()[0])
    writer.close()
    return stream.getvalue()


SAMPLES = {
    "in.csv.gz": ("csv", gzip.compress(CSV, mtime=0)),
    "in.csv.bz2": ("csv", bz2.compress(CSV)),
    "in.csv.zip": ("csv", _zip()),
    "in.avro": ("avro", _avro("null")),
    "deflate.avro": ("avro", _avro("deflate")),
    "in.orc": ("orc", _orc()),
    "in.xlsx": ("xlsx", _xlsx()),
}
CHECKED = ("in.csv.gz", "in.csv.bz2", "in.csv.zip", "in.xlsx")
"""Those with checksums. Avro and ORC have none: what of them is another value nobody can tell."""
IN_PROCESSES = ("in.orc", "in.xlsx")


def values_of(kind: Format, path):
    """All values of a file, as bytes: those that are no UTF-8 are told when they are read as kinds."""
    names = kind.schema(str(path), OPTIONS).names
    found = []
    for shard in kind.shards(str(path), path.stat().st_size, OPTIONS, 1000):
        for chunk in kind.read(shard, OPTIONS, names, 100):
            assert len(chunk.rows) == chunk.batch.num_rows
            found += zip(*(column.cast(pa.binary()).to_pylist() for column in chunk.batch.columns), strict=True)
    return found


EXPECTED = list(zip(*(column.combine_chunks().cast(pa.binary()).to_pylist() for column in TABLE.columns), strict=True))


@st.composite
def damaged(draw, data):
    """Some bytes, cut off, overwritten, or with others in their place."""
    at = draw(st.integers(0, len(data) - 1))
    length = draw(st.integers(1, 4) | st.integers(1, 64))
    others = draw(st.binary(min_size=0, max_size=length) | st.binary(min_size=length, max_size=length))
    return draw(st.sampled_from([data[:at], data[:at] + others + data[at + length :]]))


def check(folder, name, data):
    kind, _ = SAMPLES[name]
    path = folder / name
    path.write_bytes(data)
    refused, found = None, EXPECTED
    try:
        found = values_of(format_named(kind), path)
    except (InputError, UsageError) as error:
        refused = error
    assert refused is None or (refused.where.startswith(str(path)) and refused.next_step)
    # A file without a row is none that a run takes.
    assert name not in CHECKED or found in (EXPECTED, [])


@pytest.mark.parametrize("name", SAMPLES)
def test_the_undamaged_samples_are_read(tmp_path, name):
    kind, data = SAMPLES[name]
    (tmp_path / name).write_bytes(data)
    assert values_of(format_named(kind), tmp_path / name) == EXPECTED


@pytest.mark.parametrize("name", [one for one in SAMPLES if one not in IN_PROCESSES])
@given(st.data())
@examples(10, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_is_refused_or_read_as_it_was(tmp_path, name, data):
    check(tmp_path, name, data.draw(damaged(SAMPLES[name][1])))


@pytest.mark.slow("a process for every damage")
@pytest.mark.parametrize("name", IN_PROCESSES)
@given(st.data())
@examples(3, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_so_is_one_that_is_read_in_a_process_of_its_own(tmp_path, name, data):
    check(tmp_path, name, data.draw(damaged(SAMPLES[name][1])))
