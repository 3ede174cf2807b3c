"""Compaction: releases that share a table have the rows that they had, and nothing is lost however it ends."""

import itertools
import json
import signal
import sys
from collections import Counter
from dataclasses import replace

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from beam_deid.transforms.errors import InternalFault, UsageError
from beam_deid.transforms.register import compacting
from beam_deid.transforms.register.compacting import Compacted, compact
from beam_deid.transforms.register.document import Event, State
from beam_deid.transforms.register.folder import hold, read, table_path
from beam_deid.transforms.register.merging import Merging, merge
from beam_deid.transforms.register.prints_file import PrintsFile
from beam_deid.transforms.terms import LabelName

from ..kit.examples import examples
from ..kit.processes import python
from .kit import assert_whole, contents, document, entry
from .rows import ALL, counted, counted_by_duckdb, keys, picked, releases, some, told, written

MONTHS = 6
ROWS = 3000
NAMES = [f"analytics.{number}" for number in range(1, MONTHS + 1)]


@pytest.fixture
def place(tmp_path):
    return tmp_path / "shop.register"


def register(place, tables, folder):
    """Register releases, each with its rows."""
    with hold(str(place)) as held:
        for name, prints in tables.items():
            source = folder / f"staged-{name}"
            table = written(source, prints)
            file = held.add(str(source), name, table.sha256)
            given_ = held.document or document()
            identities = tuple(prints.persons)
            held.save(
                given_.with_entries({name: replace(entry(name, replace(table, file=file)), identities=identities)})
            )


