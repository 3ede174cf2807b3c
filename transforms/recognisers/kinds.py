"""Kinds of values that identify a person: how each is found in text, when a whole value is one, how it is masked and coarsened.

Masks are presets of `mask`. A kind has a hierarchy where its front says more than its end: lengths for `generalize: {prefix: …}`.
The domain of an e-mail address stands behind and its name in front, a name has no parts that hold each other, and what stands
in free text has no levels: these have none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.recognisers import BY_NAME
from beam_deid.transforms.recognisers.mobile import PREFIXES_IN_USE
from beam_deid.transforms.recognisers.passport import NUMBER as PASSPORT_NUMBER
from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Screen
from beam_deid.transforms.terms import Kind

Valid = Callable[[pa.Array], pa.Array]


@dataclass(frozen=True)
class KindFacts:
    """What is known of a kind.

    Attributes:
        recogniser: Finds it in text.
        valid: A boolean mask (n,), never null: which texts (n,) are one and nothing else.
        mask: Its preset of `mask`.
        prefix: Lengths of its front that mean something, descending; empty if none do.
        levels: What these are.
    """

    recogniser: Recogniser
    valid: Valid
    mask: str
    prefix: tuple[int, ...] = ()
    levels: tuple[str, ...] = ()


def _matching(pattern: str) -> Valid:
    return lambda texts: pc.match_substring_regex(Screen.of(texts).texts, rf"\A(?:{pattern})\z").fill_null(False)


def _mobiles_in_use(texts: pa.Array) -> pa.Array:
    """Mobiles whose first three digits are in use; spaces, dashes and the country's code do not matter."""
    fits = BY_NAME["mobile"].valid(texts)
    digits = pc.replace_substring_regex(Screen.of(texts).texts, r"^(?:\+|00)?86[- ]?|[- ]", "")
    known = pc.is_in(pc.utf8_slice_codeunits(digits, 0, 3), pa.array(list(map(str, PREFIXES_IN_USE))))
    return pc.and_(fits, known)


def _facts(
    name: str, prefix: tuple[int, ...] = (), levels: tuple[str, ...] = (), valid: Valid | None = None
) -> KindFacts:
    recogniser = BY_NAME[name]
    return KindFacts(recogniser, valid or recogniser.valid, name, prefix, levels)


KINDS: Mapping[Kind, KindFacts] = {
    Kind.MOBILE: _facts("mobile", (7, 3), ("where it was issued", "carrier"), _mobiles_in_use),
    Kind.LANDLINE: _facts("landline", (4, 3), ("area code", "area code of a big city")),
    Kind.PRIVACY_NUMBER: _facts("privacy_number"),
    Kind.ID_CARD: _facts("id_card", (6, 4, 2), ("district", "city", "province")),
    Kind.BANK_CARD: _facts("bank_card", (6,), ("issuer",)),
    Kind.PASSPORT: _facts("passport", valid=_matching(PASSPORT_NUMBER)),
    Kind.PLATE: _facts("plate", (2, 1), ("city", "province")),
    Kind.EMAIL: _facts("email"),
    Kind.WECHAT: _facts("wechat", valid=_matching("[A-Za-z][A-Za-z0-9_-]{5,19}")),
    Kind.CREDIT_CODE: _facts("credit_code", (8, 6, 4, 2), ("district", "city", "province", "registrar and category")),
    Kind.INVOICE_TITLE: _facts("invoice_title", valid=_matching("[一-龥A-Za-z()（）·]{2,60}")),
}
"""By kind. The recogniser, the preset of `mask` and the kind bear one name."""


def valid_share(kind: Kind, texts: pa.Array) -> float:
    """The share of texts (n,), nulls left out, that are of a kind; 0 of none."""
    there = texts.drop_null()
    return float(np.mean(KINDS[kind].valid(there).to_numpy(zero_copy_only=False))) if len(there) else 0.0
