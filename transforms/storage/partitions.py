"""Folders whose names hold a value, as Hive and Spark write them: ``dt=2024-03-01/city=%E4%B8%8A%E6%B5%B7/part-0.parquet``."""

from collections.abc import Collection
from urllib.parse import unquote

from beam_deid.transforms.errors import UsageError

Partitions = tuple[tuple[str, str | None], ...]
"""Names of columns with the value that each has in all records of a file; None is null."""

_NULL = "__HIVE_DEFAULT_PARTITION__"


def partitions_of(path: str) -> Partitions:
    """The columns that the folders of a path name, from the outermost on.

    Args:
        path: A file as the user wrote it: folders above what was named belong to nobody's data.

    Raises:
        UsageError: A name cannot be decoded, or two folders name one column.
    """
    found: dict[str, str | None] = {}
    for folder in path.split("/")[:-1]:
        name, equals, value = folder.partition("=")
        if not (name and equals):
            continue
        name = _decoded(name, path)
        if name in found:
            raise UsageError(f"two folders of this path name the column {name}", path, "Rename one of them")
        found[name] = None if value == _NULL else _decoded(value, path)
    return tuple(found.items())


def without_values(path: str, names: Collection[str]) -> str:
    """A path for reports, without the values that its folders give to some columns.

    Args:
        path: The path as the user wrote it.
        names: The columns.
    """
    *folders, file = path.split("/")
    return "/".join([*(_without_value(folder, names) for folder in folders), file])


def _without_value(folder: str, names: Collection[str]) -> str:
    name, equals, _ = folder.partition("=")
    return f"{name}=…" if equals and unquote(name) in names else folder


def _decoded(text: str, path: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise UsageError("the name of a folder is no UTF-8 once it is decoded", path, "Rename the folder") from None
