"""Generated orders: what they are made of, that they hang together, and that a row is bound to its seed."""

from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.actions.built_in import district_rows
from beam_deid.transforms.synthetic import ORDER_FIELDS, ORDER_SCHEMA, order_batches, orders
from beam_deid.transforms.synthetic.goods import SENSITIVE_CATEGORIES
from beam_deid.transforms.synthetic.messages import CONTACT_SHARE

from ..kit.examples import examples

ROWS = 60_000


@pytest.fixture(scope="module")
def table() -> pa.Table:
    return orders(ROWS, seed=3)


def counts(column: pa.ChunkedArray) -> np.ndarray:
    """How often each value stands in the column, most frequent first."""
    return np.sort(pc.value_counts(column).field("counts").to_numpy())[::-1]


def share(mask: pa.ChunkedArray) -> float:
    return pc.mean(mask.cast(pa.float64())).as_py()


@examples(0.2)
@given(st.integers(0, 3 << 30), st.integers(0, 400), st.integers(0, 300), st.integers(1, 150), st.integers(-9, 9))
def test_a_row_depends_on_seed_and_row_number_only(start: int, rows: int, skip: int, batch: int, seed: int) -> None:
    whole = orders(rows + skip, seed, start)
    pieces = list(order_batches(rows, seed, batch_rows=batch, start=start + skip))
    assert pa.Table.from_batches(pieces, ORDER_SCHEMA).equals(whole.slice(skip))
    assert all(piece.num_rows <= batch for piece in pieces)


def test_a_row_across_the_edge_of_a_season_is_the_same_from_either_side() -> None:
    edge = 1 << 20
    assert orders(200, 1, edge - 100).slice(100).equals(orders(100, 1, edge))


def test_fewer_rows_are_a_prefix_of_more(table: pa.Table) -> None:
    assert orders(1_000, seed=3).equals(table.slice(0, 1_000))


def test_another_seed_shares_no_order_and_no_buyer(table: pa.Table) -> None:
    other = orders(ROWS, seed=4)
    for name in ("buyer_open_uid", "oaid"):
        assert not pc.any(pc.is_in(other[name], value_set=table[name].combine_chunks())).as_py()


def test_known_rows_stay_as_they_are_in_every_version() -> None:
    # Whoever quotes figures of generated data relies on this.
    row = orders(1, seed=0).to_pylist()[0]
    assert row["tid"] == "2464708597721232589"
    assert (row["receiver_city"], row["title"]) == ("南京市", "知夏童裤礼盒装")
    assert row["created"] == datetime(2025, 7, 13, 15, 40, 2)
    assert str(row["payment"]) == "88.90"


def test_columns_are_the_declared_ones_and_null_only_where_said(table: pa.Table) -> None:
    assert table.schema == ORDER_SCHEMA
    assert tuple(table.column_names) == ORDER_FIELDS
    with_null = {name for name in ORDER_FIELDS if table[name].null_count}
    assert with_null == {"pay_time", "buyer_message"}


def test_no_rows_are_no_batches() -> None:
    assert list(order_batches(0)) == []
    assert orders(0).equals(ORDER_SCHEMA.empty_table())


@pytest.mark.parametrize(("rows", "start", "batch"), [(-1, 0, 1), (1, -1, 1), (1, 10**10, 1), (1, 0, 0)])
def test_impossible_numbers_are_refused(rows: int, start: int, batch: int) -> None:
    with pytest.raises(ValueError, match="from 0"):
        next(order_batches(rows, batch_rows=batch, start=start))


def test_district_city_and_province_belong_together(table: pa.Table) -> None:
    names = ["receiver_district", "receiver_city", "receiver_state"]
    seen = {tuple(row.values()) for row in table.select(names).group_by(names).aggregate([]).to_pylist()}
    assert seen <= set(district_rows())
    assert len(seen) > 2_000


def test_a_buyer_keeps_what_is_the_buyers_own(table: pa.Table) -> None:
    own = ["buyer_nick", "receiver_name", "receiver_mobile", "birth_year"]
    by_buyer = table.group_by("buyer_open_uid").aggregate([(name, "count_distinct") for name in own])
    assert all(pc.max(by_buyer[f"{name}_count_distinct"]).as_py() == 1 for name in own)


