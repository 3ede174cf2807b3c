"""What it means that values have a form: made from what recognisers and kinds declare."""

from collections.abc import Mapping

from beam_deid.transforms.recognisers import RECOGNISERS
from beam_deid.transforms.recognisers.kinds import KINDS, kind_named
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.terms import Recoverability

PLATFORM_ID = "platform_id"
"""The form of values that are told by their column alone: OAID, open ids, hashes of addresses, plain order numbers."""

CIPHERTEXTS = tuple(one.name for one in RECOGNISERS if one.kind == "platform_ciphertext")
"""Forms of a platform's ciphertext."""

RESTORABLE = frozenset(one.name for one in RECOGNISERS if one.recoverability is Recoverability.KEYED)
"""Forms that their platform can turn back into the values that they stand for."""

MASKED = frozenset(one.name for one in RECOGNISERS if one.recoverability is Recoverability.PARTIAL)
"""Forms of values of which a part is hidden."""

SPELT = tuple(one for one in RECOGNISERS if one.name not in MASKED and one.name not in CIPHERTEXTS and not one.whole)
"""Recognisers of what people write in more than one way; platforms write theirs in one."""

LEFT = {one.name: one.left for one in RECOGNISERS if one.left is not None}
"""How many values may be meant by each masked one, by form. China's mobiles in use; for the others an upper bound."""

OF_FORM: Mapping[str, Kind] = {
    **{kind.recogniser.name: kind for kind in KINDS if kind.recogniser is not None},
    **{one.name: kind_named(one.kind) for one in RECOGNISERS if one.kind},
}
"""The kind that a policy should give a column of values of a form, by the form's recogniser; not all forms are of a kind."""
