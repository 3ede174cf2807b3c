import itertools
import json
import subprocess
import sys
from collections import Counter

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st

from beam_deid.transforms.errors import OutputError, UsageError
from beam_deid.transforms.register.document import Table
from beam_deid.transforms.register.opening import check_file
from beam_deid.transforms.register.prints import Prints
from beam_deid.transforms.register.prints_file import PrintsFile, ranges
from beam_deid.transforms.register.tables import write_persons, write_prints
from beam_deid.transforms.register.writing import GROUP_ROWS, write_groups

from ..kit.examples import examples
from .persons import read_persons
from .rows import (
    ALL,
    EXTREMES,
    FEW,
    counted,
    counted_by_duckdb,
    keys,
    picked,
    random_keys,
    read,
    releases,
    some,
    told,
    written,
)

quickly = examples(0.6, suppress_health_check=[HealthCheck.function_scoped_fixture])
LARGE = 3 * GROUP_ROWS + 1000


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A table of four row groups: its path, what a register says of it, and its rows."""
    path = tmp_path_factory.mktemp("large") / "table"
    prints = some(1, LARGE)
    return path, written(path, prints), prints


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "small"
    prints = some(2, 500)
    return path, written(path, prints)


# What is written


def test_duckdb_reads_what_was_written_in_order_of_records(large):
    path, table, prints = large
    assert counted_by_duckdb(path) == counted(prints)
    stored = duckdb.sql(f"SELECT record FROM read_parquet('{path}')").fetchnumpy()["record"]
    assert stored.dtype == np.uint64
    assert (stored[1:] >= stored[:-1]).all()
    assert (table.rows, table.size) == (LARGE, path.stat().st_size)


def test_row_groups_have_statistics_of_records_alone_and_checksums(large):
    facts = pq.ParquetFile(large[0]).metadata
    assert [facts.row_group(group).num_rows for group in range(4)] == [GROUP_ROWS] * 3 + [1000]
    for column in range(facts.num_columns):
        chunk = facts.row_group(0).column(column)
        assert (chunk.statistics is not None and chunk.statistics.has_min_max) == (chunk.path_in_schema == "record")
        assert chunk.compression == "ZSTD"


def test_columns_are_encoded_by_what_is_in_them(large):
    facts = pq.ParquetFile(large[0]).metadata.row_group(0)
    encodings = {
        facts.column(place).path_in_schema: facts.column(place).encodings for place in range(facts.num_columns)
    }
    assert "DELTA_BINARY_PACKED" in encodings["record"]
    assert "RLE_DICTIONARY" in encodings["value:city"]
    assert "RLE_DICTIONARY" not in encodings["person:subject"]


@quickly
@given(releases(), st.randoms(use_true_random=False))
def test_bytes_are_those_of_the_rows_whatever_their_order_and_that_of_columns(tmp_path, prints, random):
    order = list(range(len(prints.record)))
    random.shuffle(order)
    mixed = picked(prints, order)
    turned = Prints(mixed.record, *(dict(reversed(one.items())) for one in (mixed.persons, mixed.values, mixed.normal)))
    assert write_prints(str(tmp_path / "one"), [prints]) == write_prints(str(tmp_path / "other"), [turned])
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_nothing_is_left_of_the_order_of_equal_records(tmp_path):
    prints = Prints(keys([7] * 1000), {"subject": random_keys(np.random.default_rng(1), 1000)}, {}, {})
    first = write_prints(str(tmp_path / "one"), [prints])
    assert first == write_prints(str(tmp_path / "other"), [picked(prints, np.random.default_rng(2).permutation(1000))])


def in_parts(keys, cuts):
    """Which of some keys are below the first cut, which between it and the second, and so on."""
    place = np.searchsorted(np.array(sorted(cuts), np.uint64), keys, side="right")
    return [np.flatnonzero(place == part) for part in range(len(cuts) + 1)]


@quickly
@given(releases(), st.lists(st.integers(0, 2**64 - 1), max_size=5))
def test_bytes_do_not_depend_on_the_number_of_parts(tmp_path, prints, cuts):
    parts = (picked(prints, rows) for rows in in_parts(prints.record, cuts))
    assert write_prints(str(tmp_path / "one"), [prints]) == write_prints(str(tmp_path / "other"), parts)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


@pytest.mark.parametrize("cuts", [[2**63], [5, 2**40, 2**62, 2**63 + 1], [part << 54 for part in range(1, 1024)]])
def test_large_tables_have_the_same_row_groups_in_any_number_of_parts(tmp_path, large, cuts):
    _, table, prints = large
    parts = (picked(prints, rows) for rows in in_parts(prints.record, cuts))
    assert write_prints(str(tmp_path / "table"), parts) == (table.rows, table.size, table.sha256)
    values = prints.persons["subject"]
    first = write_persons(str(tmp_path / "one"), whole({"subject": values}))
    parts = {"subject": (values[rows] for rows in in_parts(values, cuts))}
    assert write_persons(str(tmp_path / "other"), parts) == first


def test_columns_of_different_lengths_are_no_table(tmp_path):
    with pytest.raises(ValueError, match="one length"):
        write_prints(str(tmp_path / "table"), [Prints(keys([1, 2]), {"subject": keys([1, 2, 3])}, {}, {})])
    with pytest.raises(ValueError, match="one length"):
        write_prints(str(tmp_path / "table"), [Prints(keys([1, 2]).reshape(1, 2), {}, {}, {})])
    with pytest.raises(ValueError, match="one part"):
        write_prints(str(tmp_path / "table"), [])
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_written_is_told_and_leaves_nothing(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written") as caught:
        write_prints(str(tmp_path / "file" / "table"), [some(1, 10)])
    assert caught.value.next_step

    def groups():
        yield pa.table({"record": keys([1, 2])})
        raise RuntimeError("the rows ended")

    with pytest.raises(RuntimeError):
        write_groups(str(tmp_path / "table"), pa.schema({"record": pa.uint64()}), groups(), ["record"])
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


# What is read


@quickly
@given(releases(), FEW, FEW)
@example(Prints(keys(EXTREMES), {}, {"a": keys(EXTREMES)}, {}), 0, ALL)
@example(Prints(keys([]), {"a": keys([])}, {}, {}), 0, ALL)
def test_a_range_has_the_rows_that_are_in_it(tmp_path, prints, low, high):
    table = written(tmp_path / "table", prints)
    found = read(tmp_path / "table", table, low, high)
    inside = [place for place, record in enumerate(prints.record.tolist()) if low <= record < high]
    assert counted(found) == counted(picked(prints, inside))
    assert all(column.dtype == np.uint64 for column in found.columns.values())
    assert found.record.tolist() == sorted(found.record.tolist())
    assert counted_by_duckdb(tmp_path / "table") == counted(prints)


@quickly
@given(releases(), st.integers(1, 50))
def test_all_ranges_together_have_every_row_once(tmp_path, prints, most):
    table = written(tmp_path / "table", prints)
    parts = [counted(read(tmp_path / "table", table, *cut))[1] for cut in ranges([table.rows], most)]
    assert sum(parts, Counter()) == counted(prints)[1]


def test_ranges_of_several_row_groups_agree_with_duckdb(large):
    path, table, _ = large
    cuts = ranges([LARGE], 20_000)
    assert len(cuts) == 10
    with PrintsFile(str(path), table) as file:
        assert (file.rows, file.all_rows) == (LARGE, LARGE)
        sizes = [len(file.read(low, high, persons=[], values=["city"], normal=[]).values["city"]) for low, high in cuts]
    sql = " UNION ALL ".join(
        f"SELECT count(*) FROM read_parquet('{path}') WHERE record BETWEEN {a} AND {b - 1}" for a, b in cuts
    )
    assert sizes == [row[0] for row in duckdb.sql(sql).fetchall()]
    assert sum(sizes) == LARGE


def test_only_the_columns_that_are_wanted_are_there(large):
    path, table, _ = large
    with PrintsFile(str(path), table) as file:
        assert (file.persons, file.values, file.normal) == (("mobile", "subject"), ("city", "item"), ("item",))
        found = file.read(0, 1 << 60, persons=["mobile"], values=[], normal=["item"])
    assert list(found.columns) == ["record", "person:mobile", "normal:item"]


def test_what_was_read_is_the_readers_own(small):
    path, table = small
    found = read(path, table)
    for column in found.columns.values():
        column[:] = 0


def test_row_groups_that_do_not_overlap_a_range_are_not_read(large, tmp_path):
    path, _, prints = large
    data = bytearray(path.read_bytes())
    chunk = pq.ParquetFile(path).metadata.row_group(2).column(1)
    middle = chunk.data_page_offset + chunk.total_compressed_size // 2
    data[middle : middle + 8] = bytes(8)
    (tmp_path / "damaged").write_bytes(data)
    table = told(tmp_path / "damaged", LARGE)
    edge = int(np.sort(prints.record)[2 * GROUP_ROWS])
    assert counted(read(tmp_path / "damaged", table, 0, edge))[1].total() == 2 * GROUP_ROWS
    with pytest.raises(UsageError, match="damaged"):
        read(tmp_path / "damaged", table, edge, edge + 1)


def test_a_table_in_a_bucket_is_written_and_read(bucket):
    path = f"{bucket.uri}/tables/one"
    prints = some(3, 1000)
    table = written(path, prints)
    with PrintsFile(path, table) as file:
        assert counted(file.read_all(0, ALL)) == counted(prints)
    write_persons(f"{bucket.uri}/tables/two", whole(prints.persons))
    assert read_persons(f"{bucket.uri}/tables/two")["subject"].tolist() == sorted(
        set(prints.persons["subject"].tolist())
    )
    with pytest.raises(UsageError, match="there is no such file"):
        PrintsFile(f"{bucket.uri}/tables/three", table)


# Ranges


@given(st.lists(st.integers(0, 10**9), max_size=12), st.integers(10**6, 10**8))
def test_ranges_are_equal_and_cover_everything(counts, most):
    cuts = ranges(counts, most)
    assert (cuts[0][0], cuts[-1][1]) == (0, ALL)
    assert all(one[1] == other[0] for one, other in itertools.pairwise(cuts))
    widths = {high - low for low, high in cuts}
    assert max(widths) - min(widths) <= 1
    assert (len(cuts) - 1) * most < max(sum(counts), 1) <= max(len(cuts) * most, 1)


def test_nothing_at_all_is_one_range():
    assert ranges([], 1) == ranges([0, 0], 5) == [(0, ALL)]
    assert ranges([2], 1) == [(0, 2**63), (2**63, ALL)]


# Persons


def whole(persons):
    """The persons of each identity in one part."""
    return {name: [values] for name, values in persons.items()}


@quickly
@given(st.dictionaries(st.sampled_from(["subject", "mobile", "微信"]), st.lists(FEW, max_size=30)))
def test_persons_are_there_once_and_in_order(tmp_path, persons):
    path = tmp_path / "persons"
    rows, size, _ = write_persons(str(path), {name: [keys(values)] for name, values in persons.items()})
    found = read_persons(str(path))
    assert {name: values.tolist() for name, values in found.items()} == {
        name: sorted(set(v)) for name, v in persons.items()
    }
    assert (rows, size) == (sum(map(len, found.values())), path.stat().st_size)
    stored = duckdb.sql(f"SELECT identity, person FROM read_parquet('{path}')").fetchall()
    assert sorted(stored) == sorted((name, one) for name, values in persons.items() for one in set(values))


def test_many_persons_are_several_row_groups(tmp_path):
    random = np.random.default_rng(1)
    persons = {"subject": random_keys(random, 2 * GROUP_ROWS + 5), "mobile": random_keys(random, 7)}
    first = write_persons(str(tmp_path / "one"), whole(persons))
    mixed = {name: random.permutation(np.concatenate([values, values])) for name, values in reversed(persons.items())}
    assert write_persons(str(tmp_path / "other"), whole(mixed)) == first
    found = read_persons(str(tmp_path / "one"))
    assert all((found[name] == np.sort(persons[name])).all() for name in persons)


# Damage


def refused(path, table):
    with pytest.raises(UsageError) as caught, PrintsFile(str(path), table) as file:
        file.read_all(0, ALL)
    assert caught.value.what.startswith("a table of the register cannot be used: ")
    assert str(path) in caught.value.where
    assert caught.value.next_step
    return caught.value.what.removeprefix("a table of the register cannot be used: ")


def test_a_file_that_is_missing_or_a_folder_is_told(tmp_path, small):
    _, table = small
    assert refused(tmp_path / "none", table) == "there is no such file"
    assert "cannot be opened" in refused(tmp_path, table)


def test_a_file_of_another_size_is_told(small):
    path, table = small
    data = path.read_bytes()
    for changed in (b"", data[:-1], data[: len(data) // 2], data + b"x"):
        path.write_bytes(changed)
        assert refused(path, table) == "its size is not what the register says"


def test_a_torn_file_is_told_even_if_it_is_what_the_register_says(small):
    path, table = small
    data = path.read_bytes()
    for size in range(0, len(data), 101):
        path.write_bytes(data[:size])
        assert refused(path, told(path, table.rows)) == "it is damaged"


def test_a_byte_that_changed_is_found_wherever_it_is_before_arrow_sees_it(small):
    path, table = small
    data = path.read_bytes()
    for place in range(0, len(data), 7):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :])
        assert refused(path, table) == "its hash is not what the register says"


def test_a_file_that_changes_while_it_is_open_is_found(small):
    path, table = small
    with PrintsFile(str(path), table) as file:
        with path.open("r+b") as stream:
            stream.seek(100)
            stream.write(b"something else")
        with pytest.raises(UsageError, match="hash"):
            check_file(str(path), table)
        with pytest.raises(UsageError, match="damaged"):
            file.read_all(0, ALL)


def test_a_file_without_a_column_is_told(tmp_path, small):
    path, table = small
    whole = pq.read_table(path)
    for name in whole.column_names:
        rest = whole.drop_columns([name])
        pq.write_table(rest, tmp_path / "rest")
        said = told(tmp_path / "rest", table.rows)
        kind, _, field = name.partition(":")
        with (
            pytest.raises(UsageError, match="lacks a column") as caught,
            PrintsFile(str(tmp_path / "rest"), said) as file,
        ):
            file.read(
                0,
                ALL,
                persons=[field] if kind == "person" else [],
                values=[field] if kind == "value" else [],
                normal=[field] if kind == "normal" else [],
            )
        assert caught.value.where == f"{tmp_path / 'rest'}: {name}"


def test_a_file_with_columns_of_another_type_is_told(tmp_path, small):
    path, table = small
    whole = pq.read_table(path)
    other = whole.set_column(1, whole.column_names[1], whole.column(1).cast(pa.string()))
    pq.write_table(other, tmp_path / "other")
    assert refused(tmp_path / "other", told(tmp_path / "other", table.rows)) == "it lacks a column"


def test_a_file_with_more_or_fewer_rows_is_told(small):
    path, table = small
    for rows in (table.rows - 1, table.rows + 1, 0):
        said = Table(table.file, rows, table.size, table.sha256)
        assert refused(path, said) == "it has not as many rows as the register says"


def test_a_file_of_no_statistics_or_of_something_else_is_told(tmp_path, small):
    path, table = small
    pq.write_table(pq.read_table(path), tmp_path / "bare", write_statistics=False)
    assert refused(tmp_path / "bare", told(tmp_path / "bare", table.rows)) == "it is damaged"
    (tmp_path / "text").write_text("PAR1 is how such a file begins")
    assert refused(tmp_path / "text", told(tmp_path / "text", 1)) == "it is damaged"


def test_a_release_that_has_no_columns_in_the_file_is_told(small):
    path, table = small
    said = Table(table.file, table.rows, table.size, table.sha256, "analytics.1/")
    assert refused(path, said) == "it lacks a column"


# Memory

_MEASURED = """
import json, sys
import numpy as np
from beam_deid.transforms.register.document import Table
from beam_deid.transforms.register.prints import Prints
from beam_deid.transforms.register.opening import check_file
from beam_deid.transforms.register.prints_file import PrintsFile, ranges
from beam_deid.transforms.register.tables import write_prints
from pathlib import Path

