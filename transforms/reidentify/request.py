"""What somebody asks to have re-identified, checked before any file is opened, and what it came to."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from beam_deid.transforms.crypto.chained_record import is_record
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.compression import without_compression
from beam_deid.transforms.formats.input_options import AS_THEY_LOOK, InputOptions
from beam_deid.transforms.persons.account import REASON, checked_line
from beam_deid.transforms.reidentify.marks import LABEL
from beam_deid.transforms.reidentify.selection import Selection
from beam_deid.transforms.storage.paths import absolute, is_local, shown
from beam_deid.transforms.terms import Reason
from beam_deid.transforms.treat.rejected import Rejects
from beam_deid.transforms.who import Operator

_OTHER = "Choose another --output"


@dataclass(frozen=True)
class Request:
    """What is to be re-identified, and why.

    Attributes:
        release: Name of the release.
        fields: The fields of the release to turn back.
        inputs: Globs of the release's parts, or of rows taken from it, in any format.
        output: The file to write; its ending tells the format.
        reason: Why, for the record.
        record: Path of the record.
        selection: Which rows.
        label: Path of the release's ``label.json``, for inputs that have lost the release's metadata.
        overwrite: Whether an output that exists may be replaced.
        operator: Who asks; whoever runs the program if not given.
        written: How the inputs are written.
    """

    release: str
    fields: tuple[str, ...]
    inputs: tuple[str, ...]
    output: str
    reason: str
    record: str
    selection: Selection
    label: str | None = None
    overwrite: bool = False
    operator: Operator | None = None
    written: InputOptions = AS_THEY_LOOK

    @property
    def rejected(self) -> Mapping[str, str]:
        """Paths of the files that name the rows which could not be re-identified, by their format."""
        return {kind: f"{self.output}.rejected.{kind}" for kind in ("parquet", "csv")}


@dataclass
class Outcome:
    """What a re-identification came to.

    Attributes:
        read: Number of rows read.
        selected: Number of those that were asked for.
        written: Number of rows written, all their fields turned back.
        rejects: File, row, field, reason code and "" of each value that could not be turned back.
        missed: What was asked for and is in no row, in sentences.
    """

    read: int = 0
    selected: int = 0
    written: int = 0
    rejects: Rejects = field(default_factory=list)
    missed: tuple[str, ...] = ()

    @property
    def secrets_destroyed(self) -> int:
        """Number of tokens that cannot be turned back because the secret of their person was destroyed."""
        return sum(reason == Reason.SECRET_DESTROYED for _, _, _, reason, _ in self.rejects)

    @property
    def rejected(self) -> int:
        """Number of rows that were asked for and are not in the output."""
        return self.selected - self.written


def checked(request: Request) -> Request:
    """Check what can be checked without opening an input.

    Returns:
        The request with absolute paths of output and record.

    Raises:
        UsageError: No reason is given, no rows are named, or the output or the record cannot be written where it
            should be.
    """
    if not request.reason.strip():
        what = "a re-identification needs a reason"
        raise UsageError(what, "--reason", 'Say why: --reason "refund of order …, ticket 4711"')
    checked_line(request.reason, REASON)
    request.selection.check()
    _check_places(request)
    request = replace(request, output=absolute(request.output), record=absolute(request.record))
    _check_format(request.output)
    if os.path.exists(request.output) and not request.overwrite:
        raise UsageError("the output exists", request.output, f"{_OTHER}, or add --overwrite")
    return request


def _check_places(request: Request) -> None:
    if not is_local(request.output):
        what = "re-identified values are written to a local disk only"
        raise UsageError(what, request.output, "Choose a local --output")
    if not is_local(request.record):  # an object store has no files that grow by a line
        what = "re-identifications are recorded on a local disk only"
        raise UsageError(what, shown(request.record), "Name a local --record")


def _check_format(output: str) -> None:
    if output.lower().endswith(format_of(output, InputOptions()).unwritten):
        raise UsageError("no file of that format is written", output, "Choose another ending, such as .csv or .xlsx")
    if without_compression(output) != output:
        raise UsageError("re-identified files are written uncompressed", output, "Leave out the last ending")


def check_output(request: Request, inputs: list[str]) -> None:
    """Check that the output takes the place of nothing that is still needed, and remove rejects that it replaces.

    Args:
        request: The request, with absolute paths.
        inputs: Paths of the files that will be read.

    Raises:
        UsageError: The output would replace an input, the label or a record, would stand among the parts of a release, or
            the rejects of an earlier re-identification are there and may not be replaced.
    """
    output = os.path.realpath(request.output)
    needed = [*inputs, request.record, *([request.label] if request.label else [])]
    if any(is_local(path) and os.path.realpath(path) == output for path in needed):
        raise UsageError("the output would take the place of an input, the label or the record", request.output, _OTHER)
    if os.path.exists(os.path.join(os.path.dirname(output), LABEL)):
        raise UsageError("the output would stand among the parts of a release", request.output, _OTHER)
    if os.path.exists(output) and is_record(output):
        raise UsageError("the output is a record of what was done with keys", request.output, _OTHER)
    _clear_rejects(request)


def _clear_rejects(request: Request) -> None:
    for path in request.rejected.values():
        if not os.path.lexists(path):
            continue
        if not request.overwrite:
            what = "the rejects of an earlier re-identification are here"
            raise UsageError(what, path, f"{_OTHER}, or add --overwrite")
        os.remove(path)
