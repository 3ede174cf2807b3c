"""Read a hierarchy: one row for each leaf, ``leaf;level 1;level 2;…;*``, as ARX writes them, in UTF-8.

Beyond ARX's form: lines that start with ``#`` are comments; the comment ``# levels: city;province;region;*`` names
the levels; a row ``alias;=leaf`` is another spelling of a leaf; a top level ``*`` that is not written is added.
"""

import difflib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import pyarrow as pa

from beam_deid.transforms.actions.addresses import places_of
from beam_deid.transforms.actions.built_in import BUILT_IN, built_in_bytes
from beam_deid.transforms.actions.divisions import hierarchy_text
from beam_deid.transforms.actions.hierarchy import ALL
from beam_deid.transforms.errors import PolicyError
from beam_deid.transforms.storage.files import read_all, store_of
from beam_deid.transforms.storage.paths import absolute

_LEVELS = "# levels:"


@dataclass(frozen=True, eq=False)
class HierarchyTable:
    """A hierarchy that has been checked.

    Attributes:
        levels: Names of the levels, the leaves' first, ``*`` last.
        leaves: The leaves, each once, in the file's order.
        parents: For each leaf what stands above it, one entry for each further level; the last is ``*``.
        aliases: The leaf for each other spelling.
        reader: Reads texts as numbers of leaves where spellings are too many to list: from an array of distinct texts
            to ``int32``, null where it is none.
    """

    levels: tuple[str, ...]
    leaves: tuple[str, ...]
    parents: tuple[tuple[str, ...], ...]
    aliases: Mapping[str, str]
    reader: Callable[[pa.Array], pa.Array] | None = None


def read_hierarchy(name: str) -> HierarchyTable:
    """The hierarchy that a policy names: a built-in one, or a file.

    Raises:
        PolicyError: There is no such built-in hierarchy, or the file is no hierarchy.
        InputError: The file cannot be opened.
    """
    if name in BUILT_IN:
        return _read(name, 0.0, 0)
    if "/" not in name and "." not in name and os.sep not in name:
        like = difflib.get_close_matches(name, BUILT_IN, 1)
        meant = f"Did you mean {like[0]}? " if like else ""
        there = f"{meant}There is {', '.join(BUILT_IN)}; write a file with its path or ending"
        raise PolicyError(f"no hierarchy is built in as {name!r}", "", there)
    try:
        found = store_of(absolute(name)).entry(absolute(name))
    except (OSError, ValueError):
        return _read(name, 0.0, 0)  # opening it will say why
    if found is None:
        raise PolicyError("there is no such file", name, "A path in a policy begins at the policy's folder")
    return _read(name, found.modified, found.size)


@lru_cache(maxsize=32)
def _read(name: str, modified: float, size: int) -> HierarchyTable:
    # Time and size are part of the key, so that a file that was changed is read again.
    if name == "cn_districts":
        return replace(parse_hierarchy(hierarchy_text().encode(), name), reader=places_of)
    return parse_hierarchy(built_in_bytes(name) if name in BUILT_IN else read_all(name), name)


def parse_hierarchy(data: bytes, where: str) -> HierarchyTable:
    """Check and arrange the bytes of a hierarchy file.

    Args:
        data: The file, UTF-8, with or without a byte order mark.
        where: What errors call the file.

    Raises:
        PolicyError: Not UTF-8, no rows, rows of different length, a leaf twice, an empty cell, a top level of
            several values, a group that lies in two groups of the next level, or an alias of no leaf.
    """
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise PolicyError("the hierarchy is not UTF-8", where, "Save it as UTF-8") from None
    names: list[str] | None = None
    rows: dict[str, tuple[int, tuple[str, ...]]] = {}
    aliases: dict[str, tuple[int, str]] = {}
    for number, line in enumerate(lines, start=1):
        if line.startswith(_LEVELS):
            names = [cell.strip() for cell in line.removeprefix(_LEVELS).split(";")]
        elif line.strip() and not line.startswith("#"):
            _add(line, number, rows, aliases, where)
    if not rows:
        raise PolicyError("the hierarchy is empty", where, "Write one row for each value: value;group;*")
    top = _top(rows, where)
    paths = {leaf: path if top == ALL else (*path, ALL) for leaf, (_, path) in rows.items()}
    _check_nested(rows, paths, where)
    for alias, (number, leaf) in aliases.items():
        if leaf not in rows:
            raise PolicyError("this spelling belongs to a value that has no row", f"{where}, line {number}")
        if alias in rows:
            raise PolicyError("this spelling has a row of its own as well", f"{where}, line {number}", "Leave one")
    depth = len(next(iter(paths.values())))
    return HierarchyTable(
        _level_names(names, depth, where),
        tuple(paths),
        tuple(paths.values()),
        {alias: leaf for alias, (_, leaf) in aliases.items()},
    )


def _add(
    line: str,
    number: int,
    rows: dict[str, tuple[int, tuple[str, ...]]],
    aliases: dict[str, tuple[int, str]],
    where: str,
) -> None:
    place = f"{where}, line {number}"
    leaf, *path = (cell.strip() for cell in line.split(";"))
    if not path or not leaf or not all(path):
        raise PolicyError("a cell is empty or missing", place, "A row is value;group;*, without ; at its end")
    if len(path) == 1 and path[0].startswith("="):
        known = aliases.setdefault(leaf, (number, path[0][1:]))
        if known[1] != path[0][1:]:
            raise PolicyError(f"this spelling stands for another value in line {known[0]}", place, "Leave one")
        return
    if rows and len(path) != len(next(iter(rows.values()))[1]):
        wanted = len(next(iter(rows.values()))[1]) + 1
        raise PolicyError(f"{len(path) + 1} cells where the first row has {wanted}", place, "Give all rows as many")
    if leaf in rows:
        first, other = rows[leaf]
        what = "the same value again" if other == tuple(path) else "the same value in another group"
        raise PolicyError(f"{what}, first in line {first}", place, "Leave one of the two rows")
    rows[leaf] = (number, tuple(path))


def _top(rows: Mapping[str, tuple[int, tuple[str, ...]]], where: str) -> str:
    first = next(iter(rows.values()))[1][-1]
    for number, path in rows.values():
        if path[-1] != first:
            what = "the last cell differs from the first row's, so the top level is not one group"
            raise PolicyError(what, f"{where}, line {number}", "End every row with ;*")
    return first


def _check_nested(
    rows: Mapping[str, tuple[int, tuple[str, ...]]], paths: Mapping[str, Sequence[str]], where: str
) -> None:
    above: dict[tuple[int, str], tuple[str, int]] = {}
    for leaf, path in paths.items():
        for level in range(len(path) - 1):
            parent, line = above.setdefault((level, path[level]), (path[level + 1], rows[leaf][0]))
            if parent != path[level + 1]:
                raise PolicyError(
                    f"the group in cell {level + 2} lies in another group than in line {line}",
                    f"{where}, line {rows[leaf][0]}",
                    "Each group must lie in one group of the next level; rename one of the two",
                )


def _level_names(names: list[str] | None, depth: int, where: str) -> tuple[str, ...]:
    if names is None:
        return ("value", *(f"level {number}" for number in range(1, depth)), ALL)
    if names[-1] != ALL:
        names = [*names, ALL]
    if len(names) != depth + 1 or len(set(names)) < len(names) or not all(names):
        raise PolicyError("the comment that names the levels does not fit the rows", where, "Name each level once")
    return tuple(names)
