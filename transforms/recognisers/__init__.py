"""Recognisers: one file for each kind of identifier, all of them in `RECOGNISERS`."""

from beam_deid.transforms.recognisers.bank_card import BANK_CARD
from beam_deid.transforms.recognisers.bare_ciphertext import BARE_CIPHERTEXT
from beam_deid.transforms.recognisers.cnpj import CNPJ
from beam_deid.transforms.recognisers.coordinates import COORDINATES
from beam_deid.transforms.recognisers.cpf import CPF
from beam_deid.transforms.recognisers.credit_code import CREDIT_CODE
from beam_deid.transforms.recognisers.email_address import EMAIL
from beam_deid.transforms.recognisers.foreign_passport import FOREIGN_PASSPORT
from beam_deid.transforms.recognisers.foreign_phone import FOREIGN_PHONE
from beam_deid.transforms.recognisers.hong_kong_id import HONG_KONG_ID
from beam_deid.transforms.recognisers.iban import IBAN
from beam_deid.transforms.recognisers.id_card import ID_CARD
from beam_deid.transforms.recognisers.invoice_title import INVOICE_TITLE
from beam_deid.transforms.recognisers.ip_address import IP_ADDRESS
from beam_deid.transforms.recognisers.landline import LANDLINE
from beam_deid.transforms.recognisers.mac_address import MAC_ADDRESS
from beam_deid.transforms.recognisers.macau_id import MACAU_ID
from beam_deid.transforms.recognisers.masked_address import MASKED_ADDRESS
from beam_deid.transforms.recognisers.masked_document import MASKED_DOCUMENT
from beam_deid.transforms.recognisers.masked_mobile import MASKED_MOBILE
from beam_deid.transforms.recognisers.masked_name import MASKED_NAME
from beam_deid.transforms.recognisers.mobile import MOBILE
from beam_deid.transforms.recognisers.nino import NINO
from beam_deid.transforms.recognisers.order_number import ORDER_NUMBER
from beam_deid.transforms.recognisers.passport import PASSPORT
from beam_deid.transforms.recognisers.plate import PLATE
from beam_deid.transforms.recognisers.platform_ciphertext import PLATFORM_CIPHERTEXT
from beam_deid.transforms.recognisers.platform_index import PLATFORM_INDEX
from beam_deid.transforms.recognisers.privacy_number import PRIVACY_NUMBER
from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.ssn import SSN
from beam_deid.transforms.recognisers.taiwan_id import TAIWAN_ID
from beam_deid.transforms.recognisers.tracking_number import TRACKING_NUMBER
from beam_deid.transforms.recognisers.travel_permit import TRAVEL_PERMIT
from beam_deid.transforms.recognisers.vat_id import VAT_ID
from beam_deid.transforms.recognisers.wechat import WECHAT

RECOGNISERS: tuple[Recogniser, ...] = (
    PLATFORM_CIPHERTEXT,
    BARE_CIPHERTEXT,
    PLATFORM_INDEX,
    ORDER_NUMBER,
    TRACKING_NUMBER,
    ID_CARD,
    CREDIT_CODE,
    IBAN,
    CPF,
    CNPJ,
    SSN,
    NINO,
    VAT_ID,
    HONG_KONG_ID,
    MACAU_ID,
    TAIWAN_ID,
    TRAVEL_PERMIT,
    BANK_CARD,
    PRIVACY_NUMBER,
    WECHAT,
    MOBILE,
    LANDLINE,
    FOREIGN_PHONE,
    EMAIL,
    PLATE,
    PASSPORT,
    FOREIGN_PASSPORT,
    IP_ADDRESS,
    MAC_ADDRESS,
    COORDINATES,
    INVOICE_TITLE,
    MASKED_DOCUMENT,
    MASKED_MOBILE,
    MASKED_ADDRESS,
    MASKED_NAME,
)
"""All recognisers. Where texts are changed they work in this order: what holds another kind comes before it."""

BY_NAME = {recogniser.name: recogniser for recogniser in RECOGNISERS}

if len(BY_NAME) != len(RECOGNISERS):
    raise RuntimeError("two recognisers share a name")
