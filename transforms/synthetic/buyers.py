"""Buyers of orders: most order once or twice, a few more than a hundred times."""

import numpy as np

from beam_deid.transforms.synthetic.chance import Chance, Index

ORDERS_PER_BUYER = 2.5
"""Mean orders of a buyer."""

# A buyer's orders lie within one season of 2²⁰ rows, in one of its 16 interleaved lanes: shards share
# buyers, and no buyer grows without bound.
_SEASON = 20
_LANES = 4


def buyers(chance: Chance, index: Index) -> Index:
    """The buyer of each row, named by the row number of the buyer's first order.

    An order is a new buyer's with probability 1/`ORDERS_PER_BUYER`, else that of an earlier order of its
    lane, any of them alike. Many orders thus draw more orders, and sizes follow a power law (Simon: On a
    class of skew distribution functions, Biometrika 42, 1955).

    Args:
        chance: The draws.
        index: Row numbers, shape (n,), int64.

    Returns:
        Row numbers of first orders, shape (n,), int64.
    """
    found = index.copy()
    open_rows = np.arange(len(index))
    while len(open_rows):
        order = found[open_rows]
        start = (order >> _SEASON << _SEASON) | (order & ((1 << _LANES) - 1))
        place = (order - start) >> _LANES
        first = chance.happens("new buyer", order, 1 / ORDERS_PER_BUYER) | (place == 0)
        open_rows, order, start, place = (part[~first] for part in (open_rows, order, start, place))
        earlier = (chance.share("earlier order", order) * place).astype(np.int64)
        found[open_rows] = start + (earlier << _LANES)
    return found
