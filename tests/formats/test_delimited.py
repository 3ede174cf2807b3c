import gzip

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.columns.formulas import restored
from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.output_options import OutputOptions

from ..kit.examples import examples
from .memory import read_alone

OPTIONS = InputOptions()


def read(path, columns=None, rows=1000, options=OPTIONS):
    """``({row: values}, {(row, field): reason})`` of a file."""
    kind = format_of(str(path), options)
    columns = columns or kind.schema(str(path), options).names
    (shard,) = kind.shards(str(path), path.stat().st_size, options, 10**9)
    records = {}
    faults = {}
    for chunk in kind.read(shard, options, columns, rows):
        values = zip(*(column.to_pylist() for column in chunk.batch.columns), strict=True)
        records.update(zip(chunk.rows.tolist(), values, strict=True))
        for fault in chunk.faults:
            faults.update(((row, fault.field), str(fault.reason)) for row in fault.rows.tolist())
    return records, faults


def given_file(tmp_path, data, name="in.csv"):
    path = tmp_path / name
    path.write_bytes(data)
    return path


def test_types_are_never_guessed_and_null_is_not_the_empty_string(tmp_path):
    path = given_file(tmp_path, b'a,b\n007,""\n1.50,\n')
    assert read(path) == ({0: ("007", ""), 1: ("1.50", None)}, {})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_encodings_of_chinese_exports(tmp_path, encoding, ending):
    text = ending.join(["订单,姓名", "1,张三", "2,𠮷野㐂", '3,"四\n五"', ""])
    path = given_file(tmp_path, text.encode(encoding))
    assert read(path) == ({0: ("1", "张三"), 1: ("2", "𠮷野㐂"), 2: ("3", "四\n五")}, {})


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_in_the_header(tmp_path, delimiter):
    path = given_file(tmp_path, f"a{delimiter}b\n1{delimiter}2\n".encode())
    assert read(path)[0] == {0: ("1", "2")}


def test_escapes_of_spreadsheets_are_left_to_whoever_reads_the_values(tmp_path):
    path = given_file(tmp_path, b'a,b\n"=""01""",45\t\n')
    assert read(path)[0] == {0: ('="01"', "45\t")}


def test_malformed_rows_are_faults_and_the_others_keep_their_numbers(tmp_path):
    path = given_file(tmp_path, b"a,b\n1,2\n3\n4,5\n6,7,8\n9,10\n11\n")
    records, faults = read(path)
    assert records == {0: ("1", "2"), 2: ("4", "5"), 4: ("9", "10")}
    assert faults == dict.fromkeys([(1, ""), (3, ""), (5, "")], "malformed_row")


def test_row_numbers_hold_over_many_blocks_and_chunks(tmp_path):
    good = b"x" * 3000 + b",y\n"
    lines = [b"bad\n" if number % 1000 == 7 else good for number in range(5000)]
    records, faults = read(given_file(tmp_path, b"a,b\n" + b"".join(lines)), rows=999)
    assert set(faults) == {(number, "") for number in range(5000) if number % 1000 == 7}
    assert sorted(records) == [number for number in range(5000) if number % 1000 != 7]


@pytest.mark.parametrize("good", [0, 3, 6])
def test_faults_behind_a_full_chunk_are_told(tmp_path, good):
    """A chunk took the last of the rows, and the faults that came in the next block ended the run."""
    ends = b"".join(b"3,4,%d\n" % number for number in range(5))
    long = b"x" * (5 << 20)
    path = given_file(tmp_path, b"a,b\n" + b"1,2\n" * good + b"1," + long + b"\n" + ends)
    records, faults = read(path, rows=3)
    assert len(records) == good
    assert faults == dict.fromkeys(((row, "") for row in range(good, good + 6)), "malformed_row")


@pytest.mark.parametrize(
    ("encoding", "broken"), [("utf-8", b"\xff\xfe"), ("utf-8", b"\xe5\xbc"), ("gb18030", b"\xff"), ("gb18030", b"\x81")]
)
def test_broken_bytes_are_a_fault_of_their_row_alone(tmp_path, encoding, broken):
    data = "名,b\n张,2\n".encode(encoding) + broken + ",3\n李,4\n".encode(encoding)
    records, faults = read(given_file(tmp_path, data), options=InputOptions(encoding=encoding))
    assert records == {0: ("张", "2"), 2: ("李", "4")}
    assert faults == {(1, "名"): "bad_encoding"}


