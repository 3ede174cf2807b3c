"""`beam-deid run` beside a bare pyarrow copy, beside DuckDB and polars doing the same mapping, and beside itself before.

    python -m tests.benchmarks.bench_run [--rows 1000 1000000] [--repeat 3] [--only copy run] [--workers N]
        [--keep FOLDER] [--before CHECKOUT] [--json FILE]

Two runs are measured: a personal release at fixed levels (run), and an anonymized one whose levels are searched (anonymized). Only
where they are asked for: three whose groups are uneven (heavy, sensitive, values).
Every contender is a process of its own, interpreter start included, on the same generated orders, in turns; medians are
compared. The seconds of processors are those of a process and its children. Memory is the sum of their proportional set sizes,
sampled, its peak the greatest of all turns. The phases are what the run says that it does. 50,000,000 orders take 7.5 GB.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .contenders import ROOT, Contender, peers, runs
from .costs_table import lines, summary
from .machine import commit, machine
from .order_files import orders_file
from .processes import Cost

USUAL = ("copy", "duckdb", "polars", "run", "run before", "anonymized", "anonymized before")
"""Who is measured where nothing is asked for."""


def measured(rows: int, given: argparse.Namespace, kept: Path, folder: Path) -> dict[str, dict[str, Any]]:
    """The summary of each contender on so many orders."""
    orders = orders_file(kept, rows)
    folder.mkdir()
    there = [*peers(orders, folder), *runs(orders, folder, given.workers, given.before)]
    chosen = [one for one in there if one.name in (given.only or USUAL)]
    costs = _in_turns(chosen, given.repeat)
    return {one.name: {**summary(costs[one.name]), "labels": one.labels()} for one in chosen}


def _in_turns(contenders: list[Contender], repeat: int) -> dict[str, list[Cost]]:
    """What each took in each turn. A turn before them, which is not counted, warms caches if there are several."""
    costs: dict[str, list[Cost]] = {one.name: [] for one in contenders}
    for turn in range(repeat + (repeat > 1)):
        for one in contenders:
            taken = one.turn()
            if turn or repeat == 1:
                costs[one.name].append(taken)
    return costs


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """Where the orders are kept; without a wish they are gone at the end."""
    if keep is not None:
        yield keep
        return
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000, 1_000_000])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", nargs="+", metavar="CONTENDER", help="who is measured; see above")
    parser.add_argument("--workers", type=int, default=None)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where files of orders are made, and found again")
    parser.add_argument(
        "--before", type=Path, metavar="CHECKOUT", help="an earlier checkout, or its virtual environment"
    )
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser.parse_args()


def main() -> None:
    """Measure, print and write."""
    given = _given()
    before = given.before and commit(given.before)
    document = {"machine": machine(), "commit": commit(ROOT), "before": before, "sizes": {}}
    with _folder(given.keep) as kept, tempfile.TemporaryDirectory(dir=given.keep) as folder:
        for rows in given.rows:
            found = measured(rows, given, kept, Path(folder, str(rows)))
            document["sizes"][rows] = found
            print(f"{rows:,} orders, {document['machine']['cores']} cores", *lines(rows, found), sep="\n", flush=True)
            if given.json:
                given.json.write_text(json.dumps(document, indent=2))


if __name__ == "__main__":
    main()
