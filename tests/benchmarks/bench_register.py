"""The register over a year, and a run beside a register of many records.

    python -m tests.benchmarks.bench_register [--month 20000] [--records 10000000] [--rows 1000000] [--repeat 3]

First a shop publishes for twelve months: each month once, and every month all orders so far; label, suppressed share, seconds
and size of the register are told month by month. Then a run of some orders, of which half are known from earlier releases: with
a register of so many records, with a new one and with none, each a process of its own, in turns; medians are compared. Peak
memory is the sum of proportional set sizes of a contender's processes, sampled. The matching is told alone, too, with a tenth
of the records beside: its memory must not follow them. The register is filled by its own tables and folder, not by runs of that
size: each earlier release has its share of the known orders, and for the rest orders of others that look like them.
"""

import argparse
import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import yaml

from beam_deid.transforms.crypto.keys import Keys
from beam_deid.transforms.measure.cells import Cells
from beam_deid.transforms.measure.measured import Measured
from beam_deid.transforms.measure.measuring import measure_shard
from beam_deid.transforms.past.known_records import past_of
from beam_deid.transforms.past.views import WHOLE
from beam_deid.transforms.policy.reader import policy_from_mapping
from beam_deid.transforms.register.document import Entry, State, Table
from beam_deid.transforms.register.folder import hold, read, table_path
from beam_deid.transforms.register.key import register_prints
from beam_deid.transforms.register.prints import Prints
from beam_deid.transforms.register.prints_file import SPACE, PrintsFile
from beam_deid.transforms.register.reference import Reference
from beam_deid.transforms.register.tables import write_prints
from beam_deid.transforms.run.shards import prepare

from ..past.year import KEY, MONTHS, Shop, of_month, orders, policy, size_of, table_of, until
from .costs_table import summary
from .processes import Cost, cost, peak_mib

RELEASES = 10
"""How many earlier releases the records are spread over."""

LEVELS = {"city": "region", "birth_year": "by 10", "created": "month"}
"""The levels of all of them, so that a run is not a search."""


def year(month: int) -> None:
    """Publish for twelve months in both ways."""
    table = orders(12 * month)
    ways: Mapping[str, Any] = {"each month once": of_month, "every month all so far": until}
    for way, chosen in ways.items():
        with tempfile.TemporaryDirectory() as folder:
            shop = Shop(Path(folder) / "shop")
            shown = {}
            for number in MONTHS:
                with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                    shown[f"{number:02}"] = shop.publish(f"{number:02}", chosen(table, number))
        print(f"{way}, {month:,} orders a month\n{table_of(shown)}", flush=True)


def fixed(register: str) -> dict[str, Any]:
    """The policy of the runs."""
    made = policy("controlled", register)
    for name, level in LEVELS.items():
        (how,) = made["releases"]["market"]["fields"][name].values()
        how["level"] = level
    return made


def command(folder: Path, name: str, register: str) -> list[str]:
    """A run of the orders, with a register or none."""
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(fixed(register)))
    return [
        sys.executable,
        "-c",
        "from beam_deid.pipelines.cli import main; main()",
        "run",
        str(path),
        "--input",
        str(folder / "orders.parquet"),
        "--output",
        str(folder / "out" / name),
    ]


