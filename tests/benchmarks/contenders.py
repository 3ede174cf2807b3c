"""Who is measured in the benchmark of a run: the package, and others that copy or map the same orders."""

import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .order_files import CRM_COLUMNS, KEY, MARKET, SKEWED, crm, policy_file, skewed
from .processes import Cost, cost

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(__file__).parent / "peers"
_PEERS = {
    "copy": ("copy_orders.py", [",".join(CRM_COLUMNS)]),
    "duckdb": ("map_with_duckdb.py", []),
    "polars": ("map_with_polars.py", []),
}
"""Each one's program, and what it is told besides its two files."""


@dataclass(frozen=True)
class Contender:
    """A command that is measured.

    Attributes:
        name: Who it is.
        command: What is called, with the Python of the benchmark or of another checkout first.
        folder: Where all that it writes is; it is emptied before each turn, so that no turn finds what an earlier one left.
        environment: What is added to the environment.
        files: What is copied into the folder before each turn.
    """

    name: str
    command: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    files: tuple[Path, ...] = ()

    def turn(self) -> Cost:
        """Run once."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        for file in self.files:
            shutil.copy(file, self.folder)
        return cost(self.command, {**os.environ, **self.environment})

    def labels(self) -> dict[str, str]:
        """The label of each release that the last turn published; nothing of one who knows no labels."""
        found = sorted(self.folder.glob("out/*/label.json"))
        return {path.parent.name: json.loads(path.read_text())["label"] for path in found}


def peers(orders: Path, folder: Path) -> Iterator[Contender]:
    """The copy of the same columns, and the same mapping by others, in a folder of its own each."""
    for name, (program, more) in _PEERS.items():
        place = folder / name
        command = (sys.executable, str(PROGRAMS / program), str(orders), str(place / "mapped.parquet"), *more)
        yield Contender(name, command, place, {"POLARS_MAX_THREADS": "2"})


def runs(orders: Path, folder: Path, workers: int | None, before: Path | None) -> Iterator[Contender]:
    """The package with a personal release, an anonymized one, and uneven ones, of this checkout and of an earlier one."""
    for name, text in {"run": crm(), "anonymized": MARKET, **{name: skewed(name) for name in SKEWED}}.items():
        policy = policy_file(folder, name, text)
        yield run(name, policy, orders, folder / name, workers)
        if before is not None:
            yield run(f"{name} before", policy, orders, folder / f"{name}-before", workers, before)


def run(
    name: str, policy: Path, orders: Path, folder: Path, workers: int | None = None, checkout: Path = ROOT
) -> Contender:
    """`beam-deid run` of a checkout.

    Args:
        name: Who it is.
        policy: The policy.
        orders: What is read.
        folder: Where all that it writes is.
        workers: How many processes; None for what the package takes.
        checkout: A folder with ``.dev``, or a virtual environment in which the package is installed.
    """
    python = checkout / "bin" / "python"
    environment = {KEY: "k" * 64}
    if not python.exists():
        python = Path(sys.executable)
        environment["PYTHONPATH"] = str(_package(checkout))
    many = () if workers is None else ("--workers", str(workers))
    call = (str(python), "-m", "beam_deid.pipelines", "run", str(folder / policy.name), "-i", str(orders))
    command = (*call, "-o", str(folder / "out"), *many)
    return Contender(name, command, folder, environment, (policy,))  # the register is made beside the policy


def _package(checkout: Path) -> Path:
    """The folder of a checkout that is put on Python's path."""
    if not (checkout / ".dev" / "beam_deid").exists():
        sys.exit(f"{checkout} has no .dev/beam_deid and no bin/python: name a checkout or a virtual environment")
    return checkout / ".dev"
