"""Distinct persons of a register's runs: exactly those that numpy and DuckDB count, over years, overlaps and any cut."""

import json
from dataclasses import replace

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.pipelines.cli import call
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.register.document import Run, State, Table
from beam_deid.transforms.register.folder import hold, read
from beam_deid.transforms.register.persons_counted import count_persons, may_tell, year_of
from beam_deid.transforms.register.tables import write_persons
from beam_deid.transforms.register.thresholds import thresholds
from beam_deid.transforms.terms import LabelName

from ..kit.registered import entry, register_of

SPREAD = np.uint64(0x9E3779B97F4A7C15)


def _prints(numbers):
    with np.errstate(over="ignore"):
        return np.array(sorted(numbers), np.uint64) * SPREAD


def _table(held, folder, name, groups):
    path = f"{folder}/{name}.parquet"
    rows, size, sha256 = write_persons(path, {key: [_prints(numbers)] for key, numbers in groups.items()})
    return Table(held.add(path, name, sha256), rows, size, sha256)


def _run(held, folder, number, made_at, people, sensitive=None, young=None, subject="buyer"):
    """A run of some people; ``sensitive`` and ``young`` are None where no field tells."""
    groups = {name: one for name, one in (("sensitive", sensitive), ("under_14", young)) if one is not None}
    persons = _table(held, folder, f"persons-{number}", {subject: people, "mobile": set(people) | {10**9 + number}})
    special = _table(held, folder, f"special-{number}", groups) if groups else None
    counts = {"persons": len(people), **{name: len(one) for name, one in groups.items()}}
    return Run(f"{number:016x}", made_at, persons, special, subject, counts)


def _saved(tmp_path, runs, entries=()):
    path = str(tmp_path / "orders.register")
    folder = tmp_path / "made"
    folder.mkdir(exist_ok=True)
    with hold(path) as held:
        made = tuple(_run(held, folder, number, *one) for number, one in enumerate(runs))
        held.save(register_of(*entries, runs=made))
    return path, read(path)


def _figures(counted):
    return counted.persons, counted.groups["sensitive"], counted.groups["under_14"]


RUNS = [
    ("2025-12-31T15:59:59+00:00", range(100), range(10), range(5)),
    ("2025-12-31T16:00:00+00:00", range(50, 150), range(60, 90), range(60, 62)),  # in China the new year has begun
    ("2026-07-01T00:00:00+00:00", range(120, 500), range(400, 410), ()),
    ("2026-07-02T00:00:00+00:00", range(480, 520), None, None),
]


@pytest.mark.parametrize("most", [1, 7, 100, 1 << 20])
def test_each_person_counts_once_however_the_tables_are_cut(tmp_path, most):
    path, document = _saved(tmp_path, RUNS)
    found = count_persons(document, path, 2026, most)
    assert _figures(found.of_all) == (520, 10 + 30 + 10, 5 + 2)
    assert _figures(found.of_year) == (470, 40, 2)
    assert found.of_all.untold == {"sensitive": 1, "under_14": 1}
    assert _figures(found.abroad) == (0, 0, 0)
    assert _figures(count_persons(document, path, 2025, most).of_year) == (100, 10, 5)
    assert found.uncounted == 0


sets = st.sets(st.integers(0, 60), max_size=40)


@given(st.lists(st.tuples(st.integers(2024, 2026), sets, sets, sets), min_size=1, max_size=5), st.integers(1, 50))
def test_the_counts_are_those_of_duckdb(tmp_path_factory, runs, most):
    made = [
        (f"{year}-05-01T00:00:00+00:00", people, people & sensitive, people & young)
        for year, people, sensitive, young in runs
    ]
    path, document = _saved(tmp_path_factory.mktemp("register"), made)
    rows = [
        (number, year, person, person in sensitive, person in young)
        for number, (year, people, sensitive, young) in enumerate(runs)
        for person in people
    ]
    columns = list(zip(*rows, strict=True)) or [[], [], [], [], []]
    table = pa.table(dict(zip(("run", "year", "person", "sensitive", "young"), columns, strict=True)))
    query = (
        "select count(distinct person), count(distinct person) filter (sensitive), count(distinct person) filter (young) "
        "from persons_of_runs"
    )
    base = duckdb.connect()
    base.register("persons_of_runs", table)
    found = count_persons(document, path, 2026, most)
    assert _figures(found.of_all) == (base.sql(query).fetchall()[0] if rows else (0, 0, 0))
    of_year = base.sql(f"{query} where year = 2026").fetchall()[0] if rows else (0, 0, 0)
    assert _figures(found.of_year) == of_year


