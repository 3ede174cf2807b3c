"""How a JSON file nests: which lists of objects stand in it, so that somebody can say which are records and which are items."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.json_form import holds_lines
from beam_deid.transforms.formats.json_lines import units as line_units
from beam_deid.transforms.formats.json_maps import is_map
from beam_deid.transforms.formats.json_text import Text, text_stream
from beam_deid.transforms.formats.json_values import units
from beam_deid.transforms.formats.nesting import EACH, Nesting

_HEAD_ROWS = 1000
_DEEPEST = 32


@dataclass(frozen=True)
class ListFound:
    """A list of objects.

    Attributes:
        path: Where it stands, in a row or in a document.
        keys: The dotted paths of what stands in its entries.
        lists: Those of them that are lists of objects again.
        longest: The most entries that were seen.
        agreeing: How many of the keys most entries have.
    """

    path: str
    keys: tuple[str, ...]
    lists: tuple[str, ...]
    longest: int
    agreeing: int


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


def shape_of(path: str, options: InputOptions, *, called_lines: bool = False) -> Shape:
    """Look at the first thousand rows of a file, as ``options`` finds them.

    Args:
        path: The file.
        options: Where its records are.
        called_lines: See `beam_deid.transforms.formats.json_form.holds_lines`.

    Raises:
        InputError: It cannot be read.
    """
    nesting = Nesting(options)
    kind = line_units if holds_lines(path, options, called_lines=called_lines) else units
    found = kind(path, options, nesting)
    rows = [unit.row for unit in islice(found, _HEAD_ROWS) if unit.row is not None]
    return Shape(len(rows), tuple(dict.fromkeys(key for row in rows for key in row)), tuple(_lists(rows)))


def lists_of(path: str, options: InputOptions, *, called_lines: bool = False) -> tuple[ListFound, ...]:
    """The lists of objects in a document that is one object, with the objects of records by their ids, whose paths end in ``*``.

    Up to a thousand entries of each are looked at; what stands behind a longer list is not read. There are none in lines, whose
    lists `shape_of` finds.

    Args:
        path: The file.
        options: How it is written.
        called_lines: See `beam_deid.transforms.formats.json_form.holds_lines`.

    Raises:
        InputError: The file cannot be read.
    """
    if holds_lines(path, options, called_lines=called_lines):
        return ()
    stream = text_stream(path, options)
    found: list[ListFound] = []
    try:
        text = Text(stream, path)
        if text.next() == "{":
            _search(text, (), found)
    finally:
        stream.close()
    return tuple(found)


def _search(text: Text, keys: tuple[str, ...], found: list[ListFound]) -> tuple[tuple[str, ...], bool]:
    """Note the lists in the object that comes next; returns its keys, and whether all of it was read."""
    members: dict[str, tuple[str, ...]] = {}
    inside: list[ListFound] = []
    whole = True
    for key in text.members():
        here = (*keys, key)
        members[key] = ()
        begins = text.next()
        if begins == "[":
            whole = _note_list(text, here, inside)
        elif begins == "{" and len(here) < _DEEPEST:
            members[key], whole = _search(text, here, inside)
        else:
            text.value()
        whole = whole and len(members) < _HEAD_ROWS
        if not whole:
            break
    if is_map(members):
        shared = set.intersection(*map(set, members.values()))
        inside = [ListFound(".".join([*keys, EACH]), tuple(sorted(shared)), (), len(members), len(shared))]
    found += inside
    return tuple(members), whole


def _note_list(text: Text, keys: tuple[str, ...], found: list[ListFound]) -> bool:
    """Note the list that comes next if objects are in it; returns whether all of it was read."""
    entries = []
    seen = 0
    for _ in text.elements():
        entry = text.value()
        seen += 1
        if isinstance(entry, dict):
            entries.append(entry)
        if len(entries) == _HEAD_ROWS:
            break
    if entries:
        found.append(_found(".".join(keys), entries, seen))
    return len(entries) < _HEAD_ROWS


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
    agreeing = sum(2 * sum(key in row for row in rows) >= len(rows) for key in keys)
    return ListFound(path, tuple(keys), tuple(lists), longest, agreeing)


def _of_objects(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(entry, dict) for entry in value)
