"""Reading files of orders beside pyarrow and polars, all columns, in one run.

    python -m tests.benchmarks.bench_read [--rows 1000000] [--repeat 3] [--only csv jsonl] [--keep FOLDER]

Every reader is a process of its own, interpreter start included, on the same generated orders, in turns; medians are compared.
All read every column: ours and pyarrow's as text where the file is text, on one core; polars with its threads and types as it
finds them, those of a sheet by fastexcel. A sheet holds the first 1,048,575 orders at most. openpyxl, which goes row by row, has a
file of its own, of the first 100,000, and what it takes is told as it is and for all rows, in proportion. What ours takes to list a
file, which cuts it for several processes, is a line of its own. Memory is sampled, its peak the greatest of all turns.
"""

import argparse
import statistics
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.excel_writer import MOST_ROWS
from beam_deid.transforms.formats.input_options import InputOptions

from .machine import machine
from .order_files import orders_file
from .processes import cost

FORMS = ("csv", "jsonl", "json", "parquet", "xlsx")

_SLOW_ROWS = 100_000
"""Rows of the sheet that openpyxl reads."""
_BATCH = 1 << 16
_OURS = """
import os, sys
from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.input_options import InputOptions
path, options = sys.argv[1], InputOptions()
kind = format_of(path, options)
shards = kind.shards(path, os.path.getsize(path), options, 262_144)
rows = 0
if sys.argv[2] == "read":
    names = kind.schema(path, options).names
    for shard in shards:
        rows += sum(chunk.batch.num_rows for chunk in kind.read(shard, options, names, 65_536))
print(rows)
"""
_PYARROW = {
    "csv": "import pyarrow.csv as c; o = c.ReadOptions(use_threads=False)\n"
    "n = c.open_csv(p).schema.names; t = c.ConvertOptions(column_types=dict.fromkeys(n, 'string'))\n"
    "print(sum(b.num_rows for b in c.open_csv(p, o, c.ParseOptions(newlines_in_values=True), t)))",
    "jsonl": "import pyarrow.json as j; print(j.read_json(p, j.ReadOptions(use_threads=False)).num_rows)",
    "parquet": "import pyarrow.parquet as q\n"
    "print(sum(b.num_rows for b in q.ParquetFile(p).iter_batches(65536, use_threads=False)))",
}
_POLARS = {
    "csv": "import polars as l; print(l.read_csv(p).height)",
    "jsonl": "import polars as l; print(l.read_ndjson(p).height)",
    "json": "import polars as l; print(l.read_json(p).height)",
    "parquet": "import polars as l; print(l.read_parquet(p).height)",
    "xlsx": "import polars as l; print(l.read_excel(p).height)",
}
_OPENPYXL = (
    "import openpyxl as o; rows = o.load_workbook(p, read_only=True).active.iter_rows(values_only=True)\n"
    "print(sum(1 for _ in rows) - 1)"
)


def files(folder: Path, rows: int, forms: list[str]) -> dict[str, Path]:
    """The same orders in each form."""
    orders = Path(orders_file(folder, rows))
    made = {"parquet": orders}
    table = pq.read_table(orders)
    texts = pa.table({name: _text(table.column(name)) for name in table.column_names})
    if "csv" in forms:
        made["csv"] = folder / f"orders-{rows}.csv"
        pyarrow.csv.write_csv(texts, made["csv"])
    if "jsonl" in forms or "json" in forms:
        made["jsonl"] = folder / f"orders-{rows}.jsonl"
        _write(texts, made["jsonl"])
    if "json" in forms:
        made["json"] = folder / f"orders-{rows}.json"
        with made["jsonl"].open("rb") as lines, made["json"].open("wb") as stream:
            stream.write(b"[")
            stream.writelines((b"," if number else b"") + line for number, line in enumerate(lines))
            stream.write(b"]")
    if "xlsx" in forms:
        made["xlsx"] = _sheet(folder, table.slice(0, MOST_ROWS))
        _sheet(folder, table.slice(0, _SLOW_ROWS))
    return {form: made[form] for form in forms}


