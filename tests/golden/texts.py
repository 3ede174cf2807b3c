"""Files of a run in a form that can be compared and read: no bytes that a version of pyarrow decides, no times."""

import json
import re
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

_UNSURE = (
    r'"(?:decided_at|started_at|finished_at|label_sha256|rejected_sha256)": ("[^"]*")',
    r'"(?:assessed_at|review_by|kept_until)": ("[^"]*")',
    r'"(?:operator|login|host)": ("[^"]*")',
    r'"command": \[([^\]]*)\]',
    r'"policy": \{\n *"path": ("[^"]*")',
    r'"policy": \{\n *"path": "[^"]*",\n *"sha256": ("[0-9a-f]{64}")',
    r'\.parquet",\n *"size": ([0-9]+)',
    r'\.parquet",\n *"size": "…",\n *"sha256": ("[0-9a-f]{64}")',
    r'"seconds": ([0-9.]+)',
    r'^  "sha256": ("[0-9a-f]{64}")',  # of run.json itself
    r'"register": \{\n *"id": ("[0-9a-f]{16}")',  # of a register that every run here makes anew
    r'"path": ("[^"]*\.register")',
    r'\.parquet",\n *"rows": [0-9]+,\n *"sha256": ("[0-9a-f]{64}")',
)
_VERSIONS = r'("versions": \{)([^}]*)(\})'
_LEFT_OUT = '"…"'


def values_text(path: Path) -> str:
    """Names, types and values of a Parquet file; a row is a line. What JSON has no word for is written as text."""
    table = pq.read_table(path)
    heads = [f"{field.name}: {field.type}{'' if field.nullable else ' not null'}" for field in table.schema]
    rows = [json.dumps(list(row.values()), ensure_ascii=False, default=str) for row in table.to_pylist()]
    return "\n".join([*heads, "", *rows, ""])


def storage_text(path: Path) -> str:
    """How a Parquet file is stored, and what its metadata say."""
    file = pq.ParquetFile(path)
    groups = [file.metadata.row_group(number) for number in range(file.num_row_groups)]
    columns = [group.column(number) for group in groups for number in range(group.num_columns)]
    schema = file.schema_arrow
    told = {
        "rows": [group.num_rows for group in groups],
        "compression": sorted({column.compression for column in columns}),
        **_decoded(schema.metadata),
        **{f"field {field.name}": _decoded(field.metadata) for field in schema},
    }
    return "".join(f"{name}: {json.dumps(one, ensure_ascii=False)}\n" for name, one in told.items())


def paper_text(path: Path) -> str:
    """A label.json or run.json as it is, but for times, versions, the register's id and place, and hashes of what has these or is
    Parquet.
    """
    return settled(path.read_text("utf-8"))


def settled(text: str) -> str:
    """The text of a paper, or of a document on stdout that has papers in it, without what `paper_text` leaves out."""
    for pattern in _UNSURE:
        text = re.sub(pattern, _without_group, text, flags=re.MULTILINE)
    return re.sub(_VERSIONS, lambda found: found[1] + re.sub(r': "[^"]*"', f": {_LEFT_OUT}", found[2]) + found[3], text)


def released_texts(out: Path, release: str) -> dict[str, str]:
    """The parts of a release by name: bytes of CSV and JSON Lines as text, line ends as they are; values of Parquet."""
    parts = sorted((out / release).glob("part-*"))
    return {
        f"{path.name}.txt" if path.suffix == ".parquet" else path.name:
        values_text(path) if path.suffix == ".parquet" else path.read_bytes().decode("utf-8")
        for path in parts
    }  # fmt: skip


def rejected_text(out: Path) -> dict[str, str]:
    """The rows that were rejected."""
    return {"rejected.parquet.txt": values_text(out / "rejected.parquet")}


def papers_of(out: Path, release: str) -> dict[str, str]:
    """The label of a release, and how its Parquet parts are stored."""
    stored = {f"{path.name}.storage.txt": storage_text(path) for path in sorted((out / release).glob("*.parquet"))}
    return {"label.json": paper_text(out / release / "label.json"), **stored}


def run_paper(out: Path) -> dict[str, str]:
    """The paper of a run."""
    return {"run.json": paper_text(out / "run.json")}


def differences(found: dict[str, str], golden: dict[str, str]) -> list[str]:
    """What is not the same in two sets of files, by name; of a file the first line that differs, with its end."""
    told = [f"{name}: not there" for name in golden.keys() - found.keys()]
    told += [f"{name}: not there before" for name in found.keys() - golden.keys()]
    for name in sorted(found.keys() & golden.keys()):
        lines = zip_longest(golden[name].splitlines(keepends=True), found[name].splitlines(keepends=True))
        unlike = ((number, before, now) for number, (before, now) in enumerate(lines, 1) if before != now)
        told += [f"{name}, line {number}: was {before!r}, is {now!r}" for number, before, now in islice(unlike, 1)]
    return sorted(told)


def read_golden(folder: Path) -> dict[str, str]:
    """The golden files directly in a folder, by name."""
    return {path.name: path.read_bytes().decode("utf-8") for path in sorted(folder.iterdir()) if path.is_file()}


def write_golden(folder: Path, texts: dict[str, str]) -> None:
    """Write golden files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode())


def _decoded(metadata: dict[bytes, bytes] | None) -> dict[str, Any]:
    return {key.decode(): value.decode() for key, value in (metadata or {}).items() if not key.startswith(b"PARQUET:")}


def _without_group(found: "re.Match[str]") -> str:
    start, end = found.start(1) - found.start(), found.end(1) - found.start()
    return found[0][:start] + _LEFT_OUT + found[0][end:]
