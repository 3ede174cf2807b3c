"""Risk arithmetic beside its peers: class measures beside DuckDB and pycanon, and the join of two large tables.

    python -m tests.benchmarks.bench_risk [--rows 10000000] [--table 1000000] [--pycanon 1000000] [--repeat 3]

Class measures read the same Parquet file as DuckDB's plain ``GROUP BY`` does, in turns in one process; medians are compared.
pycanon measures the same table of generated orders in memory, once, since it takes long. The join is a process of its own,
so that its memory can be told; DuckDB does the same one in SQL.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from beam_deid.transforms.columns.fingerprint import FingerprintKey
from beam_deid.transforms.dataset.assessment import figures
from beam_deid.transforms.dataset.attacker_table import Table
from beam_deid.transforms.dataset.counting import count_files
from beam_deid.transforms.dataset.files import open_dataset
from beam_deid.transforms.dataset.joins import Dataset, join_files
from beam_deid.transforms.dataset.question import Question
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.risk.measures.k_anonymity import ClassSizes
from beam_deid.transforms.synthetic.orders import ORDER_SCHEMA, order_batches

from .processes import peak_mib

QUASI = ("receiver_state", "receiver_city", "receiver_district", "birth_year", "num", "week")
SENSITIVE = "category"
SUBJECT = "buyer_open_uid"
KEY = FingerprintKey.new()
KNOWN = ("receiver_city", "birth_year", "week")


def write_orders(path: Path, rows: int) -> None:
    """Orders with a week in place of the moment."""
    columns = [*QUASI[:-1], SENSITIVE, SUBJECT]
    schema = pa.schema([*(ORDER_SCHEMA.field(name) for name in columns), pa.field("week", pa.int32())])
    with pq.ParquetWriter(path, schema, compression="zstd", compression_level=1) as out:
        for batch in order_batches(rows):
            week = batch.column("created").cast("int64").to_numpy() // (7 * 86_400_000)
            chosen = batch.select(columns).append_column("week", pa.array(week.astype(np.int32)))
            out.write_batch(chosen.cast(schema), row_group_size=131_072)


def seconds(task: Callable[[], object]) -> float:
    """How long a task takes."""
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def class_measures(path: Path, repeat: int) -> None:
    """All measures over the file, with and without a sensitive field, beside a ``GROUP BY`` of the same fields."""
    connection = duckdb.connect(config={"threads": 2})
    sql = f"SELECT min(n), count(*) FROM (SELECT count(*) AS n FROM read_parquet('{path}') GROUP BY {', '.join(QUASI)})"

    def ours(sensitive: tuple[str, ...]) -> tuple[int, int]:
        question = Question(QUASI, sensitive, most=0)
        files = open_dataset([str(path)], InputOptions(), question.read)
        counted = count_files(question, files, KEY, question.counted)
        found = figures(question, counted.histogram, None, KEY)
        sizes = found.of(ClassSizes)
        return sizes.k, sizes.classes

    if connection.sql(sql).fetchall()[0] != ours(()):
        sys.exit("the two do not find the same classes")
    tasks = {
        "DuckDB, GROUP BY and count": lambda: connection.sql(sql).fetchall(),
        "k, risks, sharing model": lambda: ours(()),
        "the same, and l, t, (α,k), β, δ of a sensitive field": lambda: ours((SENSITIVE,)),
    }
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(repeat):
        for name, task in tasks.items():
            times[name].append(seconds(task))
    base = statistics.median(times["DuckDB, GROUP BY and count"])
    for name, taken in times.items():
        print(f"  {name:54} {statistics.median(taken):6.2f} s   {statistics.median(taken) / base:5.2f}")


def against_pycanon(path: Path, rows: int) -> None:
    """All nine measures that pycanon has, on the first rows."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pycanon import anonymity
    quasi = ["receiver_state", "num"]  # pycanon's time grows with the number of classes
    table = pq.read_table(path, columns=[*quasi, SENSITIVE]).slice(0, rows)
    frame = table.to_pandas()
    fields = [SENSITIVE]
    nine: dict[str, Callable[[], object]] = {
        "k": lambda: anonymity.k_anonymity(frame, quasi),
        "alpha_k": lambda: anonymity.alpha_k_anonymity(frame, quasi, fields),
        "l_distinct": lambda: anonymity.l_diversity(frame, quasi, fields),
        "l_entropy": lambda: anonymity.entropy_l_diversity(frame, quasi, fields),
        "l_recursive": lambda: anonymity.recursive_c_l_diversity(frame, quasi, fields),
        "t": lambda: anonymity.t_closeness(frame, quasi, fields),
        "beta_basic": lambda: anonymity.basic_beta_likeness(frame, quasi, fields),
        "beta_enhanced": lambda: anonymity.enhanced_beta_likeness(frame, quasi, fields),
        "delta_disclosure": lambda: anonymity.delta_disclosure(frame, quasi, fields),
    }
    theirs: dict[str, object] = {}
    taken = {}
    for name, measure in nine.items():
        start = time.perf_counter()
        theirs[name] = measure()
        taken[name] = time.perf_counter() - start
    start = time.perf_counter()
    found = all_of(table, quasi)
    mine = time.perf_counter() - start
    for name, other in theirs.items():
        own = found[name] if name == "k" else found[name][SENSITIVE]
        if not np.allclose(np.array(own, float), np.array(other, float), atol=1e-9, equal_nan=True):
            sys.exit(f"{name} is {own} here and {other} there")
    total = sum(taken.values())
    print(f"  pycanon, nine measures, {len(frame):,} records in {found['classes']:,} classes {total:8.1f} s")
    print(f"  ours, these and all others {mine:6.2f} s, ratio {total / mine:.0f}")


