"""The attacker itself: silent on what is right up to a limit, and not one step beyond it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from .oracle import Finding, attack
from .planted import PAIRS, World, crowd, world
from .product import decided, write
from .test_shipped import ran


def found(world: World, folder: Path) -> list[Finding]:
    """What the attacker finds in what is published of a world."""
    source, policy = world.publish(folder)
    return attack(source, policy, folder)


@pytest.mark.parametrize("name", PAIRS)
def test_what_holds_is_let_stand(name: str, tmp_path: Path) -> None:
    pair, _, _ = PAIRS[name]
    assert found(pair()[0], tmp_path) == []


@pytest.mark.parametrize("name", PAIRS)
def test_one_step_further_is_found(name: str, tmp_path: Path) -> None:
    pair, line, test = PAIRS[name]
    assert (line, test) in {(one.line, one.test) for one in found(pair()[1], tmp_path)}


PLAIN = [
    name for name, (pair, line, _) in PAIRS.items() if line in range(3, 8) and all(world.plain for world in pair())
]


@pytest.mark.parametrize("name", PLAIN)
def test_what_the_product_suppresses_is_enough(name: str, tmp_path: Path) -> None:
    world = PAIRS[name][0]()[1]
    prepared, decision = decided(world, tmp_path, 0.5)
    if decision.releases["a"].label.label == "anonymized":
        write(prepared, decision, tmp_path / "out")
        assert attack(world.source, world.written(0.5), tmp_path / "out") == []


def test_levels_of_a_sensitive_column_are_searched_though_its_most_general_one_tells_nothing(tmp_path: Path) -> None:
    fine = [{**row, "ill": f"{row['ill']} {number % 30}"} for number, row in enumerate(crowd(200))]
    ills = {"generalize": {"prefix": [3]}}
    wide = world(fine, columns={"a": {"place": "keep", "ill": ills}})
    prepared, decision = decided(wide, tmp_path)
    assert decision.releases["a"].label.search.levels == {"ill": "first 3"}
    assert decision.releases["a"].label.label == "anonymized"
    write(prepared, decision, tmp_path / "out")
    assert attack(wide.source, wide.written(0.0), tmp_path / "out") == []


def test_rows_that_differ_in_bits_alone_are_shuffled(tmp_path: Path) -> None:
    zero = PAIRS["equal by value, not by bytes"][0]()[0]
    random = np.random.default_rng(8)
    rows = [zero.rows[number] for number in random.permutation(len(zero.rows))]
    zeros = replace(zero, rows=rows, columns={"a": {"place": "keep"}})
    prepared, decision = decided(zeros, tmp_path)
    assert decision.releases["a"].label.label == "anonymized"
    write(prepared, decision, tmp_path / "out")
    assert attack(zeros.source, zeros.written(0.0), tmp_path / "out") == []


POLICY = """
version: 1
dataset: planted
subject: buyer
fields:
  buyer: {role: direct_identifier}
  city: {role: quasi_identifier}
  age: {role: quasi_identifier, kind: integer}
  ill: {role: sensitive}
releases:
  a:
    purpose: test
    sharing: controlled
    expect: anonymized
    fields: {city: keep, age: {generalize: {ranges: [10, 20]}}, ill: keep}
    require: {suppression: 0.1}
    environment: {controls: high, motive: low, prevalence: 0.0001, acquaintances: 1, security: high}