def test_a_quote_that_is_never_closed_is_a_fault_of_its_row_and_swallows_nothing(tmp_path):
    path = given_file(tmp_path, b'a,b\n1,2\n3,"x\n4,5\n6,7\n')
    assert read(path) == ({0: ("1", "2"), 2: ("4", "5"), 3: ("6", "7")}, {(1, ""): "malformed_row"})
    path = given_file(tmp_path, b'a,b\n1,2\n"x,3\n4,5\n6,7\n')
    assert read(path, columns=["b"]) == ({0: ("2",), 2: ("5",), 3: ("7",)}, {(1, ""): "malformed_row"})


def test_stray_quotes_inside_a_field_are_no_error(tmp_path):
    assert read(given_file(tmp_path, b'a,b\n5" pipe,2\n3,4\n'))[0] == {0: ('5" pipe', "2"), 1: ("3", "4")}


def test_a_long_text_is_read(tmp_path):
    path = given_file(tmp_path, b"a,b\n1," + b"x" * 1_500_000 + b"\n2,y\n")
    assert len(read(path)[0][0][1]) == 1_500_000


LONGEST = 4 << 20


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
@pytest.mark.parametrize("offset", [20, 1 << 20, (2 << 20) + 7, *range(LONGEST - 1, LONGEST + 4), 6 << 20])
def test_a_row_of_exactly_the_limit_is_read_wherever_it_falls_in_a_block(tmp_path, ending, offset):
    before = b"a,b" + ending
    while offset - len(before) > 2_000_000:
        before += b"x" * 999_999 + b"," + ending
    before += b"y" * (offset - len(before) - 1 - len(ending)) + b"," + ending
    assert len(before) == offset
    longest = b"1," + b"z" * (LONGEST - 2)
    path = given_file(tmp_path, before + ending.join([longest, longest, b"1,2", longest]))
    lengths = [len(b or "") for _, b in read(path)[0].values()]
    assert lengths[-4:] == [LONGEST - 2, LONGEST - 2, 1, LONGEST - 2]


@pytest.mark.parametrize("size", [LONGEST - 2, LONGEST - 1, LONGEST, 6 << 20, 9 << 20])
@pytest.mark.parametrize("before", [0, 1, 1000])
@pytest.mark.parametrize("malformed", [0, 2])
def test_a_longer_row_is_a_fault_and_reading_goes_on(tmp_path, size, before, malformed):
    rows = [b"1,2"] * before + [b"bad"] * malformed + [b"1," + b"z" * size, b"3,4"]
    records, faults = read(given_file(tmp_path, b"\n".join([b"a,b", *rows, b"bad"])), rows=400)
    wrong = [*range(before, before + malformed + 1), before + malformed + 2]
    if size == LONGEST - 2:
        wrong.remove(before + malformed)
        assert len(records.pop(before + malformed)[1]) == size
    assert faults == dict.fromkeys(((row, "") for row in wrong), "malformed_row")
    assert records == {**dict.fromkeys(range(before), ("1", "2")), before + malformed + 1: ("3", "4")}


@pytest.mark.parametrize("size", [LONGEST, 6 << 20])
def test_a_quoted_value_longer_than_a_row_is_given_up_at_its_quote(tmp_path, size):
    lines = b"\n".join([b"x" * 99_999] * (size // 100_000 + 1))
    records, faults = read(given_file(tmp_path, b'a,b\n1,"' + lines + b'"\n3,4\n'))
    assert list(records.values()) == [("3", "4")]
    assert len(faults) == size // 100_000 + 1


def test_more_malformed_rows_than_can_be_meant_stop_at_the_row(tmp_path, monkeypatch):
    monkeypatch.setattr("beam_deid.transforms.formats.text_rows.MOST_MALFORMED", 1000)
    path = given_file(tmp_path, b"a,b\n" + b"1,2\nx\n" * 1000 + b"1,2\n")
    records, faults = read(path)
    assert (len(records), len(faults)) == (1001, 1000)
    path = given_file(tmp_path, b"a,b\n" + b"1,2\nx\n" * 1001 + b"1,2\n")
    with pytest.raises(InputError, match=r"in\.csv: row 2003: more than 1,000 rows of the file") as raised:
        read(path)
    assert "delimiter" in str(raised.value)


@pytest.mark.slow("bounds of memory are measured over large files")
def test_malformed_rows_without_end_stop_in_bounded_memory(tmp_path):
    path = tmp_path / "in.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" + b"\nx" * 5_000_000, 1))
    _, message, peak = read_alone(path)
    assert message.startswith(f"{path}: row 1000002: more than 1,000,000 rows of the file")
    assert peak < 400


