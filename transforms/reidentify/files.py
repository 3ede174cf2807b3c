"""Values brought back from a release, with a record of it before the first value is written."""

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from beam_deid.transforms.errors import DeidError, OutputError, UsageError
from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.compression import without_compression
from beam_deid.transforms.formats.format import Chunk, Fault, Format, InputOptions
from beam_deid.transforms.label.manifest import SCHEMA_VERSION
from beam_deid.transforms.label.reading import read_manifest
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.reader import policy_sha256
from beam_deid.transforms.reidentify.batches import Mark, Restorer, fault_rows
from beam_deid.transforms.reidentify.record import RestoreRecord, is_record
from beam_deid.transforms.run.job import BATCH_ROWS, SHARD_ROWS, Job
from beam_deid.transforms.storage.files import InputFile, is_file, match, open_arrow
from beam_deid.transforms.storage.paths import absolute, is_local, join, name_of, parent, shown
from beam_deid.transforms.storage.private import make
from beam_deid.transforms.treat.rejected import write_rejects

_OPTIONS = InputOptions()
_READ = (2, SCHEMA_VERSION)
"""Versions of labels that say which keys were used as this one does."""
_LABEL = "label.json"
_OTHER = "Choose another --output"


@dataclass(frozen=True)
class Request:
    """What is to be restored, and why.

    Attributes:
        release: The release.
        fields: Its fields to turn back.
        inputs: Globs of its parts, or of rows taken from it, in any format.
        output: The file to write; its name tells the format.
        reason: Why, for the record.
        record: The record's file.
        label: Path of the release's ``label.json``, for inputs that have lost the release's marks.
        overwrite: Whether an output that exists may be replaced.
    """

    release: str
    fields: tuple[str, ...]
    inputs: tuple[str, ...]
    output: str
    reason: str
    record: str
    label: str | None = None
    overwrite: bool = False


@dataclass
class Outcome:
    """What restoring came to.

    Attributes:
        read: Rows read.
        restored: Rows written.
        rejects: File, row, field, reason code and "" of each value that could not be restored.
    """

    read: int = 0
    restored: int = 0
    rejects: list[tuple[str, int, str, str, str]] = field(default_factory=list)

    @property
    def rejected(self) -> int:
        """Rows that are not in the output."""
        return self.read - self.restored


@dataclass(frozen=True)
class _File:
    path: str
    size: int
    format: Format
    schema: pa.Schema


def restore(policy: Policy, request: Request) -> Outcome:
    """Restore fields of a release into one file, readable by its owner alone.

    Who asks, when, why and for how many rows is recorded before the first value is written. Rows of which any field
    cannot be restored are left out and named, with the reason, in a file beside the output.

    Raises:
        UsageError: The release, a field or a file is not what it must be.
        KeyFault: A key cannot be had, or is not the one.
        InputError: An input cannot be read.
        OutputError: The record or the output cannot be written.
    """
    if not request.reason.strip():
        raise UsageError("restoring needs a reason", "--reason", 'Say why: --reason "refund of order …, ticket 4711"')
    if not is_local(request.output):
        raise UsageError("values are restored onto a local disk only", request.output, "Choose a local --output")
    if not is_local(request.record):  # an object store has no files that grow by a line
        raise UsageError("restorings are recorded on a local disk only", shown(request.record), "Name a local --record")
    request = replace(request, output=absolute(request.output), record=absolute(request.record))
    format_of(request.output, _OPTIONS)
    if without_compression(request.output) != request.output:
        raise UsageError("restored files are written uncompressed", request.output, "Leave out the last ending")
    if os.path.exists(request.output) and not request.overwrite:
        raise UsageError("the output exists", request.output, "Choose another --output, or add --overwrite")
    restorer = Restorer(policy, request.release, request.fields, Job(policy, (request.release,)).keys)
    # A release's label lies beside its parts, and `out/crm/*` means the parts.
    matched = [file for file in match(request.inputs) if name_of(file.path) != _LABEL]
    if not matched:
        raise UsageError("no file matches this input", request.inputs[0], "Check the path; quote globs in a shell")
    found = [_opened(file) for file in matched]
    marked = _label_marks(request.label, request.release) if request.label else {}
    readied = [restorer.ready(_agreed(_marks(file, request.release), marked, file.path), file.path) for file in found]
    _check_output(request, [file.path for file in found])
    for file in found:
        missing = [name for name in request.fields if name not in file.schema.names]
        if missing:
            raise UsageError(f"there is no column {missing[0]}", file.path, "Name fields that the input has")
        if restorer.schema(file.schema) != restorer.schema(found[0].schema):
            raise UsageError(
                "its columns are not those of the first file", file.path, "Restore it into a file of its own"
            )
    outcome = Outcome()
    record = RestoreRecord(request.record)
    entry = {
        "why": request.reason,
        "policy_sha256": policy_sha256(policy),
        "release": request.release,
        "fields": list(request.fields),
        "input": [shown(file.path) for file in found],
        "output": request.output,
        "rows": sum(map(_rows, found)),
    }
    record.append("begun", entry)
    try:
        with _writing(request.output, restorer.schema(found[0].schema)) as write:
            for file, restoring in zip(found, readied, strict=True):
                for chunk in _chunks(file):
                    batch, faults = restorer.restore(chunk, restoring)
                    write(batch)
                    _count(outcome, chunk, batch, faults, shown(file.path))
            record.append("done", {"restored": outcome.restored, "rejected": outcome.rejected})
    except BaseException as error:
        with contextlib.suppress(DeidError):
            record.append("failed", {"error": type(error).__name__})
        raise
    if outcome.rejects:
        _write_rejects(request.output, outcome)
    return outcome


