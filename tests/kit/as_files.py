"""One release, made of files, of a table in memory, or of a collection, in a form in which all three can be compared.

What comes out must be the same, but for what names the run and its files: the label with all its evidence, every released row,
every reject.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

import beam_deid
from beam_deid.pipelines.cli import call
from beam_deid.transforms import Deidentified, Deidentify, Rejected, ReleaseLabel
from beam_deid.transforms.label.documents import to_bytes

from ..label.cases import test_bad_input, test_earlier, test_later, test_misleading_sources
from ..label.cases.kit import Case
from .policies import KEY

MODULES = {test_bad_input: 15, test_earlier: 42, test_later: 48, test_misleading_sources: 43}
"""The modules with cases, and how many releases of one table they have."""
MOST = 10
"""Collections of one pipeline: it takes time to start one, and each of its stages takes the longer the more stages there are."""
THIRDS = 3
"""Of so many releases one is made of files, or in buckets, for each change."""
OF_A_RUN = ("run", "decided_at", "assessed_at", "policy_sha256", "files", "purpose")
"""What a label says of its run, its time and its files."""
REJECTS = "0.5"
_MADE_AT = re.compile(r"\(made [^)]*\)")
GivenPolicy = Mapping[str, Any] | str
"""A policy, or its path."""


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
    """What a JSON text says, but for when earlier releases were made.

    Last digits are left out, too: sums run in the order of fingerprints, whose key is another in each run.
    """
    return json.loads(_MADE_AT.sub("(made then)", text), parse_float=lambda number: round(float(number), 9))


def comparable(label: Mapping[str, Any]) -> dict[str, Any]:
    """A label without what names its run."""
    return {name: value for name, value in label.items() if name not in OF_A_RUN}


def through_files(table: pa.Table, policy: Mapping[str, Any], release: str, folder: Path, workers: int) -> Made:
    """The release of `beam-deid run` on a file of a table."""
    folder.mkdir(parents=True)
    pq.write_table(table, folder / "in.parquet")
    (folder / "policy.yaml").write_text(yaml.safe_dump(dict(policy), allow_unicode=True, sort_keys=False))
    return of_run(folder / "policy.yaml", [folder / "in.parquet"], release, folder / "out", workers)


def of_run(policy: Path, inputs: Sequence[Path], release: str, out: Path, workers: int = 1) -> Made:
    """The release of `beam-deid run` on files."""
    given = ["run", str(policy), "-o", str(out), "--release", release, "--workers", str(workers)]
    given += ["--max-rejects", REJECTS, *(word for path in inputs for word in ("-i", str(path)))]
    assert call(given) == 0
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


def through_frame(frame: Any, policy: GivenPolicy, release: str) -> Made:
    """The release of `beam_deid.deidentify`."""
    return of_frame(beam_deid.deidentify(frame, policy, release, max_rejects=float(REJECTS)))


def of_frame(made: beam_deid.Deidentified[Any]) -> Made:
    """What `beam_deid.deidentify` gave back."""
    label = comparable(told(to_bytes(made.label.document).decode()))
    rows = made.data.to_pylist() if isinstance(made.data, pa.Table) else made.data.to_dicts()
    rejects = made.rejects.to_pylist() if isinstance(made.rejects, pa.Table) else made.rejects.to_dicts()
    lines = sorted(f"{one['row']} {one['field']} {one['reason']}" for one in rejects)
    return Made(label, in_order(label, map(str, rows)), lines)


def through_collections(
    tables: Mapping[str, pa.Table], policies: Mapping[str, GivenPolicy], folder: Path
) -> dict[str, Made]:
    """The releases of pipelines in which each of the tables is a collection of its own; a policy has one release."""
    names = list(tables)
    for first in range(0, len(names), MOST):
        with beam.Pipeline(runner="FnApiRunner") as pipeline:
            for name in names[first : first + MOST]:
                collection(pipeline, name, tables[name], policies[name], folder)
    return {name: made_of(folder, name) for name in names}


def collection(
    pipeline: beam.Pipeline, name: str, table: pa.Table, policy: GivenPolicy, folder: Path, release: str | None = None
) -> Deidentified:
    """What `Deidentify` makes of a table as a collection, which is written down for `made_of`."""
    batches = table.combine_chunks().to_batches() or [pa.RecordBatch.from_pylist([], schema=table.schema)]
    given = pipeline | f"{name}: rows" >> beam.Create(batches, reshuffle=False).with_output_types(pa.RecordBatch)
    result = given | name >> Deidentify(policy, release, max_rejects=float(REJECTS))
    for what in ("released", "rejected", "label"):
        _ = getattr(result, what) | f"{name}: {what}" >> beam.Map(noted, str(folder / f"{name}.{what}"))
    return result


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
    """Every third release of one table, from a number on."""
    return [one for one in releases_of(module) if of_one_table(one[1]) is not None][number::THIRDS]


def releases_of(module: Any) -> list[tuple[str, Case, str]]:
    """Every release of every case of a module, with a name of its own."""
    return [
        (f"{number} {case.name}.{release}", case, release)
        for number, case in enumerate(cases_of(module))
        for release in case.policy["releases"]
    ]


def differences(one: Made, other: Made) -> list[str]:
    """What is not the same, in words."""
    unlike = [
        f"label.{name}: {one.label.get(name)!r} through files, {other.label.get(name)!r} through a collection"
        for name in {*one.label, *other.label}
        if one.label.get(name) != other.label.get(name)
    ]
    unlike += [what for what in ("rows", "rejects") if getattr(one, what) != getattr(other, what)]
    return unlike
