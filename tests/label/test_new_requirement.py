"""A new requirement is one file and one entry: schemas, plan, label and README's table know it then.

It is added to a copy of the package, and what comes out of that is asked for in a process of its own: nothing is patched.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import beam_deid.configs
import beam_deid.pipelines
import beam_deid.transforms

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

    def planned(self, scope: Scope) -> Iterator[Planned]:
        """One test."""
        yield self._test(self.limit(scope), scope.columns, "records that are released")

    def figure(self, test: Planned, seen: Seen) -> Figure:
        """How many there are."""
        return Figure(None if seen.empty else seen.risk.of(ClassSizes).records, "records are released")
'''
BEFORE = "    Dominance(), "
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
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a copy of the package that has one file and one entry more."""
    folder = tmp_path_factory.mktemp("package")
    for part in (beam_deid.configs, beam_deid.pipelines, beam_deid.transforms):
        source = Path(str(part.__file__)).parent
        shutil.copytree(source, folder / "beam_deid" / source.name, ignore=shutil.ignore_patterns("__pycache__"))
    requirements = folder / "beam_deid/transforms/label/requirements"
    (requirements / "records.py").write_text(FILE, "utf-8")
    listing = (requirements / "__init__.py").read_text("utf-8")
    assert listing.count(BEFORE) == 1
    imported = "from beam_deid.transforms.label.requirements.records import Records\n"
    listing = listing.replace("\nREQUIREMENTS", f"{imported}\nREQUIREMENTS", 1)
    listing = listing.replace(BEFORE, f"    Records(), {BEFORE.strip()} ")
    (requirements / "__init__.py").write_text(listing, "utf-8")
    pq.write_table(pa.table({"city": ["A"] * 40}), folder / "orders.parquet")
    (folder / "policy.yaml").write_text(POLICY, "utf-8")
    return folder


def said(package: Path, *arguments: str, code: int = 0) -> str:
    """What a process of the changed package prints."""
    paths = os.pathsep.join([str(package), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=package,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def asked(package: Path, *arguments: str) -> Any:
    return json.loads(said(package, "-m", "beam_deid.pipelines", *arguments))


def test_the_policys_schema_has_its_option(package: Path) -> None:
    option = asked(package, "schema")["$defs"]["Require"]["properties"]["records"]
    assert option["description"] == "Least number of records that are released"


def test_the_plan_has_its_test_and_the_reader_its_floor(package: Path) -> None:
    tests = asked(package, "plan", "policy.yaml", "--json")["releases"]["out"]["tests"]
    assert [(test["line"], test["limit"], test["compare"]) for test in tests if test["name"] == "records"] == [
        (5, 7, "at_least")
    ]
    (package / "lax.yaml").write_text(POLICY.replace("records: 7", "records: 3"), "utf-8")
    assert "3 is below 4, the least that any sharing model allows" in said(
        package, "-m", "beam_deid.pipelines", "plan", "lax.yaml", code=2
    )


def test_the_label_and_its_schema_have_it(package: Path) -> None:
    run = ("run", "policy.yaml", "-i", "orders.parquet", "-o", "out", "--workers", "1", "--json")
    label = asked(package, *run)["labels"]["out"]
    (test,) = (test for test in label["tests"] if test["name"] == "records")
    assert (test["line"], test["measured"], test["limit"], test["passed"]) == (5, 40, 7, True)
    assert label["label"] == "anonymized"
    assert label["limits"]["records"] == label["asked"]["asked"]["records"] == 7
    schema = asked(package, "schema", "--label")
    jsonschema.validate(label, schema)
    assert schema["properties"]["asked"]["properties"]["asked"]["properties"]["records"]
    from beam_deid.transforms.label.schema import label_schema

    with pytest.raises(jsonschema.ValidationError):  # the package as it is knows no such test
        jsonschema.validate(label, label_schema())


def test_readmes_table_has_its_row(package: Path) -> None:
    table = said(package, "-c", "from beam_deid.transforms.label.table import requirements_table as t; print(t())")
    row = "| 5 Dominance | `records` | records that are released | ≥ 4 | this test | `records: 9` |"
    assert row in table.splitlines()
