"""Names that a platform masked: 张*, 张**, 张*甲, 欧阳*; and how many names may be meant."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign
from beam_deid.transforms.terms import Recoverability, Role

CHARACTERS = 8_105
"""Characters that a name may hold: 通用规范汉字表 (2013). The upper bound for each hidden one; few of them are common."""


def names_left(texts: pa.Array) -> npt.NDArray[np.float64]:
    """At most how many names fit each masked one, shape (n,): 8,105 for every hidden character."""
    hidden = pc.count_substring(texts, "*").to_numpy(zero_copy_only=False).astype(np.float64)
    return np.asarray(CHARACTERS**hidden)


MASKED_NAME = Recogniser(
    "masked_name",
    r"[一-龥·]\*{1,3}[一-龥]?|(?:欧阳|司马|上官|诸葛|司徒|令狐|东方|皇甫|尉迟|公孙|慕容|夏侯|宇文|长孙)\*{1,2}",
    {Sign.STAR: 1, Sign.HIGH: 3},
    # Letters or digits beside it make it a product or a sum (A4纸*5包), not a name.
    before="一-龥*A-Za-z0-9",
    after="一-龥*A-Za-z0-9",
    role=Role.QUASI,
    recoverability=Recoverability.PARTIAL,
    kind="person_name",
    left=names_left,
)
