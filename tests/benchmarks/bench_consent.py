"""A release that needs consent, beside the same without, and beside DuckDB joining the same orders with the same ledger.

    python -m tests.benchmarks.bench_consent [--rows 1000000] [--repeat 3] [--only duckdb consent] [--keep FOLDER] [--json FILE]

The ledger has 3 rows for every 10 orders: of 7 in 10 the person has ordered something, every fifth withdraws, every tenth is about
another purpose. Costs are measured as in ``bench_run``. The records that are released must be as many as DuckDB finds.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from .bench_run import _folder, _in_turns
from .contenders import PROGRAMS, ROOT, Contender, run
from .costs_table import lines, summary
from .machine import commit, machine
from .order_files import _fields, orders_file, policy_file

LEDGER = """
copy (
    with person as (
        select distinct buyer_open_uid as subject from read_parquet('{orders}') using sample 60 percent (bernoulli, 11)
    ), known as (
        select subject from person order by hash(subject) limit {known}
    ), listed as (
        select subject, row_number() over (order by hash(subject)) as number from known
        union all select 'member' || range, range from range({known}, {rows})
    )
    select subject,
           case when number % 10 = 3 then 'statistics' else 'member marketing' end as purpose,
           case when number % 5 <> 0 then moment end as granted,
           case when number % 5 = 0 then moment end as withdrawn
    from (select *, timestamp '2025-06-01 00:00:01' + interval 1 minute * (hash(subject) % 700000) as moment from listed)
    order by hash(subject, 1)
) to '{ledger}' (format parquet)
"""
"""Some persons of the orders and others: one row each, so that the join is all that costs."""

RELEASE = """
  crm:
    purpose: member marketing
    sharing: enclave
    fields:
      buyer_open_uid: {tokenize: {domain: customer}}
      receiver_state: keep
      category: keep
"""
CONSENT = "    consent: {ledger: LEDGER, as_of: '2026-06-01T00:00:00Z', input: {timezone: UTC}}\n"


def ledger_file(kept: Path, orders: Path, rows: int) -> Path:
    """A ledger of so many rows, made once."""
    path = kept / f"ledger-{rows}.parquet"
    if not path.exists():
        duckdb.execute(LEDGER.format(orders=orders, ledger=path, rows=rows, known=rows * 7 // 10))
    return path


def contenders(orders: Path, ledger: Path, folder: Path) -> Iterator[Contender]:
    """Who is measured."""
    place = folder / "duckdb"
    program = (sys.executable, str(PROGRAMS / "consent_with_duckdb.py"), str(orders), str(ledger))
    yield Contender("duckdb", (*program, str(place / "mapped.parquet")), place)
    for name, consent in (("without", ""), ("consent", CONSENT.replace("LEDGER", str(ledger)))):
        policy = policy_file(folder, name, _fields(num="insensitive") + RELEASE + consent)
        yield run(name, policy, orders, folder / name)


def measured(rows: int, given: argparse.Namespace, kept: Path, folder: Path) -> dict[str, dict[str, Any]]:
    """The summary of each contender on so many orders."""
    orders = orders_file(kept, rows)
    folder.mkdir()
    made = contenders(orders, ledger_file(folder, orders, rows * 3 // 10), folder)
    there = [one for one in made if one.name in given.only]
    costs = _in_turns(there, given.repeat)
    found = {one.name: summary(costs[one.name]) for one in there}
    label = json.loads((folder / "consent" / "out" / "crm" / "label.json").read_text("utf-8"))
    joined = pq.ParquetFile(folder / "duckdb" / "mapped.parquet").metadata.num_rows
    if label["records"]["released"] != joined:
        sys.exit(f"released are {label['records']['released']} orders, DuckDB joins {joined}")
    found["consent"]["records"] = label["records"]
    return found


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument(
        "--only",
        nargs="+",
        metavar="CONTENDER",
        default=["duckdb", "without", "consent"],
        help="consent and duckdb at least",
    )
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where files of orders are made, and found again")
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    document: dict[str, Any] = {"machine": machine(), "commit": commit(ROOT), "sizes": {}}
    with _folder(given.keep) as kept, tempfile.TemporaryDirectory() as folder:
        for rows in given.rows:
            found = measured(rows, given, kept, Path(folder, str(rows)))
            document["sizes"][rows] = found
            print(
                f"{rows:,} orders", *lines(rows, found), json.dumps(found["consent"]["records"]), sep="\n", flush=True
            )
            if given.json:
                given.json.write_text(json.dumps(document, indent=2))


if __name__ == "__main__":
    main()
