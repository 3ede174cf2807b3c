"""A new action, mask preset, kind of hierarchy, FPE preset or substitute is one file and one line.

Schema, plan, the page's table and a real run know it then.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from .kit import Package, Touched, copied


@dataclass(frozen=True)
class Addition:
    """What is added: a file, and an entry in front of the last one of a listing."""

    file: str
    text: str
    listing: str
    entry: str
    before: str

    @property
    def imports(self) -> str:
        module = self.file.removesuffix(".py").replace("/", ".")
        return f"from beam_deid.{module} import {re.sub(r'[^A-Za-z_]', '', self.entry)}"

    def to(self, package: Package) -> None:
        package.add(self.file, self.text)
        package.enter(self.listing, self.entry, before=self.before, imports=self.imports)


ACTION = Addition(
    "transforms/actions/reverse.py",
    '''\
"""reverse: the value backwards."""

from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.actions.action import Action, Bound, Documented, KeySource, Target, Treated
from beam_deid.transforms.columns.canonical_text import canonical_text
from beam_deid.transforms.terms import Recoverability


class Reverse(Action):
    """Write the value backwards, which hides nothing."""

    name: ClassVar[str] = "reverse"
    documented: ClassVar[tuple[Documented, ...]] = (
        Documented("reverse", "writes the value backwards", "`clear`", "like `keep`"),
    )

    def recoverability(self, target: Target) -> Recoverability:
        """Clear: whoever reads it backwards has the value."""
        return Recoverability.CLEAR

    def sentence(self, target: Target) -> str:
        """That it is written backwards."""
        return f"{target.field} is written backwards"

    def bind(self, target: Target, keys: KeySource, level: int | None = None) -> Bound:
        """Nothing to make ready."""
        return lambda column, subject: Treated(pc.utf8_reverse(canonical_text(column)))
''',
    "transforms/actions/__init__.py",
    "    Reverse,",
    "    Redact,\n",
)
MASK = Addition(
    "transforms/actions/masks/presets/order_number.py",
    '''\
"""The mask of order numbers."""

from typing import ClassVar

import pyarrow as pa

from beam_deid.transforms.actions.addresses import Division
from beam_deid.transforms.actions.masks.characters import keep_ends
from beam_deid.transforms.actions.masks.preset import MaskPreset


class OrderNumber(MaskPreset):
    """The last two digits are kept."""

    name: ClassVar[str] = "order_number"

    def mask(self, texts: pa.Array, char: str, division: Division | None = None) -> pa.Array:
        """See `MaskPreset.mask`."""
        return keep_ends(texts, 0, 2, char)
''',
    "transforms/actions/masks/presets/__init__.py",
    "    OrderNumber(),",
    "    Address(),\n",
)
HIERARCHY = Addition(
    "transforms/actions/hierarchies/suffix.py",
    '''\
"""A hierarchy over text by its last characters: ``suffix: [4, 2]``."""

from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from beam_deid.transforms.actions.action import Treated
from beam_deid.transforms.actions.hierarchy import ALL, Hierarchy, HierarchyOptions
from beam_deid.transforms.columns.canonical_text import canonical_text
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.recognisers.kinds.text import TEXT


class SuffixOptions(HierarchyOptions):
    """The options of a hierarchy of suffixes."""

    suffix: tuple[int, ...] | None = Field(None, description="Numbers of last characters kept")


class SuffixHierarchy(Hierarchy[SuffixOptions]):
    """The last characters of a text."""

    option: ClassVar[str] = "suffix"
    options: ClassVar[type[HierarchyOptions]] = SuffixOptions
    wants: ClassVar[Kind] = TEXT

    def __init__(self, lengths: tuple[int, ...]) -> None:
        self._lengths = lengths

    @classmethod
    def of(cls, options: SuffixOptions) -> "SuffixHierarchy":
        """See `Hierarchy.of`."""
        return cls(options.suffix or ())

    @classmethod
    def problem(cls, options: SuffixOptions) -> str | None:
        """See `Hierarchy.problem`."""
        return None if options.suffix else "suffix needs at least one length"

    @property
    def levels(self) -> tuple[str, ...]:
        """``last 4``, ``last 2`` and ``*``."""
        return (*(f"last {length}" for length in self._lengths), ALL)

    def base(self, column: pa.Array) -> Treated:
        """The longest suffix."""
        return Treated(pc.utf8_slice_codeunits(canonical_text(column), -self._lengths[0]))

    def at(self, values: pa.Array, level: int) -> pa.Array:
        """The suffix of ``level``."""
        if level == len(self._lengths):
            return pc.if_else(pc.is_valid(values), ALL, pa.scalar(None, pa.string()))
        return pc.utf8_slice_codeunits(values, -self._lengths[level])
''',
    "transforms/actions/hierarchies/__init__.py",
    "    SuffixHierarchy,",
    "    TableHierarchy,\n",
)
SHAPE = Addition(
    "transforms/actions/shapes/tracking_number.py",
    '''\
"""Tracking numbers that keep their carrier."""

from pydantic import BaseModel, Field

from beam_deid.transforms.actions.shapes.characters import ALPHABETS, Characters
from beam_deid.transforms.actions.shapes.preset import ShapePreset
from beam_deid.transforms.actions.shapes.shape import Shape


class TrackingNumberOptions(BaseModel):
    """The options of the preset ``tracking_number``."""

    keep_carrier: int | None = Field(None, description="How many characters name the carrier; 2 if not given")


def _tracking_number(key: bytes, keep_carrier: int = 2) -> Shape:
    return Characters(key, ALPHABETS["digits"], keep_carrier)


TRACKING_NUMBER = ShapePreset(
    "tracking_number",
    _tracking_number,
    "another tracking number of the same carrier",
    adds=TrackingNumberOptions,
)
''',
    "transforms/actions/shapes/__init__.py",
    "    TRACKING_NUMBER,",
    "    ORDER_NUMBER,\n",
)
SUBSTITUTE = Addition(
    "transforms/actions/surrogates/job.py",
    '''\
"""Made-up jobs."""

from beam_deid.transforms.actions.surrogates.substitute import Substitute

JOB = Substitute("job", lambda faker: faker.job())
''',
    "transforms/actions/surrogates/__init__.py",
    "    JOB,",
    "    CITY,\n",
)
ADDITIONS = (ACTION, MASK, HIERARCHY, SHAPE, SUBSTITUTE)
POLICY = """\
version: 1
dataset: shop
subject: each_record
fields:
  city: {role: quasi_identifier}
  tid: {role: direct_identifier, kind: order_number}
  code: {role: quasi_identifier}
  parcel: {role: direct_identifier, kind: tracking_number}
  job: {role: insensitive}
