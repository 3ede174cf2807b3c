"""Generated orders of platforms: coherent, the same every time, flat and nested alike."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.recognisers.platforms.catalogue import platform, platforms
from beam_deid.transforms.recognisers.platforms.ciphertext import parse
from beam_deid.transforms.synthetic import write_platform_orders
from beam_deid.transforms.synthetic.platforms import SHAPES, platform_batches, platform_records


def orders(name: str, rows: int, seed: int = 1, start: int = 0) -> pa.Table:
    return pa.Table.from_batches(platform_batches(name, rows, seed, start))


def test_every_platform_that_is_described_can_be_made() -> None:
    assert set(SHAPES) == set(platforms())


@pytest.mark.parametrize("name", SHAPES)
def test_columns_are_those_of_the_platforms_file(name: str) -> None:
    assert orders(name, 3).column_names == list(platform(name).fields)


@pytest.mark.parametrize("name", SHAPES)
def test_a_row_depends_on_the_seed_and_its_number_alone(name: str) -> None:
    table = orders(name, 300)
    assert table.equals(orders(name, 300))
    assert table.slice(100, 50).equals(orders(name, 50, start=100))
    assert not table.equals(orders(name, 300, seed=2))


@pytest.mark.parametrize("name", SHAPES)
def test_order_numbers_are_each_given_once(name: str) -> None:
    number = orders(name, 20_000).column(0)
    assert pc.count_distinct(number).as_py() == 20_000


def leaf(record: Any, path: list[str]) -> Any:
    for part in path:
        record = record[0] if isinstance(record, list) else record
        record = record[part]
    return record


@pytest.mark.parametrize("name", SHAPES)
def test_nested_records_hold_what_the_flat_rows_hold(name: str) -> None:
    rows = orders(name, 200).to_pylist()
    records = list(platform_records(name, 200, 1))
    for row, record in zip(rows, records, strict=True):
        for field, value in row.items():
            assert leaf(record, field.split(".")) == value
        json.dumps(record)


@pytest.mark.parametrize("name", [name for name, one in platforms().items() if one.items])
def test_orders_have_one_to_three_articles(name: str) -> None:
    path = str(platform(name).items).split(".")
    counts = {len(leaf(record, path)) for record in platform_records(name, 300, 1)}
    assert counts == {1, 2, 3}


@pytest.mark.parametrize("name", SHAPES)
def test_rows_of_articles_are_the_items_of_the_records(name: str) -> None:
    items = []
    described = platform(name)
    for record in platform_records(name, 300, 1):
        listed = leaf(record, described.items.split(".")) if described.items else [None]
        items += [(record, item) for item in listed]
    rows = pa.Table.from_batches(platform_batches(name, 300, 1, articles=True)).to_pylist()
    assert len(rows) == len(items) >= 300
    prefix = f"{described.items}." if described.items else "-"
    for row, (record, item) in zip(rows, items, strict=True):
        for field, value in row.items():
            given = leaf(item, [field[len(prefix) :]]) if field.startswith(prefix) else leaf(record, field.split("."))
            assert (str(value) if isinstance(given, str) else value) == given


def test_equal_index_means_equal_last_digits_and_its_length_tells_the_names() -> None:
    table = orders("taobao", 5_000).combine_chunks()
    name = parse(table.column("receiver_name").chunk(0))
    phone = parse(table.column("receiver_mobile").chunk(0))
    assert set(pc.unique(pc.utf8_length(name.column("index").drop_null())).to_pylist()) >= {4, 8}
    indexed = phone.column("index").filter(pc.equal(phone.column("form"), "index_cipher"))
    assert 10 < pc.count_distinct(indexed).as_py() < len(indexed)


def test_a_buyers_address_id_is_the_same_at_the_same_home() -> None:
    table = orders("xiaohongshu", 5_000)
    pairs = table.group_by("openAddressId").aggregate([("receiverDistrictName", "count_distinct")])
    assert pc.max(pairs.column("receiverDistrictName_count_distinct")).as_py() == 1
    assert len(pairs) < 4_000


def test_there_are_no_orders_of_a_platform_nobody_knows() -> None:
    with pytest.raises(UsageError, match="Choose one of douyin"):
        next(platform_batches("amazon", 1))


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_files_hold_the_orders_and_are_the_same_every_time(tmp_path: Path, ending: str) -> None:
    for number in (1, 2):
        write_platform_orders(str(tmp_path / f"{number}.{ending}"), "wechat", 100, seed=3)
    first, second = (tmp_path / f"{number}.{ending}" for number in (1, 2))
    assert first.read_bytes() == second.read_bytes()
    if ending == "jsonl":
        lines = first.read_text("utf-8").splitlines()
        assert [json.loads(line) for line in lines] == list(platform_records("wechat", 100, 3))
    elif ending == "parquet":
        assert pq.read_table(first).equals(orders("wechat", 100, seed=3))
    else:
        assert len(first.read_text("utf-8").splitlines()) == 101


def test_exports_as_shops_get_them_are_armoured_and_in_gb18030(tmp_path: Path) -> None:
    write_platform_orders(str(tmp_path / "a.csv"), "taobao", 50, format="platform_csv")
    lines = (tmp_path / "a.csv").read_text("gb18030").splitlines()
    assert len(lines) == 51
    assert lines[1].startswith('"=""')
    with pytest.raises(UsageError, match="Choose one of parquet"):
        write_platform_orders(str(tmp_path / "a.xls"), "taobao", 50)


def test_the_demo_makes_a_platforms_orders_and_says_what_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["demo", "--platform", "douyin", "--rows", "500", "--folder", str(tmp_path / "d")]
    assert call([*arguments, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["platform"] == "douyin"
    assert told["fields"]["encrypt_post_tel"] == {
        "role": ["direct_identifier"],
        "form": "platform_ciphertext",
        "share": 1.0,
        "platforms": {"douyin": 500},
        "holds": {"mobile": 500},
    }
    assert call(arguments) == 0
    assert "recognised as douyin" in capsys.readouterr().out
    assert call(["demo", "--platform", "amazon", "--folder", str(tmp_path / "e")]) == 2
    assert not (tmp_path / "e").exists()
