"""Rows of tables find the rows that they refer to, as SQL joins them; what refers to nothing is null, and is counted."""

import json
from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.errors import InputError, OutputError, UsageError
from beam_deid.transforms.joining import joining
from beam_deid.transforms.joining.keys import key_texts
from beam_deid.transforms.joining.tables import PreparedTable, inputs_by_table, join_tables, notes_of, prepare_tables
from beam_deid.transforms.policy.reader import read_tables_policy
from beam_deid.transforms.run import spill_batches
from beam_deid.transforms.run.spill_folder import SpillFolder
from beam_deid.transforms.treat.typed import read_typed

from ..kit.tables import POLICY, TABLES, Tables, made_up

LENT = ["tid", "line", "customers.buyer", "customers.mobile"]
JOINED = """
    select i.tid, i.line, c.buyer, c.mobile
    from (select *, row_number() over () as n from read_parquet({items})) i
    left join read_parquet({orders}) o on i.tid = o.tid
    left join read_parquet({customers}) c on o.buyer = c.buyer
    order by n
"""


def joined(made: Tables, folder: SpillFolder) -> tuple[PreparedTable, ...]:
    policy = read_tables_policy(made.policy)
    files = inputs_by_table(policy, [word for word in made.inputs() if word != "-i"])
    return join_tables(prepare_tables(policy, files), folder)


def read(one: PreparedTable, columns: Sequence[str]) -> list[tuple[object, ...]]:
    batches = [batch for shard in one.prepared.shards for batch in read_typed(shard, one.prepared.job, columns)]
    found: list[tuple[object, ...]] = []
    for batch in batches:
        lists = [batch.records.columns[name].to_pylist() for name in columns]
        found += zip(*lists, strict=True)
    return found


def by_sql(folder: Path) -> list[tuple[object, ...]]:
    files = {name: sorted(str(path) for path in folder.glob(f"{name}*.parquet")) for name in TABLES}
    return duckdb.sql(JOINED.format(**files)).fetchall()


def check(made: Tables) -> tuple[PreparedTable, ...]:
    with SpillFolder() as folder:
        tables = joined(made, folder)
        assert read(tables[-1], LENT) == by_sql(made.folder)
    return tables


KEYS = st.lists(st.sampled_from(["a", "B", "b", "ä", "0", "00", "长"]), unique=True, max_size=8)
REFERENCES = st.lists(st.sampled_from(["a", "B", "b", "ä", "0", "00", "长", "x", None]), min_size=1, max_size=20)


