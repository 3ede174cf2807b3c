"""National insurance numbers of the United Kingdom: two letters, six digits, and a letter from A to D.

Articles may be numbered AB123456C as well, so that one must stand in its groups, AB 12 34 56 C, or behind words that say so.
"""

from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign

_LETTERS = "[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]"
_NEVER = ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ")
"""Letters that are not given."""
_SAID = r"(?i:nino|ni (?:no|number)|national insurance(?: (?:no|number))?)[^0-9A-Za-z]{0,4}"


def _is_given(text: str) -> bool:
    """Whether the number at the end of a text begins with letters that are given."""
    return text.replace(" ", "")[-9:-7] not in _NEVER


NINO = Recogniser(
    "nino",
    f"{_LETTERS} [0-9]{{2}} [0-9]{{2}} [0-9]{{2}} [A-D]|{_SAID}{_LETTERS} ?[0-9]{{2}} ?[0-9]{{2}} ?[0-9]{{2}} ?[A-D]",
    {Sign.DIGIT: 6, Sign.UPPER: 3, Sign.WORD: 9},
    before="0-9A-Za-z",
    after="0-9A-Za-z",
    check=_is_given,
    source="HM Revenue & Customs, NIM39110",
    links=True,
)
