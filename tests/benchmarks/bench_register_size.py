"""What a register's tables of fingerprints weigh, plain and compacted, and how long they take to write and to read.

    python -m tests.benchmarks.bench_register_size [--rows 1000000] [--months 12] [--most 1048576]

The records are a year's orders of a shop: 30 % of the buyers buy again, each has one mobile, six released fields of 5 to 400
values, and a sensitive one of 30. They are registered once, and as snapshots that have everything since January.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np

from beam_deid.transforms.register.document import Table
from beam_deid.transforms.register.merging import merge
from beam_deid.transforms.register.prints import Prints
from beam_deid.transforms.register.prints_file import PrintsFile, ranges
from beam_deid.transforms.register.tables import write_persons, write_prints

from .processes import peak_mib

FIELDS = {"gender": 5, "month": 12, "province": 31, "amount": 60, "goods": 150, "city": 400}
SENSITIVE = "category"
MANY = 30
AGAIN = 0.3


def orders(rows: int) -> Prints:
    """Fingerprints of so many orders."""
    random = np.random.default_rng(1)

    def keys(count):
        return random.integers(0, 2**64, count, dtype=np.uint64)

    def values(count):
        # The commonest of many values is much more common than the others.
        shares = 1 / np.arange(1, count + 1)
        return keys(count)[random.choice(count, rows, p=shares / shares.sum())]

    # Of the buyers, 70 % buy once; the others share what is left, two orders or more each.
    buyers = int(rows / (1 - AGAIN + AGAIN * 3))
    once = int(buyers * (1 - AGAIN))
    others = random.integers(once, buyers, rows - once)
    who = random.permutation(np.concatenate([np.arange(once), others]))
    fields = {name: values(count) for name, count in FIELDS.items()}
    sensitive = values(MANY)
    persons = {"buyer": keys(buyers)[who], "mobile": keys(buyers)[who]}
    return Prints(keys(rows), persons, {**fields, SENSITIVE: sensitive}, {SENSITIVE: sensitive})


def first(prints: Prints, rows: int) -> Prints:
    """The first orders."""
    named = (
        {name: keys[:rows] for name, keys in one.items()} for one in (prints.persons, prints.values, prints.normal)
    )
    return Prints(prints.record[:rows], *named)


def timed(work):
    """What a call gives, and its seconds."""
    begun = time.perf_counter()
    result = work()
    return result, time.perf_counter() - begun


def read(files: list[PrintsFile], most: int) -> int:
    """Read all columns of some tables by ranges; how many rows there are."""
    cuts = ranges([file.rows for file in files], most)
    return sum(len(file.read_all(low, high).record) for low, high in cuts for file in files)


def one_table(folder: str, prints: Prints, most: int) -> None:
    """A table and the file of its persons, alone."""
    millions = len(prints.record) / 1e6
    path = str(Path(folder, "one"))
    people = str(Path(folder, "persons"))
    facts, seconds = timed(lambda: write_prints(path, [prints]))
    tell("one table", f"{facts[1] / 2**20 / millions:8.1f} MiB per million records, written in {seconds:.2f} s")
    file, seconds = timed(lambda: PrintsFile(path, Table("one", *facts)))
    tell("", f"{'':8} compared with its hash in {seconds:.2f} s")
    _, seconds = timed(lambda: read([file], most))
    tell("", f"{'':8} read in {seconds:.2f} s")
    facts, seconds = timed(lambda: write_persons(people, {name: [keys] for name, keys in prints.persons.items()}))
    told = f"{facts[1] / 2**20 / millions:8.1f} MiB per million records, written in {seconds:.2f} s"
    tell("its persons, for counting", told)


def snapshots(folder: str, prints: Prints, months: int) -> list[PrintsFile]:
    """A table a month, of everything so far."""
    files = []
    for month in range(1, months + 1):
        path = str(Path(folder, f"month-{month}"))
        facts = write_prints(path, [first(prints, len(prints.record) * month // months)])
        files.append(PrintsFile(path, Table(path, *facts)))
    return files


def compaction(folder: str, files: list[PrintsFile], sizes: int, most: int) -> None:
    """The tables as they are, and as one."""
    rows = sum(file.rows for file in files)
    _, seconds = timed(lambda: read(files, most))
    tell(f"{len(files)} snapshots, {rows:,} rows", f"{sizes / 2**20:8.1f} MiB, read in {seconds:.2f} s")
    path = str(Path(folder, "common"))
    held = peak_mib()
    (made, _), seconds = timed(lambda: merge(path, [f"a.{number}/" for number in range(len(files))], files, most))
    size = made[0].size
    told = f"{size / 2**20:8.1f} MiB, {sizes / size:.1f} times smaller, merged and compared in {seconds:.2f} s"
    tell("the same, compacted", told)
    tell("", f"{'':8} peak {peak_mib():,.0f} MiB, {held:,.0f} before it")
    common = PrintsFile(path, made[0])
    beside = [common.beside(table) for table in made]
    _, seconds = timed(lambda: read(beside, most))
    tell("", f"{'':8} read in {seconds:.2f} s")


def tell(what: str, figures: str) -> None:
    """Print a line."""
    print(f"{what:34} {figures}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--most", type=int, default=1 << 20)
    given = parser.parse_args()
    print(f"{given.rows:,} records, 2 identities, 7 fields, 1 of them sensitive; {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        prints = orders(given.rows)
        one_table(folder, prints, given.most)
        files = snapshots(folder, prints, given.months)
        del prints
        sizes = sum(path.stat().st_size for path in Path(folder).glob("month-*"))
        compaction(folder, files, sizes, given.most)


if __name__ == "__main__":
    main()
