"""A new file format is one file and one entry: policies, inputs, parts, drafts and `verify` know it then."""

import pyarrow as pa
import pytest

from .counted import one_file
from .kit import Package, copied

NEW = "transforms/formats/arrow_file.py"
LISTING = "transforms/formats/__init__.py"
FILE = '''\
"""Arrow's own file format."""

from collections.abc import Collection, Iterator, Sequence
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats.format import Chunk, Description, Format, PartWriter, Shard
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.output_options import AS_USUAL, OutputOptions
from beam_deid.transforms.storage.files import open_arrow


class ArrowFile(Format):
    """Record batches, as `pyarrow.ipc` writes them."""

    name = "arrow"
    suffixes = (".arrow",)
    describes = True

    def schema(self, path: str, options: InputOptions) -> pa.Schema:
        """The file's own."""
        return _opened(path).schema

    def described(self, path: str) -> Description:
        """All of it is counted."""
        file = _opened(path)
        return Description(file.read_all().num_rows, file.schema)

    def shards(self, path: str, size: int, options: InputOptions, rows: int) -> list[Shard]:
        """The whole file."""
        return [Shard(path, self.name, size)]

    def read(
        self,
        shard: Shard,
        options: InputOptions,
        columns: Sequence[str],
        rows: int,
        known: Collection[str] | None = None,
        spare: Collection[str] = (),
    ) -> Iterator[Chunk]:
        """Batch by batch."""
        first = 0
        for batch in _opened(shard.path).read_all().select(list(columns)).to_batches(rows):
            yield Chunk(batch, np.arange(first, first + batch.num_rows))
            first += batch.num_rows

    def writer(self, stream: BinaryIO, schema: pa.Schema, options: OutputOptions = AS_USUAL) -> PartWriter:
        """One batch of the file for each that is written."""
        return pa.ipc.new_file(stream, schema)


def _opened(path: str) -> pa.ipc.RecordBatchFileReader:
    try:
        return pa.ipc.open_file(open_arrow(path))
    except pa.ArrowInvalid:
        raise InputError("this is no Arrow file", path, "Write it again") from None
'''
POLICY = """\
version: 1
dataset: shop
subject: each_record
fields:
  city: {role: quasi_identifier}
  age: {role: quasi_identifier, kind: integer}
releases:
  out: {purpose: test, sharing: controlled, format: arrow, fields: {city: keep, age: keep}}
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    changed = copied(tmp_path_factory.mktemp("package"))
    changed.add(NEW, FILE)
    imported = "from beam_deid.transforms.formats.arrow_file import ArrowFile"
    changed.enter(LISTING, "ArrowFile(), ", before="JsonDocument())", imports=imported)
    table = pa.table({"city": ["A", "B"] * 20, "age": [20] * 40})
    with pa.ipc.new_file(changed.folder / "orders.arrow", table.schema) as writer:
        writer.write_table(table)
    (changed.folder / "policy.yaml").write_text(POLICY, "utf-8")
    return changed


def test_it_is_one_file_and_one_line(package: Package) -> None:
    one_file(package, NEW, LISTING)


def test_the_policys_schema_has_it_for_input_and_output(package: Package) -> None:
    definitions = package.document("schema")["$defs"]
    assert definitions["Release"]["properties"]["format"]["enum"] == ["parquet", "csv", "xlsx", "jsonl", "arrow"]
    told = definitions["InputOptions"]["properties"]["format"]["description"]
    assert told == "parquet, csv, xlsx, avro, orc, arrow, json or jsonl; by the file's name if not given"


def test_paths_into_records_do_not_go_with_it(package: Package) -> None:
    (package.folder / "nested.yaml").write_text(f"{POLICY}input: {{format: arrow, items: lines}}\n", "utf-8")
    assert "items is for JSON, and format says arrow" in package.command("plan", "nested.yaml", code=2)


def test_a_draft_reads_it(package: Package) -> None:
    fields = package.document("profile", "-i", "orders.arrow", "--json")["fields"]
    assert fields["age"]["reads_as"] == "integer"


def test_a_later_run_is_joined_with_what_it_wrote(package: Package) -> None:
    run = ("run", "-i", "orders.arrow", "--workers", "1", "--json")
    package.command(*run, "policy.yaml", "-o", "earlier")
    attackers = "attackers: {holder: {release: earlier/out, knows: [city, age]}}"
    (package.folder / "later.yaml").write_text(POLICY.replace("format: arrow", f"format: arrow, {attackers}"), "utf-8")
    (test,) = [
        test
        for test in package.document(*run, "later.yaml", "-o", "later")["labels"]["out"]["tests"]
        if test["line"] == 7
    ]
    assert test["measured"] is not None, test["detail"]


def test_verify_compares_what_its_parts_say_of_themselves(package: Package) -> None:
    package.command("run", "policy.yaml", "-i", "orders.arrow", "-o", "told", "--workers", "1")
    file = package.folder / "beam_deid" / NEW
    file.write_text(FILE.replace(".num_rows, file.schema", ".num_rows + 1, file.schema"), "utf-8")
    try:
        assert "holds 41 rows, the label says 40" in package.command("verify", "told", "--json", code=1)
    finally:
        file.write_text(FILE, "utf-8")


@pytest.mark.slow("processes that import a copy of the package")
def test_a_run_reads_and_writes_it_and_verify_knows_its_parts(package: Package) -> None:
    run = ("run", "policy.yaml", "-i", "orders.arrow", "-o", "out", "--workers", "1", "--json")
    label = package.document(*run)["labels"]["out"]
    assert [file["path"] for file in label["files"]] == ["part-00000.arrow"]
    with pa.ipc.open_file(package.folder / "out" / "out" / "part-00000.arrow") as reader:
        table = reader.read_all()
    assert sorted(table.column("city").to_pylist()) == ["A"] * 20 + ["B"] * 20
    assert table.schema.metadata[b"beam_deid.release"] == b"out"
    package.command("verify", "out")
    (package.folder / "out" / "out" / "part-00000.arrow").write_bytes(b"no such thing")
    assert "was changed" in package.command("verify", "out", "--json", code=1) + package.command(
        "verify", "out", code=1
    )
