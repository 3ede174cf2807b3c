"""MAC addresses of devices: a0:b1:c2:00:00:01 and, where they hold a letter, a0-b1-c2-00-00-01; digits alone may be a date."""

from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign


def _is_no_date(text: str) -> bool:
    return ":" in text or any(character.isalpha() for character in text)


MAC_ADDRESS = Recogniser(
    "mac_address",
    "[0-9A-Fa-f]{2}(?:(?::[0-9A-Fa-f]{2}){5}|(?:-[0-9A-Fa-f]{2}){5})",
    {Sign.WORD: 12},
    before="0-9A-Za-z:-",
    after="0-9A-Za-z:-",
    check=_is_no_date,
    source="IEEE 802",
    links=True,
)
