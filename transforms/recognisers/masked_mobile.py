"""Mobile numbers that a platform masked: 138****1234, *******1234, 1*********5; and how many numbers may be meant."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from beam_deid.transforms.columns.sizes import by_size
from beam_deid.transforms.recognisers.mobile import PREFIXES_IN_USE
from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign
from beam_deid.transforms.terms import Recoverability, Role

_STAR = ord("*")
_PREFIXES = np.array([list(str(prefix).encode()) for prefix in PREFIXES_IN_USE], np.uint8)


def mobiles_left(texts: pa.Array) -> npt.NDArray[np.float64]:
    """How many mobile numbers in use fit each masked one, shape (n,): 10⁴ for 138****1234, 5.2 × 10⁵ for *******1234.

    Args:
        texts: Shape (n,), none null. Not a number where a text is not eleven digits and stars.
    """
    left = np.full(len(texts), np.nan)
    for group in by_size(texts):
        if group.size != 11:
            continue
        data = group.bytes
        hidden = data == _STAR
        digits = (data >= ord("0")) & (data <= ord("9"))
        prefixes = np.zeros(len(data), np.int64)
        for prefix in _PREFIXES:
            prefixes += ((data[:, :3] == prefix) | hidden[:, :3]).all(axis=1)
        # A prefix that is not in use yet may be by now: what is visible is believed.
        prefixes[prefixes == 0] = 1
        count = prefixes * 10.0 ** hidden[:, 3:].sum(axis=1)
        left[group.rows] = np.where((hidden | digits).all(axis=1), count, np.nan)
    return left


MASKED_MOBILE = Recogniser(
    "masked_mobile",
    r"1[3-9][0-9]\*{4,7}[0-9]{1,4}|\*{7}[0-9]{4}|1\*{8,9}[0-9]{1,2}",
    {Sign.STAR: 4, Sign.DIGIT: 2},
    before="0-9*",
    after="0-9*",
    role=Role.QUASI,
    recoverability=Recoverability.PARTIAL,
    kind="mobile",
    left=mobiles_left,
)
