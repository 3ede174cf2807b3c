"""Addresses that a platform masked: 龙*街道花**路**号某某小区**-*-*, 人民路**号*幢***室, 文一西路****.

Platforms hide the digits, or characters here and there; the village, the estate or the road often stays.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.recognisers.masked_name import CHARACTERS
from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign
from beam_deid.transforms.terms import Recoverability, Role

_PART = "(?:号|弄|幢|栋|座|单元|楼|层|室|户)"
_ROAD = "(?:路|街|街道|大道|巷|弄|村|里|镇|乡|区|苑|园|庄|庭|寓|府|居|场)"


def addresses_left(texts: pa.Array) -> npt.NDArray[np.float64]:
    """At most how many addresses fit each masked one, shape (n,).

    A star right before 号, 幢, 室 …, a dash or the end hides a digit; any other one of 8,105 characters.
    """
    stars = pc.count_substring(texts, "*").to_numpy(zero_copy_only=False).astype(np.float64)
    others = pc.replace_substring_regex(texts, rf"\*+(?:-|{_PART}|\z)", "")
    hidden = pc.count_substring(others, "*").to_numpy(zero_copy_only=False).astype(np.float64)
    return np.asarray(10.0 ** np.minimum(stars - hidden, 30) * CHARACTERS ** np.minimum(hidden, 8))


MASKED_ADDRESS = Recogniser(
    "masked_address",
    # The number of a road or estate; two parts of an address; a street that breaks off.
    rf"{_ROAD}\*{{1,4}}(?:号|弄|幢|栋|座|-)|[一-龥0-9-]\*{{1,4}}{_PART}[^*]{{0,12}}\*{{1,4}}(?:{_PART}|-)"
    rf"|[一-龥]\*{{1,3}}(?:街道|路|大道|巷)[^*]{{0,8}}\*{{1,4}}{_PART}|[一-龥]{{2}}{_ROAD}\*{{3,}}",
    {Sign.STAR: 1, Sign.HIGH: 6},
    source="taobao.trade.fullinfo.get; pdd.open.decrypt.mask.batch",
    role=Role.QUASI,
    recoverability=Recoverability.PARTIAL,
    kind="address",
    left=addresses_left,
)