def all_of(table: pa.Table, quasi: list[str]) -> dict:
    """All figures of a table in memory."""
    from beam_deid.transforms.dataset.counted import Counting

    question = Question(tuple(quasi), (SENSITIVE,), most=0)
    counting = Counting(question, KEY)
    for batch in table.combine_chunks().to_batches(max_chunksize=131_072):
        counting.add(dict(zip(batch.schema.names, batch.columns, strict=True)))
    return figures(question, counting.result().histogram, None, KEY).to_document()


def joined(path: str, known: str, partition_rows: int) -> None:
    """The join, alone in its process."""
    files = open_dataset([path], InputOptions(), KNOWN)
    start = time.perf_counter()
    table = Table.read(f"spy={known}:on={','.join(KNOWN)}")
    before = peak_mib()
    found = join_files(Dataset(files, SUBJECT), table, 0.05, partition_rows)
    print(time.perf_counter() - start, before, peak_mib(), found.subjects, found.linked, found.linked_rightly)


SQL = """
WITH c AS (SELECT {on}, count(DISTINCT {who}) AS n, min({who}) AS one FROM read_parquet('{path}') GROUP BY {on})
SELECT (SELECT count(DISTINCT {who}) FROM read_parquet('{known}')), count(DISTINCT k.{who}) FILTER (n = 1),
       count(DISTINCT k.{who}) FILTER (n = 1 AND one = k.{who})
FROM read_parquet('{known}') k JOIN c USING ({on})
"""


def join_of_two(path: Path, known: Path, partitions: tuple[int, ...]) -> None:
    """The join of both files with partitions of several sizes, beside SQL."""
    connection = duckdb.connect(config={"threads": 2})
    start = time.perf_counter()
    expected = connection.sql(SQL.format(on=", ".join(KNOWN), who=SUBJECT, path=path, known=known)).fetchall()[0]
    print(
        f"  DuckDB {time.perf_counter() - start:21.2f} s   {expected[1]:,} of {expected[0]:,} linked, {expected[2]:,} rightly"
    )
    for rows in partitions:
        command = [sys.executable, "-m", __spec__.name, "--join", str(path), str(known), str(rows)]
        answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        if tuple(map(int, answer[3:])) != expected:
            sys.exit(f"SQL finds {expected} and the join {answer[3:]}")
        memory = f"peak {float(answer[2]):5.0f} MiB, {float(answer[1]):.0f} before it"
        print(f"  {rows:>11,} rows in memory {float(answer[0]):6.2f} s   {memory}")


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=10_000_000)
    options.add_argument("--table", type=int, default=1_000_000)
    options.add_argument("--pycanon", type=int, default=1_000_000)
    options.add_argument("--repeat", type=int, default=3)
    options.add_argument("--join", nargs=3)
    given = options.parse_args()
    if given.join:
        joined(given.join[0], given.join[1], int(given.join[2]))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "orders.parquet")
        known = Path(folder, "known.parquet")
        write_orders(path, given.rows)
        print(f"{given.rows:,} orders, {len(QUASI)} quasi-identifiers, Parquet, {os.cpu_count()} cores")
        class_measures(path, given.repeat)
        print("nine measures")
        against_pycanon(path, min(given.pycanon, given.rows))
        random = np.random.default_rng(1)
        rows = np.sort(random.choice(given.rows, min(given.table, given.rows), replace=False))
        columns = [*KNOWN, SUBJECT]
        pq.write_table(pq.read_table(path, columns=columns).take(pa.array(rows)), known, compression="zstd")
        print(f"join of {given.rows:,} with {len(rows):,} rows on {', '.join(KNOWN)}")
        join_of_two(path, known, (1 << 24, 1 << 22, 1 << 20))


if __name__ == "__main__":
    main()
