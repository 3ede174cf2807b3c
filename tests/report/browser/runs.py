"""Runs over small tables with a canary in every column, and the reports that they leave."""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from beam_deid.pipelines.cli import call

PERSONS = 120
LONG = "a_name_of_a_column_of_forty_characters_x"


class Made(NamedTuple):
    """What a run left, and what must be nowhere in its reports.

    Attributes:
        out: Its output.
        canaries: The values that are in its input, in each column at least one.
    """

    out: Path
    canaries: frozenset[str]

    @property
    def pages(self) -> dict[str, Path]:
        """All pages by their names: of each release, and the index."""
        return {path.parent.name: path for path in sorted(self.out.rglob("report.html"))}


def canary(column: str, place: int) -> str:
    """A value that nothing else is like."""
    return f"canary{abs(hash_of(column)) % 10**6:06d}{place % 4}"


def hash_of(text: str) -> int:
    """The same number for the same text in every process."""
    return random.Random(text).getrandbits(40)


def table(columns: Sequence[str]) -> pa.Table:
    """So many persons, and every value of every column a canary; few values each, so that groups are large."""
    made = {"buyer": [f"canarybuyer{person:05d}" for person in range(PERSONS)]}
    for column in columns[:-1]:
        made[column] = [canary(column, person // 30) for person in range(PERSONS)]
    made[columns[-1]] = [canary(columns[-1], person) for person in range(PERSONS)]
    return pa.table(made)


def policy(columns: Sequence[str], releases: Mapping[str, Any]) -> dict[str, Any]:
    """A policy over the columns: the last one is sensitive, all others are quasi-identifiers."""
    roles = {column: {"role": "quasi_identifier"} for column in columns[:-1]}
    return {
        "version": 1,
        "dataset": "canaries",
        "subject": "buyer",
        "fields": {"buyer": {"role": "direct_identifier"}, **roles, columns[-1]: {"role": "sensitive"}},
        "keys": {"key": "env:BEAM_DEID_KEY"},
        "releases": dict(releases),
    }


def release(fields: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"purpose": "to test what is shown", "sharing": "controlled", "fields": dict(fields), **more}


def kept(columns: Sequence[str]) -> dict[str, Any]:
    return dict.fromkeys(columns, "keep")


def names(number: int) -> list[str]:
    """Names of so many columns, among them very long ones and Chinese ones."""
    return [f"{('列', 'column', LONG)[place % 3]}_{place}" for place in range(number)]


def carried_out(folder: Path, number: int, *, personal: bool = False) -> Made:
    """Run over a table of so many columns, all of which are released; and one release more that keeps the buyer under a key."""
    columns = names(number)
    releases = {"open": release(kept(columns), combinations=2)}
    if personal:
        releases["keyed"] = release({"buyer": {"hash": {}}, **kept(columns)}, expect="still_personal")
    made = table(columns)
    pq.write_table(made, folder / "orders.parquet")
    path = folder / "policy.yaml"
    path.write_text(yaml.safe_dump(policy(columns, releases), allow_unicode=True, sort_keys=False), "utf-8")
    command = ["run", str(path), "-i", str(folder / "orders.parquet"), "-o", str(folder / "out"), "--workers", "1"]
    assert call(command) == 0
    return Made(folder / "out", frozenset(every_value(made)))


def every_value(made: pa.Table) -> Iterator[str]:
    for column in made.columns:
        yield from column.unique().to_pylist()


def label_of(page: Path) -> dict[str, Any]:
    """The label beside a page."""
    label: dict[str, Any] = json.loads(page.with_name("label.json").read_text("utf-8"))
    return label
