"""Synthetic tables of one shop: customers, their orders, and what each order holds."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from beam_deid.transforms.storage.files import open_for_readers
from beam_deid.transforms.storage.paths import join
from beam_deid.transforms.synthetic.orders import orders

SHOP_TABLES = ("customers", "orders", "items")
"""The tables, each after those that it refers to."""

_GUESTS = 50
"""Of so many buyers one has no row among the customers."""
_SEVERAL = 3
"""Of so many orders one holds two items."""


def shop(rows: int, seed: int = 0) -> dict[str, pa.Table]:
    """Generate the tables of a shop.

    Customers have their key in ``buyer_open_uid``, orders in ``tid``. Some orders are of guests, who are no customers. All rows are
    held in memory.

    Args:
        rows: How many orders.
        seed: Another seed makes another shop.
    """
    made = orders(rows, seed)
    return {
        "customers": _customers(made),
        "orders": made.select(["tid", "buyer_open_uid", "created", "payment"]),
        "items": _items(made),
    }


def write_shop(folder: str, rows: int, seed: int = 0) -> list[str]:
    """Write the tables of a shop as Parquet files: see `shop`.

    Returns:
        The files, in the order of `SHOP_TABLES`.
    """
    files = []
    for name, table in shop(rows, seed).items():
        files.append(join(folder, f"{name}.parquet"))
        with open_for_readers(files[-1]) as stream:
            pq.write_table(table, stream)
    return files


def _customers(made: pa.Table) -> pa.Table:
    """A row for each buyer, with what the first order says, but for guests."""
    columns = ["buyer_nick", "receiver_mobile", "receiver_city", "birth_year"]
    firsts = [(name, "first") for name in columns]
    found = made.group_by("buyer_open_uid", use_threads=False).aggregate(firsts)
    found = found.rename_columns(["buyer_open_uid", "buyer_nick", "mobile", "city", "birth_year"])
    return found.filter(pa.array(np.arange(len(found)) % _GUESTS != _GUESTS - 1))


def _items(made: pa.Table) -> pa.Table:
    """The items of each order; of orders with two of them the second is one of another order, too."""
    number = np.arange(len(made))
    several = number[number % _SEVERAL == 0]
    owner = pa.array(np.concatenate([number, several]))
    thing = pa.array(np.concatenate([number, (several + 1) % max(1, len(made))]))
    line = np.concatenate([np.ones(len(number), np.int32), np.full(len(several), 2, np.int32)])
    order = pa.array(np.lexsort((line, owner.to_numpy())))
    things = made.take(thing)
    items = {
        "tid": made.column("tid").take(owner),
        "line": pa.array(line),
        "category": things.column("category"),
        "num": things.column("num"),
    }
    return pa.table(items).take(order)
