"""A release as it lies in its folder: its label, and the rows of its parts as fingerprints of what is written."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import FingerprintKey, Fingerprints, fingerprint
from beam_deid.transforms.columns.formulas import restored
from beam_deid.transforms.dataset.reading import dataset_files
from beam_deid.transforms.errors import UsageError, VerificationError
from beam_deid.transforms.formats import format_of_part
from beam_deid.transforms.formats.format import Format, Notation
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.label.manifest import SCHEMA_VERSION
from beam_deid.transforms.label.reading import read_manifest
from beam_deid.transforms.label.well_formed import label_malformed
from beam_deid.transforms.risk.histogram import Counts, total
from beam_deid.transforms.run.job import BATCH_ROWS, SHARD_ROWS
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.storage.files import InputFile, is_file
from beam_deid.transforms.storage.paths import join, name_of, parent, shown

READING_RELEASE = "reading the release"

_LABEL = "label.json"
_RUN = "run.json"
_ONE_RELEASE = "Name the folder of one release, as out/analytics"
_OTHERS = f"{_ONE_RELEASE}; a dataset that somebody else made is joined with its source by --join NAME=GLOB:on=F,F"
_DAMAGED = "Do not use this release; beam-deid verify tells what was changed"

Kinds = tuple[Fingerprints, Counts]
"""Kinds of rows: their keys, ascending, and how many rows are of each."""


@dataclass(frozen=True)
class Published:
    """A published release.

    Attributes:
        folder: Its folder.
        label: The content of its ``label.json``.
        files: Its parts.
    """

    folder: str
    label: Mapping[str, Any]
    files: tuple[InputFile, ...]

    @property
    def where(self) -> str:
        """The folder, for messages."""
        return shown(self.folder)

    @property
    def keeps_empty_texts(self) -> bool:
        """Whether its format tells an empty text from null: a sheet has no cell for either."""
        kinds = [format_of_part(name_of(file.path)) for file in self.files]
        return not any(kind is not None and kind.notation is Notation.SHEET for kind in kinds)

    @property
    def release(self) -> str:
        """The release's name."""
        return str(self.label["release"])


def find_published(globs: Sequence[str]) -> Published:
    """Find a release and read its label.

    Args:
        globs: Its folder, or globs of its parts.

    Raises:
        UsageError: No file matches, or these are not the parts of one release that a label of this version lies beside.
        VerificationError: The label is damaged.
    """
    for one in globs:
        if is_file(join(one, _RUN)):
            raise UsageError("this is the folder of a run, which may have several releases", one, _ONE_RELEASE)
    files = dataset_files(globs)
    if not files:
        raise UsageError("no file matches this input", globs[0], "Check the path; quote globs in a shell")
    folders = list(dict.fromkeys(parent(file.path) for file in files))
    if len(folders) > 1:
        raise UsageError("these files are in several folders, so they are no one release", globs[0], _ONE_RELEASE)
    path = join(folders[0], _LABEL)
    if not is_file(path):
        raise UsageError("there is no label.json beside these files that says how they were made", globs[0], _OTHERS)
    return Published(folders[0], _read_label(path), tuple(files))


def _read_label(path: str) -> Mapping[str, Any]:
    label, problem = read_manifest(path)
    if label is None:
        raise VerificationError(problem, shown(path), _DAMAGED)
    if label.get("schema_version") != SCHEMA_VERSION:
        raise UsageError(
            "the label has another schema version than this program knows",
            shown(path),
            "Use the version of beam-deid that made the release",
        )
    wrong = label_malformed(label)
    if wrong:
        raise VerificationError(wrong[0], shown(path), _DAMAGED)
    return label


