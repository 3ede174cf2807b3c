"""The mask of virtual numbers that a platform lends with an extension."""

from typing import ClassVar

import pyarrow as pa

from beam_deid.transforms.actions.addresses import Division
from beam_deid.transforms.actions.masks.characters import Shape, by_shape
from beam_deid.transforms.actions.masks.preset import MaskPreset

_SHAPES = (Shape(r"^1[3-9][0-9]{9}(?:-| ?转 ?)[0-9]{3,4}$", 3, 0),)


class PrivacyNumber(MaskPreset):
    """The first three digits are kept; the extension goes, for it is what leads to the person."""

    name: ClassVar[str] = "privacy_number"

    def mask(self, texts: pa.Array, char: str, division: Division | None = None) -> pa.Array:
        """See `MaskPreset.mask`."""
        return by_shape(texts, _SHAPES, char)
