"""Names of columns as headers have them: blank and repeated ones are numbered, so that every column has a name of its own."""

from collections.abc import Sequence


def column_names(written: Sequence[str]) -> list[str]:
    """The names of columns, in order.

    A column without a name is called ``column_N`` by its place, from 1. Of names that are there several times the second
    is called ``name_2``, and so on; a name that is there already is passed over.
    """
    names: list[str] = []
    taken = {name for name in written if name}
    seen: dict[str, int] = {}
    for place, name in enumerate(written, 1):
        name = name or f"column_{place}"
        seen[name] = seen.get(name, 0) + 1
        number = seen[name]
        unique = name
        while (number > 1 and unique in taken) or unique in names:
            unique = f"{name}_{max(number, 2)}"
            number += 1
        taken.add(unique)
        names.append(unique)
    return names
