"""Recognisers: one file for each kind of identifier, all of them in `RECOGNISERS`."""

from beam_deid.transforms.recognisers.bank_card import BANK_CARD
from beam_deid.transforms.recognisers.credit_code import CREDIT_CODE
from beam_deid.transforms.recognisers.email_address import EMAIL
from beam_deid.transforms.recognisers.id_card import ID_CARD
from beam_deid.transforms.recognisers.landline import LANDLINE
from beam_deid.transforms.recognisers.masked_mobile import MASKED_MOBILE
from beam_deid.transforms.recognisers.masked_name import MASKED_NAME
from beam_deid.transforms.recognisers.mobile import MOBILE
from beam_deid.transforms.recognisers.passport import PASSPORT
from beam_deid.transforms.recognisers.plate import PLATE
from beam_deid.transforms.recognisers.platforms import PLATFORM_CIPHERTEXT
from beam_deid.transforms.recognisers.privacy_number import PRIVACY_NUMBER
from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.wechat import WECHAT

RECOGNISERS: tuple[Recogniser, ...] = (
    PLATFORM_CIPHERTEXT, ID_CARD, CREDIT_CODE, BANK_CARD, PRIVACY_NUMBER, WECHAT, MOBILE, LANDLINE, EMAIL, PLATE, PASSPORT,
    MASKED_MOBILE, MASKED_NAME,
)  # fmt: skip
"""All recognisers. Where texts are changed they work in this order: what holds another kind comes before it."""

if len({recogniser.name for recogniser in RECOGNISERS}) != len(RECOGNISERS):
    raise RuntimeError("two recognisers share a name")