def _sheet(folder: Path, table: pa.Table) -> Path:
    path = folder / f"orders-{table.num_rows}.xlsx"
    if not path.exists():
        _write(table, path)
    return path


def rows_in(form: str, rows: int) -> int:
    """How many of so many orders a file of a form holds."""
    return min(rows, MOST_ROWS) if form == "xlsx" else rows


def _write(table: pa.Table, path: Path) -> None:
    with path.open("wb") as stream:
        writer = format_of(str(path), InputOptions()).writer(stream, table.schema)
        for batch in table.to_batches(_BATCH):
            writer.write(batch)
        writer.close()


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.cast(column, pa.string())


def contenders(form: str, path: Path) -> dict[str, list[str]]:
    """The command of each reader of a form."""
    start = [sys.executable, "-c"]
    found = {"ours": [*start, _OURS, str(path), "read"], "ours, listing": [*start, _OURS, str(path), "list"]}
    for name, codes in (("pyarrow", _PYARROW), ("polars", _POLARS)):
        if form in codes:
            found[name] = _reading(codes[form], path)
    return found


def _reading(code: str, path: Path) -> list[str]:
    return [sys.executable, "-c", f"import sys; p = sys.argv[1]\n{code}", str(path)]


def measured(form: str, path: Path, rows: int, repeat: int) -> list[str]:
    """A line for each reader of a form."""
    commands = contenders(form, path)
    costs = {name: [] for name in commands}
    for _ in range(repeat):
        for name, command in commands.items():
            taken = cost(command)
            if name != "ours, listing" and int(taken.output) != rows:
                sys.exit(f"{name} read {taken.output.strip()} of {rows} rows of {path.name}")
            costs[name].append(taken)
    cpu = {name: statistics.median(one.cpu for one in taken) for name, taken in costs.items()}
    base = cpu["pyarrow"] if "pyarrow" in cpu else cpu["polars"]
    lines = []
    for name, taken in costs.items():
        wall = statistics.median(one.wall for one in taken)
        peak = max(one.peak_mib for one in taken)
        lines.append(_line(form, name, wall, cpu[name], peak, base))
    if form == "xlsx":
        lines += _of_openpyxl(path.parent, rows, base)
    return lines


def _line(form: str, name: str, wall: float, cpu: float, peak: float, base: float) -> str:
    return f"{form:8} {name:22} {wall:7.2f} s {cpu:7.2f} s of cpu {peak:7.0f} MiB  x{cpu / base:.2f}"


def _of_openpyxl(folder: Path, rows: int, base: float) -> list[str]:
    """What openpyxl takes for a sheet of fewer rows, once, and in proportion for all; its memory hardly grows with them."""
    few = min(rows, _SLOW_ROWS)
    taken = cost(_reading(_OPENPYXL, folder / f"orders-{few}.xlsx"))
    times = rows / few
    return [
        _line("xlsx", f"openpyxl, {few:,}", taken.wall, taken.cpu, taken.peak_mib, base / times),
        _line("xlsx", "openpyxl, in proportion", taken.wall * times, taken.cpu * times, taken.peak_mib, base),
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=FORMS, default=list(FORMS))
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where files of orders are made, and found again")
    given = parser.parse_args()
    print(
        f"{given.rows:,} orders, {machine()['cores']} cores; ratios of cpu to pyarrow's, or polars' where it has no reader",
        flush=True,
    )
    with nullcontext(given.keep) if given.keep else tempfile.TemporaryDirectory() as folder:
        for form, path in files(Path(folder), given.rows, given.only).items():
            rows = rows_in(form, given.rows)
            if rows < given.rows:
                print(f"{form}: the first {rows:,} orders only", flush=True)
            print(*measured(form, path, rows, given.repeat), sep="\n", flush=True)


if __name__ == "__main__":
    main()