"""


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> tuple[pa.Table, Path]:
    """Eight hundred records, and what a run published of them."""
    folder = tmp_path_factory.mktemp("planted")
    random = np.random.default_rng(7)
    who = random.permutation(np.repeat(np.arange(400), 2))
    table = pa.table(
        {
            "buyer": [f"u{person}" for person in who],
            "city": [f"c{person % 3}" for person in who],
            "age": pa.array(20 + who % 40),
            "ill": random.choice(["flu", "cold", "gout"], len(who)),
        }
    )
    pq.write_table(table, folder / "in.parquet")
    (folder / "policy.yaml").write_text(POLICY)
    ran(folder / "policy.yaml", folder / "in.parquet", folder / "out")
    return table, folder / "out"


def edited(out: Path, folder: Path, table: pa.Table) -> Path:
    """The same publication with other rows under its label."""
    (folder / "a").mkdir()
    (folder / "a" / "label.json").write_text((out / "a" / "label.json").read_text("utf-8"))
    pq.write_table(table, folder / "a" / "part-00000.parquet")
    return folder


def rows(out: Path) -> pa.Table:
    """The released rows."""
    return pa.concat_tables([pq.read_table(path) for path in sorted((out / "a").glob("part-*.parquet"))])


def fits(row: dict[str, Any], record: dict[str, Any]) -> bool:
    """Whether a released row may be of a record."""
    low, high = (int(age) for age in row["age"].split("-"))
    return low <= record["age"] <= high and (row["city"], row["ill"]) == (record["city"], record["ill"])


def test_an_honest_run_stands(honest: tuple[pa.Table, Path]) -> None:
    source, out = honest
    assert json.loads((out / "a" / "label.json").read_text("utf-8"))["label"] == "anonymized"
    assert attack(source, yaml.safe_load(POLICY), out) == []


def test_a_group_with_rows_taken_away_is_found(honest: tuple[pa.Table, Path], tmp_path: Path) -> None:
    source, out = honest
    table = rows(out)
    first = {name: table.column(name)[0].as_py() for name in ("city", "age")}
    here = np.flatnonzero(
        [
            (city, age) == tuple(first.values())
            for city, age in zip(*(table.column(name).to_pylist() for name in first), strict=True)
        ]
    )
    left = np.setdiff1d(np.arange(table.num_rows), here[4:])
    found = {
        (one.line, one.test) for one in attack(source, yaml.safe_load(POLICY), edited(out, tmp_path, table.take(left)))
    }
    assert {(3, "k"), (3, "k_without:ill")} <= found


def test_rows_of_one_person_added_to_a_group_are_found(honest: tuple[pa.Table, Path], tmp_path: Path) -> None:
    source, out = honest
    table = rows(out)
    buyer = {name: source.column(name)[0].as_py() for name in source.column_names}
    more = pa.Table.from_pylist([buyer] * 2_000, schema=source.schema)
    made = next(row for row in table.to_pylist() if fits(row, buyer))
    longer = pa.concat_tables([table, pa.Table.from_pylist([made] * 2_000, schema=table.schema)])
    found = attack(pa.concat_tables([source, more]), yaml.safe_load(POLICY), edited(out, tmp_path, longer))
    assert (5, "dominance") in {(one.line, one.test) for one in found}


def test_a_value_that_nobody_else_has_is_found(honest: tuple[pa.Table, Path], tmp_path: Path) -> None:
    source, out = honest
    table = rows(out)
    ills = table.column("ill").to_pylist()
    place = source.column_names.index("ill")
    rare = table.set_column(table.column_names.index("ill"), "ill", pa.array(["plague", *ills[1:]]))
    row = table.slice(0, 1).to_pylist()[0]
    whose = next(number for number, one in enumerate(source.to_pylist()) if fits(row, one))
    had = source.column("ill").to_pylist()
    had[whose] = "plague"
    changed = source.set_column(place, "ill", pa.array(had))
    found = attack(changed, yaml.safe_load(POLICY), edited(out, tmp_path, rare))
    assert (3, "k_values:ill") in {(one.line, one.test) for one in found}


def test_rows_that_stand_as_in_the_source_are_found(honest: tuple[pa.Table, Path], tmp_path: Path) -> None:
    source, out = honest
    table = rows(out)
    low = source.column("age").to_numpy() // 10 * 10
    first, last = (int(age) for age in table.column("age")[0].as_py().split("-"))
    width = last - first + 1
    low = low // width * width
    ages = pa.array([f"{age}-{age + width - 1}" for age in low.tolist()])
    ordered = pa.table({"city": source.column("city"), "age": ages, "ill": source.column("ill")})
    found = attack(source, yaml.safe_load(POLICY), edited(out, tmp_path, ordered))
    assert (9, "order") in {(one.line, one.test) for one in found}


@pytest.mark.parametrize("name", ["oracle", "persons", "rebuild"])
def test_the_attacker_shares_no_code_with_the_product(name: str) -> None:
    text = (Path(__file__).parent / f"{name}.py").read_text("utf-8")
    assert "beam_deid" not in text