def count_kinds(
    published: Published,
    types: Mapping[str, pa.DataType],
    groupings: Sequence[Sequence[str]],
    key: FingerprintKey,
    formulas_kept: bool,
) -> list[Kinds]:
    """Count the kinds of rows in the parts, by several sets of columns.

    Args:
        published: The release.
        types: The type that each released column has, in the order of the columns.
        groupings: The sets of columns, each in an order that says how their fingerprints are combined.
        key: The key of fingerprints.
        formulas_kept: Whether texts were written as they are, where spreadsheets open them.

    Returns:
        The kinds, for each of ``groupings``.

    Raises:
        VerificationError: A part cannot be read, or has other columns.
    """
    PROGRESS.start(READING_RELEASE)
    found: list[list[Kinds]] = [[] for _ in groupings]
    wanted = [name for name in types if any(name in columns for columns in groupings)]
    for file in published.files:
        for batch in row_batches(published, file, list(types), wanted, formulas_kept):
            keys = {name: written_keys(batch.column(name), types[name], key, is_text(file)) for name in wanted}
            for parts, columns in zip(found, groupings, strict=True):
                together = combine([keys[name] for name in columns], batch.num_rows)
                parts.append(total([(together, np.ones(batch.num_rows, np.int64))]))
            PROGRESS.add(batch.num_rows)
    return [total(parts) for parts in found]


def row_batches(
    published: Published, file: InputFile, fields: Sequence[str], wanted: Sequence[str], formulas_kept: bool
) -> Iterator[pa.RecordBatch]:
    """The rows of a part in their order, with the columns that are wanted, in which texts are as they were released.

    Args:
        published: The release.
        file: The part.
        fields: All columns of the release.
        wanted: The columns that are wanted.
        formulas_kept: Whether texts were written as they are, where spreadsheets open them.

    Raises:
        VerificationError: It cannot be read, or has other columns.
    """
    kind = format_of_part(name_of(file.path))
    if kind is None:
        raise VerificationError("this is of no format that a release is written in", shown(file.path), _DAMAGED)
    options = _as_written(kind)
    if sorted(kind.schema(file.path, options).names) != sorted(fields):
        raise VerificationError("a part has other columns than its label", shown(file.path), _DAMAGED)
    marked = kind.notation.is_opened_as_text and not formulas_kept
    for shard in kind.shards(file.path, file.size, options, SHARD_ROWS):
        for chunk in kind.read(shard, options, wanted, BATCH_ROWS, known=fields):
            if chunk.faults:
                raise VerificationError("a part has a row that cannot be read", shown(file.path), _DAMAGED)
            columns = [
                restored(column) if marked and pa.types.is_string(column.type) else column
                for column in chunk.batch.columns
            ]
            yield pa.RecordBatch.from_arrays(columns, names=list(wanted))


def _as_written(kind: Format) -> InputOptions:
    """How parts are written, so that nothing of it is guessed."""
    if kind.notation.is_opened_as_text:
        return InputOptions(encoding="utf-8", delimiter=",", skip=0, footer=0)
    return InputOptions(skip=0, footer=0) if kind.notation.of_spreadsheets else InputOptions()


def is_text(file: InputFile) -> bool:
    """Whether a part is text, in which a value can be written in several ways."""
    kind = format_of_part(name_of(file.path))
    return kind is not None and kind.notation is Notation.DELIMITED


def written_keys(column: pa.Array, given: pa.DataType, key: FingerprintKey, is_text: bool) -> Fingerprints:
    """The fingerprints of a column of a part; one of text in a format without types is read as the type that was released.

    A text that is none of that type was not released, and has the fingerprint of a text; so has one that no release writes,
    as 007 for 7.
    """
    if not pa.types.is_string(column.type) or pa.types.is_string(given):
        return fingerprint(column, key)
    values = retyped(column, given)
    keys = fingerprint(values, key)
    strange = pc.and_(values.is_null(), column.is_valid())
    if is_text:
        otherwise = pc.not_equal(values.cast(pa.string()), column).fill_null(False)
        strange = pc.or_(strange, otherwise)
    if pc.any(strange, min_count=0).as_py():
        rows = strange.to_numpy(zero_copy_only=False)
        keys[rows] = fingerprint(column, key)[rows]
    return keys


def retyped(texts: pa.Array, given: pa.DataType) -> pa.Array:
    """Texts (n,) as values of a type; null where they are none of that type."""
    try:
        return texts.cast(given)
    except pa.ArrowInvalid:
        if len(texts) == 1:
            return pa.nulls(1, given)
        middle = len(texts) // 2
        return pa.concat_arrays([retyped(texts.slice(0, middle), given), retyped(texts.slice(middle), given)])
