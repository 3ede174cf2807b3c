"""Telephones of North America whose digits look like mobiles of China: +1 310 555 0132 is written +13105550132, too."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.recognisers.foreign_phone import FOREIGN_PHONE
from beam_deid.transforms.recognisers.mobile import MOBILE
from beam_deid.transforms.recognisers.platforms.tables import ColumnFound

_NORTH_AMERICA = r"^\s*'?\+1[ .-]?\(?[2-9][0-9]{2}\)?[ .-]?[2-9][0-9]{2}[ .-]?[0-9]{4}\s*$"
"""An area and an exchange, neither of which begins with 0 or 1; a spreadsheet's apostrophe may stand before it."""

_NEARLY_ALL = 0.95
"""From this share on. Of China's mobiles behind a lone + four in five would fit, so that one value tells nothing."""


def of_north_america(found: ColumnFound, texts: pa.Array) -> ColumnFound:
    """What recognisers found in a column, with telephones of North America for what they are.

    Args:
        found: What they found.
        texts: The distinct values, shape (d,).
    """
    if MOBILE.name not in found.forms:
        return found
    fits = pc.match_substring_regex(texts, _NORTH_AMERICA).to_numpy(zero_copy_only=False)
    if np.mean(fits) < _NEARLY_ALL:
        return found
    forms = Counter(found.forms)
    forms[FOREIGN_PHONE.name] += forms.pop(MOBILE.name)
    return replace(found, forms=forms)