def peak():
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024

path, rows = sys.argv[1], int(sys.argv[2])
table = json.loads(sys.argv[3])
random = np.random.default_rng(1)
def keys(count):
    return random.integers(0, 2**64, count, dtype=np.uint64)
few = keys(30)
fields = [f"field{number}" for number in range(7)]
if table is None:
    values = {name: few[random.integers(0, 30, rows, dtype=np.int8)] for name in fields}
    prints = Prints(keys(rows), {"subject": keys(rows), "mobile": keys(rows)}, values, {"field0": values["field0"]})
    before = peak()
    done = write_prints(path, [prints])
else:
    with PrintsFile(path, Table("table", *table)) as file:
        cuts, count, before = ranges([rows], 200_000), 0, 0
        for low, high in cuts:
            before = before or count and peak()  # of the first, and of the libraries
            count += len(file.read(low, high, persons=["subject", "mobile"], values=fields, normal=["field0"]).record)
    done = count
print(json.dumps([done, before, peak()]))
"""


def measured(path, rows, table=None):
    command = [sys.executable, "-c", _MEASURED, str(path), str(rows), json.dumps(table)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    return json.loads(done.stdout)


@pytest.mark.slow("measures the memory of a process that reads a large table")
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_memory_of_writing_and_reading_is_far_below_the_table(tmp_path):
    rows = 3_000_000
    whole = rows * 11 * 8 / 2**20
    table, before, after = measured(tmp_path / "table", rows)
    assert after - before < whole / 2
    count, before, after = measured(tmp_path / "table", rows, table)
    assert count == rows
    assert after - before < whole / 4


def test_names_of_columns_are_taken_as_they_are(tmp_path):
    names = ["a", "a.b", "a.b.c", "城市", "there", "record", 'x"y/']
    prints = some(5, 50, persons=names, values=names, normal=names)
    table = written(tmp_path / "table", prints)
    assert counted(read(tmp_path / "table", table)) == counted(prints) == counted_by_duckdb(tmp_path / "table")
