"""Vehicle plates of mainland China, those of electric cars included (GA 36-2018)."""

import re

from beam_deid.transforms.recognisers.recogniser import Recogniser

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"

PLATE = Recogniser(
    "plate",
    re.compile(
        rf"[{_PROVINCES}][A-HJ-NP-Z][ ·]?(?:[DF][A-HJ-NP-Z0-9]\d{{4}}|\d{{5}}[DF]|"
        r"(?=[A-Z0-9]*\d)[A-HJ-NP-Z0-9]{4}[A-HJ-NP-Z0-9挂学警港澳])(?![A-Za-z0-9])"
    ),
    rf"[{_PROVINCES}][A-HJ-NP-Z]",
    source="GA 36-2018",
)