def _given(number, **changes):
    return entry(
        f"crm.{number + 1}",
        run=f"{number:016x}",
        label=LabelName.STILL_PERSONAL,
        given_to={"role": "abroad"},
        **changes,
    )


def test_only_what_is_still_personal_and_may_be_abroad_counts_as_given_abroad(tmp_path):
    entries = (
        _given(0),  # of the year before
        _given(1),
        replace(_given(2), state=State.UNRELEASED),
        entry("analytics.1", run=f"{3:016x}", given_to={"role": "abroad"}),  # anonymized
    )
    path, document = _saved(tmp_path, RUNS, entries)
    assert _figures(count_persons(document, path, 2026).abroad) == (100, 30, 2)
    reached = {one.threshold.id: one.state for one in count_persons(document, path, 2026).reached}
    assert reached["export_mechanism_sensitive"] == "reached"
    assert reached["export_mechanism"] == "below"
    assert may_tell(document, 2026)
    assert not may_tell(document, 2027)


def test_a_threshold_is_near_from_four_fifths_on_and_reached_from_its_number_on():
    one = next(one for one in thresholds() if one.id == "protection_officer")
    assert [one.is_near(800_000), one.is_near(799_999)] == [True, False]
    assert [one.is_reached(1_000_000), one.is_reached(999_999)] == [True, False]


def test_every_threshold_says_what_it_asks_in_both_languages_and_where_that_is_written():
    assert {one.least for one in thresholds()} >= {10_000, 100_000, 1_000_000, 10_000_000}
    for one in thresholds():
        assert set(one.asks) == {"en", "zh"}
        assert one.source
        assert "compliant" not in one.asks["en"]
        assert "合规" not in one.asks["zh"].replace("合规审计", "")


def test_runs_whose_subject_is_not_known_are_told_and_not_counted(tmp_path):
    path, document = _saved(tmp_path, RUNS[:2])
    older = replace(document, runs=(document.runs[0], replace(document.runs[1], subject="", counts={}, special=None)))
    found = count_persons(older, path, 2026)
    assert (found.uncounted, found.of_all.persons, found.of_year.persons) == (1, 100, 0)


def test_persons_of_two_subjects_are_not_taken_for_the_same(tmp_path):
    runs = [(*RUNS[0], "buyer"), (*RUNS[1], "member")]
    path, document = _saved(tmp_path, runs)
    found = count_persons(document, path, 2026)
    assert found.of_all.persons == 200
    assert found.of_all.subjects == ("buyer", "member")


def test_tables_of_one_run_count_one_run_and_persons_by_what_all_call_their_subject(tmp_path):
    """The tables overlap, the last has another subject, and only the first tells of sensitive information."""
    runs = [(*RUNS[0][:3], None, "buyer"), (*RUNS[1][:2], None, None, "customers.buyer"), (*RUNS[1], "seller")]
    path, document = _saved(tmp_path, runs)
    of_one = [replace(run, run=document.runs[0].run, made_at=document.runs[0].made_at) for run in document.runs]
    named = (*(replace(run, common_subject="customers.buyer") for run in of_one[:2]), of_one[2])
    found = count_persons(replace(document, runs=named), path, 2025).of_all
    assert (found.runs, found.persons, found.subjects) == (1, 150 + 100, ("customers.buyer", "seller"))
    assert found.untold == {"sensitive": 0, "under_14": 0}
    assert found.groups == {"sensitive": 10 + 30, "under_14": 2}


def test_a_damaged_table_is_told(tmp_path):
    path, document = _saved(tmp_path, RUNS[:1])
    file = tmp_path / "orders.register" / "tables" / document.runs[0].persons.file
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(UsageError, match="hash"):
        count_persons(document, path, 2026)


def test_the_command_shows_the_counts_and_the_thresholds(tmp_path, capsys):
    path, _ = _saved(tmp_path, RUNS, (_given(1),))
    assert call(["releases", "persons", path, "--year", "2026", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["handled"]["persons"] == 520
    assert found["given_abroad_in_year_at_most"]["persons"] == 100
    assert {one["id"]: one["state"] for one in found["thresholds"]}["protection_officer"] == "below"
    assert call(["releases", "persons", path, "--year", "2026"]) == 0
    said = capsys.readouterr().out
    assert "520" in said
    assert "for a person to decide" in said
    assert call(["releases", "persons", path, "--year", "2026", "--lang", "zh"]) == 0
    assert "敏感个人信息" in "".join(capsys.readouterr().out.split())


def test_the_year_begins_when_it_begins_in_china():
    assert [year_of("2025-12-31T15:59:59+00:00"), year_of("2025-12-31T16:00:00+00:00")] == [2025, 2026]
