"""Two releases of some of the same orders, made in two runs, each anonymous by itself: what they say together fails line 8."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_deid.transforms.register.folder import read

from ..kit.policies import policy, release, roles
from ..label.cases.kit import Case, Outcome, run

GOODS = ("food", "books", "shoes")
SHOP = roles(direct="tid:order_number buyer", quasi="city age:integer", sensitive="goods")
BY_ORDER = {"record": "tid"}


def orders(groups: Sequence[tuple[str, int, Mapping[str, int]]], first: int = 0) -> pa.Table:
    """Orders of groups: city, age, and of how many buyers there are which goods. Each buyer has one order."""
    rows = [(city, age, goods) for city, age, many in groups for goods, count in many.items() for _ in range(count)]
    names = [f"{first + number:06d}" for number in range(len(rows))]
    columns = {"tid": [f"9{name}" for name in names], "buyer": [f"u{name}" for name in names]}
    return pa.table(columns | dict(zip(("city", "age", "goods"), map(list, zip(*rows, strict=True)), strict=True)))


def evenly(count: int) -> dict[str, int]:
    """As many buyers of each of the goods."""
    return dict.fromkeys(GOODS, count)


CITIES = orders([(city, age, evenly(40)) for city in ("north", "south") for age in (30, 40)])


def one_of_two(
    name: str,
    files: Mapping[str, pa.Table | str],
    inputs: Sequence[str],
    releases: Sequence[str],
    made: Mapping[str, Any],
) -> Case:
    """A case of two runs of one policy, each with an input and a release of its own."""
    commands = [
        ("run", "policy.yaml", "--input", source, "--output", out, "--release", chosen)
        for source, chosen, out in zip(inputs, releases, ("first", "second"), strict=True)
    ]
    return Case(
        name,
        "",
        lambda: files,
        policy(SHOP, top=BY_ORDER, **made),
        commands=tuple(commands),
        outputs=("first", "second"),
    )


def alone(outcome: Outcome, name: str) -> set[str]:
    """The tests of a release that do not hold, all of which are of line 8, or of the order that only anonymized releases have."""
    failing = outcome.failing(name)
    assert set(failing) == {8, 9}, failing
    return {words.partition(" ")[0].rstrip(":") for words in failing[8]}


CONTROLLED = {"a": release("controlled", "city age goods")}
PUBLIC = {"a": release("public", "city age goods")}
SUPPRESSING = {"a": release("controlled", "city age goods", require={"suppression": 0.3})}


def without(table: pa.Table, city: str, age: int, goods: str, count: int) -> pa.Table:
    """The orders without some of a group."""
    left = count
    rows = []
    for row in table.to_pylist():
        if left and (row["city"], row["age"], row["goods"]) == (city, age, goods):
            left -= 1
        else:
            rows.append(row)
    assert not left
    return pa.Table.from_pylist(rows, table.schema)


ONE_MORE = pa.concat_tables([CITIES, orders([("north", 30, {"food": 1})], first=9_000)])
MANY_MORE = pa.concat_tables([CITIES, orders([("north", 30, evenly(40))], first=9_000)])
FEW_OF_ONE_GOODS = pa.concat_tables(
    [CITIES, orders([("north", 30, {"tea": 2}), ("south", 40, {"tea": 40})], first=9_000)]
)

DIFFERENCES = [
    ("one-order-more", CITIES, ONE_MORE, CONTROLLED, {"composition:a.1"}),
    ("one-order-more-in-public", CITIES, ONE_MORE, PUBLIC, {"composition:a.1"}),
    ("one-order-less", ONE_MORE, CITIES, CONTROLLED, {"composition:a.1"}),
    ("one-order-less-in-public", ONE_MORE, CITIES, PUBLIC, {"composition:a.1"}),
    # Those who left were all that had one thing: whoever knows that somebody left knows what it had.
    (
        "all-of-one-secret-left",
        FEW_OF_ONE_GOODS,
        without(FEW_OF_ONE_GOODS, "north", 30, "tea", 2),
        CONTROLLED,
        {"composition:a.1"},
    ),
]


IDS = [one[0] for one in DIFFERENCES]


@pytest.mark.parametrize(("first", "second", "made", "fails"), [one[1:] for one in DIFFERENCES], ids=IDS)
def test_a_difference_of_few_fails_composition_alone(tmp_path: Path, first, second, made, fails) -> None:
    files = {"first.parquet": first, "second.parquet": second}
    outcome = run(one_of_two("difference", files, ("first.parquet", "second.parquet"), "aa", made), tmp_path)
    assert outcome.code == 0, outcome.said
    assert outcome.labels["first/a"]["label"] == "anonymized"
    assert outcome.labels["second/a"]["label"] == "still_personal"
    assert alone(outcome, "second/a") == fails


@pytest.mark.parametrize(
    ("first", "second", "made"),
    [
        (CITIES, MANY_MORE, PUBLIC),
        (MANY_MORE, CITIES, PUBLIC),
        (CITIES, CITIES, PUBLIC),
        (ONE_MORE, CITIES, SUPPRESSING),
        (CITIES, ONE_MORE, SUPPRESSING),
        (FEW_OF_ONE_GOODS, without(FEW_OF_ONE_GOODS, "north", 30, "tea", 2), SUPPRESSING),
    ],
    ids=[
        "many-more",
        "many-less",
        "the-same",
        "one-less-suppressed",
        "one-more-suppressed",
        "all-of-one-secret-suppressed",
    ],
)
def test_a_difference_of_many_or_of_none_is_anonymized(tmp_path: Path, first, second, made) -> None:
    files = {"first.parquet": first, "second.parquet": second}
    outcome = run(one_of_two("difference", files, ("first.parquet", "second.parquet"), "aa", made), tmp_path)
    assert outcome.code == 0, outcome.said
    assert {name: outcome.failing(name) for name in outcome.labels} == {"first/a": {}, "second/a": {}}


def test_what_was_suppressed_leaves_no_difference_of_few(tmp_path: Path) -> None:
    """Of the group that lost all of one secret nothing is given out any more; of the others everything is."""
    files = {"first.parquet": FEW_OF_ONE_GOODS, "second.parquet": without(FEW_OF_ONE_GOODS, "north", 30, "tea", 2)}
    run(one_of_two("difference", files, ("first.parquet", "second.parquet"), "aa", SUPPRESSING), tmp_path)
    left = pq.read_table(tmp_path / "second" / "a" / "part-00000.parquet").to_pylist()
    assert {(row["city"], row["age"]) for row in left} == {("north", 40), ("south", 30), ("south", 40)}
    assert len(left) == files["second.parquet"].num_rows - 120


# Ages from 20 to 59 in each of two halves of each of two cities: each release hides what the other shows.
HALVES = orders(
    [(f"{city}, {half}", age, evenly(10)) for city in ("north", "south") for half in "ab" for age in range(20, 60)]
)
HIERARCHY = "".join(f"{city}, {half};{city};*\n" for city in ("north", "south") for half in "ab")
PLACE = {"generalize": {"hierarchy": "places.csv", "level": "level 1"}}
AGE = {"generalize": {"ranges": [10], "level": "by 10"}}
ONE_BY_ONE = {
    "a": release("public", "goods city", {"age": AGE}),
    "b": release("public", "goods age", {"city": PLACE}),
}


@pytest.mark.parametrize("names", ["ab", "ba"])
def test_two_releases_of_one_policy_made_one_by_one_fail_composition_alone(tmp_path: Path, names: str) -> None:
    files = {"in.parquet": HALVES, "places.csv": HIERARCHY}
    outcome = run(one_of_two("one by one", files, ("in.parquet", "in.parquet"), names, ONE_BY_ONE), tmp_path)
    assert outcome.code == 0, outcome.said
    first, second = (f"{out}/{name}" for out, name in zip(("first", "second"), names, strict=True))
    assert outcome.labels[first]["label"] == "anonymized", outcome.failing(first)
    assert outcome.labels[second]["label"] == "still_personal"
    assert alone(outcome, second) == {f"composition:{names[0]}.1"}


def test_a_release_of_no_register_is_not_known_again(tmp_path: Path) -> None:
    """The same two runs, each by itself: it is the register that tells."""
    files = {"first.parquet": CITIES, "second.parquet": ONE_MORE}
    case = one_of_two("difference", files, ("first.parquet", "second.parquet"), "aa", CONTROLLED)
    without_register = Case(
        case.name, "", case.data, {**case.policy, "register": "none"}, commands=case.commands, outputs=case.outputs
    )
    outcome = run(without_register, tmp_path)
    assert {name: label["label"] for name, label in outcome.labels.items()} == dict.fromkeys(
        ("first/a", "second/a"), "anonymized"
    )
    assert read(str(tmp_path / "t.register")) is None
    assert not json.loads((tmp_path / "second" / "run.json").read_text("utf-8")).get("register")


def renamed(table: pa.Table, spelt: str) -> pa.Table:
    """The same orders with another column that says what the goods are in other words."""
    return table.append_column("what", pa.array([f"{spelt}{one}" for one in table["goods"].to_pylist()]))


@pytest.mark.parametrize(("first", "second"), [("goods", "what"), ("what", "goods")])
def test_a_copy_of_what_was_secret_before_under_another_name_is_found(tmp_path: Path, first: str, second: str) -> None:
    """Each release has the goods under a name of its own, and nobody would know them again by the name."""
    fields = {**SHOP, "what": {"role": "quasi_identifier"}}
    # In groups that are large enough by themselves either way.
    made = {"a": release("enclave", f"city age {first}"), "b": release("enclave", f"city age {second}")}
    files = {"in.parquet": renamed(CITIES, "no. ")}
    case = one_of_two("copies", files, ("in.parquet", "in.parquet"), "ab", made)
    case = Case(
        case.name, "", case.data, {**case.policy, "fields": fields}, commands=case.commands, outputs=case.outputs
    )
    outcome = run(case, tmp_path)
    assert outcome.code == 0, outcome.said
    assert outcome.labels["first/a"]["label"] == "anonymized", outcome.failing("first/a")
    assert outcome.labels["second/b"]["label"] == "still_personal"
    tests = {test["name"]: test for test in outcome.labels["second/b"]["tests"]}
    assert (tests["composition:a.1"]["measured"], tests["composition:a.1"]["passed"]) == (None, False)
    assert "says what goods in" in tests["composition:a.1"]["detail"]
