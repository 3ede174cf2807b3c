import datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_deid.transforms.dataset.attacker_table import Table
from beam_deid.transforms.dataset.files import open_dataset
from beam_deid.transforms.dataset.joins import Dataset, join_files
from beam_deid.transforms.errors import InputError, UsageError
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.risk.attackers import Candidates
from beam_deid.transforms.risk.linkage import Linked

duckdb = pytest.importorskip("duckdb")

LIMIT = 0.05
DAY = datetime.date(2025, 1, 1)


def write(path, columns):
    table = columns if isinstance(columns, pa.Table) else pa.table(columns)
    pq.write_table(table, path, row_group_size=1_000)
    return table


def joined(folder, release, known, on, subject="who", **options):
    ours = write(folder / "release.parquet", release)
    write(folder / "known.parquet", known)
    files = open_dataset([str(folder / "release.parquet")], InputOptions(), ours.schema.names)
    dataset = Dataset(files, subject)
    return join_files(dataset, Table.read(f"spy={folder}/known.parquet:on={on}"), LIMIT, **options)


def counted(attack):
    return Linked(attack.subjects, attack.linked, attack.linked_rightly)


@pytest.fixture(scope="module")
def orders():
    """Four thousand orders of 1,500 people: city, date and amount; and what an attacker noted of 300 of them, roughly."""
    random = np.random.default_rng(5)
    rows = 4_000
    who = random.integers(0, 1_500, rows)
    days = random.integers(0, 365, rows)
    release = pa.table(
        {
            "who": pa.array([f"p{one}" for one in who]),
            "city": pa.array([f"c{one % 12}" for one in who]),
            "date": pa.array([DAY + datetime.timedelta(int(day)) for day in days]),
            "amount": pa.array(np.round(random.gamma(2, 80, rows), 2)),
        }
    )
    seen = random.choice(rows, 300, replace=False)
    known = release.take(pa.array(seen))
    off = random.integers(-2, 3, 300)
    dates = [date + datetime.timedelta(int(by)) for date, by in zip(known["date"].to_pylist(), off, strict=True)]
    known = known.set_column(2, "date", pa.array(dates))
    return release, known.set_column(3, "amount", pa.array(known["amount"].to_numpy() + random.uniform(-5, 5, 300)))


SQL = """
WITH r AS (SELECT * FROM release), k AS (SELECT row_number() OVER () AS n, * FROM known),
meets AS (SELECT k.n, k.who AS me, count(DISTINCT r.who) AS found, min(r.who) AS whom
          FROM k JOIN r ON {condition} GROUP BY k.n, k.who)
SELECT (SELECT count(DISTINCT who) FROM k), count(DISTINCT me) FILTER (found = 1),
       count(DISTINCT me) FILTER (found = 1 AND whom = me),
       (SELECT max(least) FROM (SELECT min(found) AS least FROM meets GROUP BY me)) FROM meets
"""


@pytest.mark.parametrize(
    ("on", "condition"),
    [
        ("city,date", "k.city = r.city AND k.date = r.date"),
        ("city,date~2d", "k.city = r.city AND abs(date_diff('day', k.date, r.date)) <= 2"),
        ("amount~5", "abs(k.amount - r.amount) <= 5"),
        (
            "city,date~2d,amount~5",
            "k.city = r.city AND abs(date_diff('day', k.date, r.date)) <= 2 AND abs(k.amount - r.amount) <= 5",
        ),
    ],
)
@pytest.mark.parametrize("rows", [10**6, 700])
def test_near_joins_are_those_of_sql_in_one_partition_and_in_several(orders, tmp_path, on, condition, rows):
    release, known = orders
    found = joined(tmp_path, release, known, on, partition_rows=rows)
    database = duckdb.connect()
    database.register("release", release)
    database.register("known", known)
    people, linked, rightly, most = database.execute(SQL.format(condition=condition)).fetchall()[0]
    assert counted(found) == Linked(people, linked, rightly)
    assert found.candidates.most == most
    assert found.share == linked / people


