"""Values a second through all recognisers, one core, beside a loop of Python's ``re`` over the same patterns; and false positives.

These are looked for among made-up values that identify nobody by their form: numbers of orders and articles, amounts, times, and
telephones as they are written without a country. What a recogniser finds there would keep an honest release from its label.

python tests/benchmarks/bench_recognisers.py [millions]
"""

import re
import sys
import time
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.recognisers import RECOGNISERS
from beam_deid.transforms.recognisers.platforms.tables import classify
from beam_deid.transforms.recognisers.screen import Screen
from beam_deid.transforms.synthetic import orders
from beam_deid.transforms.synthetic.platforms import SHAPES, platform_batches

LOOPED = 100_000
LOOKALIKES = 1_000_000
REPEATS = 20


def main() -> None:
    millions = float(sys.argv[1]) if len(sys.argv) > 1 else 10
    pa.set_cpu_count(1)
    rows = int(millions * 1e6)
    mixed = distinct_values(rows)
    cases = {
        f"all distinct ({len(mixed):,})": [mixed],
        f"repeated {REPEATS} × ({rows:,})": [repeated(mixed, rows)],
        f"each text column of orders as it repeats ({rows:,})": as_orders(rows),
    }
    print(f"{len(RECOGNISERS)} recognisers, one core; values a second")
    for name, columns in cases.items():
        ours = rate(lambda columns=columns: sum(map(recognised, columns)), sum(map(len, columns)))
        sample = pc.unique(pa.chunked_array(columns))[:LOOPED]
        peer = rate(lambda sample=sample: looped(sample), len(sample))
        print(
            f"  {name:56} {ours / 1e6:6.2f} M/s   loop of re (distinct values) {peer / 1e6:6.3f} M/s   {ours / peer:6.1f} ×"
        )
    print(f"false positives, of {LOOKALIKES:,} values of each sort")
    for sort, values in lookalikes(LOOKALIKES).items():
        screen = Screen.of(values)
        found = {one.name: len(one.rows(screen)) for one in RECOGNISERS}
        told = ", ".join(f"{name} {count:,}" for name, count in found.items() if count) or "none"
        print(f"  {sort:44} {told}")


def lookalikes(rows: int) -> dict[str, pa.Array]:
    """Made-up values of several sorts, each of shape (rows,), that identify nobody by their form."""
    source = np.random.default_rng(2)

    def of(pattern: str) -> pa.Array:
        """Values of a pattern in which 0 stands for any digit and A for any capital."""
        columns = []
        for sign in pattern:
            signs = {"0": "0123456789", "A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}.get(sign, sign)
            columns.append(np.array(list(signs))[source.integers(0, len(signs), rows)])
        return pc.binary_join_element_wise(*map(pa.array, columns), "")

    orders = [f"{'0' * size}" for size in range(8, 21)]
    articles = [
        "A0000000",
        "AA000000A",
        "AA00000000000",
        "AAA-000000",
        "AA000000(0)",
        "A000000(0)",
        "000-000-0000",
        "0000000-00",
    ]
    return {
        **{f"order numbers of {len(one)} digits": of(one) for one in orders},
        **{f"articles as {one}": of(one) for one in (*articles, "AA00AAAA00000000000000", "AA000000000000000000")},
        "amounts as 0,000.00": of("0,000.00"),
        "amounts as 000.000.000,00": of("000.000.000,00"),
        "times as 20240102030405": of("202400000000"),
        "telephones as (00) 00000-0000": of("(00) 00000-0000"),
        "telephones as 000-0000-0000": of("000-0000-0000"),
        "telephones as 000 0000 0000": of("000 0000 0000"),
        "telephones as 555-000-0000": of("555-000-0000"),
    }


def distinct_values(rows: int) -> pa.Array:
    """Values of all platforms' columns, none of them twice."""
    parts = []
    total = 0
    start = 0
    while total < rows * 1.6:  # what two platforms make alike counts once
        for name in SHAPES:
            for batch in platform_batches(name, 20_000, 1, start):
                texts = [column for column in batch.columns if pa.types.is_string(column.type)]
                parts.append(pc.unique(pa.chunked_array(texts)).drop_null())
        start += 20_000
        total = sum(map(len, parts))
    values = pc.unique(pa.chunked_array(parts))[:rows]
    order = np.random.default_rng(0).permutation(len(values))
    return values.take(pa.array(order))


def repeated(values: pa.Array, rows: int) -> pa.Array:
    """Each of them several times, in any order."""
    few = values[: max(1, rows // REPEATS)]
    return few.take(pa.array(np.random.default_rng(1).integers(0, len(few), rows)))


def as_orders(rows: int) -> list[pa.Array]:
    """Columns of orders with the repeats that they have."""
    table = orders(1, 1)
    texts = [name for name in table.column_names if pa.types.is_string(table.schema.field(name).type)]
    table = orders(-(-rows // len(texts)), 1).select(texts).combine_chunks()
    return [pa.concat_arrays(column.chunks) for column in table.columns]


def recognised(values: pa.Array) -> int:
    """The values of which any recogniser finds something; each distinct one is looked at once."""
    coded = values.dictionary_encode()
    found = np.zeros(len(coded.dictionary), bool)
    _, numbers = classify(coded.dictionary)
    found[numbers >= 0] = True
    return int(found[coded.indices.drop_null().to_numpy()].sum())


def looped(values: pa.Array) -> int:
    """The same, value by value."""
    patterns = [(re.compile(one.pattern.pattern), one.check) for one in RECOGNISERS]
    return sum(
        any(check is None or check(match[0]) for pattern, check in patterns for match in pattern.finditer(text))
        for text in values.to_pylist()
    )


def rate(work: Callable[[], int], values: int) -> float:
    begin = time.perf_counter()
    work()
    return values / (time.perf_counter() - begin)


if __name__ == "__main__":
    main()
