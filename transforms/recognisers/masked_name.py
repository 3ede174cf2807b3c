"""Names that a platform masked: 张*, 张**, 张*甲."""

import re

from beam_deid.transforms.recognisers.recogniser import Recogniser

# Letters or digits beside it make it a product or a sum (A4纸*5包), not a name.
MASKED_NAME = Recogniser(
    "masked_name",
    re.compile(r"(?<![\u4e00-\u9fa5*A-Za-z0-9])[\u4e00-\u9fa5·]\*{1,3}[\u4e00-\u9fa5]?(?![\u4e00-\u9fa5*A-Za-z0-9])"),
    "[*＊]",
)
