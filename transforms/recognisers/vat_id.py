"""Tax numbers of firms in Europe, such as DE123456789, behind words that say so: those of one person's business name it.

Orders may be numbered alike, and most countries' check digit lets one in ten pass: only the words tell.
"""

from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign

_FORMS = (
    "ATU[0-9]{8}|BE[01][0-9]{9}|BG[0-9]{9,10}|CY[0-9]{8}[A-Z]|CZ[0-9]{8,10}|DE[0-9]{9}|DK[0-9]{8}|EE[0-9]{9}|EL[0-9]{9}|"
    "ES[0-9A-Z][0-9]{7}[0-9A-Z]|FI[0-9]{8}|FR[0-9A-Z]{2}[0-9]{9}|GB[0-9]{9}|HR[0-9]{11}|HU[0-9]{8}|"
    "IE[0-9][0-9A-Z][0-9]{5}[A-Z]{1,2}|IT[0-9]{11}|LT[0-9]{9}|LT[0-9]{12}|LU[0-9]{8}|LV[0-9]{11}|MT[0-9]{8}|NL[0-9]{9}B[0-9]{2}|"
    "PL[0-9]{10}|PT[0-9]{9}|RO[0-9]{6,10}|SE[0-9]{12}|SI[0-9]{8}|SK[0-9]{10}|XI[0-9]{9}"
)
_SAID = r"(?i:vat|ust\.?-?id\.?(?:-?nr)?|umsatzsteuer-?id|tva|btw|p\.? ?iva|partita iva|nif)"
_NUMBER = r"(?:[^0-9A-Za-z]{0,3}(?i:id|no|nr|number|reg|registration|intra|intracommunautaire))*[^0-9A-Za-z]{0,4}"

VAT_ID = Recogniser(
    "vat_id",
    f"{_SAID}{_NUMBER}(?:{_FORMS})",
    {Sign.DIGIT: 6, Sign.UPPER: 2, Sign.WORD: 13},
    before="A-Za-z",
    after="0-9A-Za-z",
    source="European Commission, VIES",
    links=True,
)
