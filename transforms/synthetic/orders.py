"""Rows of orders: each a function of the seed and its row number alone."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from beam_deid.transforms.synthetic.addresses import homes, places
from beam_deid.transforms.synthetic.buyers import buyers
from beam_deid.transforms.synthetic.chance import Chance, Index
from beam_deid.transforms.synthetic.goods import goods
from beam_deid.transforms.synthetic.messages import messages
from beam_deid.transforms.synthetic.people import people
from beam_deid.transforms.synthetic.text import digits, joined, letters
from beam_deid.transforms.synthetic.times import created, hours_of_year, moments, paid

BATCH_ROWS = 131_072

ORDER_SCHEMA = pa.schema(
    [
        ("tid", pa.string()),
        ("buyer_open_uid", pa.string()),
        ("buyer_nick", pa.string()),
        ("receiver_name", pa.string()),
        ("receiver_mobile", pa.string()),
        ("receiver_state", pa.string()),
        ("receiver_city", pa.string()),
        ("receiver_district", pa.string()),
        ("receiver_address", pa.string()),
        ("birth_year", pa.int32()),
        ("created", pa.timestamp("ms")),
        ("pay_time", pa.timestamp("ms")),
        ("payment", pa.decimal128(10, 2)),
        ("num", pa.int32()),
        ("category", pa.string()),
        ("title", pa.string()),
        ("buyer_message", pa.string()),
        ("oaid", pa.string()),
    ]
)
"""The columns of generated orders. All but ``birth_year`` and ``category`` are named as Taobao's order API
names them (taobao.trade.fullinfo.get). Null stands only in ``pay_time`` and ``buyer_message``."""

ORDER_FIELDS: tuple[str, ...] = tuple(ORDER_SCHEMA.names)
"""Names of the columns, in order."""

_NUMBERS = 10**10
# Coprime with 10¹⁰, so that multiplying by it scrambles row numbers without two becoming one.
_SCRAMBLE = np.uint64(1_618_033_989)


def order_batches(rows: int, seed: int = 0, batch_rows: int = BATCH_ROWS, start: int = 0) -> Iterator[pa.RecordBatch]:
    """Generate realistic synthetic orders in batches of `ORDER_SCHEMA`.

    Row ``i`` depends on ``seed`` and ``i`` only: fewer rows are a prefix of more, and batches of another size
    hold the same rows. There are about rows / 2.5 buyers; most order once or twice, a few more than a hundred
    times.

    Args:
        rows: How many orders, 0 at least.
        seed: Another seed makes other orders.
        batch_rows: Rows of a batch; the last may have fewer.
        start: Number of the first row; ``start`` + ``rows`` is at most 10¹⁰.

    Raises:
        ValueError: A number is out of its range.
    """
    if rows < 0 or start < 0 or start + rows > _NUMBERS or batch_rows < 1:
        raise ValueError(f"rows and start from 0 to {_NUMBERS} together, batch_rows from 1")
    chance = Chance(seed)
    for first in range(start, start + rows, batch_rows):
        yield _batch(chance, np.arange(first, min(first + batch_rows, start + rows), dtype=np.int64))


def orders(rows: int, seed: int = 0, start: int = 0) -> pa.Table:
    """Generate orders as one table: see `order_batches`."""
    return pa.Table.from_batches(order_batches(rows, seed, start=start), ORDER_SCHEMA)


def _batch(chance: Chance, index: Index) -> pa.RecordBatch:
    buyer = buyers(chance, index)
    home = homes(chance, buyer, index)
    who = people(chance, buyer)
    where = places(chance, home)
    what = goods(chance, index)
    at = created(chance, index)
    columns = {
        "tid": _tid(chance, index, buyer, hours_of_year(at)),
        "buyer_open_uid": who.uid,
        "buyer_nick": who.nick,
        "receiver_name": who.name,
        "receiver_mobile": who.mobile,
        "receiver_state": where.state,
        "receiver_city": where.city,
        "receiver_district": where.district,
        "receiver_address": where.address,
        "birth_year": who.birth_year,
        "created": moments(at),
        "pay_time": paid(chance, index, at),
        "payment": what.payment,
        "num": what.num,
        "category": what.category,
        "title": what.title,
        "buyer_message": messages(chance, index, who.mobile),
        "oaid": _oaid(chance, home, hours_of_year(at) // 168),
    }
    return pa.RecordBatch.from_arrays([columns[name] for name in ORDER_FIELDS], schema=ORDER_SCHEMA)


def _tid(chance: Chance, index: Index, buyer: Index, hour: Index) -> pa.Array:
    """Order numbers of 19 digits, no two alike: time, a scrambled row number, digits of the buyer."""
    offset = chance.bits("order numbers", np.zeros(1, np.int64)) % np.uint64(_NUMBERS // 10)
    scrambled = (index.view(np.uint64) * _SCRAMBLE + offset) % np.uint64(_NUMBERS)
    tail = chance.below("order number tail", buyer, 10_000)
    return joined(digits(hour + 20_000, 5), digits(scrambled.view(np.int64), 10), digits(tail, 4))


def _oaid(chance: Chance, home: Index, week: Index) -> pa.Array:
    """Addressee ids: alike for the same home within a week, and otherwise not, as the platform makes them."""
    key = chance.bits("oaid", home * 64 + week).view(np.int64)
    return joined(pa.scalar("1"), letters([chance.bits(f"oaid, word {n}", key) for n in range(4)]))
