"""Registers with real tables, whose entries are made of real runs, or by hand where no output is needed."""

import hashlib
import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from beam_deid.transforms.label.record_counts import RecordCounts
from beam_deid.transforms.register.document import Document, Entry, Run, State, Table
from beam_deid.transforms.register.folder import Held, hold
from beam_deid.transforms.register.prints import Prints
from beam_deid.transforms.register.tables import write_persons, write_prints
from beam_deid.transforms.terms import LabelName

MADE_AT = "2026-10-01T08:00:00+00:00"


def entry(name: str = "analytics.1", **changes: Any) -> Entry:
    """An anonymized release of 95 records that was published, and no output of which is anywhere."""
    made = Entry(
        name,
        name.partition(".")[0],
        "a1b2c3d4e5f60718",
        MADE_AT,
        LabelName.ANONYMIZED,
        "controlled",
        "market analysis",
        "an agency",
        "/gone/out",
        State.PUBLISHED,
        {"city": "province"},
        {"city": 0.25},
        RecordCounts(read=100, released=95, suppressed=5, withheld=0, rejected=0),
        ({"name": "orders-10.csv", "size": 4096, "sha256": "1" * 64},),
        ({"path": "part-00000.parquet", "rows": 95, "sha256": "2" * 64},),
        "3" * 64,
        "4" * 64,
        "field:tid",
        ("buyer",),
        {"city": ("quasi_identifier",), "item": ("sensitive",)},
        5,
        {"item": 2},
    )
    return replace(made, **changes)


def register_of(*entries: Entry, runs: tuple[Run, ...] = ()) -> Document:
    """A register of some entries, before its first revision is written."""
    return Document("orders-7f3a", "orders", 0, "", {"id": 1, "check": "c0ffee"}, entries, runs)


def prints(entry: Entry, seed: int = 7) -> Prints:
    """Fingerprints of an entry's records: of equal seeds they are of the same records, so far as both have them."""
    random = np.random.default_rng(seed)
    rows = entry.records.released

    def keys(count: int) -> np.ndarray:
        return random.integers(0, 1 << 64, count, dtype=np.uint64)

    record = keys(rows)
    person = keys(rows)
    few = {field: keys(5) for field in entry.roles}
    values = {field: one[np.arange(rows) % 5] for field, one in few.items()}
    normal = {field: values[field] for field, roles in entry.roles.items() if "sensitive" in roles}
    return Prints(record, dict.fromkeys(entry.identities, person), values, normal)


def with_table(held: Held, entry: Entry, folder: str) -> Entry:
    """An entry with the table of its fingerprints, which is in the register from then on."""
    path = f"{folder}/{entry.name}"
    rows, size, sha256 = write_prints(path, [prints(entry)])
    return replace(entry, table=Table(held.add(path, entry.name, sha256), rows, size, sha256))


def of_persons(held: Held, run: str, folder: str) -> Run:
    """A run that handled the data of three persons."""
    path = f"{folder}/{run}"
    rows, size, sha256 = write_persons(path, {"buyer": [np.arange(3, dtype=np.uint64)]})
    return Run(run, MADE_AT, Table(held.add(path, "persons", sha256), rows, size, sha256))


def written(place: Path | str, *entries: Entry, runs: Sequence[str] = ()) -> str:
    """A register below a folder, with a table for every entry that was anonymized; returns where it is."""
    path = f"{place}/orders.register"
    with hold(path) as held, tempfile.TemporaryDirectory() as folder:
        full = [with_table(held, one, folder) if one.label is LabelName.ANONYMIZED else one for one in entries]
        held.save(register_of(*full, runs=tuple(of_persons(held, run, folder) for run in runs)))
    return path


def of_run(output: Path, release: str, name: str, /, **changes: Any) -> Entry:
    """The entry of a release that a run has published."""
    data = (output / release / "label.json").read_bytes()
    label = json.loads(data)
    run = json.loads((output / "run.json").read_text("utf-8"))
    made = entry(
        name,
        release=release,
        run=label["run"],
        made_at=run["started_at"],
        label=LabelName(label["label"]),
        output=str(output),
        sharing=label["sharing"],
        purpose=label["purpose"],
        records=RecordCounts.from_document(label["records"]),
        files=tuple(label["files"]),
        levels=label["search"].get("levels", {}),
        losses=label["search"].get("losses", {}),
        k=label["asked"]["asked"].get("k", 3),
        l={},
        label_sha256=hashlib.sha256(data).hexdigest(),
        policy_sha256=label["policy_sha256"],
        identities=tuple(label["identities"]["counted"]),
        roles={field: tuple(facts["role"]) for field, facts in label["fields"].items()},
    )
    return replace(made, **changes)
