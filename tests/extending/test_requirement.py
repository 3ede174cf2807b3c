"""A new requirement is one file and one entry: schemas, plan, label and the page's table know it then."""

import jsonschema
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_deid.transforms.label.schema import label_schema

from .counted import one_file
from .kit import Package, copied

NEW = "transforms/label/requirements/records.py"
LISTING = "transforms/label/requirements/__init__.py"
FILE = '''\
"""Line 5: a release has several records."""

from collections.abc import Iterator

from beam_deid.transforms.label.options import Count, Option
from beam_deid.transforms.label.requirements.requirement import Compare, Default, Figure, Planned, Requirement, Seen
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.risk.measures.k_anonymity import ClassSizes


class Records(Requirement):
    """At least so many records are released."""

    name = "records"
    line = 5
    option = Option[int]("records", Count, "Least number of records that are released")
    example = "records: 9"
    default = Default.always(4, "this test")
    compare = Compare.AT_LEAST
    words = "records that are released"
    remedy = "Release fewer."

    def planned(self, scope: Scope) -> Iterator[Planned]:
        """One test."""
        yield self._test(self.limit(scope), scope.columns, "records that are released")

    def figure(self, test: Planned, seen: Seen) -> Figure:
        """How many there are."""
        return Figure(None if seen.empty else seen.risk.of(ClassSizes).records, "records are released")
'''
POLICY = """\
version: 1
dataset: shop
subject: each_record
fields:
  city: {role: quasi_identifier}
releases:
  out: {purpose: test, sharing: controlled, fields: {city: keep}, require: {records: 7}}
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    changed = copied(tmp_path_factory.mktemp("package"))
    changed.add(NEW, FILE)
    imported = "from beam_deid.transforms.label.requirements.records import Records"
    changed.enter(LISTING, "    Records(),", before="    Dominance(),\n", imports=imported)
    pq.write_table(pa.table({"city": ["A"] * 40}), changed.folder / "orders.parquet")
    (changed.folder / "policy.yaml").write_text(POLICY, "utf-8")
    return changed


def test_it_is_one_file_and_one_line(package: Package) -> None:
    one_file(package, NEW, LISTING)


def test_the_policys_schema_has_its_option(package: Package) -> None:
    option = package.document("schema")["$defs"]["Require"]["properties"]["records"]
    assert option["description"] == "Least number of records that are released"


def test_the_plan_has_its_test_and_the_reader_its_floor(package: Package) -> None:
    tests = package.document("plan", "policy.yaml", "--json")["releases"]["out"]["tests"]
    assert [(test["line"], test["limit"], test["compare"]) for test in tests if test["name"] == "records"] == [
        (5, 7, "at_least")
    ]
    (package.folder / "lax.yaml").write_text(POLICY.replace("records: 7", "records: 3"), "utf-8")
    assert "3 is below 4, the least that any sharing model allows" in package.command("plan", "lax.yaml", code=2)


def test_the_label_and_its_schema_have_it(package: Package) -> None:
    run = ("run", "policy.yaml", "-i", "orders.parquet", "-o", "out", "--workers", "1", "--json")
    label = package.document(*run)["labels"]["out"]
    (test,) = (test for test in label["tests"] if test["name"] == "records")
    assert (test["line"], test["measured"], test["limit"], test["passed"]) == (5, 40, 7, True)
    assert label["label"] == "anonymized"
    assert label["limits"]["records"] == label["asked"]["asked"]["records"] == 7
    schema = package.document("schema", "--label")
    jsonschema.validate(label, schema)
    assert schema["properties"]["asked"]["properties"]["asked"]["properties"]["records"]
    with pytest.raises(jsonschema.ValidationError):  # the package as it is knows no such test
        jsonschema.validate(label, label_schema())


def test_the_pages_table_has_its_row(package: Package) -> None:
    table = package.run("-c", "from beam_deid.transforms.label.table import requirements_table as t; print(t())")
    row = "| 5 Dominance | `records` | records that are released | ≥ 4 | this test | `records: 9` |"
    assert row in table.splitlines()
