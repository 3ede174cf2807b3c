"""Synthetic orders in the format of each platform: one file for each, all of them in `SHAPES`."""

from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow as pa

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.recognisers.platforms.catalogue import platform as described
from beam_deid.transforms.synthetic.chance import Chance, Index
from beam_deid.transforms.synthetic.goods import Goods, goods
from beam_deid.transforms.synthetic.platforms import douyin, jd, kuaishou, pinduoduo, taobao, wechat, xiaohongshu
from beam_deid.transforms.synthetic.platforms.facts import Facts, Made
from beam_deid.transforms.synthetic.platforms.nesting import nested

SHAPES: Mapping[str, ModuleType] = {
    module.__name__.rpartition(".")[2]: module
    for module in (douyin, jd, kuaishou, pinduoduo, taobao, wechat, xiaohongshu)
}
"""What makes each platform's orders: ``order(facts)`` and ``item(facts, goods)``, columns by the name in ``configs/platforms``."""

BATCH_ROWS = 65_536
_MOST_ITEMS = 3


def platform_batches(
    platform: str, rows: int, seed: int = 0, start: int = 0, *, articles: bool = False
) -> Iterator[pa.RecordBatch]:
    """Orders of a platform as flat batches: one row for each order with its first article, or for each article.

    Columns bear the dotted names of ``configs/platforms``, all of them, in that order. Row ``i`` depends on ``seed`` and ``i``
    only, as in `beam_deid.transforms.synthetic.orders.order_batches`; the same buyers order at every platform.

    Args:
        platform: Its name.
        rows: How many orders.
        seed: Another seed makes other orders.
        start: Number of the first order.
        articles: A row for each article with its order's columns, as in `platform_records`, and so more rows than orders.

    Raises:
        UsageError: There is no such platform.
    """
    if not articles or described(platform).items is None:
        for made in platform_columns(platform, rows, seed, start):
            yield pa.RecordBatch.from_arrays([one.values for one in made.values()], names=list(made))
        return
    module = _module(platform)
    description = described(platform)
    for facts in _facts(rows, seed, start):
        many = _how_many(facts)
        order = np.repeat(np.arange(len(many)), many)
        place = np.arange(len(order)) - np.repeat(np.cumsum(many) - many, many)
        columns = {name: one.values.take(pa.array(order)) for name, one in module.order(facts).items()}
        baskets = [module.item(facts, one) for one in _baskets(facts, seed)]
        for name in baskets[0]:
            values = pa.concat_arrays([basket[name].values for basket in baskets])
            columns[f"{description.items}.{name}"] = values.take(pa.array(place * len(many) + order))
        yield pa.RecordBatch.from_arrays([columns[name] for name in description.fields], names=list(description.fields))


def platform_columns(platform: str, rows: int, seed: int = 0, start: int = 0) -> Iterator[dict[str, Made]]:
    """Generate orders of a platform with the form of each value, which recognisers are expected to find."""
    module = _module(platform)
    description = described(platform)
    for facts in _facts(rows, seed, start):
        prefix = f"{description.items}." if description.items else module.ITEM
        made = {
            **module.order(facts),
            **{f"{prefix}{name}": one for name, one in module.item(facts, facts.goods).items()},
        }
        yield {name: made[name] for name in description.fields}


def platform_records(platform: str, rows: int, seed: int = 0, start: int = 0) -> Iterator[dict[str, Any]]:
    """Orders of a platform as its API gives them: nested dicts with one to three articles each, for JSON.

    What `platform_batches` gives of an order stands in it: the first article is the row's.

    Raises:
        UsageError: There is no such platform.
    """
    module = _module(platform)
    description = described(platform)
    for facts in _facts(rows, seed, start):
        order = {name: one.values.to_pylist() for name, one in module.order(facts).items()}
        baskets = _baskets(facts, seed)
        items = [{name: one.values.to_pylist() for name, one in module.item(facts, one).items()} for one in baskets]
        yield from nested(description, module.ITEM, order, items, _how_many(facts).tolist())


def _baskets(facts: Facts, seed: int) -> list[Goods]:
    """The first, second … article of each order, whether it has so many or not."""
    return [facts.goods, *(goods(Chance(seed + 7_919 * more), facts.index) for more in range(1, _MOST_ITEMS))]


def _how_many(facts: Facts) -> Index:
    """How many articles each order has, one to `_MOST_ITEMS`."""
    more = facts.chance.share("articles", facts.index)[:, None] < np.array([0.25, 0.08])
    return np.asarray(1 + more.sum(axis=1, dtype=np.int64))


def _module(platform: str) -> ModuleType:
    if platform not in SHAPES:
        raise UsageError(f"no orders of {platform} can be made", "platform", f"Choose one of {', '.join(SHAPES)}")
    return SHAPES[platform]


def _facts(rows: int, seed: int, start: int) -> Iterator[Facts]:
    for first in range(start, start + rows, BATCH_ROWS):
        index = np.arange(first, min(first + BATCH_ROWS, start + rows), dtype=np.int64)
        yield Facts.of(Chance(seed), index)