def rejected_path(output: str) -> str:
    """Where the rows that could not be restored are named."""
    return f"{output}.rejected.parquet"


def _opened(file: InputFile) -> _File:
    kind = format_of(file.path, _OPTIONS)
    return _File(file.path, file.size, kind, kind.schema(file.path, _OPTIONS))


def _chunks(file: _File) -> Iterator[Chunk]:
    for shard in file.format.shards(file.path, file.size, _OPTIONS, SHARD_ROWS):
        yield from file.format.read(shard, _OPTIONS, file.schema.names, BATCH_ROWS, known=file.schema.names)


def _rows(file: _File) -> int:
    if file.format.name == "parquet":
        with open_arrow(file.path) as stream:
            return int(pq.read_metadata(stream).num_rows)
    return sum(_read(chunk) for chunk in _chunks(file))


def _read(chunk: Chunk) -> int:
    return len(chunk.rows) + len({int(row) for fault in chunk.faults for row in fault.rows})


def _count(outcome: Outcome, chunk: Chunk, batch: pa.RecordBatch, faults: list[Fault], path: str) -> None:
    outcome.read += _read(chunk)
    outcome.restored += batch.num_rows
    outcome.rejects += fault_rows([*chunk.faults, *faults], path)


def _marks(file: _File, release: str) -> dict[str, Mark]:
    """What the metadata of a part says of its keys, or the label beside it."""
    told = (file.schema.metadata or {}).get(b"beam_deid.release")
    if told is not None and told.decode("utf-8", "replace") != release:
        raise UsageError(
            f"this is a part of another release than {release}", file.path, "Name the right one by --release"
        )
    marks = {}
    for column in file.schema:
        said = (column.metadata or {}).get(b"beam_deid.key", b"").decode("ascii", "replace")
        identity, separator, check = said.partition(":")
        if separator and identity.isdecimal():
            marks[column.name] = Mark(int(identity), check)
    beside = join(parent(file.path), _LABEL)
    if told is None and is_file(beside):
        marks.update(_label_marks(beside, release))
    return marks


def _agreed(own: Mapping[str, Mark], told: Mapping[str, Mark], where: str) -> dict[str, Mark]:
    """What a file says of its keys itself, and what the label that was named says where the file says nothing."""
    for name, mark in own.items():
        if told.get(name, mark) != mark:
            raise UsageError(
                f"the label that is named is of another key than the one that made {name}", where, "Leave --label out"
            )
    return {**told, **own}


def _check_output(request: Request, inputs: list[str]) -> None:
    """See that the output takes nothing's place that is needed.

    Raises:
        UsageError: It would.
    """
    output = os.path.realpath(request.output)
    needed = [*inputs, request.record, *([request.label] if request.label else [])]
    if any(is_local(path) and os.path.realpath(path) == output for path in needed):
        raise UsageError("the output would take the place of an input, the label or the record", request.output, _OTHER)
    if os.path.exists(os.path.join(os.path.dirname(output), _LABEL)):
        raise UsageError("the output would stand among the parts of a release", request.output, _OTHER)
    if os.path.exists(output) and is_record(output):
        raise UsageError("the output is a record of restorings", request.output, _OTHER)
    rejected = rejected_path(request.output)
    if os.path.lexists(rejected):
        if not request.overwrite:
            raise UsageError("the rejects of an earlier restoring are here", rejected, f"{_OTHER}, or add --overwrite")
        os.remove(rejected)


def _label_marks(path: str, release: str) -> dict[str, Mark]:
    label, problem = read_manifest(path)
    if label is None:
        raise UsageError(problem, path, "Name the label.json of the release")
    if label.get("release") != release or label.get("schema_version") not in _READ:
        raise UsageError(f"this is not the label of {release}", path, "Name the label.json of the release")
    try:
        keys = {name: facts.get("key") for name, facts in label["fields"].items()}
        return {name: Mark(int(key["id"]), str(key["check"])) for name, key in keys.items() if key}
    except (AttributeError, KeyError, TypeError, ValueError):
        raise UsageError("the label is damaged", path, "Name the label.json of the release") from None


@contextlib.contextmanager
def _writing(path: str, schema: pa.Schema) -> Iterator[Callable[[pa.RecordBatch], None]]:
    """A file that is there whole or not at all, and that others cannot read."""
    kind = format_of(path, _OPTIONS)
    waiting = f"{path}.partial"
    try:
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        Path(waiting).unlink(missing_ok=True)
        with make(waiting) as stream:
            writer = kind.writer(stream, schema)
            with contextlib.closing(writer):
                yield writer.write
        os.replace(waiting, path)
    except OSError as error:
        raise OutputError(f"the output cannot be written ({error.strerror})", path) from None
    finally:
        Path(waiting).unlink(missing_ok=True)


def _write_rejects(output: str, outcome: Outcome) -> None:
    try:
        with make(rejected_path(output)) as stream:
            write_rejects(stream, outcome.rejects)
    except OSError as error:
        raise OutputError(f"the rejects cannot be written ({error.strerror})", rejected_path(output)) from None
