"""The last rows of a sheet: where they do not look like records, it must be said whether they are."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from beam_deid.transforms.formats.excel_header import Refused
from beam_deid.transforms.formats.total_row import LAST, TOTAL_SAID, has_total

_MOST = 20


def check_end(columns: Sequence[pa.Array], filled: npt.NDArray[np.int64]) -> None:
    """See that the last rows are records: none is a total, and no few of them stand apart with far fewer cells filled than others.

    Args:
        columns: Text columns (n,).
        filled: int64 array of the rows that are not blank, ascending.

    Raises:
        Refused: They may be none; no value is shown.
    """
    last = pa.array(filled[-LAST:])
    texts = (column.take(last).fill_null("").to_pylist() for column in columns)
    if has_total(zip(*texts, strict=True)):
        raise Refused(*TOTAL_SAID)
    gaps = np.flatnonzero(np.diff(filled) > 1)
    if not len(gaps):
        return
    apart = filled[gaps[-1] + 1 :]
    others = filled[: gaps[-1] + 1]
    if len(apart) <= _MOST and 2 * _cells(columns, apart).max() <= np.median(_cells(columns, others)):
        raise Refused(
            f"the last {len(apart)} rows stand apart and have fewer cells filled than others",
            f"Let input.footer say how many rows at the end are none: {len(apart)}, or 0 if all are records",
        )


def _cells(columns: Sequence[pa.Array], rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """How many cells of some rows (n,) are filled, int64 (n,)."""
    places = pa.array(rows)
    found = np.zeros(len(rows), dtype=np.int64)
    for column in columns:
        found += column.take(places).is_valid().to_numpy(zero_copy_only=False)
    return found
