"""Tables of how often values occur in the population, which tokens are matched to."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.attack.table import alike
from beam_deid.transforms.columns.distinct import is_text, plain
from beam_deid.transforms.columns.fingerprint import FingerprintKey, fingerprint
from beam_deid.transforms.columns.read_as import to_kind
from beam_deid.transforms.columns.reading import Reading
from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.format import reported
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.values import meant
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.recognisers.normal import Normal
from beam_deid.transforms.recognisers.one_spelling import normalized
from beam_deid.transforms.risk.recovery.frequency import Known, Numbers
from beam_deid.transforms.run.job import BATCH_ROWS
from beam_deid.transforms.storage.files import match

WEIGHTS = ("count", "share")
"""The columns that may say how often a value occurs; the first that is there does."""

_WHOLE_FILE = 1 << 62


class As(NamedTuple):
    """How the values of a field are read, so that they can be compared with the source's.

    Attributes:
        reading: How they are written.
        normal: How spellings of one identifier become one before tokens are made of them; None if they do not.
        like: The type that the source has; None where it is not known.
        kind: What the field holds, if declared.
    """

    reading: Reading = Reading()
    normal: Normal | None = None
    like: pa.DataType | None = None
    kind: Kind | None = None


_PLAIN = As()


def read_frequencies(path: str, name: str, key: FingerprintKey, read: As = _PLAIN) -> Known:
    """Read a known distribution.

    Args:
        path: Path or glob of a table with a column called as the field, and ``count`` or ``share``.
        name: The field.
        key: The key of the fingerprints that its values are compared with.
        read: How the field's values are read.

    Raises:
        InputError: There is no such table or column, a value cannot be read, a weight is no number from 0 on, or nothing occurs.
    """
    options = InputOptions()
    values = []
    weights = []
    for file in match([path]):
        format_ = format_of(file.path, options, file.partitions)
        present = format_.schema(file.path, options).names
        weight = next((one for one in WEIGHTS if one in present and one != name), "")
        missing = next(
            (what for what, there in ((name, name in present), ("count or share", weight)) if not there), None
        )
        if missing:
            raise InputError(f"the table of frequencies lacks the column {missing}", file.path, "Rename its columns")
        for shard in format_.shards(file.path, file.size, options, _WHOLE_FILE):
            for chunk in format_.read(shard, options, [name, weight], BATCH_ROWS):
                if chunk.faults:
                    row = reported(int(chunk.faults[0].rows[0]), chunk.above)
                    raise InputError(
                        f"row {row} of the table of frequencies cannot be read", file.path, "Fix the table"
                    )
                given = meant(chunk.batch, format_.notation.of_spreadsheets, options)
                batch = given.filter(pc.is_valid(plain(given.column(0))))
                values.append(fingerprint(_values(batch.column(0), read, name, file.path), key))
                weights.append(_weights(batch.column(1), weight, file.path))
    known = Known.of(np.concatenate([np.empty(0, np.uint64), *values]), np.concatenate([np.empty(0), *weights]))
    if len(known.values) == 0:
        raise InputError("the table of frequencies has no value that occurs", path, "Check the path and its counts")
    return known


def _values(column: pa.Array, read: As, name: str, path: str) -> pa.Array:
    typed, wrong = to_kind(column, read.reading)
    if wrong is not None:
        raise InputError(
            "a value of the table of frequencies cannot be read as the field's kind", f"{path}: {name}", "Fix it"
        )
    if read.normal is not None and is_text(typed.type):
        typed = normalized(typed, read.kind, read.normal)
    return alike(typed, read.like, name, path)


def _weights(column: pa.Array, name: str, path: str) -> Numbers:
    try:
        found = np.asarray(pc.cast(plain(column), pa.float64()).to_numpy(zero_copy_only=False), np.float64)
    except pa.ArrowInvalid:
        found = np.full(1, np.nan)
    if not (np.isfinite(found) & (found >= 0)).all():
        raise InputError("a frequency must be a number from 0 on", f"{path}: {name}", "Fix the table of frequencies")
    return found
