"""Fixed lists of words as Arrow arrays, made when they are first needed.

The first ``pa.array`` of a process imports pandas where it is installed, which takes half a second: too long for an import.
"""

from functools import cache

import pyarrow as pa


@cache
def words(*texts: str) -> pa.Array:
    """The texts as a string array of shape (len(texts),); equal calls share one array."""
    return pa.array(texts, pa.string())