def test_a_quote_left_open_before_many_rows_takes_none_of_them(tmp_path):
    path = given_file(tmp_path, b"a,b\n" + b"1,2\n" * 1000 + b'3,"x\n' + b"1,2\n" * (3 << 20))
    kind = format_of(str(path), OPTIONS)
    rows = 0
    faults = []
    for shard in kind.shards(str(path), path.stat().st_size, OPTIONS, 10**9):
        for chunk in kind.read(shard, OPTIONS, ["a"], 1 << 16):
            rows += chunk.batch.num_rows
            faults += [row for fault in chunk.faults for row in fault.rows.tolist()]
    assert (rows, faults) == (1000 + (3 << 20), [1000])


def test_a_header_longer_than_a_mebibyte_is_an_error(tmp_path):
    longest = b",".join(b"n%01022d" % number for number in range(1 << 10)) + b"\n"
    assert len(longest) == 1 << 20
    assert len(format_of("x.csv", OPTIONS).schema(str(given_file(tmp_path, longest + b"1\n")), OPTIONS)) == 1 << 10
    with pytest.raises(InputError, match="header does not end within 1 MiB"):
        read(given_file(tmp_path, b"z" + longest + b"1\n"))


@pytest.mark.parametrize("data", [b"z" * 200_000 + b",b\n1,2\n", b"z" * (2 << 20)])
def test_a_header_with_an_endless_name_is_an_error(tmp_path, data):
    with pytest.raises(InputError, match="header cannot be read") as raised:
        read(given_file(tmp_path, data))
    assert "zz" not in raised.value.message


def test_blank_lines_are_no_rows_and_nul_bytes_are_faults_of_theirs(tmp_path):
    data = b"a,b\n\n1,\x002\n\n\n3,4\n\n"
    assert read(given_file(tmp_path, data)) == ({1: ("3", "4")}, {(0, ""): "malformed_row"})


def test_a_header_alone_has_no_rows(tmp_path):
    assert read(given_file(tmp_path, b"a,b\n")) == ({}, {})


@pytest.mark.parametrize("data", [b"", b"\n\n"])
def test_a_file_without_a_usable_header_is_an_error(tmp_path, data):
    with pytest.raises(InputError):
        read(given_file(tmp_path, data))


def test_truncated_gzip_is_an_error(tmp_path):
    rng = np.random.default_rng(0)
    whole = gzip.compress(b"a,b\n" + b"".join(b"%d,%d\n" % tuple(rng.integers(0, 10**9, 2)) for _ in range(50_000)))
    with pytest.raises(InputError):
        read(given_file(tmp_path, whole[: len(whole) // 2], "in.csv.gz"))


@pytest.mark.parametrize(("suffix", "codec"), [(".gz", "gzip"), (".zst", "zstd")])
def test_compressed_files_are_read(tmp_path, suffix, codec):
    path = tmp_path / f"in.csv{suffix}"
    with pa.CompressedOutputStream(str(path), codec) as stream:
        stream.write(b"a,b\n1,2\n")
    assert read(path)[0] == {0: ("1", "2")}


def test_only_the_wanted_columns_come_in_the_wanted_order(tmp_path):
    assert read(given_file(tmp_path, b"a,b,c\n1,2,3\n"), columns=["c", "a"])[0] == {0: ("3", "1")}


cells = st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\U0010ffff")))


@pytest.mark.parametrize("formulas", ["neutralized", "kept"])
@given(rows=st.lists(st.tuples(cells, cells), max_size=8))
@examples(0.6)
def test_what_is_written_is_read_back(tmp_path_factory, formulas, rows):
    batch = pa.RecordBatch.from_arrays(
        [pa.array([row[i] for row in rows], pa.string()) for i in range(2)], names=["a", "b"]
    )
    path = tmp_path_factory.mktemp("csv") / "in.csv"
    with open(path, "wb") as stream:
        writer = format_of("x.csv", OPTIONS).writer(stream, batch.schema, OutputOptions(formulas=formulas))
        writer.write(batch)
        writer.close()
    found = [pa.array(column, pa.string()) for column in zip(*read(path)[0].values(), strict=True)]
    if formulas == "neutralized":
        found = [restored(column) for column in found]
    assert found == (batch.columns if rows else [])
