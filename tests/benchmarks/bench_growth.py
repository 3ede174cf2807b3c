"""How time and memory of `beam-deid run` grow: with rows, with distinct combinations, with releases.

    python -m tests.benchmarks.bench_growth [--rows 250000 500000 1000000] [--at 1000000] [--releases 4] [--repeat 1]
        [--workers N] [--keep FOLDER] [--json FILE] [--svg FILE]

Combinations are those of the released quasi-identifiers; they are made more by finer levels, and the rows stay the same. Releases
are equal ones of one policy. Each run is a process of its own, measured with all that it starts.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyarrow.dataset import dataset

from .contenders import ROOT, Contender, run
from .costs_table import summary
from .growth_picture import Panel, write_picture
from .machine import commit, machine
from .order_files import Levels, crm, orders_file, policy_file

QUASI = ("receiver_state", "receiver_city", "birth_year", "created", "payment")
FINER = (
    Levels("{generalize: {ranges: [40], level: 0}}", "{generalize: {calendar: [year], level: year}}", "[200]"),
    Levels(),
    Levels(created="{generalize: {calendar: [week], level: week}}"),
    Levels("{generalize: {ranges: [5], level: 0}}", "{generalize: {calendar: [week], level: week}}"),
    Levels("{generalize: {ranges: [5], level: 0}}", "{generalize: {calendar: [day], level: day}}"),
    Levels("keep", "{generalize: {calendar: [day], level: day}}"),
)
"""From few combinations to about as many as orders."""


def growing(given: argparse.Namespace, kept: Path, folder: Path) -> Iterator[tuple[str, int, Contender]]:
    """What is measured: what it grows with, how many of it where that is known before, and the run."""
    crowd = orders_file(kept, given.at)
    plain = policy_file(folder, "plain", crm())
    for rows in given.rows:
        yield "rows", rows, run("run", plain, orders_file(kept, rows), folder / "run", given.workers)
    for at, levels in enumerate(FINER):
        policy = policy_file(folder, f"finer{at}", crm(levels))
        yield "combinations", 0, run("run", policy, crowd, folder / "run", given.workers)
    for many in range(1, given.releases + 1):
        policy = policy_file(folder, f"releases{many}", crm(releases=many))
        yield "releases", many, run("run", policy, crowd, folder / "run", given.workers)


def measured(run: Contender, repeat: int) -> dict[str, Any]:
    """What a run took, and how many combinations there were."""
    found = summary([run.turn() for _ in range(repeat)])
    parts = sorted((run.folder / "out" / "crm").glob("*.parquet"))
    released = dataset(parts).to_table(columns=list(QUASI))
    return {**found, "combinations": len(released.group_by(list(QUASI)).aggregate([]))}


def panels(points: list[dict[str, Any]]) -> list[list[Panel]]:
    """A column for each thing that it grows with: seconds above, memory below."""
    things = list(dict.fromkeys(one["with"] for one in points))
    seconds = {"elapsed": "wall", "of processors": "cpu"}
    titles = {"seconds": seconds, "MiB at most": {"MiB": "peak_mib"}}
    return [[_panel(title, thing, figures, points) for thing in things] for title, figures in titles.items()]


def _panel(title: str, thing: str, figures: dict[str, str], points: list[dict[str, Any]]) -> Panel:
    chosen = [one for one in points if one["with"] == thing]
    return Panel(
        title, thing, {name: [(one["many"], one[figure]) for one in chosen] for name, figure in figures.items()}
    )


def told(point: dict[str, Any]) -> str:
    """A line of what was measured."""
    spent = ", ".join(f"{phase} {seconds:.1f}" for phase, seconds in point["phases"].items())
    figures = f"{point['wall']:8.2f} s {point['cpu']:8.2f} s of processors {point['peak_mib']:8,.0f} MiB"
    return f"{point['many']:>12,} {point['with']:14}{figures}   {spent}"


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[250_000, 500_000, 1_000_000, 2_000_000, 4_000_000])
    parser.add_argument("--at", type=int, default=1_000_000, help="rows where combinations or releases grow")
    parser.add_argument("--releases", type=int, default=4)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--workers", type=int, default=None)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where files of orders are made, and found again")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--svg", type=Path, metavar="FILE")
    return parser.parse_args()


def main() -> None:
    """Measure, print, write and draw."""
    given = _given()
    points = []
    with tempfile.TemporaryDirectory(dir=given.keep) as folder:
        for thing, many, one in growing(given, given.keep or Path(folder), Path(folder)):
            found = measured(one, given.repeat)
            points.append({"with": thing, "many": many or found["combinations"], **found})
            print(told(points[-1]), flush=True)
    if given.json:
        document = {"machine": machine(), "commit": commit(ROOT), "at": given.at, "points": points}
        given.json.write_text(json.dumps(document, indent=2))
    if given.svg:
        write_picture(given.svg, panels(points))


if __name__ == "__main__":
    main()
