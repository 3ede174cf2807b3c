"""Names of columns as headers have them: blank and repeated ones are numbered, so that every column has a name of its own."""

from collections import Counter
from collections.abc import Sequence


def column_names(written: Sequence[str]) -> list[str]:
    """The names of columns, in order, each of which is there once.

    A column without a name is called ``column_N`` by its place, from 1. Of names that are there several times the second is
    called ``name_2``, and so on. A name that is written stays; a made one that is there already is passed over.
    """
    taken = {name for name in written if name}
    seen: Counter[str] = Counter()
    found = []
    for place, name in enumerate(written, 1):
        seen[name] += 1
        if name and seen[name] == 1:
            found.append(name)
            continue
        stem, number = (name, seen[name]) if name else ("column", place)
        while (made := f"{stem}_{number}") in taken:
            number += 1
        taken.add(made)
        found.append(made)
    return found
