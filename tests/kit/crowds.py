"""Tables of made-up people, and files of them."""

import itertools
import json
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

Content = pa.Table | str
"""A file beside the policy: a table, whose name's ending says how it is written, or text as it stands."""

T = TypeVar("T")


class Who(NamedTuple):
    """Which row a value is made for: the `order`-th of the `person`-th of the `cell`-th cell, and the person's number overall."""

    cell: int
    person: int
    order: int
    number: int


def grid(**columns: Sequence[Any]) -> list[dict[str, Any]]:
    """Every combination of the columns' values: one cell each."""
    return [dict(zip(columns, values, strict=True)) for values in itertools.product(*columns.values())]


def crowd(
    cells: Sequence[Mapping[str, Any]],
    persons: int,
    orders: int = 1,
    *,
    seed: int = 1,
    types: Mapping[str, pa.DataType] | None = None,
    **columns: Callable[[Who], Any] | None,
) -> pa.Table:
    """`persons` people in every cell with `orders` rows each, in a random order that the seed fixes.

    Args:
        cells: The columns that everybody in a cell has alike.
        persons: People per cell.
        orders: Rows per person.
        seed: Of the order of rows.
        types: Arrow types of columns; inferred where none is given.
        columns: Makes a column's value from where its row stands. `buyer`, one per person, is made if it is not given;
            where it is None there is none.
    """
    given: Mapping[str, Callable[[Who], Any] | None] = {"buyer": lambda who: f"u{who.number:05d}"} | columns
    makers = {name: make for name, make in given.items() if make is not None}
    rows = [
        {**{name: make(who) for name, make in makers.items()}, **cell}
        for at, cell in enumerate(cells)
        for person in range(persons)
        for order in range(orders)
        for who in [Who(at, person, order, at * persons + person)]
    ]
    random.Random(seed).shuffle(rows)
    names = list(dict.fromkeys(itertools.chain.from_iterable(rows)))
    return pa.table({name: pa.array([row.get(name) for row in rows], (types or {}).get(name)) for name in names})


def turn(values: Sequence[T], number: int) -> T:
    """The values in turn: with consecutive numbers each is had equally often."""
    return values[number % len(values)]


def mobile(number: int) -> str:
    """A mobile of its own for every number below 100 million."""
    return f"138{number:08d}"


def replaced(table: pa.Table, column: str, rows: Mapping[int, Any]) -> pa.Table:
    """The table with other values in some rows of a column, of the same type."""
    at = table.schema.get_field_index(column)
    values = table[column].to_pylist()
    for row, value in rows.items():
        values[row] = value
    return table.set_column(at, table.schema.field(at), pa.array(values, table.schema.field(at).type))


def write(path: Path, content: Content) -> None:
    """Write a table as its file's name says, or text as it stands."""
    if isinstance(content, str):
        path.write_text(content)
    elif path.suffix == ".parquet":
        pq.write_table(content, path)
    elif path.suffix == ".csv":
        pyarrow.csv.write_csv(content, path)
    else:
        lines = (json.dumps(row, ensure_ascii=False, default=str) for row in content.to_pylist())
        path.write_text("".join(f"{line}\n" for line in lines))