keys: {key: "file:orders.key"}
releases:
  out:
    purpose: test
    sharing: controlled
    expect: still_personal
    fields:
      city: reverse
      tid: {mask: {preset: order_number}}
      code: {generalize: {suffix: [4, 2], level: last 2}}
      parcel: {fpe: {preset: tracking_number, keep_carrier: 3}}
      job: {surrogate: {of: job}}
  searched: {purpose: test, sharing: controlled, fields: {city: reverse, code: {generalize: {suffix: [4, 2]}}}}
"""
SENTENCES = {
    "city": "city is written backwards",
    "tid": "tid is masked as an order number",
    "code": "code is generalized by suffix (4, 2); fixed at level last 2",
    "parcel": "parcel becomes another tracking number of the same carrier (FF1), which the key turns back, "
    "domain out/parcel; taken trimmed, and whole numbers without a point and a zero (17850.0)",
    "job": "job is replaced by a made-up job that a key picks, domain out/job",
}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """A copy of the package that has all five, with a policy that uses each."""
    package = copied(tmp_path_factory.mktemp("package"))
    for addition in ADDITIONS:
        addition.to(package)
    rows = range(200)
    columns = {
        "city": ["Bonn"] * 200,
        "tid": [f"{row:012}" for row in rows],
        "code": [f"A{row % 4:04}" for row in rows],
        "parcel": [f"SF1{row:012}" for row in rows],
        "job": ["baker"] * 200,
    }
    pq.write_table(pa.table(columns), package.folder / "orders.parquet")
    (package.folder / "policy.yaml").write_text(POLICY, "utf-8")
    (package.folder / "orders.key").write_bytes(bytes(range(32)))
    (package.folder / "orders.key").chmod(0o600)
    return package


@pytest.mark.parametrize("addition", ADDITIONS, ids=lambda one: one.file)
def test_it_is_one_file_and_one_line(addition: Addition, tmp_path: Path) -> None:
    package = copied(tmp_path)
    addition.to(package)
    assert package.touched() == Touched((addition.file,), {addition.listing: 1})


def test_the_policys_schema_knows_each(package: Package) -> None:
    definitions: dict[str, Any] = package.document("schema")["$defs"]

    def options(action: str) -> Any:
        return definitions[f"Action_{action}"]["properties"][action]["properties"]

    def names(option: Any) -> Any:
        return next(one["enum"] for one in option["anyOf"] if "enum" in one)

    assert definitions["Action_reverse"]["description"] == "Write the value backwards, which hides nothing."
    assert "reverse" in definitions["Action"]["anyOf"][0]["enum"]
    assert "order_number" in names(options("mask")["preset"])
    assert options("generalize")["suffix"]["description"] == "Numbers of last characters kept"
    assert "tracking_number" in names(options("fpe")["preset"])
    assert options("fpe")["keep_carrier"]["description"] == "How many characters name the carrier; 2 if not given"
    assert "job" in names(options("surrogate")["of"])


def test_the_plan_says_what_each_does(package: Package) -> None:
    fields = package.document("plan", "policy.yaml", "--json")["releases"]["out"]["fields"]
    assert {field["field"]: field["sentence"] for field in fields} == SENTENCES


def test_the_readers_advice_names_each(package: Package) -> None:
    wrong = POLICY.replace("reverse", "revers").replace("suffix", "sufix").replace("{of: job}", "{of: jobb}")
    (package.folder / "wrong.yaml").write_text(wrong, "utf-8")
    said = package.command("plan", "wrong.yaml", code=2)
    assert all(f"did you mean '{name}'?" in said for name in ("reverse", "suffix", "job"))


def test_the_pages_table_lists_each(package: Package) -> None:
    table = package.run("-c", "from beam_deid.transforms.actions.table import actions_table as t; print(t())")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*)$", table, re.MULTILINE))
    assert rows["reverse"] == "writes the value backwards | `clear` | like `keep` |"
    named = {"mask": "order_number", "generalize": "suffix", "fpe": "tracking_number", "surrogate": "job"}
    assert all(f"`{name}`" in rows[action] for action, name in named.items())


def test_a_run_releases_what_each_makes(package: Package) -> None:
    run = ("run", "policy.yaml", "-i", "orders.parquet", "-o", "out", "--workers", "1", "--json")
    labels = package.document(*run)["labels"]
    assert labels["searched"]["search"]["levels"] == {"code": "last 4"}
    assert labels["searched"]["label"] == "anonymized"
    parts = sorted((package.folder / "out/out").glob("*.parquet"))
    rows = pa.concat_tables([pq.read_table(part) for part in parts]).to_pylist()
    assert len(rows) == 200
    assert {row["city"] for row in rows} == {"nnoB"}
    assert {row["tid"] for row in rows} == {"*" * 10 + f"{number:02}" for number in range(100)}
    assert {row["code"] for row in rows} == {f"{number:02}" for number in range(4)}
    assert all(re.fullmatch(r"SF1\d{12}", row["parcel"]) for row in rows)
    assert len({row["job"] for row in rows}) == 1


def test_an_option_that_is_added_changes_no_other_formats_record(package: Package) -> None:
    """What a key was used for is on record; it must read the same once other formats have more options."""
    asked = (
        "from beam_deid.transforms.actions import parse_action; from beam_deid.transforms.actions.action import Target; "
        "print(parse_action({'fpe': {'preset': 'mobile'}}).form(Target('out', 'mobile')))"
    )
    assert package.run("-c", asked) == (
        '{"alphabet": null, "keep_birth": null, "keep_first": null, "keep_last": null, "keep_prefix": null, '
        '"others": null, "preset": "mobile"}\n'
    )
