"""IPv4 addresses. They name a household or a device (PIPL 4; GB/T 35273-2020, annex A)."""

from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign

_BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"


def _is_no_version(text: str) -> bool:
    # 1.2.3.4 numbers a chapter or a program more often than a computer.
    parts = [int(part) for part in text.split(".")]
    return parts[0] == 10 or max(parts) >= 100 or sum(part >= 10 for part in parts) > 1


IP_ADDRESS = Recogniser(
    "ip_address",
    rf"{_BYTE}(?:\.{_BYTE}){{3}}",
    {Sign.DIGIT: 4},
    before="0-9.A-Za-z",
    after="0-9.",
    check=_is_no_version,
    source="RFC 791",
    links=True,
)