def test_a_mask_is_met_by_the_numbers_that_it_may_stand_for(tmp_path):
    release = {"who": list("abcde"), "mobile": ["138****1234", "138****1234", "139****0001", "13900000002", None]}
    known = {
        "who": list("abcdx"),
        "mobile": ["13800001234", "13811111234", "13955550001", "13900000002", "13700000000"],
    }
    found = joined(tmp_path, release, known, "mobile~mask")
    assert counted(found) == Linked(5, 2, 2)
    assert found.candidates == Candidates(subjects=4, least=1, median=1.5, mean=1.5, most=2)
    assert found.presence is None


def test_a_mask_tells_less_without_its_shape(tmp_path):
    release = {"who": ["a"], "mobile": ["138****1234"]}
    known = {"who": ["a"], "mobile": ["13800001234"]}
    assert joined(tmp_path, release, known, "mobile").linked == 0
    assert joined(tmp_path, release, known, "mobile~mask").linked_rightly == 1


def test_a_city_is_met_in_its_province_too(tmp_path):
    release = {"who": list("abc"), "place": ["浙江省", "杭州", "北京市"]}
    known = {"who": list("abx"), "place": ["宁波市", "杭州市", "nowhere"]}
    found = joined(tmp_path, release, known, "place~cn_divisions")
    # 宁波 can only be in 浙江省; 杭州 is met as such and in its province.
    assert counted(found) == Linked(3, 1, 1)
    assert found.candidates.most == 2


def test_the_table_as_population_gives_k_map_and_presence(tmp_path):
    release = {"who": list("ab"), "city": ["x", "y"]}
    known = {"who": list("abcd"), "city": ["x", "x", "x", "y"]}
    found = joined(tmp_path, release, known, "city").presence
    assert (found.k_map, found.outside) == (1, 0.0)
    assert found.delta == pytest.approx((1 / 3, 1.0), abs=1e-9)


def test_a_subject_that_stands_there_twice_counts_once(tmp_path):
    release = {"who": ["a", "b"], "city": ["x", "y"]}
    found = joined(tmp_path, release, {"who": ["a", "a", "a"], "city": ["x", "x", "y"]}, "city")
    assert counted(found) == Linked(1, 1, 1)


def test_an_empty_table_links_nobody(tmp_path):
    found = joined(
        tmp_path, {"who": ["a"], "city": ["x"]}, {"who": pa.array([], "string"), "city": pa.array([], "string")}, "city"
    )
    assert (found.subjects, found.linked, found.share) == (0, 0, 0.0)


def test_nulls_are_equal_to_each_other_and_near_to_nothing(tmp_path):
    release = {"who": ["a", "b"], "city": [None, "x"], "amount": [1.0, None]}
    known = {"who": ["a", "b"], "city": [None, "x"], "amount": [1.0, None]}
    assert joined(tmp_path, release, known, "city").linked == 2
    assert joined(tmp_path, release, known, "city,amount~1").linked == 1


@pytest.mark.parametrize("kind", [pa.large_string(), pa.string(), pa.dictionary(pa.int32(), pa.string())])
@pytest.mark.parametrize("width", [pa.int64(), pa.int8(), pa.uint16()])
def test_the_layout_of_a_type_is_no_other_type(tmp_path, kind, width):
    release = {"who": ["a", "b"], "city": ["x", "y"], "age": pa.array([1, 2], pa.int32())}
    known = {"who": ["a"], "city": pa.array(["x"]).cast(kind), "age": pa.array([1], width)}
    assert joined(tmp_path, release, known, "city,age").linked_rightly == 1


@pytest.mark.parametrize(
    ("known", "on", "error", "said"),
    [
        ({"town": ["x"]}, "city", InputError, "lacks the column city"),
        ({"city": [1]}, "city", InputError, "int64 here and string in the dataset"),
        ({"city": ["x"]}, "city~2d", InputError, "only numbers, dates and times"),
        ({"amount": [1.0]}, "amount~2d", InputError, "needs a unit"),
        ({"amount": [1.0]}, "amount~mask", InputError, "must be text"),
        ({"city": ["x"]}, "town", UsageError, "no column town"),
        ({"city": ["x"]}, "city~", UsageError, "no field to join on"),
        ({"city": ["x"]}, ",", UsageError, "NAME=GLOB"),
    ],
)
def test_tables_that_cannot_be_joined_are_told(tmp_path, known, on, error, said):
    with pytest.raises(error) as raised:
        joined(tmp_path, {"who": ["a"], "city": ["x"], "amount": [1.0]}, known, on)
    assert said in str(raised.value)