def test_a_buyer_has_one_home_or_two(table: pa.Table) -> None:
    homes = table.group_by("buyer_open_uid").aggregate([("receiver_address", "count_distinct")])
    number = homes["receiver_address_count_distinct"]
    assert pc.max(number).as_py() == 2
    assert 0.01 < share(pc.equal(number, 2)) < 0.2


def test_order_numbers_are_distinct_and_of_19_digits(table: pa.Table) -> None:
    assert pc.count_distinct(table["tid"]).as_py() == ROWS
    assert pc.all(pc.match_substring_regex(table["tid"], r"^\d{19}$")).as_py()


def test_mobiles_are_well_formed(table: pa.Table) -> None:
    form = r"^1(?:[38]\d|4[57]|[59][0-35-9]|6[25-7]|7[0-35-8])\d{8}$"
    assert pc.all(pc.match_substring_regex(table["receiver_mobile"], form)).as_py()


def test_addressee_ids_differ_by_week_and_agree_within_one(table: pa.Table) -> None:
    pairs = table.group_by("oaid").aggregate([("receiver_address", "count_distinct"), ("created", "min_max")])
    assert pc.max(pairs["receiver_address_count_distinct"]).as_py() == 1
    spans = pairs["created_min_max"].combine_chunks()
    span = pc.subtract(spans.field("max"), spans.field("min")).cast(pa.int64())
    assert 0 < pc.max(span).as_py() < 7 * 86_400_000


def test_most_buyers_order_once_or_twice_and_some_a_hundred_times(table: pa.Table) -> None:
    per_buyer = counts(table["buyer_open_uid"])
    assert 2.2 < ROWS / len(per_buyer) < 2.8
    assert (per_buyer <= 2).mean() > 0.7
    assert 3 <= (per_buyer > 100).sum() < 0.002 * len(per_buyer)


def test_one_buyers_orders_are_spread_over_batches() -> None:
    batches = order_batches(40_000, 1, batch_rows=20_000)
    first, second = (set(batch.column("buyer_open_uid").to_pylist()) for batch in batches)
    assert len(first & second) > 1_000


def test_big_cities_and_popular_goods_are_far_ahead(table: pa.Table) -> None:
    cities = counts(table["receiver_city"])
    titles = counts(table["title"])
    assert cities[:10].sum() > 0.2 * ROWS
    assert len(cities) > 300
    assert titles[: len(titles) // 10].sum() > 0.3 * ROWS


def test_ages_are_those_of_shoppers(table: pa.Table) -> None:
    years = table["birth_year"].to_numpy()
    assert years.min() >= 1940
    assert years.max() <= 2009
    assert ((years >= 1980) & (years < 2005)).mean() > 0.5


def test_sensitive_goods_are_there_and_rare(table: pa.Table) -> None:
    for name in SENSITIVE_CATEGORIES:
        assert 0.0005 < share(pc.equal(table["category"], name)) < 0.02


def test_payments_are_positive_and_skewed(table: pa.Table) -> None:
    payment = table["payment"].cast(pa.float64()).to_numpy()
    assert payment.min() >= 0.01
    assert payment.mean() > 1.5 * np.median(payment)


def test_orders_peak_on_sales_days_and_in_the_evening(table: pa.Table) -> None:
    days = counts(table["created"].cast(pa.date32()))
    eleventh = share(pc.equal(table["created"].cast(pa.date32()), datetime(2025, 11, 11).date()))
    assert eleventh == days[0] / ROWS > 8 / 365
    hour = pc.hour(table["created"]).to_numpy()
    assert (hour == 21).sum() > 8 * (hour == 4).sum()
    assert pc.all(pc.equal(pc.year(table["created"]), 2025)).as_py()


def test_orders_are_paid_later_than_made_or_not_at_all(table: pa.Table) -> None:
    assert pc.all(pc.greater(table["pay_time"], table["created"])).as_py()
    assert 0.02 < table["pay_time"].null_count / ROWS < 0.08


def test_a_few_messages_hold_a_mobile_or_a_wechat_id(table: pa.Table) -> None:
    said = table["buyer_message"].drop_null()
    assert 0.05 < len(said) / ROWS < 0.15
    contact = pc.match_substring_regex(said, r"1[3-9]\d{9}|wx[\w-]{10}")
    assert 0.5 * CONTACT_SHARE < pc.sum(contact).as_py() / ROWS < 2 * CONTACT_SHARE
