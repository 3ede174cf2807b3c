"""A new measure is one file and one entry: the figures of a run and of `assess`, and the label's schema, have it then."""

import jsonschema
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from .counted import one_file
from .kit import Package, copied

NEW = "transforms/risk/measures/largest.py"
LISTING = "transforms/risk/measures/__init__.py"
FILE = '''\
"""The largest class."""

from dataclasses import dataclass

from beam_deid.transforms.risk.meaning import COUNTED, Meaning
from beam_deid.transforms.risk.measures.measure import Count, Figures, Measure, View


@dataclass(frozen=True)
class LargestFigures(Figures):
    """The figures of `Largest`.

    Attributes:
        largest: Subjects of the largest class.
    """

    largest: Count


class Largest(Measure):
    """The size of the largest class."""

    name = "largest"
    kind = LargestFigures
    meanings = {"largest": Meaning(meaning="Persons in the largest group", advice=COUNTED)}

    def figures(self, view: View) -> LargestFigures:
        """Take the greatest number of subjects."""
        return LargestFigures(view.sizes.largest)
'''
POLICY = """\
version: 1
dataset: shop
subject: each_record
fields:
  city: {role: quasi_identifier}
releases:
  out: {purpose: test, sharing: controlled, fields: {city: keep}}
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    changed = copied(tmp_path_factory.mktemp("package"))
    changed.add(NEW, FILE)
    imported = "from beam_deid.transforms.risk.measures.largest import Largest"
    changed.enter(LISTING, "    Largest(),", before="    Population(),\n", imports=imported)
    pq.write_table(pa.table({"city": ["A"] * 30 + ["B"] * 10}), changed.folder / "orders.parquet")
    (changed.folder / "policy.yaml").write_text(POLICY, "utf-8")
    return changed


def test_it_is_one_file_and_one_line(package: Package) -> None:
    one_file(package, NEW, LISTING)


@pytest.mark.slow("processes that import a copy of the package")
def test_the_label_and_its_schema_have_its_figure(package: Package) -> None:
    schema = package.document("schema", "--label")
    assert schema["properties"]["risk"]["properties"]["largest"] == {"$ref": "#/$defs/count"}
    run = ("run", "policy.yaml", "-i", "orders.parquet", "-o", "out", "--workers", "1", "--json")
    label = package.document(*run)["labels"]["out"]
    assert label["risk"]["largest"] == 30
    jsonschema.validate(label, schema)
    with pytest.raises(jsonschema.ValidationError, match="'30' is not of type 'integer'"):
        jsonschema.validate({**label, "risk": {**label["risk"], "largest": "30"}}, schema)
    package.command("verify", "out")


def test_assess_tells_it(package: Package) -> None:
    assert package.document("assess", "-i", "orders.parquet", "--quasi", "city", "--json")["largest"] == 30


def test_it_is_explained(package: Package) -> None:
    told = package.document("explain", "largest", "--json")
    assert (told["what"], told["place"]) == ("figure", "risk.largest")
    assert told["meaning"] == "Persons in the largest group"


def test_a_figure_without_a_meaning_is_refused(package: Package) -> None:
    path = package.folder / "beam_deid" / NEW
    path.write_text(FILE.replace('"largest": Meaning', '"greatest": Meaning'), "utf-8")
    try:
        said = package.command("explain", "k", code=1)
    finally:
        path.write_text(FILE, "utf-8")
    assert "Traceback" not in said


def test_a_figure_that_does_not_say_its_shape_has_no_schema(package: Package) -> None:
    path = package.folder / "beam_deid" / NEW
    path.write_text(FILE.replace("largest: Count", "largest: int"), "utf-8")
    try:
        said = package.command("schema", "--label", code=1)
    finally:
        path.write_text(FILE, "utf-8")
    assert "Traceback" not in said
