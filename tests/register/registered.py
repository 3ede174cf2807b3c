"""Registers whose entries are made of real runs, or by hand where no output is needed."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from beam_deid.transforms.register.document import Document, Entry, Run, State, Table
from beam_deid.transforms.register.folder import hold
from beam_deid.transforms.terms import LabelName

MADE_AT = "2026-10-01T08:00:00+00:00"


def entry(name: str = "analytics.1", **changes: Any) -> Entry:
    """An anonymized release of 95 records that was published, and no output of which is anywhere."""
    made = Entry(
        name, name.partition(".")[0], "a1b2c3d4e5f60718", MADE_AT, LabelName.ANONYMIZED, "controlled", "market analysis",
        "an agency", "/gone/out", State.PUBLISHED, {"city": "province"}, {"city": 0.25},
        {"read": 100, "released": 95, "suppressed": 5, "withheld": 0, "rejected": 0},
        ({"name": "orders-10.csv", "size": 4096, "sha256": "1" * 64},),
        ({"path": "part-00000.parquet", "rows": 95, "sha256": "2" * 64},),
        "3" * 64, "4" * 64, "field:tid", ("buyer",), {"city": ("quasi_identifier",), "item": ("sensitive",)}, 5, {"item": 2},
        (), Table(f"{name}-0.parquet", 95, 2_000, "5" * 64),
    )  # fmt: skip
    return replace(made, **changes)


def document(*entries: Entry, runs: tuple[Run, ...] = ()) -> Document:
    """A register of some entries, before its first revision is written."""
    return Document("orders-7f3a", "orders", 0, "", {"id": 1, "check": "c0ffee"}, entries, runs)


def written(folder: Path, *entries: Entry, runs: tuple[Run, ...] = ()) -> str:
    """A register on a disk; returns its folder."""
    path = str(folder / "orders.register")
    with hold(path) as held:
        held.save(document(*entries, runs=runs))
    return path


def of_run(output: Path, release: str, name: str, /, **changes: Any) -> Entry:
    """The entry of a release that a run has published."""
    data = (output / release / "label.json").read_bytes()
    label, run = json.loads(data), json.loads((output / "run.json").read_text("utf-8"))
    made = entry(
        name, release=release, run=label["run"], made_at=run["started_at"], label=LabelName(label["label"]), output=str(output),
        sharing=label["sharing"], purpose=label["purpose"], records=label["records"], files=tuple(label["files"]),
        levels=label["search"].get("levels", {}), losses=label["search"].get("losses", {}),
        k=label["asked"]["asked"].get("k", 3), l={},
        label_sha256=hashlib.sha256(data).hexdigest(), policy_sha256=label["policy_sha256"],
        identities=tuple(label["identities"]["counted"]),
        roles={field: tuple(facts["role"]) for field, facts in label["fields"].items()},
    )  # fmt: skip
    return replace(made, **changes)
