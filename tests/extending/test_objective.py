"""A new objective of the search is one file and one entry: policies, `search` and the page's table know it then."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from .counted import one_file
from .kit import Package, copied

NEW = "transforms/search/objectives/class_count.py"
LISTING = "transforms/search/objectives/__init__.py"
FILE = '''\
"""The number of classes that are missing."""

from beam_deid.transforms.search.objectives.objective import Left, Objective


class MissingClasses(Objective):
    """How many more classes there would be if each record were one; what is suppressed is none."""

    name = "missing_classes"
    words = "records less classes"
    source = "this test"
    grows = True

    def value(self, left: Left) -> float:
        """In classes."""
        return float(left.total - len(left.classes))
'''
POLICY = """\
version: 1
dataset: shop
subject: each_record
fields:
  age: {role: quasi_identifier, kind: integer}
releases:
  out:
    purpose: test
    sharing: controlled
    fields: {age: {generalize: {ranges: [2, 4, 8]}}}
    search: {objective: missing_classes}
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    changed = copied(tmp_path_factory.mktemp("package"))
    changed.add(NEW, FILE)
    imported = "from beam_deid.transforms.search.objectives.class_count import MissingClasses"
    changed.enter(LISTING, "        MissingClasses(),", before="        AverageClassSize(),\n", imports=imported)
    pq.write_table(pa.table({"age": [number // 3 for number in range(48)]}), changed.folder / "orders.parquet")
    (changed.folder / "policy.yaml").write_text(POLICY, "utf-8")
    return changed


def test_it_is_one_file_and_one_line(package: Package) -> None:
    one_file(package, NEW, LISTING)


def test_the_policys_schema_has_it(package: Package) -> None:
    objective = package.document("schema")["$defs"]["Search"]["properties"]["objective"]
    assert "missing_classes" in objective["enum"]


def test_the_search_goes_by_it(package: Package) -> None:
    found = package.document("search", "policy.yaml", "-i", "orders.parquet", "--json")
    assert found["objective"] == "missing_classes"
    # Ranges of two ages hold six records: 8 classes of 48 records.
    assert (found["levels"], found["loss"], found["objectives"]["missing_classes"]) == ({"age": 0}, 40, 40)
    assert "missing_classes" in package.command(
        "search", "policy.yaml", "-i", "orders.parquet", "--objective", "none", code=2
    )


def test_the_pages_table_has_its_row(package: Package) -> None:
    table = package.run("-c", "from beam_deid.transforms.search.documented import objectives_table as t; print(t())")
    assert "| `missing_classes` | records less classes | this test |" in table.splitlines()
