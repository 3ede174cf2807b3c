"""Files with damaged bytes: read as they were, or refused with exit code 3 or 2. No reader crashes, hangs or takes all memory.

What damage may go unseen depends on what a container checks:

- Checked as a whole: .xlsx, .xlsb and .ods, zip, and gzip, bzip2 and zstd of one piece. No value is ever another, no row is lost.
- Checked piece by piece: gzip, bzip2 and zstd of several pieces, and Avro packed by bzip2 or xz. No value is another; a file
  that was cut off right between two pieces is a whole file of fewer rows.
- Not checked at all: plain Avro and Avro packed by deflate, zstd without its checksum, ORC and .xls. They have nothing by which
  a reader could tell one text from another. Of 1,000 damages each, other rows came of
  83 of plain Avro and 11 of deflated, 245 of zstd, 351 of plain ORC and 189 of packed, and 72 of .xls; of all others the file
  was refused, or read as it was.
"""

import bz2
import gzip
from pathlib import Path

import pyarrow as pa
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.errors import InputError, UsageError
from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.input_options import InputOptions

from ..kit.damage import damaged
from ..kit.examples import examples
from .reader_loop import ReaderLoop
from .sample_files import avro, ods, office_xlsx, orc_file, own_xlsx, table_of, xlsb, zipped

ROWS = [["a", "b"], *([str(number), f"杭{number * 7}"] for number in range(200))]
TABLE = table_of(ROWS)
LINES = [f"{','.join(row)}\n".encode() for row in ROWS]
CSV = b"".join(LINES)
HALVES = b"".join(LINES[:100]), b"".join(LINES[100:])
SHORT = ROWS[:40]
OPTIONS = InputOptions()
MANY = 6
"""Three hundred damages in the thorough suite."""


def zstd(data):
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


WHOLE = {
    "in.csv.gz": gzip.compress(CSV, mtime=0),
    "in.csv.bz2": bz2.compress(CSV),
    "in.csv.zst": zstd(CSV),
    "in.csv.zip": zipped({"in.csv": CSV}),
}
PIECES = {
    "pieces.csv.gz": b"".join(gzip.compress(half, mtime=0) for half in HALVES),
    "pieces.csv.bz2": b"".join(map(bz2.compress, HALVES)),
    "pieces.csv.zst": b"".join(map(zstd, HALVES)),
    "bzip2.avro": avro(TABLE, "bzip2"),
    "xz.avro": avro(TABLE, "xz"),
}
UNCHECKED = {
    "plain.avro": avro(TABLE, "null"),
    "deflate.avro": avro(TABLE, "deflate"),
    "unchecked.csv.zst": pa.compress(CSV, "zstd", asbytes=True),
}
WORKBOOKS = {
    "own.xlsx": own_xlsx(table_of(SHORT)),
    "office.xlsx": office_xlsx(),
    "in.xlsb": xlsb(SHORT),
    "in.ods": ods(SHORT),
    "in.xls": (Path(__file__).parent / "samples/orders.xls").read_bytes(),
}
ORC = {"plain.orc": orc_file(TABLE, "uncompressed"), "packed.orc": orc_file(TABLE, "zstd")}
IN_PROCESS = WHOLE | PIECES | UNCHECKED
IN_A_PROCESS_OF_THEIR_OWN = WORKBOOKS | ORC


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("damages")


@pytest.fixture(scope="module")
def loop():
    readers = ReaderLoop()
    yield readers
    assert readers.close() == 0


def values_of(path):
    """All values of a file, as bytes: those that are no UTF-8 are told when they are read as kinds."""
    kind = format_of(str(path), OPTIONS)
    names = kind.schema(str(path), OPTIONS).names
    found = []
    for shard in kind.shards(str(path), path.stat().st_size, OPTIONS, 1000):
        for chunk in kind.read(shard, OPTIONS, names, 100):
            assert len(chunk.rows) == chunk.batch.num_rows
            found += zip(*(column.cast(pa.binary()).to_pylist() for column in chunk.batch.columns), strict=True)
    return found


EXPECTED = list(zip(*(column.combine_chunks().cast(pa.binary()).to_pylist() for column in TABLE.columns), strict=True))


def check_refusal(error, path):
    assert error.where.startswith(str(path))
    assert error.next_step
    assert error.exit_code == (3 if isinstance(error, InputError) else 2)


def check(folder, name, draw):
    path = folder / name
    path.write_bytes(draw.draw(damaged(IN_PROCESS[name])).data)
    try:
        found = values_of(path)
    except (InputError, UsageError) as error:
        check_refusal(error, path)
        return
    assert name in UNCHECKED or found == EXPECTED[: len(found)]
    assert name not in WHOLE or len(found) == len(EXPECTED)


