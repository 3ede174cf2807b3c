"""Vehicle plates of mainland China, those of electric cars included (GA 36-2018)."""

from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"


def _has_a_digit(text: str) -> bool:
    return any("0" <= character <= "9" for character in text[2:])


PLATE = Recogniser(
    "plate",
    rf"[{_PROVINCES}] ?[A-HJ-NP-Z][ ·.-]?(?:[DF][A-HJ-NP-Z0-9][0-9]{{4}}|[0-9]{{5}}[DF]|"
    r"[A-HJ-NP-Z0-9]{4}[A-HJ-NP-Z0-9挂学警港澳])",
    {Sign.HIGH: 3, Sign.UPPER: 1, Sign.WORD: 5, Sign.DIGIT: 1},
    after="A-Za-z0-9",
    check=_has_a_digit,
    source="GA 36-2018",
    links=True,
)
