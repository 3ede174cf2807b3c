"""A collection is treated as files are: every case of the label rule, once through files and once through a pipeline.

What comes out must be the same, but for what names the run and its files: the label with all its evidence, every released row,
every reject. All pipelines of a module's cases are one, for a pipeline takes seconds to start and no time to widen.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from beam_deid.pipelines.cli import call
from beam_deid.transforms import Deidentify, Rejected, ReleaseLabel

from ..kit.policies import KEY
from ..kit.sampling import sampled
from ..label.cases import test_bad_input, test_earlier, test_later, test_misleading_sources
from ..label.cases.kit import Case

MODULES = {test_bad_input: 15, test_earlier: 42, test_later: 48, test_misleading_sources: 43}
"""The modules with cases, and how many releases of one table they have."""
THIRDS = 3
"""Of so many releases one is tried for each change, and those that others leave out."""
SOME = 12
"""Of so many runs on files one has two processes."""
OF_A_RUN = ("run", "decided_at", "assessed_at", "policy_sha256", "files", "purpose")
"""What a label says of its run, its time and its files."""
REJECTS = "0.5"


@dataclass(frozen=True)
class Made:
    """A release as it came out, in a form that can be compared."""

    label: Mapping[str, Any]
    rows: Sequence[str]
    rejects: Sequence[str]


def cases_of(module: Any) -> Iterator[Case]:
    """The cases of a module that are one run of one input.

    Left out is what no collection has: policies that are refused, several files, commands one after the other, and tables that lie
    beside the policy. Releases are compared one by one, for `Deidentify` makes one; releases of one run that are tested together
    are `tests/composition`'s.
    """
    found = {id(case): case for value in vars(module).values() if isinstance(value, list) for case in value}
    for case in found.values():
        if isinstance(case, Case) and case.refused is None and not case.commands and len(case.inputs) == 1:
            yield case


def of_one_table(case: Case) -> pa.Table | None:
    """The table of a case that has nothing else beside its policy."""
    made = case.data()
    return made if isinstance(made, pa.Table) else None


def policy_of(case: Case, release: str, folder: Path) -> dict[str, Any]:
    """The case's policy with one of its releases, and a register of its own."""
    one = dict(case.policy)
    one["releases"] = {release: case.policy["releases"][release]}
    if "keys" in one:
        one["register"] = {"path": str(folder / "t.register"), "key": f"env:{KEY}"}
    return one


def told(text: str) -> Any:
    """What a JSON text says, but for last digits: sums run in the order of fingerprints, whose key is another in each run."""
    return json.loads(text, parse_float=lambda number: round(float(number), 9))


def comparable(label: Mapping[str, Any]) -> dict[str, Any]:
    """A label without what names its run."""
    return {name: value for name, value in label.items() if name not in OF_A_RUN}


def through_files(table: pa.Table, policy: Mapping[str, Any], release: str, folder: Path, workers: int) -> Made:
    """The release of `beam-deid run`."""
    folder.mkdir(parents=True)
    pq.write_table(table, folder / "in.parquet")
    (folder / "policy.yaml").write_text(yaml.safe_dump(dict(policy), allow_unicode=True, sort_keys=False))
    given = ["run", str(folder / "policy.yaml"), "-i", str(folder / "in.parquet"), "-o", str(folder / "out")]
    assert call([*given, "--workers", str(workers), "--max-rejects", REJECTS]) == 0
    out = folder / "out"
    rows = [row for part in sorted((out / release).glob("part-*")) for row in pq.read_table(part).to_pylist()]
    rejects = pq.read_table(out / "rejected.parquet").to_pylist()
    label = comparable(told((out / release / "label.json").read_text("utf-8")))
    return Made(
        label,
        in_order(label, map(str, rows)),
        sorted(f"{one['row'] - 1} {one['field']} {one['reason']}" for one in rejects),  # rows of a batch count from 0
    )


def in_order(label: Mapping[str, Any], rows: Iterable[str]) -> list[str]:
    """Rows as they are where their order follows from their values; else it is the source's, and an engine may change it."""
    return list(rows) if label["label"] == "anonymized" else sorted(rows)


