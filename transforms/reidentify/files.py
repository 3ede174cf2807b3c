"""Files of a release are re-identified into one file; a record of it stands before the first value is written."""

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from beam_deid.transforms.actions.key_options import Restoring
from beam_deid.transforms.crypto.chained_record import ChainedRecord
from beam_deid.transforms.crypto.recorded import KeyAct
from beam_deid.transforms.errors import DeidError, OutputError, UsageError
from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.output_options import OutputOptions
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.reader import policy_sha256
from beam_deid.transforms.reidentify.batches import Reidentifier, fault_rows
from beam_deid.transforms.reidentify.inputs import InputSource, open_sources, rows_of
from beam_deid.transforms.reidentify.marks import agreed, marks_in_label, marks_of
from beam_deid.transforms.reidentify.request import Outcome, Request, check_output, checked
from beam_deid.transforms.reidentify.selection import Selecting
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.storage.paths import shown
from beam_deid.transforms.storage.private import make
from beam_deid.transforms.treat.rejected import write_rejects

COUNTING = "counting"
REIDENTIFYING = "re-identifying"

STEPS = (COUNTING, REIDENTIFYING)
"""What a re-identification does, one after the other, as `PROGRESS` is told of it."""


def reidentify(policy: Policy, request: Request) -> Outcome:
    """Turn fields of a release back into the values that they were made of, in one file that its owner alone can read.

    Who asks, when, why and for how many rows is recorded before the first value is written. A row of which any field
    cannot be turned back is left out and named, with the reason, in a file beside the output.

    Args:
        policy: The policy that the release was made by.
        request: What is asked.

    Returns:
        How many rows were read and written, and what was rejected.

    Raises:
        UsageError: The release, a field or a file is not what it must be.
        KeyFault: A key cannot be had, or is not the one that made a field.
        InputError: An input cannot be read, or no row matches what was asked for.
        OutputError: The record or the output cannot be written.
    """
    request = checked(request)
    keys = Job(policy, (request.release,)).keys
    reidentifier = Reidentifier(policy, request.release, request.fields, keys)
    sources = open_sources(request.inputs, request.written)
    openings = _openings(reidentifier, request, sources)
    check_output(request, [source.path for source in sources])
    _check_columns(reidentifier, sources)
    request.selection.check_columns(sources[0].schema.names, len(sources))
    PROGRESS.start(COUNTING)
    rows = sum(source.count_rows() for source in sources)
    record = ChainedRecord(request.record, request.operator)
    record.append("begun", _beginning(policy, request, sources, rows))
    PROGRESS.start(REIDENTIFYING, rows)
    options = policy.releases[request.release].output
    outcome = _recorded(record, reidentifier, request, sources, openings, options)
    if outcome.rejects:
        for kind, path in request.rejected.items():
            _write_rejects(path, outcome, kind)
    return outcome


def _openings(
    reidentifier: Reidentifier, request: Request, sources: Sequence[InputSource]
) -> list[Mapping[str, Restoring]]:
    """For each file, what turns each field back. Raises `KeyFault` where a key is not the one that made the file."""
    named = marks_in_label(request.label, request.release) if request.label else {}
    found: list[Mapping[str, Restoring]] = []
    for source in sources:
        marks = agreed(marks_of(source.path, source.schema, request.release), named, source.path)
        found.append(reidentifier.ready(marks, source.path))
    return found


def _check_columns(reidentifier: Reidentifier, sources: Sequence[InputSource]) -> None:
    """See that every file has the fields that are asked for, and that all have the same columns."""
    expected = reidentifier.schema(sources[0].schema)
    for source in sources:
        missing = [name for name in reidentifier.fields if name not in source.schema.names]
        if missing:
            raise UsageError(f"there is no column {missing[0]}", source.path, "Name fields that the input has")
        if reidentifier.schema(source.schema) != expected:
            what = "its columns are not those of the first file"
            raise UsageError(what, source.path, "Re-identify it into a file of its own")


def _beginning(policy: Policy, request: Request, sources: Sequence[InputSource], rows: int) -> dict[str, Any]:
    """What the record says before the first value is written."""
    return {
        "act": str(KeyAct.REIDENTIFY),
        "why": request.reason,
        "policy_sha256": policy_sha256(policy),
        "release": request.release,
        "fields": list(request.fields),
        "input": [shown(source.path) for source in sources],
        "output": request.output,
        "selection": request.selection.to_document(),
        "rows": rows,
    }


def _ending(outcome: Outcome) -> dict[str, Any]:
    """What the record says once all values are written."""
    return {
        "act": str(KeyAct.REIDENTIFY),
        "selected": outcome.selected,
        "restored": outcome.written,
        "rejected": outcome.rejected,
        **({"secrets_destroyed": outcome.secrets_destroyed} if outcome.secrets_destroyed else {}),
    }


def _recorded(
    record: ChainedRecord,
    reidentifier: Reidentifier,
    request: Request,
    sources: Sequence[InputSource],
    openings: Sequence[Mapping[str, Restoring]],
    options: OutputOptions,
) -> Outcome:
    """Write the output, and record how that ended."""
    try:
        with _writing(request.output, reidentifier.schema(sources[0].schema), options) as write:
            selecting = Selecting(request.selection, reidentifier.fields)
            outcome = _turned_back(reidentifier, sources, openings, selecting, write)
            # While the output is not in place yet: values never stand there without their record.
            record.append("done", _ending(outcome))
    except BaseException as error:
        with contextlib.suppress(DeidError):
            record.append("failed", {"act": str(KeyAct.REIDENTIFY), "error": type(error).__name__})
        raise
    return outcome


def _turned_back(
    reidentifier: Reidentifier,
    sources: Sequence[InputSource],
    openings: Sequence[Mapping[str, Restoring]],
    selecting: Selecting,
    write: Callable[[pa.RecordBatch], None],
) -> Outcome:
    outcome = Outcome()
    for source, opening in zip(sources, openings, strict=True):
        for chunk in source.chunks():
            outcome.read += rows_of(chunk)
            PROGRESS.add(rows_of(chunk))
            chosen = selecting.of(chunk)
            batch, faults = reidentifier.reidentify(chosen, opening)
            write(batch)
            outcome.written += batch.num_rows
            outcome.rejects += fault_rows([*chosen.faults, *faults], shown(source.path), chosen.above)
    selecting.check_any()
    outcome.selected = selecting.selected
    outcome.missed = selecting.missed
    return outcome


@contextlib.contextmanager
def _writing(path: str, schema: pa.Schema, options: OutputOptions) -> Iterator[Callable[[pa.RecordBatch], None]]:
    """A file that is there whole or not at all, and that others cannot read; there is none where no row was written."""
    rows = 0
    kind = format_of(path, InputOptions())
    waiting = f"{path}.partial"
    try:
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        Path(waiting).unlink(missing_ok=True)
        with make(waiting) as stream, contextlib.closing(kind.writer(stream, schema, options)) as writer:

            def write(batch: pa.RecordBatch) -> None:
                nonlocal rows
                rows += batch.num_rows
                writer.write(batch)

            yield write
        if rows:
            os.replace(waiting, path)
    except OSError as error:
        raise OutputError(f"the output cannot be written ({error.strerror})", path) from None
    finally:
        Path(waiting).unlink(missing_ok=True)


def _write_rejects(path: str, outcome: Outcome, kind: str) -> None:
    try:
        with make(path) as stream:
            write_rejects(stream, outcome.rejects, kind)
    except OSError as error:
        raise OutputError(f"the rejects cannot be written ({error.strerror})", path) from None
