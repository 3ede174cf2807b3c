"""Order numbers that can be told from any other number by their form: Pinduoduo's and Xiaohongshu's.

Those of other platforms are plain digits and are known by their column (``configs/platforms``). All of them link a record to
the platform's, the shop's and the carrier's systems.
"""

import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign


def _is_dated(text: str) -> bool:
    """Whether a number that begins with a date begins with a possible one."""
    if text[0] in "PR":
        return True
    try:
        datetime.date(2000 + int(text[:2]), int(text[2:4]), int(text[4:6]))
    except ValueError:
        return False
    return True


def _are_dated(texts: pa.Array) -> Bools:
    days, place = np.unique(
        pc.utf8_slice_codeunits(texts, 0, 6).to_numpy(zero_copy_only=False).astype("U6"), return_inverse=True
    )
    return np.array([_is_dated(str(day)) for day in days], dtype=bool)[place]


ORDER_NUMBER = Recogniser(
    "order_number",
    "[12][0-9]{5}-[0-9]{15}|[PR][0-9]{18}",
    {Sign.DIGIT: 18},
    before="A-Za-z0-9-",
    after="A-Za-z0-9-",
    check=_is_dated,
    columnar=_are_dated,
    source="pdd.order.list.get (yymmdd-15 digits); Xiaohongshu's order.getOrderDetail (P and 18 digits)",
    links=True,
    kind="order_number",
)
