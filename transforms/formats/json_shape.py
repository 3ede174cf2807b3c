"""How a JSON file nests: which lists of objects stand in it, so that somebody can say which are records and which are items."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.json_document import Text, is_lines, units
from beam_deid.transforms.formats.json_lines import text_stream
from beam_deid.transforms.formats.json_lines import units as line_units
from beam_deid.transforms.formats.nesting import Nesting

_HEAD_ROWS = 1000


@dataclass(frozen=True)
class ListFound:
    """A list of objects.

    Attributes:
        path: Where it stands, in a row or in a document.
        keys: The dotted paths of what stands in its entries.
        lists: Those of them that are lists of objects again.
        longest: The most entries that were seen; 1 where only the first was looked at.
    """

    path: str
    keys: tuple[str, ...]
    lists: tuple[str, ...]
    longest: int


@dataclass(frozen=True)
class Shape:
    """The head of a file.

    Attributes:
        rows: How many rows were looked at, at most a thousand.
        keys: The dotted paths of all that stands in them.
        lists: The lists of objects among these.
    """

    rows: int
    keys: tuple[str, ...]
    lists: tuple[ListFound, ...]


def shape_of(path: str, options: InputOptions) -> Shape:
    """Look at the first thousand rows of a file, as ``options`` finds them.

    Raises:
        InputError: It cannot be read.
    """
    nesting = Nesting(options)
    found = line_units(path, options, nesting) if is_lines(path, options) else units(path, options, nesting)
    rows = [unit.row for unit in islice(found, _HEAD_ROWS) if unit.row is not None]
    return Shape(len(rows), tuple(dict.fromkeys(key for row in rows for key in row)), tuple(_lists(rows)))


def first_list(path: str, options: InputOptions) -> ListFound | None:
    """The first list of objects in a document that is one object; None where there is none, or it is no such document.

    However long the list is, no more than its first entry is read.

    Raises:
        InputError: The file cannot be read.
    """
    if is_lines(path, options):
        return None
    stream = text_stream(path, options)
    try:
        text = Text(stream, path)
        return _first(text, "") if text.next() == "{" else None
    finally:
        stream.close()


def _first(text: Text, prefix: str) -> ListFound | None:
    for key in text.members():
        begins = text.next()
        if begins == "{":
            found = _first(text, f"{prefix}{key}.")
            if found is not None:
                return found
        elif begins == "[":
            for _ in text.elements():
                entry = text.value()
                if isinstance(entry, dict):
                    return _found(f"{prefix}{key}", [entry], 1)
        else:
            text.value()
    return None


def _lists(rows: list[dict[str, Any]]) -> Iterator[ListFound]:
    paths = dict.fromkeys(key for row in rows for key, value in row.items() if isinstance(value, list))
    for path in paths:
        values = [row[path] for row in rows if isinstance(row.get(path), list)]
        entries = [entry for value in values for entry in value if isinstance(entry, dict)]
        if entries:
            yield _found(path, entries, max(map(len, values)))


def _found(path: str, entries: Iterable[dict[str, Any]], longest: int) -> ListFound:
    nesting = Nesting(InputOptions())
    rows = [unit.row for entry in entries for unit in nesting.rows(entry) if unit.row is not None]
    keys = dict.fromkeys(key for row in rows for key in row)
    lists = (key for key in keys if any(_of_objects(row.get(key)) for row in rows))
    return ListFound(path, tuple(keys), tuple(lists), longest)


def _of_objects(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(entry, dict) for entry in value)
