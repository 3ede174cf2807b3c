"""How many orders a second are generated on one core.

Run as `python tests/benchmarks/bench_generator.py [ROWS]`.
"""

import sys
import time

import pyarrow as pa

from beam_deid.transforms.synthetic import order_batches


def main(rows: int = 2_000_000) -> None:
    """Generate and throw away."""
    pa.set_cpu_count(1)
    next(order_batches(1))  # tables are built once
    start = time.perf_counter()
    made = sum(batch.num_rows for batch in order_batches(rows))
    seconds = time.perf_counter() - start
    print(f"{made:,} orders in {seconds:.2f} s: {made / seconds:,.0f} rows/s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
