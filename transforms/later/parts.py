"""Parts of a published release, written anew without some of their rows, and proved beside what they were."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import FingerprintKey, Fingerprints, fingerprint
from beam_deid.transforms.dataset.published_rows import Published, is_text, row_batches
from beam_deid.transforms.errors import OutputError, VerificationError
from beam_deid.transforms.formats import format_of_part
from beam_deid.transforms.later.finding import Finder
from beam_deid.transforms.storage.files import InputFile, open_write
from beam_deid.transforms.storage.hashing import HashingStream
from beam_deid.transforms.storage.journal import Moved
from beam_deid.transforms.storage.paths import join, name_of, shown


@dataclass(frozen=True)
class RewrittenParts:
    """What became of the parts of a release.

    Attributes:
        files: The parts as they are to be, as a label lists them.
        moved: Those that were written anew, and wait below the folder that was named.
        rows: How many rows were taken out.
    """

    files: tuple[dict[str, Any], ...]
    moved: tuple[Moved, ...]
    rows: int


def without_rows(published: Published, finder: Finder, formulas_kept: bool, folder: str) -> RewrittenParts:
    """Write the parts of a release that have rows to be taken out without these; a part that has none stays as it is.

    Memory holds a byte for each row of a part, and its fingerprint while it is proved.

    Args:
        published: The release.
        finder: Tells the rows that go.
        formulas_kept: Whether its texts were written as they are, where spreadsheets open them.
        folder: Where new parts are written.

    Raises:
        VerificationError: A part is not what its label says.
        OutputError: A part cannot be written, or what was written has other rows than it should.
        OSError: The store fails.
    """
    told = {file["path"]: dict(file) for file in published.label["files"]}
    moved = []
    rows = 0
    for file in published.files:
        gone = _found(published, file, finder, formulas_kept)
        if not gone.any():
            continue
        made = _write(published, file, ~gone, folder)
        _check_rows(published, file, ~gone, join(folder, *made.source.split("/")), made.size)
        name = name_of(file.path)
        told[name] |= {"rows": int(len(gone) - gone.sum()), "sha256": made.sha256}
        moved.append(made)
        rows += int(gone.sum())
    return RewrittenParts(tuple(told.values()), tuple(moved), rows)


def _found(published: Published, file: InputFile, finder: Finder, formulas_kept: bool) -> Bools:
    """Which rows of a part go, shape (rows,)."""
    fields = list(published.label["fields"])
    batches = row_batches(published, file, fields, finder.columns, formulas_kept)
    masks = [finder.found(batch, is_text(file)) for batch in batches]
    return np.concatenate(masks) if masks else np.zeros(0, np.bool_)


def _write(published: Published, file: InputFile, kept: Bools, folder: str) -> Moved:
    """Write a part with the rows that stay."""
    name = name_of(file.path)
    target = f"{published.release}/{name}"
    path = join(folder, published.release, name)
    kind = format_of_part(name)
    assert kind is not None  # noqa: S101 - its rows were read
    with contextlib.closing(HashingStream(open_write(path))) as stream:
        kind.keep_rows(file.path, file.size, stream, kept)  # type: ignore[arg-type]
    return Moved(target, target, stream.tell(), stream.sha256.hexdigest())


def _check_rows(published: Published, file: InputFile, kept: Bools, path: str, size: int) -> None:
    """See that a new part has the rows of the old one that stay, value for value and in their order.

    Raises:
        OutputError: It has not.
    """
    key = FingerprintKey.new()
    made = replace(file, path=path, size=size)
    before = _rows(published, file, key)[kept]
    after = _rows(published, made, key)
    if not np.array_equal(before, after) or not _same(_schema(file), _schema(made)):
        raise OutputError(
            "a part that was written anew does not have the rows that it should, so nothing was changed",
            shown(file.path),
            "Please report this message; it holds no data",
        )


def _rows(published: Published, file: InputFile, key: FingerprintKey) -> Fingerprints:
    """The fingerprint of each row of a part by all its columns, shape (rows,)."""
    fields: Sequence[str] = list(published.label["fields"])
    found = [_row_keys(batch, key) for batch in _batches(published, file, fields)]
    return np.concatenate(found) if found else np.zeros(0, np.uint64)


def _batches(published: Published, file: InputFile, fields: Sequence[str]) -> Iterator[pa.RecordBatch]:
    try:
        yield from row_batches(published, file, fields, fields, formulas_kept=True)
    except VerificationError as error:
        raise OutputError(error.what, error.where, error.next_step) from None


def _row_keys(batch: pa.RecordBatch, key: FingerprintKey) -> Fingerprints:
    return combine([fingerprint(column, key) for column in batch.columns], batch.num_rows)


def _schema(file: InputFile) -> pa.Schema | None:
    """What a part says of its columns; None where its format says nothing of them."""
    kind = format_of_part(name_of(file.path))
    described = None if kind is None else kind.described(file.path)
    return None if described is None else described.schema


def _same(one: pa.Schema | None, other: pa.Schema | None) -> bool:
    """Whether two parts say the same of their columns and their release."""
    return one is other if one is None or other is None else one.equals(other, check_metadata=True)