def filled(empty: Path, path: Path, records: int) -> Path:
    """A register of so many records, half of the orders of which are those of a run that is registered in another one.

    Args:
        empty: The register with the run.
        path: The new one.
        records: Records of all earlier releases together.
    """
    shutil.copytree(empty, path)
    random = np.random.default_rng(1)
    with hold(str(path)) as held, tempfile.TemporaryDirectory() as folder:
        document = held.document
        assert document is not None
        (own,) = document.releases
        assert own.table is not None
        with PrintsFile(table_path(str(path), own.table.file), own.table) as file:
            prints = file.read_all(0, SPACE)
        shares = np.array_split(random.permutation(len(prints.record))[: len(prints.record) // 2], RELEASES)
        entries: dict[str, Entry] = {}
        for number, known in enumerate(shares):
            made = earlier(prints, known, records // RELEASES, random)
            name = f"market.{number + 1}"
            rows, size, sha256 = write_prints(f"{folder}/{name}", [made])
            table = Table(held.add(f"{folder}/{name}", name, sha256), rows, size, sha256)
            gone = {"name": name, "run": f"{number:016x}", "output": f"/gone/{number}", "state": State.PUBLISHED}
            entries[name] = replace(own, table=table, **gone)
        held.save(replace(document, releases=tuple(entries.values()), runs=()))
    return path


def earlier(prints: Prints, known: np.ndarray, rows: int, random: np.random.Generator) -> Prints:
    """An earlier release: some of the run's orders as they are, and others that look like any of them, two or three of a buyer."""
    others = rows - len(known)
    like = random.integers(0, len(prints.record), others)
    buyer = random.integers(0, max(1, others * 2 // 5), others)

    def fresh(count: int) -> np.ndarray:
        return random.integers(0, SPACE, count, dtype=np.uint64)

    def with_others(columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {name: np.concatenate([keys[known], keys[like]]) for name, keys in columns.items()}

    people = {name: np.concatenate([keys[known], fresh(others)[buyer]]) for name, keys in prints.persons.items()}
    record = np.concatenate([prints.record[known], fresh(others)])
    return Prints(record, people, with_others(prints.values), with_others(prints.normal))


def matched(source: str, register: str) -> None:
    """The matching alone, in a process of its own: seconds, and MiB before it and at most."""
    document = read(register)
    assert document is not None
    reference = Reference(register, document.register, None, document.key["id"], document.key["check"], document.tested)
    prepared = prepare(policy_from_mapping(fixed(register)), [source])
    key = register_prints(Keys(f"env:{KEY}"), reference)
    job = replace(prepared.job, register=reference, unregistered="", fingerprint_key=key)
    found = Measured.merge([measure_shard(shard, job) for shard in prepared.shards])
    (names,) = job.tables
    cells = Cells(job, found.histograms[names])
    persons = len(cells.persons.names)
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = peak_mib()
    start = time.perf_counter()
    work = time.process_time()
    past = past_of(job, cells, names)
    seconds = time.perf_counter() - start
    work = time.process_time() - work
    whole = past.views[WHOLE]
    print(
        json.dumps(
            {
                "seconds": seconds,
                "work": work,
                "before": before,
                "peak": peak_mib(),
                "cells": len(cells),
                "identities": persons,
                "entries": len(past.entries),
                "known": int((whole.history[: len(cells)] >= 0).sum()),
                "rows": len(whole.history),
                "histories": int(whole.said.shape[1]),
            }
        )
    )


def beside(records: int, rows: int, repeat: int) -> None:
    """A run with a large register, a new one and none."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        pq.write_table(orders(rows), folder / "orders.parquet")
        cost(command(folder, "first", str(folder / "empty")))
        start = time.perf_counter()
        large = filled(folder / "empty", folder / "large", records)
        small = filled(folder / "empty", folder / "small", records // 10)
        size = size_of(large)
        print(
            f"{records:,} records in {RELEASES} releases, {size / 2**20:,.0f} MiB, {size / records:.1f} bytes a record "
            f"(made in {time.perf_counter() - start:.0f} s); a run of {rows:,}, half of which are known; {os.cpu_count()} cores",
            flush=True,
        )
        names = ("none", "new register", "register")
        results: dict[str, list[Cost]] = {name: [] for name in names}
        for turn in range(repeat + 1):
            for name in names:
                shutil.rmtree(folder / "out", ignore_errors=True)
                shutil.rmtree(folder / "used", ignore_errors=True)
                if name == "register":
                    shutil.copytree(large, folder / "used")
                figures = cost(command(folder, name, "none" if name == "none" else str(folder / "used")))
                if turn:  # the first turn warms caches
                    results[name].append(figures)
        label = json.loads((folder / "out" / "register" / "market" / "label.json").read_text())
        tested = label["register"]["tested"]
        records_of = label["records"]
        print(f"{label['label']}, tested with {len(tested)} releases, {records_of['suppressed']:,} suppressed")
        taken = {name: summary(costs) for name, costs in results.items()}
        for name, one in taken.items():
            figures = f"{one['wall']:7.2f} s   {one['cpu']:7.2f} s of processors   peak {one['peak_mib']:6,.0f} MiB"
            print(f"  {name:14} {figures}")
        for other in ("none", "new register"):
            ratio = taken["register"]["wall"] / taken[other]["wall"]
            print(f"register / {other:12} = {ratio:.2f}")
        for register in (small, large):
            call = [sys.executable, "-m", __spec__.name, "--match", str(folder / "orders.parquet"), str(register)]
            found = json.loads(subprocess.run(call, check=True, capture_output=True, text=True).stdout)
            print(
                f"matching alone, {records if register is large else records // 10:11,} records: {found['seconds']:6.2f} s "
                f"({found['work']:.2f} of the processor), "
                f"peak {found['peak']:,.0f} MiB, {found['before']:,.0f} before it; {found['known']:,} of {found['cells']:,} known, "
                f"{found['histories']:,} histories, {found['rows'] - found['cells']:,} other rows"
            )


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--month", type=int, default=20_000)
    options.add_argument("--records", type=int, default=10_000_000)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--repeat", type=int, default=3)
    options.add_argument("--match", nargs=2)
    given = options.parse_args()
    if given.match:
        matched(*given.match)
        return
    if given.month:
        year(given.month)
    if given.records:
        beside(given.records, given.rows, given.repeat)


if __name__ == "__main__":
    main()