def snapshots(seed=1, months=MONTHS, rows=ROWS):
    """The orders of a year so far, month by month: each has all that were before it."""
    last = some(seed, rows)
    return {f"analytics.{one}": picked(last, slice(0, rows * one // months)) for one in range(1, months + 1)}


def say(place, name, **changes):
    """Change an entry."""
    with hold(str(place)) as held:
        held.save(held.document.with_entries({name: replace(held.document.entry(name), **changes)}))


def forget(place, name):
    with hold(str(place)) as held:
        event = Event("2026-02-01T00:00:00+00:00", State.FORGOTTEN, reason="never sent")
        held.save(held.document.with_entries({name: held.document.entry(name).after(event)}))


def compacted(place, **more):
    with hold(str(place)) as held:
        return compact(held, **more)


def rows_of(place):
    """The rows of each release that has a table, as they are read from the register."""
    found = {}
    for one in read(str(place)).releases:
        if one.table is not None:
            with PrintsFile(table_path(str(place), one.table.file), one.table) as file:
                found[one.name] = counted(file.read_all(0, ALL))
    return found


def expected(tables):
    return {name: counted(prints) for name, prints in tables.items()}


# A register


@pytest.fixture
def full(tmp_path, place):
    """A register of six snapshots, each of which has the rows of those before it."""
    register(place, snapshots(), tmp_path)
    return place


def test_snapshots_share_a_table_and_have_the_rows_that_they_had(full):
    before = sum(one.table.size for one in read(str(full)).releases)
    figures = compacted(full)
    assert rows_of(full) == expected(snapshots())
    tables = [one.table for one in read(str(full)).releases]
    assert len({table.file for table in tables}) == 1
    assert [table.prefix for table in tables] == [f"{name}/" for name in NAMES]
    assert [table.rows for table in tables] == [ROWS * month // MONTHS for month in range(1, MONTHS + 1)]
    assert figures == Compacted(before, tables[0].size, ROWS)
    assert figures.after < 0.6 * figures.before
    assert_whole(full, NAMES)


def test_duckdb_finds_every_snapshot_in_the_common_table(full):
    compacted(full)
    table = read(str(full)).releases[0].table
    path = table_path(str(full), table.file)
    for name, prints in snapshots().items():

        def renamed(column, prefix=f"{name}/"):
            own = column.removeprefix(prefix)
            shared = column == "record" or column.startswith("person:")
            return own if shared or (own != column and own != "there") else ""

        assert counted_by_duckdb(path, f"{name}/there", renamed) == counted(prints)
        absent = f'SELECT count(*) FROM read_parquet(\'{path}\') WHERE NOT "{name}/there" AND "{name}/value:city" IS NOT NULL'
        assert duckdb.sql(absent).fetchall() == [(0,)]


def test_ranges_of_a_common_table_are_read_alone(full):
    compacted(full)
    one = read(str(full)).releases[2]
    prints = snapshots()["analytics.3"]
    with PrintsFile(table_path(str(full), one.table.file), one.table) as file:
        assert (file.rows, file.all_rows) == (ROWS // 2, ROWS)
        assert (file.persons, file.values, file.normal) == (("mobile", "subject"), ("city", "item"), ("item",))
        found = file.read(ALL // 4, ALL // 2, persons=["subject"], values=["item"], normal=[])
    inside = np.flatnonzero((prints.record >= ALL // 4) & (prints.record < ALL // 2))
    assert (found.record == np.sort(prints.record[inside])).all()
    assert Counter(found.values["item"].tolist()) == Counter(prints.values["item"][inside].tolist())
    assert list(found.columns) == ["record", "person:subject", "value:item"]


def test_compacting_again_changes_nothing(full):
    first = compacted(full)
    before = contents(full)
    assert compacted(full) == Compacted(first.after, first.after, ROWS)
    assert contents(full) == before


def test_a_new_snapshot_is_taken_in(full, tmp_path):
    compacted(full)
    more = picked(some(1, ROWS), slice(100, ROWS))
    register(full, {"analytics.7": more}, tmp_path)
    compacted(full)
    assert rows_of(full) == expected({**snapshots(), "analytics.7": more})
    assert len({one.table.file for one in read(str(full)).releases}) == 1


def test_releases_without_common_records_keep_their_tables(tmp_path, place):
    months = {name: some(number, 500) for number, name in enumerate(NAMES)}
    register(place, months, tmp_path)
    before = contents(place)
    figures = compacted(place)
    assert contents(place) == before
    assert (figures.before, figures.records) == (figures.after, MONTHS * 500)
    assert rows_of(place) == expected(months)


@pytest.mark.parametrize("first", [False, True], ids=["before", "after sharing a table"])
def test_releases_that_are_not_tested_lose_their_tables(full, first):
    if first:
        compacted(full)
    forget(full, "analytics.6")
    say(full, "analytics.2", label=LabelName.STILL_PERSONAL)
    figures = compacted(full)
    left = {name: prints for name, prints in snapshots().items() if name not in ("analytics.2", "analytics.6")}
    assert rows_of(full) == expected(left)
    assert [one.name for one in read(str(full)).releases if one.table is None] == ["analytics.2", "analytics.6"]
    assert figures.records == ROWS * 5 // MONTHS
    assert figures.after < figures.before
    names = pq.read_schema(next((full / "tables").iterdir())).names
    assert not [name for name in names if name.startswith(("analytics.2", "analytics.6"))]


def test_of_one_release_nothing_is_left_of_those_that_shared_its_table(full):
    compacted(full)
    for name in NAMES[1:]:
        forget(full, name)
    compacted(full)
    assert rows_of(full) == expected({"analytics.1": snapshots()["analytics.1"]})
    (file,) = (full / "tables").iterdir()
    assert {name.partition("/")[0] for name in pq.read_schema(file).names if "/" in name} == {"analytics.1"}
    assert pq.ParquetFile(file).metadata.num_rows == ROWS // MONTHS


def test_where_none_is_tested_no_table_is_left(full):
    for name in NAMES:
        forget(full, name)
    figures = compacted(full)
    assert (figures.after, figures.records) == (0, 0)
    assert figures.before > 0
    assert not (full / "tables").exists() or not list((full / "tables").iterdir())


def test_a_register_that_is_not_there_is_not_made(place):
    assert compacted(place) == Compacted(0, 0, 0)
    assert not place.exists()


def test_superseded_and_pending_releases_stay(full):
    say(full, "analytics.1", state=State.SUPERSEDED)
    say(full, "analytics.2", state=State.PENDING)
    compacted(full)
    assert rows_of(full) == expected(snapshots())


def test_other_identities_are_kept_apart(tmp_path, place):
    whole = some(1, ROWS)
    tables = {
        "a.1": whole,
        "b.1": replace(whole, persons={"subject": whole.persons["subject"]}),
        "b.2": replace(whole, persons={"subject": whole.persons["subject"]}),
        "c.1": replace(whole, persons={}),
        "a.2": picked(whole, slice(0, ROWS, 2)),
    }
    register(place, tables, tmp_path)
    with hold(str(place)) as held:
        files = [PrintsFile(table_path(held.path, one.table.file), one.table) for one in held.document.releases]
        made, rows = merge(str(tmp_path / "common"), [f"{name}/" for name in tables], files, 1000)
    assert rows == 3 * ROWS
    for table, (name, prints) in zip(made, tables.items(), strict=True):
        with PrintsFile(str(tmp_path / "common"), table) as file:
            assert file.persons == tuple(sorted(prints.persons)), name
            assert counted(file.read_all(0, ALL)) == counted(prints)
    with PrintsFile(str(tmp_path / "common"), made[1]) as file, pytest.raises(UsageError, match="lacks a column"):
        file.read(0, ALL, persons=["mobile"], values=[], normal=[])


def test_a_file_that_says_a_release_has_an_identity_that_is_null_is_told(tmp_path, place):
    whole = some(1, 100)
    parts = {"a.1": whole, "b.1": replace(whole, persons={})}
    files = [PrintsFile(str(tmp_path / name), written(tmp_path / name, prints)) for name, prints in parts.items()]
    merge(str(tmp_path / "common"), ["a.1/", "b.1/"], files, 1000)
    table = pq.read_table(tmp_path / "common")
    told_ = json.dumps({"a.1/": ["mobile", "subject"], "b.1/": ["mobile", "subject"]})
    pq.write_table(table.replace_schema_metadata({"identities": told_}), tmp_path / "common")
    said = told(tmp_path / "common", 100, "b.1/")
    with PrintsFile(str(tmp_path / "common"), said) as file, pytest.raises(UsageError, match="lacks a column"):
        file.read(0, ALL, persons=["mobile"], values=[], normal=[])


def test_more_releases_than_may_share_a_file_share_several(tmp_path, place, monkeypatch):
    monkeypatch.setattr(compacting, "MOST_TOGETHER", 4)
    register(place, snapshots(), tmp_path)
    compacted(place)
    assert rows_of(place) == expected(snapshots())
    files = [one.table.file for one in read(str(place)).releases]
    assert [files.count(file) for file in dict.fromkeys(files)] == [4, 2]


def test_a_register_in_a_bucket_is_compacted(tmp_path, bucket):
    place = f"{bucket.uri}/shop.register"
    register(place, snapshots(), tmp_path)
    figures = compacted(place)
    assert figures.after < figures.before
    assert rows_of(place) == expected(snapshots())
    assert len([key for key in bucket.keys("shop.register/") if "/tables/" in key]) == 1


# Any releases


@examples(0.5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(releases(st.sampled_from([0, 1, 2**63 - 1, 2**63, ALL - 1]), 12), min_size=1, max_size=5),
    st.integers(3, 40),
)
def test_any_releases_are_read_from_a_common_file_as_they_were(tmp_path, tables, most):
    names = [f"r.{number}/" for number in range(len(tables))]
    paths = [tmp_path / f"table-{number}" for number in range(len(tables))]
    files = [PrintsFile(str(path), written(path, prints)) for path, prints in zip(paths, tables, strict=True)]
    common = tmp_path / "common"
    made, rows = merge(str(common), names, files, most)
    again = [PrintsFile(str(common), table) for table in made]
    for file, prints in zip(again, tables, strict=True):
        assert (file.rows, file.all_rows) == (len(prints.record), rows)
        assert counted(file.read_all(0, ALL)) == counted(prints)
    twice, _ = merge(str(tmp_path / "twice"), names, again, most)
    assert twice == made
    often = Counter()
    for prints in tables:
        persons = sorted(prints.persons)
        columns = [prints.record.tolist(), *(prints.persons[name].tolist() for name in persons)]
        often |= Counter((tuple(persons), *row) for row in zip(*columns, strict=True))
    assert often.total() == rows == duckdb.sql(f"SELECT count(*) FROM read_parquet('{common}')").fetchall()[0][0]


def test_equal_records_are_there_as_often_as_where_they_are_most_often(tmp_path):
    person = keys([7, 7, 7])
    value = keys([1, 2, 3])
    one = picked(some(1, 3), slice(0, 3))
    thrice = replace(one, record=keys([5, 5, 5]), persons={"subject": person}, values={"city": value}, normal={})
    once = picked(thrice, slice(1, 2))
    files = [
        PrintsFile(str(tmp_path / name), written(tmp_path / name, prints))
        for name, prints in (("a", thrice), ("b", once))
    ]
    made, rows = merge(str(tmp_path / "common"), ["a.1/", "b.1/"], files, 10)
    assert rows == 3
    for table, prints in zip(made, (thrice, once), strict=True):
        with PrintsFile(str(tmp_path / "common"), table) as file:
            assert counted(file.read_all(0, ALL)) == counted(prints)


def test_row_groups_of_a_common_file_follow_each_other_and_gather_rows_of_the_same_releases(tmp_path):
    tables = list(snapshots(months=3, rows=150_000).values())
    files = [PrintsFile(str(tmp_path / str(n)), written(tmp_path / str(n), prints)) for n, prints in enumerate(tables)]
    merge(str(tmp_path / "common"), ["a.1/", "a.2/", "a.3/"], files, 1 << 20)
    facts = pq.ParquetFile(tmp_path / "common")
    spans = [facts.metadata.row_group(group).column(0).statistics for group in range(facts.num_row_groups)]
    assert len(spans) == 3
    assert all(one.max <= other.min for one, other in itertools.pairwise(spans))
    for name in ("a.1/there", "a.2/there"):
        there = facts.read_row_group(0, [name]).column(name).to_numpy()
        assert (there[1:] != there[:-1]).sum() <= 2


# What goes wrong


def test_a_damaged_table_is_told_and_nothing_changes(full):
    before = contents(full)
    (file,) = (path for path in (full / "tables").iterdir() if path.name.startswith("analytics.4"))
    data = file.read_bytes()
    file.write_bytes(data[:200] + b"x" + data[201:])
    with pytest.raises(UsageError, match="hash is not what the register says"):
        compacted(full)
    assert contents(full) == before
    file.write_bytes(data)
    compacted(full)
    assert rows_of(full) == expected(snapshots())


def test_a_common_table_that_is_not_what_it_was_made_of_is_never_named(full, monkeypatch):
    before = contents(full)
    groups = Merging.groups

    def changed(self, releases_):
        for group in groups(self, releases_):
            place_ = group.schema.get_field_index("analytics.3/value:city")
            column = group.column(place_).to_pylist()
            there = next(number for number, value in enumerate(column) if value is not None)
            column[there] ^= 1
            yield group.set_column(place_, group.schema.field(place_), pa.array(column, pa.uint64()))

    monkeypatch.setattr(Merging, "groups", changed)
    with pytest.raises(InternalFault, match="not what it was made of") as caught:
        compacted(full)
    assert caught.value.where == "analytics.3/"
    assert contents(full) == before
    assert rows_of(full) == expected(snapshots())


_KILLED = """
import os, signal, sys
from beam_deid.transforms.register import compacting, folder, merging, sweeping, writing
from beam_deid.transforms.register.folder import Held, hold

def dies(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

where, place = sys.argv[1:]
if where == "while it reads":
    merging.PrintsFile.read_all = dies
elif where == "while it writes":
    writing.pq.ParquetWriter.close = dies
elif where == "before it adds":
    Held.add = dies
elif where == "while it adds":
    Held._copy = dies
elif where == "before it saves":
    Held.save = dies
elif where == "while it saves":
    Held._write = dies
elif where == "before it removes":
    folder.remove_tables = dies
with hold(place) as held:
    compacting.compact(held)
"""
MOMENTS = [
    "while it reads",
    "while it writes",
    "before it adds",
    "while it adds",
    "before it saves",
    "while it saves",
    "before it removes",
]


@pytest.mark.parametrize("moment", MOMENTS)
def test_whoever_is_killed_loses_nothing(full, tmp_path, moment):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    process = python(_KILLED, moment, str(full), TMPDIR=str(scratch))
    _, errors = process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL, errors
    assert rows_of(full) == expected(snapshots())
    is_done = moment == "before it removes"
    assert (len({one.table.file for one in read(str(full)).releases}) == 1) == is_done
    figures = compacted(full)
    assert is_done or figures.after < figures.before
    assert rows_of(full) == expected(snapshots())
    assert_whole(full, NAMES)
    for left in scratch.iterdir():
        assert left.stat().st_mode & 0o777 == 0o700


# Memory

_MEASURED = """
import json, sys
from pathlib import Path
from beam_deid.transforms.register.document import Table
from beam_deid.transforms.register.merging import merge
from beam_deid.transforms.register.prints_file import PrintsFile

def peak():
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024

def run(tables, target):
    files = [PrintsFile(path, Table(*table)) for path, table in tables]
    merge(target, [f"a.{number}/" for number in range(len(files))], files, 100_000)

run(json.loads(sys.argv[1]), sys.argv[3])
before = peak()
run(json.loads(sys.argv[2]), sys.argv[3])
print(json.dumps([before, peak()]))
"""


@pytest.mark.slow("measures the memory of a process that compacts large tables")
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_memory_does_not_grow_with_the_releases(tmp_path):
    def made(rows):
        told_ = []
        for name, prints in snapshots(rows=rows).items():
            path = tmp_path / f"{name}-{rows}"
            table = written(path, prints)
            told_.append([str(path), [table.file, table.rows, table.size, table.sha256]])
        return json.dumps(told_)

    process = python(_MEASURED, made(120_000), made(1_200_000), str(tmp_path / "common"))
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    before, after = json.loads(output)
    rows = sum(1_200_000 * month // MONTHS for month in range(1, MONTHS + 1))
    assert after - before < rows * 6 * 8 / 2**20 / 2
