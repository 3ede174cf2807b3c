"""The mask of e-mail addresses."""

from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.actions.addresses import Division
from beam_deid.transforms.actions.masks.characters import hide_name_before, whole
from beam_deid.transforms.actions.masks.preset import MaskPreset

_EMAIL = r"^[^@\s]+@[^@\s]+$"


class Email(MaskPreset):
    """The first character and the domain are kept."""

    name: ClassVar[str] = "email"

    def mask(self, texts: pa.Array, char: str, division: Division | None = None) -> pa.Array:
        """See `MaskPreset.mask`."""
        fits = pc.match_substring_regex(texts, _EMAIL)
        masked = hide_name_before(texts, "@", char)
        return masked if pc.all(fits).as_py() else pc.if_else(fits, masked, whole(texts, char))