def read_in(loop, path):
    """What a reader answers, or its error; None where its process would have ended."""
    if not path.name.endswith(".orc"):
        return loop.ask("excel_sheet", path=str(path))
    answer = loop.ask("orc_stripes", path=str(path), stripes=[], columns=[])
    if answer is None or isinstance(answer, InputError):
        return answer
    told, empty = answer
    stripes = [*range(len(told["rows"]))]
    return loop.ask("orc_stripes", path=str(path), stripes=stripes, columns=empty.column_names) if stripes else answer


def check_in(loop, folder, name, draw):
    path = folder / name
    path.write_bytes(IN_A_PROCESS_OF_THEIR_OWN[name])
    whole = read_in(loop, path)
    path.write_bytes(draw.draw(damaged(IN_A_PROCESS_OF_THEIR_OWN[name])).data)
    found = read_in(loop, path)
    if isinstance(found, InputError):
        check_refusal(found, path)
    elif found is not None:
        assert name in ORC or name.endswith(".xls") or found == whole


@pytest.mark.parametrize("name", IN_PROCESS)
def test_the_undamaged_samples_are_read(folder, name):
    path = folder / name
    path.write_bytes(IN_PROCESS[name])
    assert values_of(path) == EXPECTED


@pytest.mark.parametrize("name", IN_A_PROCESS_OF_THEIR_OWN)
def test_so_are_those_that_are_read_in_a_process_of_their_own(folder, loop, name):
    path = folder / name
    path.write_bytes(IN_A_PROCESS_OF_THEIR_OWN[name])
    told, table = read_in(loop, path)
    if name in ORC:
        assert table.equals(TABLE)
    elif name in ("own.xlsx", "in.xlsb", "in.ods"):
        assert told["names"] == SHORT[0]
        assert [list(row) for row in zip(*table.select([0, 1]).to_pydict().values(), strict=True)] == SHORT[1:]
    else:
        assert table.num_rows in (20, 30)


@pytest.mark.parametrize("name", IN_PROCESS)
@examples(1)
@given(st.data())
def test_a_damaged_file_is_refused_or_read_as_it_was(folder, name, data):
    check(folder, name, data)


@pytest.mark.slow("three hundred damages of each file")
@pytest.mark.parametrize("name", IN_PROCESS)
@examples(MANY)
@given(st.data())
def test_so_is_one_with_any_of_many_damages(folder, name, data):
    check(folder, name, data)


@pytest.mark.parametrize("name", IN_A_PROCESS_OF_THEIR_OWN)
@examples(1)
@given(st.data())
def test_so_is_one_that_is_read_in_a_process_of_its_own(folder, loop, name, data):
    check_in(loop, folder, name, data)


@pytest.mark.slow("three hundred damages of each file")
@pytest.mark.parametrize("name", IN_A_PROCESS_OF_THEIR_OWN)
@examples(MANY)
@given(st.data())
def test_so_is_such_a_one_with_any_of_many_damages(folder, loop, name, data):
    check_in(loop, folder, name, data)


def _with_fewer_parts(data):
    """The end of the directory says that a part is fewer there than is."""
    at = data.rindex(b"PK\x05\x06") + 8
    count = data[at] - 1
    return data[:at] + bytes([count, 0, count, 0]) + data[at + 4 :]


def _endless(data):
    """The first sector follows itself."""
    table = (int.from_bytes(data[76:80], "little") + 1) * 512
    return data[:table] + bytes(4) + data[table + 4 :]


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        pytest.param("office.xlsx", lambda data: data.replace(b"xl/styles.xmlPK", b"xl/stylus.xmlPK"), id="no styles"),
        pytest.param("office.xlsx", _with_fewer_parts, id="fewer parts"),
        pytest.param("in.xls", _endless, id="an endless chain"),
        pytest.param("in.xls", lambda data: data[:5124], id="a panic of the reader"),
        pytest.param("packed.orc", lambda data: data[: len(data) // 2], id="half of ORC"),
    ],
)
def test_the_whole_way_refuses_what_a_reader_refuses_or_is_ended_by(tmp_path, name, damage):
    """Days were numbers without the styles of a workbook, which was read all the same; a chain took 4 GiB of memory."""
    path = tmp_path / name
    path.write_bytes(damage(IN_A_PROCESS_OF_THEIR_OWN[name]))
    assert path.read_bytes() != IN_A_PROCESS_OF_THEIR_OWN[name]
    with pytest.raises(InputError) as raised:
        values_of(path)
    check_refusal(raised.value, path)
    assert "more than" not in raised.value.what


def test_a_zip_archive_of_a_file_without_a_name_is_refused(tmp_path):
    """It was an IndexError."""
    path = tmp_path / "in.csv.zip"
    data = WHOLE["in.csv.zip"]
    at = data.rindex(b"PK\x01\x02") + 28
    path.write_bytes(data[:at] + bytes(2) + data[at + 2 :])
    with pytest.raises(InputError, match="truncated or damaged"):
        values_of(path)
