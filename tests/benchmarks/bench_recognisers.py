"""Values a second through all recognisers, one core, beside a loop of Python's ``re`` over the same patterns.

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
from beam_deid.transforms.synthetic import orders
from beam_deid.transforms.synthetic.platforms import SHAPES, platform_batches

LOOPED = 100_000
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
