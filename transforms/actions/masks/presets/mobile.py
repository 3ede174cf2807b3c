"""The mask of mobile numbers."""

from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.actions.addresses import Division
from beam_deid.transforms.actions.masks.characters import whole
from beam_deid.transforms.actions.masks.preset import MaskPreset

_MOBILE = r"^1[3-9][0-9][0-9*]{4}[0-9]{4}$"
_SPACED_MOBILE = r"^(?:(?:\+|00)?86[- ]?)?(1[3-9][0-9])[- ]?([0-9]{4})[- ]?([0-9]{4})$"


class Mobile(MaskPreset):
    """3 + 4 digits of a mainland mobile number are kept; its country code, spaces and dashes go."""

    name: ClassVar[str] = "mobile"

    def mask(self, texts: pa.Array, char: str, division: Division | None = None) -> pa.Array:
        """See `MaskPreset.mask`."""
        fits = pc.match_substring_regex(texts, _MOBILE)
        masked = pc.utf8_replace_slice(texts, 3, 7, char * 4)
        other = pc.invert(fits)
        if not pc.any(other).as_py():
            return masked
        tidy = pc.replace_substring_regex(texts.filter(other), _SPACED_MOBILE, r"\1\2\3")
        rest = pc.if_else(
            pc.match_substring_regex(tidy, _MOBILE), pc.utf8_replace_slice(tidy, 3, 7, char * 4), whole(tidy, char)
        )
        return pc.replace_with_mask(masked, other, rest)