def through_collections(
    tables: Mapping[str, pa.Table], policies: Mapping[str, Mapping[str, Any]], folder: Path
) -> dict[str, Made]:
    """The releases of one pipeline in which each of the tables is a collection of its own."""
    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        for name, table in tables.items():
            batches = table.combine_chunks().to_batches() or [pa.RecordBatch.from_pylist([], schema=table.schema)]
            given = pipeline | f"{name}: rows" >> beam.Create(batches).with_output_types(pa.RecordBatch)
            result = given | name >> Deidentify(policies[name], max_rejects=float(REJECTS))
            for what in ("released", "rejected", "label"):
                _ = getattr(result, what) | f"{name}: {what}" >> beam.Map(noted, str(folder / f"{name}.{what}"))
    return {name: made_of(folder, name) for name in tables}


def noted(element: Any, path: str) -> None:
    """Write an element down."""
    lines = [element]
    if isinstance(element, pa.RecordBatch):
        lines = [str(row) for row in element.to_pylist()]
    elif isinstance(element, ReleaseLabel):
        lines = [json.loads(element.document)]
    elif isinstance(element, Rejected):
        lines = [f"{element.row} {element.field} {element.reason}"]
    with open(path, "a", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)


def made_of(folder: Path, name: str) -> Made:
    """What was written down of a collection."""

    def lines(what: str) -> list[Any]:
        path = folder / f"{name}.{what}"
        return [told(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []

    (label,) = lines("label")
    return Made(comparable(label), in_order(label, lines("released")), sorted(lines("rejected")))


def third_of(module: Any, number: int) -> list[tuple[str, Case, str]]:
    """Every third release of one table; the other two tests that go through all cases begin with other ones."""
    return [one for one in releases_of(module) if of_one_table(one[1]) is not None][number::THIRDS]


def releases_of(module: Any) -> list[tuple[str, Case, str]]:
    """Every release of every case of a module, with a name of its own."""
    return [
        (f"{number} {case.name}.{release}", case, release)
        for number, case in enumerate(cases_of(module))
        for release in case.policy["releases"]
    ]


def both_ways(releases: Sequence[tuple[str, Case, str]], folder: Path) -> tuple[dict[str, Made], dict[str, Made]]:
    """What files and collections made of some releases; of those that are not of one table, nothing."""
    tables = {}
    policies = {}
    files = {}
    for number, (name, case, release) in enumerate(releases):
        table = of_one_table(case)
        if table is not None:
            tables[name] = table
            policies[name] = policy_of(case, release, folder / f"pipeline-{number}")
            place = folder / f"files-{number}"
            workers = 2 if number % SOME == 0 else 1
            files[name] = through_files(table, policy_of(case, release, place), release, place / "run", workers)
    return files, through_collections(tables, policies, folder)


def unlike(both: tuple[dict[str, Made], dict[str, Made]]) -> dict[str, list[str]]:
    """What is not the same, by release."""
    files, collections = both
    return {name: differences(files[name], collections[name]) for name in files if files[name] != collections[name]}


def test_a_few_collections_are_released_and_labelled_as_files_are(tmp_path):
    made = both_ways(releases_of(test_bad_input)[1:4], tmp_path)
    assert len(made[0]) == 3
    assert unlike(made) == {}


@pytest.mark.slow("a run and a collection for every case of the label rule")
@pytest.mark.parametrize("third", sampled(range(THIRDS), THIRDS, 0))
@pytest.mark.parametrize(
    ("module", "count"), MODULES.items(), ids=lambda one: getattr(one, "__name__", "").rpartition(".")[2]
)
def test_every_collection_is_released_and_labelled_as_files_are(module, count, third, tmp_path):
    made = both_ways(third_of(module, third), tmp_path)
    assert len(made[0]) == len(range(third, count, THIRDS))
    assert unlike(made) == {}


def differences(one: Made, other: Made) -> list[str]:
    """What is not the same, in words."""
    unlike = [
        f"label.{name}: {one.label.get(name)!r} through files, {other.label.get(name)!r} through a collection"
        for name in {*one.label, *other.label}
        if one.label.get(name) != other.label.get(name)
    ]
    unlike += [what for what in ("rows", "rejects") if getattr(one, what) != getattr(other, what)]
    return unlike
