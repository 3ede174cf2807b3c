"""`beam-deid run` beside a bare pyarrow copy, and beside DuckDB doing the same mapping in SQL with sha256 for what takes a key.

    python tests/benchmarks/bench_run.py [--rows 1000000] [--repeat 3] [--workers N]

Every contender is a process of its own, interpreter start included, on the same generated orders, in turns; medians are
compared. Peak memory is the sum of resident sets of a contender's process tree, sampled.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

POLICY = """
version: 1
dataset: benchmark
subject: buyer_open_uid
keys: {key: env:BEAM_DEID_BENCH_KEY}
fields:
  tid: {role: direct_identifier, kind: order_number}
  buyer_open_uid: {role: direct_identifier}
  buyer_nick: {role: direct_identifier}
  receiver_name: {role: direct_identifier, kind: person_name}
  receiver_mobile: {role: direct_identifier, kind: mobile}
  receiver_state: {role: quasi_identifier}
  receiver_city: {role: quasi_identifier, kind: division}
  receiver_district: {role: quasi_identifier}
  receiver_address: {role: direct_identifier, kind: address}
  birth_year: {role: quasi_identifier, kind: integer}
  created: {role: quasi_identifier, kind: timestamp}
  pay_time: {role: quasi_identifier, kind: timestamp}
  payment: {role: quasi_identifier}
  num: {role: insensitive}
  category: {role: sensitive}
  title: {role: sensitive}
  buyer_message: {role: direct_identifier, kind: free_text}
  oaid: {role: direct_identifier}
releases:
  crm:
    purpose: benchmark
    sharing: enclave
    require: {suppression: 0.05}
    fields:
      buyer_open_uid: {tokenize: {domain: customer}}
      receiver_mobile: {fpe: {domain: mobile}}
      receiver_name: {mask: {keep_first: 1}}
      receiver_city: {generalize: {hierarchy: cn_divisions, level: 1}}
      birth_year: {generalize: {ranges: [10], level: 0}}
      created: {generalize: {calendar: [month], level: month}}
      payment: {generalize: {bins: [50, 100, 200, 500, 1000], level: 0}}
      num: keep
      category: keep
      title: keep
      receiver_state: keep
"""
COLUMNS = (
    "buyer_open_uid",
    "receiver_mobile",
    "receiver_name",
    "receiver_city",
    "birth_year",
    "created",
    "payment",
    "num",
    "category",
    "title",
    "receiver_state",
)

COPY = """
import sys, pyarrow.parquet as pq
source, target, columns = pq.ParquetFile(sys.argv[1]), sys.argv[2], sys.argv[3].split(',')
schema = source.schema_arrow
with pq.ParquetWriter(target, __import__('pyarrow').schema([schema.field(c) for c in columns]), compression='zstd') as out:
    for batch in source.iter_batches(131072, columns=columns):
        out.write_batch(batch.select(columns))
"""

SQL = """
import sys, duckdb
con = duckdb.connect(config={'threads': 2})
con.sql(f'''COPY (SELECT
  sha256('key' || buyer_open_uid) AS buyer_open_uid,
  sha256('key' || receiver_mobile) AS receiver_mobile,
  receiver_name[:1] || '**' AS receiver_name,
  d.province AS receiver_city,
  (birth_year // 10) * 10 AS birth_year,
  strftime(created, '%Y-%m') AS created,
  CASE WHEN payment < 50 THEN '<50' WHEN payment < 100 THEN '50-100' WHEN payment < 200 THEN '100-200'
       WHEN payment < 500 THEN '200-500' WHEN payment < 1000 THEN '500-1000' ELSE '>=1000' END AS payment,
  num, category, title, receiver_state
FROM read_parquet('{sys.argv[1]}') o
LEFT JOIN (SELECT DISTINCT receiver_city AS city, receiver_state AS province FROM read_parquet('{sys.argv[1]}')) d
  ON o.receiver_city = d.city AND o.receiver_state = d.province)
TO '{sys.argv[2]}' (FORMAT parquet, COMPRESSION zstd)''')
"""


def measured(command: list[str]) -> tuple[float, float]:
    """Seconds and peak MiB of a command's process tree."""
    start = time.perf_counter()
    peak = [0.0]
    done = threading.Event()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def watch() -> None:
        while not done.wait(0.02):
            peak[0] = max(peak[0], tree_rss(process.pid))

    thread = threading.Thread(target=watch)
    thread.start()
    _, errors = process.communicate()
    seconds = time.perf_counter() - start
    done.set()
    thread.join()
    if process.returncode:
        sys.exit(f"{command[:4]} ended with {process.returncode}: {errors[-2000:]}")
    return seconds, peak[0]


def tree_rss(pid: int) -> float:
    """Resident MiB of a process and its children."""
    total = 0
    todo = [pid]
    while todo:
        one = todo.pop()
        try:
            total += int(Path(f"/proc/{one}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            for task in Path(f"/proc/{one}/task").iterdir():
                todo += map(int, (task / "children").read_text().split())
        except (OSError, ValueError):
            continue
    return total / 2**20


def main() -> None:
    """Measure and print ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--workers", type=int, default=None)
    arguments = parser.parse_args()
    os.environ["BEAM_DEID_BENCH_KEY"] = "k" * 64
    from beam_deid.transforms.synthetic import write_orders

    with tempfile.TemporaryDirectory() as folder:
        orders = f"{folder}/orders.parquet"
        policy = f"{folder}/policy.yaml"
        write_orders(orders, arguments.rows, 1)
        Path(policy).write_text(POLICY)
        python = sys.executable
        columns = ",".join(COLUMNS)
        workers = [] if arguments.workers is None else ["--workers", str(arguments.workers)]
        contenders = {
            "copy": [python, "-c", COPY, orders, f"{folder}/copy.parquet", columns],
            "duckdb": [python, "-c", SQL, orders, f"{folder}/duckdb.parquet"],
            "run": [
                python,
                "-c",
                "from beam_deid.pipelines.cli import main; main()",
                "run",
                policy,
                "-i",
                orders,
                "-o",
                f"{folder}/out",
                "--overwrite",
                *workers,
            ],
        }
        results: dict[str, list[tuple[float, float]]] = {name: [] for name in contenders}
        for turn in range(arguments.repeat + 1):
            for name, command in contenders.items():
                figures = measured(command)
                if turn:  # the first turn warms caches
                    results[name].append(figures)
        label = json.loads(Path(folder, "out/crm/label.json").read_text())
    median = {name: statistics.median(seconds for seconds, _ in runs) for name, runs in results.items()}
    print(f"{arguments.rows:,} orders, {len(COLUMNS)} columns out, {os.cpu_count()} cores, k = {label['risk']['k']}")
    for name, runs in results.items():
        peak = max(mib for _, mib in runs)
        print(f"{name:8} {median[name]:7.2f} s   peak {peak:6,.0f} MiB   {arguments.rows / median[name]:12,.0f} rows/s")
    print(f"run / copy   = {median['run'] / median['copy']:.2f}")
    print(f"run / duckdb = {median['run'] / median['duckdb']:.2f}")


if __name__ == "__main__":
    main()
