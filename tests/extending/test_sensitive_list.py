"""A new list of sensitive values is one YAML file: drafts, runs and labels know it then."""

import jsonschema
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from .counted import one_file
from .kit import Package, copied

NEW = "configs/sensitive/tattoos.yaml"
FILE = """\
version: 1
name: tattoos
title: tattoos
chinese: 纹身
category: specific_identity
source: this test
date: 2026-11-27
terms: [纹身]
words: [tattoo]
except: [纹身贴]
"""
POLICY = """\
version: 1
dataset: shop
subject: each_record
fields:
  city: {role: quasi_identifier}
  goods: {role: insensitive}
releases:
  a: {purpose: test, sharing: enclave, fields: {city: keep, goods: keep}}
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    changed = copied(tmp_path_factory.mktemp("package"))
    changed.add(NEW, FILE)
    goods = ["纹身机", "Tattoos 10", "儿童纹身贴", "茶"] * 10
    pq.write_table(pa.table({"city": ["A"] * 40, "goods": goods}), changed.folder / "orders.parquet")
    (changed.folder / "policy.yaml").write_text(POLICY, "utf-8")
    return changed


def test_it_is_one_file_and_no_line(package: Package) -> None:
    one_file(package, NEW)


def test_a_draft_tells_it_and_proposes_the_role(package: Package) -> None:
    drafted = package.document("profile", "-i", "orders.parquet", "--json")["fields"]["goods"]
    assert "sensitive" in drafted["role"]
    assert "distinct values on the list tattoos: 2" in drafted["reasons"]


def test_a_label_tells_it(package: Package) -> None:
    label = package.document("run", "policy.yaml", "-i", "orders.parquet", "-o", "out", "--workers", "1", "--json")[
        "labels"
    ]["a"]
    jsonschema.validate(label, package.document("schema", "--label"))
    (one,) = label["sensitive_values"]
    assert (label["sensitive"], one["list"], one["category"]) == (True, "tattoos", "specific_identity")
    assert one["article"] == "PIPL Art. 28, 特定身份"
    assert one["fields"] == {"goods": 2}
    assert one["spread"] == {"persons": 20, "share": 0.5, "groups": 1, "largest": 0.5}


def test_a_mistake_in_it_is_told_with_its_place(package: Package) -> None:
    path = package.folder / "beam_deid" / NEW
    path.write_text(FILE.replace("category: specific_identity", "category: basic"), "utf-8")
    try:
        said = package.command("profile", "-i", "orders.parquet", code=2)
    finally:
        path.write_text(FILE, "utf-8")
    assert "tattoos.yaml" in said
    assert "basic is no sensitive category" in said
