"""A new platform is one YAML file: drafts, and the recognition of its columns, know it then."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from .counted import one_file
from .kit import Package, copied

NEW = "configs/platforms/marketplace.yaml"
FILE = """\
version: 1
name: marketplace
title: A marketplace
source: this test
shapes:
  parcel: "MP[0-9]{9}"
fields:
  purchase.parcelMark: {role: direct_identifier, kind: tracking_number, forms: parcel, linkable: true, says: a parcel}
  purchase.shopperHandle: {role: direct_identifier, says: the buyer}
  purchase.paidCents: {role: quasi_identifier, kind: integer, unit: fen, says: what was paid}
  purchase.paidAt: {role: quasi_identifier, kind: timestamp, time: seconds, says: when it was paid}
  purchase.shelf: {role: sensitive, says: what was bought}
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    changed = copied(tmp_path_factory.mktemp("package"))
    changed.add(NEW, FILE)
    columns = {
        "parcelMark": [f"MP{number:09d}" for number in range(40)],
        "shopperHandle": [f"s{number % 7}" for number in range(40)],
        "paidCents": [100 * (number % 9) for number in range(40)],
        "paidAt": [1_700_000_000 + number for number in range(40)],
        "shelf": ["A", "B"] * 20,
    }
    pq.write_table(pa.table(columns), changed.folder / "orders.parquet")
    return changed


def test_it_is_one_file_and_no_line(package: Package) -> None:
    one_file(package, NEW)


def test_a_draft_tells_the_platform_and_what_its_columns_are(package: Package) -> None:
    drafted = package.document("profile", "-i", "orders.parquet", "--json")
    assert (drafted["platform"]["name"], drafted["platform"]["title"]) == ("marketplace", "A marketplace")
    parcel = drafted["fields"]["parcelMark"]
    assert (parcel["role"], parcel["kind"]) == (["direct_identifier"], "tracking_number")
    assert parcel["reasons"][:2] == ["named purchase.parcelMark: a parcel", "100.0% of the values are parcel"]


def test_a_mistake_in_it_is_told_with_its_place(package: Package) -> None:
    path = package.folder / "beam_deid" / NEW
    path.write_text(FILE.replace("kind: integer", "kind: integers"), "utf-8")
    try:
        said = package.command("profile", "-i", "orders.parquet", code=2)
    finally:
        path.write_text(FILE, "utf-8")
    assert "marketplace.yaml" in said
    assert "fields.purchase.paidCents.kind" in said
