"""Persons of real runs, in memory and in buckets, over months that overlap: as DuckDB counts them in the files."""

import json

import duckdb
import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.beam import run
from beam_deid.transforms.measure.chunks import Bounds
from beam_deid.transforms.register.folder import read
from beam_deid.transforms.register.persons_counted import count_persons, year_of

from ..kit.keys import KEK

POLICY = """
version: 1
dataset: clinic
subject: patient
record: visit
keys: {keyring: clinic.keyring}
recipients:
  abroad: {name: an institute, role: abroad, contract: "2026-017"}
fields:
  visit: {role: direct_identifier, kind: order_number}
  patient: {role: direct_identifier}
  mobile: {role: direct_identifier, kind: mobile}
  birth_date: {role: quasi_identifier, kind: date}
  illness: {role: sensitive}
releases:
  study:
    purpose: research
    sharing: enclave
    recipient: abroad
    expect: still_personal
    fields: {patient: {tokenize: {domain: patient}}, birth_date: keep, illness: keep}
"""
MONTHS = {"june": range(60), "july": range(40, 110), "august": range(100, 130)}


def rows(numbers):
    """Two visits of each patient; every third has an illness written down at the second, every fifth is a child."""
    for number in numbers:
        born = "2019-05-06" if number % 5 == 0 else "1980-05-06"
        for visit in (0, 1):
            illness = "flu" if visit and number % 3 == 0 else ""
            yield f"9{number * 2 + visit:017d},patient-{number},{13800000000 + 7919 * number},{born},{illness}"


@pytest.fixture(autouse=True)
def _kek(monkeypatch):
    monkeypatch.setenv("SHOP_KEK", KEK)


@pytest.fixture(
    params=[False, pytest.param(True, marks=pytest.mark.slow("counts in buckets"))], ids=["in memory", "in buckets"]
)
def clinic(request, tmp_path, monkeypatch):
    """A folder with a policy, a keyring and files, and whether records are counted in buckets."""
    if request.param:
        monkeypatch.setattr(run, "ASIDE", Bounds(few=0, bucket=60))
    (tmp_path / "policy.yaml").write_text(POLICY, "utf-8")
    for month, numbers in MONTHS.items():
        text = "\n".join(["visit,patient,mobile,birth_date,illness", *rows(numbers)])
        (tmp_path / f"{month}.csv").write_text(f"{text}\n", "utf-8")
    assert call(["keys", "create", str(tmp_path / "clinic.keyring"), "--kek", "env:SHOP_KEK"]) == 0
    return tmp_path


def by_duckdb(*paths):
    """All persons, those with sensitive information, and those under fourteen, in files of orders."""
    files = ", ".join(f"'{path}'" for path in paths)
    young = "birth_date > current_date - interval 14 years"
    return duckdb.sql(
        "select count(distinct patient), "
        f"count(distinct patient) filter (illness is not null or {young}), count(distinct patient) filter ({young}) "
        f"from read_csv([{files}], all_varchar = false, nullstr = '')"
    ).fetchall()[0]


def test_runs_and_their_union_have_the_persons_of_their_files(clinic):
    for month in MONTHS:
        given = ["run", str(clinic / "policy.yaml"), "-i", str(clinic / f"{month}.csv"), "--workers", "1"]
        assert call([*given, "-o", str(clinic / month)]) == 0
        persons = json.loads((clinic / month / "run.json").read_text("utf-8"))["persons"]
        found = tuple(persons[name] for name in ("persons", "sensitive", "under_14"))
        assert found == by_duckdb(clinic / f"{month}.csv")
        assert persons["by"] == {"sensitive": ["birth_date", "illness"], "under_14": ["birth_date"]}
    path = str(clinic / "clinic.register")
    document = read(path)
    counted = count_persons(document, path, year_of(document.written_at), most_rows=50)
    whole = by_duckdb(*(clinic / f"{month}.csv" for month in MONTHS))
    for found in (counted.of_all, counted.of_year, counted.abroad):
        assert (found.persons, found.groups["sensitive"], found.groups["under_14"]) == whole
    assert count_persons(document, path, 1999).abroad.persons == 0


def test_a_run_says_where_a_threshold_is_near(clinic, capsys):
    given = ["run", str(clinic / "policy.yaml"), "-i", str(clinic / "june.csv"), "--workers", "1"]
    assert call([*given, "-o", str(clinic / "june")]) == 0
    said = " ".join(capsys.readouterr().out.split())
    _, sensitive, _ = by_duckdb(clinic / "june.csv")
    assert f"{sensitive} persons with sensitive information were given abroad" in said
    assert "the threshold of 1 is reached" in said
    assert "1,000,000" not in said


def test_nobody_is_counted_as_none_by_fields_that_were_not_read(clinic):
    """The illness stays in the source, and a birth date alone tells of nobody."""
    text = POLICY.replace(", birth_date: keep, illness: keep", ", birth_date: keep")
    (clinic / "policy.yaml").write_text(text, "utf-8")
    june = clinic / "june.csv"
    june.write_text(june.read_text("utf-8").replace("2019-05-06", "1980-05-06"), "utf-8")
    assert (
        call(["run", str(clinic / "policy.yaml"), "-i", str(june), "--workers", "1", "-o", str(clinic / "june")]) == 0
    )
    persons = json.loads((clinic / "june" / "run.json").read_text("utf-8"))["persons"]
    assert (persons["sensitive"], persons["under_14"]) == (None, 0)
    assert persons["by"]["sensitive"] == ["birth_date"]
