"""Values of generalized fields that are released unchanged, apart from spelling: in a field that names persons they are a leak."""

import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.distinct import plain
from beam_deid.transforms.columns.normal_text import normal_text
from beam_deid.transforms.columns.read_as import to_text


def left_whole(values: pa.Array, released: pa.Array) -> pa.Array:
    """Find the released values that equal the source's, apart from spelling.

    Args:
        values: The column of the source, shape (n,).
        released: The same column as it is released, shape (n,).

    Returns:
        The distinct released values, a plain column.
    """
    released = plain(released)
    own = normal_text(to_text(values)[0])
    return pc.unique(released.filter(pc.equal(still_whole(released), own).fill_null(False)))


def still_whole(values: pa.Array) -> pa.Array:
    """Normalize values so that they can be compared with the source's.

    Args:
        values: Any column, shape (n,).

    Returns:
        Text, shape (n,); null where the value has fewer than two letters or digits and so names nobody.
    """
    texts = normal_text(to_text(values)[0])
    return pc.if_else(pc.match_substring_regex(texts, r"[\p{L}\p{N}].*[\p{L}\p{N}]"), texts, None)
