"""JD's ciphertext, which has no separators: base64 that begins with the bytes 00 04, or seventy hexadecimal digits."""

from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign
from beam_deid.transforms.terms import Recoverability

# A line of wrapped base64, or what stands behind the comma of a data URI, is the middle of something else.
BARE_CIPHERTEXT = Recogniser(
    "bare_ciphertext",
    "AA[QRST][A-Za-z0-9+/]{60,400}={0,2}|[0-9a-f]{70}",
    {Sign.WORD: 50},
    before=r"A-Za-z0-9+/=_\-,\r\n",
    after=r"A-Za-z0-9+/=_\-\r\n",
    recoverability=Recoverability.KEYED,
    links=True,
    kind="platform_ciphertext",
)
