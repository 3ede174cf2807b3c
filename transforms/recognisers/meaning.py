"""What it means that values have a form: which role they have, who can restore them, whether equal ones link records."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from beam_deid.transforms.recognisers.masked_address import addresses_left
from beam_deid.transforms.recognisers.masked_mobile import mobiles_left
from beam_deid.transforms.recognisers.masked_name import names_left
from beam_deid.transforms.terms import Kind, Recoverability, Role

PLATFORM_ID = "platform_id"
"""The form of values that are told by their column alone: OAID, open ids, hashes of addresses, plain order numbers."""


@dataclass(frozen=True)
class Meaning:
    """What values of one form are.

    Attributes:
        role: Their role, at least.
        kind: The kind that a policy should give their column, if any.
        recoverability: How far they can be turned back as they are: clear, partial (masked), keyed (by their platform).
        links: Whether equal values mean the same person, telephone, address or order.
    """

    role: Role
    kind: Kind | None
    recoverability: Recoverability = Recoverability.CLEAR
    links: bool = False


_CIPHER = Meaning(Role.DIRECT, Kind.PLATFORM_CIPHERTEXT, Recoverability.KEYED, links=True)

MEANINGS: Mapping[str, Meaning] = {
    "platform_ciphertext": _CIPHER,
    "bare_ciphertext": _CIPHER,
    "platform_index": Meaning(Role.DIRECT, Kind.PLATFORM_ID, Recoverability.KEYED, links=True),
    PLATFORM_ID: Meaning(Role.DIRECT, Kind.PLATFORM_ID, links=True),
    "order_number": Meaning(Role.DIRECT, Kind.ORDER_NUMBER, links=True),
    "tracking_number": Meaning(Role.DIRECT, Kind.TRACKING_NUMBER, links=True),
    "id_card": Meaning(Role.DIRECT, Kind.ID_CARD, links=True),
    "credit_code": Meaning(Role.DIRECT, Kind.CREDIT_CODE, links=True),
    "bank_card": Meaning(Role.DIRECT, Kind.BANK_CARD, links=True),
    "privacy_number": Meaning(Role.DIRECT, Kind.PRIVACY_NUMBER),
    "wechat": Meaning(Role.DIRECT, Kind.WECHAT, links=True),
    "mobile": Meaning(Role.DIRECT, Kind.MOBILE, links=True),
    "landline": Meaning(Role.DIRECT, Kind.LANDLINE, links=True),
    "email": Meaning(Role.DIRECT, Kind.EMAIL, links=True),
    "plate": Meaning(Role.DIRECT, Kind.PLATE, links=True),
    "foreign_phone": Meaning(Role.DIRECT, None, links=True),
    "ip_address": Meaning(Role.DIRECT, None, links=True),
    "mac_address": Meaning(Role.DIRECT, None, links=True),
    "coordinates": Meaning(Role.DIRECT, None, links=True),
    "passport": Meaning(Role.DIRECT, Kind.PASSPORT, links=True),
    "invoice_title": Meaning(Role.DIRECT, Kind.INVOICE_TITLE, links=True),
    "masked_document": Meaning(Role.QUASI, Kind.ID_CARD, Recoverability.PARTIAL),
    "masked_mobile": Meaning(Role.QUASI, Kind.MOBILE, Recoverability.PARTIAL),
    "masked_address": Meaning(Role.QUASI, Kind.ADDRESS, Recoverability.PARTIAL),
    "masked_name": Meaning(Role.QUASI, Kind.PERSON_NAME, Recoverability.PARTIAL),
}
"""By recogniser, and `PLATFORM_ID`. A masked value is a quasi-identifier: the less it hides, the fewer may be meant."""

CIPHERTEXTS = ("platform_ciphertext", "bare_ciphertext")
RESTORABLE = frozenset(form for form, one in MEANINGS.items() if one.recoverability is Recoverability.KEYED)
LINKING = frozenset(form for form, one in MEANINGS.items() if one.links)
MASKED = frozenset(form for form, one in MEANINGS.items() if one.recoverability is Recoverability.PARTIAL)
PLATFORM_KINDS = frozenset({Kind.PLATFORM_ID, Kind.PLATFORM_CIPHERTEXT, Kind.TRACKING_NUMBER})
"""Kinds of fields of which a platform or a carrier knows whose they are, whatever their role."""

LEFT: Mapping[str, Callable[[pa.Array], npt.NDArray[np.float64]]] = {
    "masked_mobile": mobiles_left,
    "masked_name": names_left,
    "masked_address": addresses_left,
}
"""How many values may be meant by each masked one, by form. China's mobiles in use; for the others an upper bound."""
