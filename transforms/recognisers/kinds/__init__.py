"""Kinds of fields: one file a kind, all of them in `KINDS`."""

from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from beam_deid.transforms.recognisers.kinds.address import ADDRESS
from beam_deid.transforms.recognisers.kinds.bank_card import BANK_CARD
from beam_deid.transforms.recognisers.kinds.boolean import BOOLEAN
from beam_deid.transforms.recognisers.kinds.credit_code import CREDIT_CODE
from beam_deid.transforms.recognisers.kinds.date import DATE
from beam_deid.transforms.recognisers.kinds.decimal_number import DECIMAL
from beam_deid.transforms.recognisers.kinds.division import DIVISION
from beam_deid.transforms.recognisers.kinds.email_address import EMAIL
from beam_deid.transforms.recognisers.kinds.free_text import FREE_TEXT
from beam_deid.transforms.recognisers.kinds.id_card import ID_CARD
from beam_deid.transforms.recognisers.kinds.integer import INTEGER
from beam_deid.transforms.recognisers.kinds.invoice_title import INVOICE_TITLE
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.recognisers.kinds.landline import LANDLINE
from beam_deid.transforms.recognisers.kinds.mobile import MOBILE
from beam_deid.transforms.recognisers.kinds.number import NUMBER
from beam_deid.transforms.recognisers.kinds.order_number import ORDER_NUMBER
from beam_deid.transforms.recognisers.kinds.passport import PASSPORT
from beam_deid.transforms.recognisers.kinds.person_name import PERSON_NAME
from beam_deid.transforms.recognisers.kinds.plate import PLATE
from beam_deid.transforms.recognisers.kinds.platform_ciphertext import PLATFORM_CIPHERTEXT
from beam_deid.transforms.recognisers.kinds.platform_id import PLATFORM_ID
from beam_deid.transforms.recognisers.kinds.privacy_number import PRIVACY_NUMBER
from beam_deid.transforms.recognisers.kinds.text import TEXT
from beam_deid.transforms.recognisers.kinds.timestamp import TIMESTAMP
from beam_deid.transforms.recognisers.kinds.tracking_number import TRACKING_NUMBER
from beam_deid.transforms.recognisers.kinds.wechat import WECHAT

KINDS: tuple[Kind, ...] = (
    TEXT,
    FREE_TEXT,
    INTEGER,
    NUMBER,
    DECIMAL,
    BOOLEAN,
    DATE,
    TIMESTAMP,
    ORDER_NUMBER,
    TRACKING_NUMBER,
    PLATFORM_ID,
    PLATFORM_CIPHERTEXT,
    PERSON_NAME,
    MOBILE,
    LANDLINE,
    PRIVACY_NUMBER,
    ID_CARD,
    BANK_CARD,
    PASSPORT,
    CREDIT_CODE,
    INVOICE_TITLE,
    WECHAT,
    EMAIL,
    PLATE,
    ADDRESS,
    DIVISION,
)
"""All kinds, in the order in which the policy's schema lists them."""

_BY_NAME = {kind.name: kind for kind in KINDS}

if len(_BY_NAME) != len(KINDS):
    raise RuntimeError("two kinds share a name")


def kind_named(name: str) -> Kind:
    """The kind of that name.

    Raises:
        KeyError: There is none.
    """
    return _BY_NAME[name]


class _ByName:
    """How pydantic reads a kind: by its name, which is one of those declared; it is written as its name, too."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        names = core_schema.literal_schema(list(_BY_NAME))
        declared = core_schema.no_info_plain_validator_function(kind_named)
        return core_schema.chain_schema([names, declared], serialization=core_schema.to_string_ser_schema())

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"description": Kind.__doc__, "enum": list(_BY_NAME), "type": "string"}


NamedKind = Annotated[Kind, _ByName()]
"""A kind as a setting of a policy or of a platform's file."""
