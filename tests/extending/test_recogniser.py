"""A new recogniser is one file and one entry: the scan of a run, `redact`, drafts and `assess` look for it then."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from .counted import one_file
from .kit import Package, copied

NEW = "transforms/recognisers/imei.py"
LISTING = "transforms/recognisers/__init__.py"
FILE = '''\
"""IMEI: fifteen digits that name a telephone, the last of them Luhn's check digit."""

from beam_deid.transforms.recognisers.bank_card import is_luhn
from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign

IMEI = Recogniser(
    "imei",
    "(?:35|49|86)[0-9]{13}",
    {Sign.DIGIT: 15},
    before="0-9",
    after="0-9",
    check=is_luhn,
    source="3GPP TS 23.003",
    links=True,
)
'''
IMEIS = ["490154203237518", "356938035643809"]
POLICY = """\
version: 1
dataset: shop
subject: each_record
fields:
  city: {role: quasi_identifier}
  note: {role: quasi_identifier}
releases:
  clear: {purpose: test, sharing: controlled, fields: {city: keep, note: keep}}
  redacted: {purpose: test, sharing: controlled, fields: {city: keep, note: {redact: {kinds: [imei]}}}}
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    changed = copied(tmp_path_factory.mktemp("package"))
    changed.add(NEW, FILE)
    imported = "from beam_deid.transforms.recognisers.imei import IMEI"
    changed.enter(LISTING, "    IMEI,", before="    MAC_ADDRESS,\n", imports=imported)
    columns = {"city": ["A"] * 40, "note": IMEIS * 20}
    pq.write_table(pa.table(columns), changed.folder / "orders.parquet")
    (changed.folder / "policy.yaml").write_text(POLICY, "utf-8")
    return changed


def test_it_is_one_file_and_one_line(package: Package) -> None:
    one_file(package, NEW, LISTING)


def test_a_draft_finds_it_by_values(package: Package) -> None:
    drafted = package.document("profile", "-i", "orders.parquet", "--json")["fields"]["note"]
    assert drafted["role"] == ["direct_identifier"]
    assert drafted["reasons"][0] == "100.0% of the values are imei"


def test_the_scan_of_a_run_finds_it_and_redact_removes_it(package: Package) -> None:
    run = ("run", "policy.yaml", "-i", "orders.parquet", "-o", "out", "--workers", "1", "--json")
    labels = package.document(*run)["labels"]
    assert [(hit["field"], hit["kind"], hit["hits"]) for hit in labels["clear"]["scan"]] == [("note", "imei", 2)]
    (test,) = (test for test in labels["clear"]["tests"] if test["name"] == "value_scan")
    assert not test["passed"]
    assert labels["redacted"]["scan"] == []
    (part,) = (package.folder / "out" / "redacted").glob("part-*.parquet")
    assert set(pq.read_table(part).column("note").to_pylist()) == {"[IMEI]"}


def test_assess_finds_it(package: Package) -> None:
    found = package.document("assess", "-i", "orders.parquet", "--quasi", "city", "--json")["scan"]
    assert [(hit["field"], hit["kind"]) for hit in found] == [("note", "imei")]
