"""Attackers' tables and earlier releases that could be joined amiss, so that nothing would be found."""

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from .test_attacks import Shop, named_tests

PEOPLE = 400


@pytest.fixture
def shop(tmp_path):
    """Four hundred people in one city; ten of them are alone with their age, and three of the others have each other age."""
    ages = [1_000 + one if one < 10 else one % 130 for one in range(PEOPLE)]
    return Shop(
        tmp_path,
        {
            "buyer": [f"b{one}" for one in range(PEOPLE)],
            "age": pa.array(ages, pa.int32()),
            "code": [f"0{one}" for one in ages],
            "city": ["杭州市"] * PEOPLE,
        },
    )


POLICY = """
version: 1
dataset: shop
subject: buyer
fields:
  buyer: {role: direct_identifier}
  age: {role: insensitive}
  code: {role: insensitive}
  city: {role: quasi_identifier}
releases:
  report:
    purpose: test
    sharing: enclave
    fields: {city: keep, age: keep, code: keep}
    attackers: {spy: {knows: [KNOWS], table: "known.*"}}
"""


def attacked(shop, known, knows="city, age", csv=False, code=0):
    table = pa.table({"buyer": [f"b{one}" for one in range(PEOPLE)], "city": ["杭州市"] * PEOPLE} | known)
    if csv:
        pyarrow.csv.write_csv(table, shop.folder / "known.csv")
    else:
        pq.write_table(table, shop.folder / "known.parquet")
    shop.run(POLICY.replace("KNOWS", knows), code=code)
    if code:
        return None
    label = shop.label("report")
    (attack,) = (one for one in label["attacks"] if one["name"] == "attacker:spy")
    return attack, named_tests(label)["attacker:spy"]


def ages(shop):
    return pq.read_table(shop.folder / "orders.parquet").column("age").combine_chunks()


@pytest.mark.parametrize("kind", [pa.int32(), pa.int64(), pa.float64(), pa.string()])
@pytest.mark.parametrize("csv", [False, True])
def test_a_tables_numbers_are_read_as_the_source_has_them(shop, kind, csv):
    attack, test = attacked(shop, {"age": ages(shop).cast(kind)}, csv=csv)
    assert (attack["subjects"], attack["linked"], attack["linked_rightly"]) == (PEOPLE, 10, 10)
    assert (test["line"], test["passed"], test["measured"], test["limit"]) == (7, False, 10 / PEOPLE, 0)


@pytest.mark.parametrize(
    ("known", "knows"),
    [
        ({"age": [f"about {one}" for one in range(PEOPLE)]}, "city, age"),
        ({"code": list(range(PEOPLE))}, "city, code"),
        ({"age": [0.5] * PEOPLE}, "city, age"),
    ],
    ids=["text for numbers", "numbers for text", "fractions for whole numbers"],
)
def test_a_table_of_other_types_stops_the_run(shop, capsys, known, knows):
    attacked(shop, known, knows, code=3)
    said = capsys.readouterr().err
    assert "in the source, so nothing would match" in said
    assert "known.parquet" in said


def test_a_table_that_lacks_a_column_stops_the_run(shop, capsys):
    attacked(shop, {}, code=3)
    assert "lacks the column age" in capsys.readouterr().err


def test_a_table_that_is_missing_stops_the_run(shop, capsys):
    shop.run(POLICY.replace("KNOWS", "city, age"), code=3)
    said = capsys.readouterr().err
    assert "no file matches the attacker's table" in said
    assert "known.*" in said


def test_nulls_of_a_table_are_the_sources_nulls(shop):
    attack, _ = attacked(shop, {"age": [None] * PEOPLE})
    assert (attack["linked"], attack["candidates"]) == (0, None)


@pytest.mark.parametrize("city", [["杭州"] * PEOPLE, [None] * PEOPLE], ids=["spelled otherwise", "null"])
def test_an_attack_that_meets_nobody_proves_nothing(shop, city):
    attack, test = attacked(shop, {"age": ages(shop), "city": pa.array(city, pa.string())})
    assert (attack["linked"], attack["candidates"], attack["limit"]) == (0, None, 0.0)
    assert (test["passed"], test["measured"]) == (False, None)
    assert "proves nothing" in test["detail"]
    assert shop.label("report")["label"] == "still_personal"


def test_subjects_that_stand_there_twice_count_once(shop):
    known = pa.table(
        {"buyer": ["b0", "b0", "b0", "b1", "x"], "city": ["杭州市"] * 5, "age": [1_000, 1_000, 5, 1_001, 1_002]}
    )
    pq.write_table(known, shop.folder / "known.parquet")
    shop.run(POLICY.replace("KNOWS", "city, age"))
    (attack,) = (one for one in shop.label("report")["attacks"] if one["name"] == "attacker:spy")
    assert (attack["subjects"], attack["linked"], attack["linked_rightly"]) == (3, 3, 2)


EARLIER = POLICY.replace('{knows: [KNOWS], table: "known.*"}', "ARCHIVE").replace(
    "    fields: {", "    key: ephemeral\n    fields: {buyer: hash, "
)


def test_pseudonyms_of_another_run_are_not_joined_on(shop):
    shop.run(EARLIER.replace("    attackers: {spy: ARCHIVE}\n", ""), "may")
    shop.run(EARLIER.replace("ARCHIVE", "{release: may/report}"))
    (attack,) = (one for one in shop.label("report")["attacks"] if one["name"] == "attacker:spy")
    # Each of the ten is linked by age; on the pseudonyms, other ones in each run, nobody would be.
    assert (sorted(attack["on"]), attack["linked"]) == (["age", "city", "code"], 10)
    shop.run(EARLIER.replace("ARCHIVE", "{release: may/report, knows: [buyer, age]}"), "named")
    test = named_tests(shop.label("report", "named"))["attacker:spy"]
    assert (test["passed"], test["measured"]) == (False, None)
    assert "other pseudonyms in every run" in test["detail"]
