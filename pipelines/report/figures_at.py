"""The figures that stand at a place in a label, whatever names of the data are on the way to them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

_NAMES = ("name", "field", "list", "test", "points", "path")
"""What tells the items of a list apart, the first that they have."""


class Found(NamedTuple):
    """A figure.

    Attributes:
        name: The names of the data that lead to it, such as a field's; empty where there are none.
        value: The figure; a list of several that belong together.
    """

    name: str
    value: Any


def found_at(label: Mapping[str, Any], place: str) -> list[Found]:
    """All figures at a place.

    Args:
        label: The label, as ``label.json`` has it.
        place: The place, keys with dots between them; names of the data are no part of it.
    """
    return list(_found(label, place.split("."), ()))


def _found(here: Any, keys: Sequence[str], names: tuple[str, ...]) -> Iterator[Found]:
    if isinstance(here, Mapping):
        yield from _in_object(here, keys, names)
    elif isinstance(here, list) and not (not keys and _is_pair(here)):
        for item in here:
            yield from _found(item, keys, (*names, *_name_of(item)))
    elif not keys and here is not None and not isinstance(here, bool | str):
        yield Found(".".join(names), here)


def _in_object(here: Mapping[str, Any], keys: Sequence[str], names: tuple[str, ...]) -> Iterator[Found]:
    """What is found in an object: below the next key, or below names of the data that stand before it."""
    if keys and keys[0] in here:
        yield from _found(here[keys[0]], keys[1:], names)
        return
    for name, one in here.items():
        if isinstance(one, Mapping | list) or not keys:
            yield from _found(one, keys, (*names, str(name)))


def _is_pair(value: list[Any]) -> bool:
    return bool(value) and all(
        one is None or (isinstance(one, int | float) and not isinstance(one, bool)) for one in value
    )


def _name_of(item: Any) -> tuple[str, ...]:
    """What tells an item of a list from others."""
    if not isinstance(item, Mapping):
        return ()
    if isinstance(item.get("fields"), list):
        return (" + ".join(map(str, item["fields"])),)
    if "least" in item and "most" in item:
        return (f"{item['least']:,}–{item['most']:,}",)
    return next(((str(item[name]),) for name in _NAMES if name in item), ())
