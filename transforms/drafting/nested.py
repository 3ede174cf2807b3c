"""Where the records of nested JSON lie, which list gives a row for each entry, and short names for long paths."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.json_shape import ListFound, Shape, first_list, shape_of
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
    if format_of(path, options).name not in ("json", "jsonl"):
        return NestedInput(options, reasons)
    if options.records is None:
        options = _with_records(path, options, reasons)
    if options.items is None:
        items, why = _items(shape_of(path, options))
        if items is not None:
            options = _with(options, items=items)
            reasons["items"] = why
    return NestedInput(options, reasons)


def _with_records(path: str, options: InputOptions, reasons: dict[str, str]) -> InputOptions:
    """The options with the list of records, where there is one; ``reasons`` gets why."""
    found = first_list(path, options)
    if found is not None and not _is_items(found):
        reasons["records"] = "the first list of objects in the document"
        return _with(options, records=found.path)
    found = _records(shape_of(path, options))
    if found is not None:
        reasons["records"] = "a list of records in each document or line"
        return _with(options, records=found.path)
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


def _records(shape: Shape) -> ListFound | None:
    """The list whose entries are the records, rather than the rows in which it stands."""
    outside = max(by_names(shape.keys).values(), default=0.0)
    for found in shape.lists:
        inside = max(by_names(found.keys).values(), default=0.0)
        named = bool(_RECORDS.match(found.path.rpartition(".")[2])) or (shape.rows == 1 and not _is_items(found))
        if outside < _NAMES_AGREE and not _is_items(found) and (inside >= _NAMES_AGREE or named):
            return found
    return None


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
