"""Where the records of nested JSON lie, which list gives a row for each entry, and short names for long paths."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.json_maps import map_in
from beam_deid.transforms.formats.json_shape import ListFound, Shape, lists_of, shape_of
from beam_deid.transforms.formats.nesting import EACH
from beam_deid.transforms.names import NAMES
from beam_deid.transforms.recognisers.platforms.catalogue import platforms
from beam_deid.transforms.recognisers.platforms.tables import by_names

_RECORDS = re.compile(
    r"(?i)^(?:orders?|trades?|records?|rows|results?|data|list|(?:order|trade|record|data|result)_?list)$"
)
_ITEMS = re.compile(
    r"(?i)^(?:items?|articles|lines?|products?|goods|skus?|(?:line|order)_?items?|(?:item|sku|goods|product|sub_?order)_?(?:order_?)?"
    r"(?:info_?)?(?:list|infos))$"
)
_NAMES_AGREE = 0.5
_FIELDS_AGREE = 2
_EACH = f"each value of the object is a record, and its key the column {EACH}"
_PLAIN_NAME = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class NestedInput:
    """How a nested input is read.

    Attributes:
        options: Its ``records`` and ``items``; nothing where the input is flat.
        reasons: Why, by the option's name.
    """

    options: InputOptions
    reasons: dict[str, str]


def input_of(path: str, given: InputOptions | None = None) -> NestedInput:
    """How a file is read: its records, its items, and short names for the paths of its columns.

    Args:
        path: The file.
        given: What is known of it already, which stays.

    Raises:
        InputError: The file cannot be read.
        UsageError: Its name does not tell its format.
    """
    found = nested_input(path, given or InputOptions())
    known = format_of(path, found.options)
    if known.name not in ("json", "jsonl"):
        return found
    names = short_names(known.schema(path, found.options).names)
    NAMES.add(names)
    NAMES.add(names.values())
    return NestedInput(_with(found.options, fields=names), found.reasons)


def nested_input(path: str, options: InputOptions) -> NestedInput:
    """Find the records and the items of a file; of anything but JSON nothing is said.

    Args:
        path: The file.
        options: What is known of it already: records or items that it names are not looked for.

    Raises:
        InputError: The file cannot be read.
        UsageError: Its name does not tell its format.
    """
    reasons = dict.fromkeys(options.model_fields_set, "as the call says")
    name = format_of(path, options).name
    if name not in ("json", "jsonl"):
        return NestedInput(options, reasons)
    lines = name == "jsonl"
    if options.records is None:
        options = _with_records(path, options, lines, reasons)
    if options.items is None:
        items, why = _items(shape_of(path, options, called_lines=lines))
        if items is not None:
            options = _with(options, items=items)
            reasons["items"] = why
    return NestedInput(options, reasons)


def _with_records(path: str, options: InputOptions, lines: bool, reasons: dict[str, str]) -> InputOptions:
    """The options with the place of the records, where there is one; ``reasons`` gets why."""
    found = _records(lists_of(path, options, called_lines=lines), 0.0, 1)
    if found is not None:
        each = found.path.endswith(EACH)
        reasons["records"] = _EACH if each else "the list of objects in the document whose fields agree"
        return _with(options, records=found.path)
    records, why = _records_in_rows(shape_of(path, options, called_lines=lines))
    if records is not None:
        reasons["records"] = why
        return _with(options, records=records)
    return options


def _with(options: InputOptions, **found: Any) -> InputOptions:
    return InputOptions.model_validate({**options.model_dump(exclude_unset=True), **found})


def short_names(names: Sequence[str]) -> dict[str, str]:
    """Short names for dotted paths, ``{user_name: address_info.user_name}``, where these say the same of a column.

    A path's last key is its name if no other column is called so, and if every platform takes both for the same field.

    Args:
        names: All columns, by path.
    """
    ends = Counter(name.rpartition(".")[2].lower() for name in names)
    taken = {key.lower() for name in names for key in name.split(".")[:-1]}
    short = {}
    for name in names:
        end = name.rpartition(".")[2]
        alone = "." in name and ends[end.lower()] == 1 and end.lower() not in taken and _PLAIN_NAME.fullmatch(end)
        if alone and all(one.field_of(end) == one.field_of(name) for one in platforms().values()):
            short[end] = name
    return short


def _is_items(found: ListFound) -> bool:
    return any(found.path == one.items for one in platforms().values()) or (
        bool(_ITEMS.match(found.path.rpartition(".")[2])) and not found.lists
    )


def _records_in_rows(shape: Shape) -> tuple[str | None, str]:
    """Where the records are in rows that are none."""
    where = map_in(shape.keys)
    if where is not None:
        return f"{where}.{EACH}" if where else EACH, _EACH
    outside = max(by_names(shape.keys).values(), default=0.0)
    found = _records(shape.lists, outside, shape.rows)
    return (found.path, "a list of records in each document or line") if found else (None, "")


def _records(lists: Sequence[ListFound], outside: float, rows: int) -> ListFound | None:
    """The list whose entries are the records, rather than the rows in which it stands: of several the one that says most.

    Args:
        lists: The lists that there are.
        outside: How many of the rows' own names a platform knows, from 0 to 1.
        rows: How many rows there are; a single one is hardly a record.
    """
    best = None
    most = (0, 0, 0)
    for found in lists:
        if outside >= _NAMES_AGREE or found.agreeing < _FIELDS_AGREE or _is_items(found):
            continue
        known = max(by_names(found.keys).values(), default=0.0) >= _NAMES_AGREE
        named = bool(_RECORDS.match(found.path.removesuffix(f".{EACH}").rpartition(".")[2]))
        weight = (int(known), int(named), found.longest)
        if (known or named or rows == 1) and weight > most:
            best = found
            most = weight
    return best


def _items(shape: Shape) -> tuple[str | None, str]:
    """The list that gives a row for each of its entries."""
    best = next(iter(by_names(shape.keys)), None)
    known = platforms()[best].items if best else None
    for found in shape.lists:
        if found.path == known:
            return known, f"the articles of an order, as {platforms()[str(best)].title} gives them"
    for found in shape.lists:
        if _ITEMS.match(found.path.rpartition(".")[2]):
            return found.path, f"named like the articles of an order; up to {found.longest} in one"
    if len(shape.lists) == 1 and shape.lists[0].longest > 1:
        return shape.lists[0].path, f"the only list of objects; up to {shape.lists[0].longest} in one record"
    return None, ""
