"""Registers as the tests keep them."""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from beam_deid.transforms.label.documents import document_sha256
from beam_deid.transforms.label.record_counts import RecordCounts
from beam_deid.transforms.register.document import Document, Entry, Run, State, Table
from beam_deid.transforms.register.folder import read, table_path
from beam_deid.transforms.terms import LabelName

from ..storage.processes import ROOT

SHA = "0" * 64


def document() -> Document:
    """A register that says nothing yet."""
    return Document("r" * 16, "shop", 0, "", {"id": 1, "check": "0123456789abcdef"})


def entry(name: str, table: Table | None = None) -> Entry:
    """A release that was given out."""
    return Entry(
        name=name,
        release=name.partition(".")[0],
        run="0123456789abcdef",
        made_at="2026-01-01T00:00:00+00:00",
        label=LabelName.ANONYMIZED,
        sharing="controlled",
        purpose="market analysis",
        recipient=None,
        output="out",
        state=State.PUBLISHED,
        levels={"city": "province"},
        losses={"city": 0.5},
        records=RecordCounts(read=9, released=9, suppressed=0, withheld=0, rejected=0),
        inputs=({"name": "orders.parquet", "size": 9, "sha256": SHA},),
        files=({"path": "part", "rows": 9, "sha256": SHA},),
        label_sha256=SHA,
        policy_sha256=SHA,
        record="field:tid",
        identities=("buyer",),
        roles={"city": ("quasi_identifier",)},
        k=5,
        l={},
        table=table,
    )


def staged(folder: Path, text: str) -> tuple[str, str]:
    """A table that waits on this machine, and its hash."""
    path = folder / f"staged-{text}"
    data = f"fingerprints of {text} ".encode() * 5000
    path.write_bytes(data)
    return str(path), hashlib.sha256(data).hexdigest()


def register(held, folder: Path, name: str) -> Document:
    """Register one more release, with its table."""
    given = held.document or document()
    source, digest = staged(folder, name)
    file = held.add(source, f"records-{name}", digest)
    table = Table(file, 9, os.path.getsize(source), digest)
    more = given.with_entries({name: entry(name, table)})
    run = Run(f"run of {name}", "2026-01-01T00:00:00+00:00")
    return held.save(replace(more, runs=(*more.runs, run)))


def without(document_: Document, name: str) -> Document:
    """The same without one release's table."""
    return document_.with_entries({name: replace(document_.entry(name), table=None)})


def edited(path: Path, **changes) -> None:
    """Change a revision as somebody would who knows how it is written."""
    given = json.loads(path.read_text("utf-8"))
    given.pop("sha256")
    given |= changes
    path.write_text(json.dumps({**given, "sha256": document_sha256(given)}), "utf-8")


def python(code: str, *arguments: str, **more: str) -> subprocess.Popen:
    """A process that runs some Python, and finds these tests."""
    found = os.pathsep.join([ROOT, *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "PYTHONPATH": found, **more},
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def contents(folder: Path) -> list[str]:
    """All files of a register."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def assert_whole(folder: Path, names: list[str]) -> None:
    """The newest revision says these releases, its tables are what it says, and nothing else is there but older revisions."""
    found = read(str(folder))
    assert [one.name for one in found.releases] == names
    for one in found.releases:
        data = Path(table_path(str(folder), one.table.file)).read_bytes()
        assert hashlib.sha256(data).hexdigest() == one.table.sha256
    first = max(1, found.revision - 2)
    revisions = [f"revision-{number:06d}.json" for number in range(first, found.revision + 1)]
    assert contents(folder) == sorted([*revisions, *(f"tables/{file}" for file in found.files)])
