"""The search for levels, step by step: how long, over how many nodes, and that it follows combinations, not rows.

    python tests/benchmarks/bench_search.py [--rows 1000000] [--times 10] [--repeat 3]

Each figure is told by a `beam-deid search` of its own, on one core; the search step is what its ``seconds`` says, reading left
out. The large file holds the small one's records ``--times`` times, so both have the same combinations; sorting the same
combinations by DuckDB's ``GROUP BY`` is printed beside. Adult is searched where ``../shared/data/adult`` is there.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from beam_deid.transforms.synthetic.orders import ORDER_SCHEMA, order_batches

FIELDS = {
    "receiver_city": "{generalize: {hierarchy: cn_divisions}}",
    "birth_year": "{generalize: {ranges: [5, 10, 20]}}",
    "created": "{generalize: {calendar: [day, week, month, quarter, year]}}",
    "payment": "{generalize: {bins: [50, 100, 200, 500, 1000], levels: [[100, 200, 500], [200]]}}",
    "num": "{generalize: {ranges: [1, 2, 4]}}",
}
ADULT = Path(__file__).parents[3] / "shared" / "data" / "adult"
ADULT_FIELDS = (
    "sex",
    "age",
    "race",
    "marital-status",
    "education",
    "native-country",
    "workclass",
    "occupation",
    "salary-class",
)


def policy(path: Path, fields: dict[str, str], require: str, delimiter: str = ",") -> Path:
    """A policy that opens all levels."""
    lines = ["version: 1", "dataset: benchmark", f"input: {{delimiter: '{delimiter}'}}", "fields:"]
    lines += [f"  {name}: {{role: quasi_identifier}}" for name in fields]
    lines += [
        "releases:",
        "  out:",
        "    purpose: benchmark",
        "    sharing: enclave",
        f"    require: {require}",
        "    fields:",
    ]
    lines += [f"      {name}: {how}" for name, how in fields.items()]
    path.write_text("\n".join(lines) + "\n")
    return path


def write_orders(path: Path, rows: int, times: int) -> None:
    """Some orders, so many times over."""
    schema = pa.schema([ORDER_SCHEMA.field(name) for name in FIELDS])
    with pq.ParquetWriter(path, schema, compression="zstd", compression_level=1) as out:
        for _ in range(times):
            for batch in order_batches(rows):
                out.write_batch(batch.select(list(FIELDS)))


def searched(made: Path, data: Path, repeat: int) -> tuple[dict[str, Any], float, float]:
    """What is found, the search step's seconds, and the whole command's; medians."""
    command = [
        sys.executable,
        "-m",
        "beam_deid.pipelines",
        "search",
        str(made),
        "-i",
        str(data),
        "--json",
        "--most-k",
        "0",
    ]
    own = []
    whole = []
    for _ in range(repeat):
        start = time.perf_counter()
        done = subprocess.run(["taskset", "-c", "0", *command], check=True, capture_output=True, text=True)
        whole.append(time.perf_counter() - start)
        found = json.loads(done.stdout)
        own.append(found["seconds"])
    return found, statistics.median(own), statistics.median(whole)


def told(name: str, found: dict[str, Any], own: float, whole: float) -> None:
    """Print one line."""
    print(f"  {name:28} search {own:6.2f} s, whole command {whole:6.2f} s")
    print(
        f"  {'':28} {found['method']}, {found['evaluated']:,} of {found['nodes']:,} nodes counted, loss {found['loss']:.10f}, "
        f"{found['suppressed']:,} suppressed, {found['classes']:,} classes"
    )


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--times", type=int, default=10)
    options.add_argument("--repeat", type=int, default=3)
    given = options.parse_args()
    print(f"one of {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        if ADULT.exists():
            fields = {name: f"{{generalize: {{hierarchy: {ADULT}/hierarchy_{name}.csv}}}}" for name in ADULT_FIELDS}
            for share in (0, 0.02):
                made = policy(Path(folder, "adult.yaml"), fields, f"{{k: 5, suppression: {share}}}", ";")
                told(f"Adult, k 5, {share:.0%}", *searched(made, ADULT / "adult.csv", given.repeat))
        made = policy(Path(folder, "orders.yaml"), FIELDS, "{k: 10, suppression: 0.05}")
        for times in (1, given.times):
            data = Path(folder, "orders.parquet")
            write_orders(data, given.rows, times)
            told(f"{given.rows * times:,} orders, k 10, 5%", *searched(made, data, given.repeat))
            connection = duckdb.connect(config={"threads": 1})
            start = time.perf_counter()
            sql = f"SELECT count(*) FROM (SELECT 1 FROM read_parquet('{data}') GROUP BY {', '.join(FIELDS)})"
            connection.sql(sql).fetchall()
            print(f"  {'':28} DuckDB, one GROUP BY of the same fields {time.perf_counter() - start:.2f} s")


if __name__ == "__main__":
    main()
