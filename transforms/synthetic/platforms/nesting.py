"""Flat columns put back into the nested records that they stand for."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from beam_deid.transforms.recognisers.platforms.catalogue import Platform

Columns = Mapping[str, Sequence[Any]]


def nested(
    described: Platform, prefix: str, order: Columns, items: Sequence[Columns], many: Sequence[int]
) -> Iterator[dict[str, Any]]:
    """One record for each order.

    Args:
        described: The platform, whose ``items`` and ``lists`` are lists.
        prefix: Where an article stands if there is no list of them.
        order: The order's columns by dotted name.
        items: The columns of the first, second … article by their names.
        many: How many articles each order has.
    """
    for row, count in enumerate(many):
        record: dict[str, Any] = {}
        for name, values in order.items():
            _put(record, name.split("."), values[row], described.lists)
        articles = [{name: _plain(values[row]) for name, values in one.items()} for one in items[:count]]
        if described.items is None:
            for name, value in articles[0].items():
                _put(record, f"{prefix}{name}".split("."), value, described.lists)
        else:
            trees: list[dict[str, Any]] = [{} for _ in articles]
            for tree, one in zip(trees, articles, strict=True):
                for name, value in one.items():
                    _put(tree, name.split("."), value, ())
            _put(record, described.items.split("."), trees, ())
        yield record


def _put(record: dict[str, Any], path: list[str], value: Any, lists: Sequence[str]) -> None:
    here = record
    for depth, part in enumerate(path[:-1]):
        listed = ".".join(path[: depth + 1]) in lists
        here = here.setdefault(part, [{}])[0] if listed else here.setdefault(part, {})
    here[path[-1]] = _plain(value)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value