@given(buyers=KEYS, tids=KEYS, data=st.data())
def test_rows_are_joined_as_sql_joins_them(
    buyers: list[str], tids: list[str], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Keys of any sort, referred to by none, one or many; null ones and such as are not there."""
    made = Tables(tmp_path_factory.mktemp("shop"))
    owners = data.draw(st.lists(REFERENCES.map(lambda some: some[0]), min_size=len(tids), max_size=len(tids)))
    asked = data.draw(REFERENCES)
    text = pa.string()
    made.write(
        {
            "customers": pa.table(
                {
                    "buyer": pa.array(["z", *buyers]),
                    "mobile": pa.array(["m", *buyers]),
                    "city": pa.array(["c"] * (len(buyers) + 1)),
                }
            ),
            "orders": pa.table(
                {
                    "tid": pa.array(["z", *tids]),
                    "buyer": pa.array([None, *owners], text),
                    "month": pa.array([1] * (len(tids) + 1)),
                }
            ),
            "items": pa.table(
                {
                    "tid": pa.array(asked, text),
                    "line": pa.array(range(len(asked))),
                    "category": pa.array(["c"] * len(asked)),
                }
            ),
        },
        POLICY.replace(", kind: mobile", "").replace(", kind: order_number", ""),
    )
    found = check(made)
    notes = [note for note in notes_of(found) if "rows have no tid" in note]
    expected = (
        f"table items: {asked.count(None)} of {len(asked)} rows have no tid, so that nobody is known whose they are"
    )
    assert notes == ([expected] if None in asked else [])


def test_many_buckets_and_pieces_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several files, in any order; buckets of a few rows; and pieces of some kilobytes."""
    monkeypatch.setattr(joining, "ROWS", 64)
    monkeypatch.setattr(spill_batches.BatchWriter.__init__, "__defaults__", (1 << 14,))
    made = Tables(tmp_path)
    tables = made_up(4_000)
    made.write(tables)
    turned = np.random.default_rng(3).permutation(len(tables["items"]))
    (tmp_path / "items.parquet").unlink()
    for number, some in enumerate(np.array_split(turned, 3)):
        path = tmp_path / f"items-{number}.parquet"
        pq.write_table(tables["items"].take(pa.array(some)), path, row_group_size=257)
    found = check(made)
    guests = {*tables["orders"].column("buyer").to_pylist()} - {*tables["customers"].column("buyer").to_pylist()}
    dangling = sum(one in guests for one in tables["orders"].column("buyer").to_pylist())
    assert dangling > 0
    assert tuple(found[1].referred["buyer"]) == (4_000, 0, dangling)
    assert tuple(found[2].referred["tid"]) == (len(turned), 0, 0)
    assert notes_of(found) == [
        f"table orders: {dangling:,} of 4,000 rows have a buyer that no row of customers has, "
        "so that nobody is known whose they are"
    ]


def test_the_same_key_in_two_rows_is_an_error_that_names_no_value(tmp_path: Path) -> None:
    made = Tables(tmp_path)
    tables = made_up(50)
    made.write({**tables, "customers": pa.concat_tables([tables["customers"], tables["customers"].slice(0, 2)])})
    with SpillFolder() as folder, pytest.raises(InputError) as raised:
        joined(made, folder)
    assert "2 rows have the buyer of another row" in raised.value.what
    assert raised.value.where == "table customers"
    assert not any(value in raised.value.message for value in tables["customers"].column("buyer").to_pylist())


def test_whole_numbers_are_the_same_key_however_they_are_stored() -> None:
    numbers = pa.array([1, 20, None])
    for stored in (numbers, numbers.cast(pa.float64()), numbers.cast(pa.string()), numbers.cast(pa.int8())):
        assert key_texts(stored).to_pylist() == ["1", "20", None]
    assert key_texts(pa.array(["", "a"])).to_pylist() == [None, "a"]


def test_what_waits_on_disk_is_encrypted_and_found_to_be_changed(tmp_path: Path) -> None:
    made = Tables(tmp_path)
    tables = made_up(50)
    made.write(tables)
    with SpillFolder() as folder:
        found = joined(made, folder)
        files = list(Path(folder.path).iterdir())
        assert files
        held = b"".join(path.read_bytes() for path in files)
        assert not any(value.encode() in held for value in tables["customers"].column("mobile").to_pylist())
        assert all(path.stat().st_mode & 0o077 == 0 for path in files)
        for path in files:
            changed = bytearray(path.read_bytes())
            changed[len(changed) // 2] ^= 1
            path.write_bytes(changed)
        with pytest.raises(OutputError, match="cannot be read"):
            read(found[-1], LENT)


def test_items_that_stand_in_their_orders_are_joined_as_well(tmp_path: Path) -> None:
    """A record of a file is several rows then, each of which finds its order."""
    made = Tables(tmp_path)
    nested = POLICY.replace("    joins: {tid: orders}\n", "    joins: {tid: orders}\n    input: {items: lines}\n")
    for name in ("line", "category"):
        nested = nested.replace(f" {name}: ", f" lines.{name}: ")
    tables = {name: table for name, table in made_up(50).items() if name != "items"}
    made.write(tables, nested)
    tids = tables["orders"].column("tid").to_pylist()[:9]
    orders = [{"tid": tid, "lines": [{"line": line, "category": "c"} for line in range(2)]} for tid in tids]
    (tmp_path / "items.jsonl").write_text("".join(json.dumps(one) + "\n" for one in orders), "utf-8")
    policy = read_tables_policy(made.policy)
    files = {name: [str(tmp_path / f"{name}.{'jsonl' if name == 'items' else 'parquet'}")] for name in TABLES}
    with SpillFolder() as folder:
        found = read(join_tables(prepare_tables(policy, files), folder)[-1], ["tid", "lines.line", "customers.buyer"])
    customers = {*tables["customers"].column("buyer").to_pylist()}
    owners = dict(
        zip(tables["orders"].column("tid").to_pylist(), tables["orders"].column("buyer").to_pylist(), strict=True)
    )
    assert found == [
        (tid, line, owners[tid] if owners[tid] in customers else None) for tid in tids for line in range(2)
    ]


def test_files_say_of_which_table_they_are(tmp_path: Path) -> None:
    made = Tables(tmp_path)
    made.write({})
    policy = read_tables_policy(made.policy)
    for inputs, said in (
        (["orders.csv"], "orders.csv does not say of which"),
        (["order=orders.csv"], "the policy has no table order"),
        (["orders="], "does not say of which"),
        (["orders=orders.csv"], "there are no files of the table customers"),
    ):
        with pytest.raises(UsageError, match=said):
            inputs_by_table(policy, inputs)
