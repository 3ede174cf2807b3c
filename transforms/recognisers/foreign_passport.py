"""Passports of any country, behind words that say passport: they are six to nine letters and digits without a check digit.

Those of China by themselves: `beam_deid.transforms.recognisers.passport`.
"""

from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign

_SAID = r"(?:(?i:passport|passeport|pasaporte|reisepass)|护照|護照)"
_GOODS = "夹夾套包封皮壳殼膜袋盒"
"""What is sold for passports: 护照夹 123456 is an article."""
_NUMBER = rf"(?:[^0-9A-Za-z{_GOODS}]{{0,3}}(?i:no|nr|number|num|nummer|号码|號碼|号|號))?[^0-9A-Za-z{_GOODS}]{{0,4}}"
_FORMS = ("[A-Z]{0,2}[0-9]{6,9}[A-Z]?", "[A-Z][0-9][0-9A-Z]{6}[0-9]", "[0-9]{1,3}[A-Z]{1,2}[0-9]{4,7}")
"""Letters before digits, mixed as in Germany, and digits before letters as in France."""

FOREIGN_PASSPORT = Recogniser(
    "foreign_passport",
    f"{_SAID}{_NUMBER}(?i:{'|'.join(_FORMS)})",
    {Sign.DIGIT: 3, Sign.WORD: 6},
    after="0-9A-Za-z",
    source="ICAO Doc 9303-4",
    links=True,
)
