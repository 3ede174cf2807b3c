"""The sensitive category of personal information that a column's name tells."""

import re

from beam_deid.transforms.recognisers.column_names import normal
from beam_deid.transforms.recognisers.kinds.kind import Kind

_NAMES = (
    (
        "health",
        "health|medical|diagnos(?:is|es)|disease|illness|symptoms?|medication|medicine|drug|prescription|blood_type|pregnan\\w*",
        "疾病|诊断|健康|病历|病史|病种|药|孕",
    ),
    ("religion", "religion|religious|faith|belief", "宗教|信仰"),
    ("sexual_life", "sexual_orientation|sexuality", "性取向"),
    ("biometric", "biometric|face_?(?:id|image)|finger_?print|voice_?print", "指纹|人脸|虹膜|声纹"),
    ("credit", "crime|criminal|credit_(?:score|record|report)", "征信|犯罪|案底"),
    ("specific_identity", "politic(?:s|al)(?:_party)?|union_member|disability", "政治|残疾"),
    ("financial_account", "bank_?account|iban|account_?(?:no|num|number)|alipay|paypal", "银行账|支付宝"),
    ("track", "lat|latitude|lng|lon|longitude|gps|geo|coordinates?", "经度|纬度|坐标|轨迹"),
)
"""What names of columns tell: category, words in English, and in Chinese."""


def category_by_name(name: str, kind: Kind | None) -> str | None:
    """The sensitive category that a column's name tells; None if it tells none, or its kind says one already."""
    if kind is not None and kind.category is not None:
        return None
    last = normal(name.rpartition(".")[2] or name)
    fits = (
        category
        for category, words, chinese in _NAMES
        if re.search(f"_(?:{words})_", last) or re.search(chinese, last.strip("_"))
    )
    return next(fits, None)
