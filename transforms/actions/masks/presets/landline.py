"""The mask of landline numbers."""

from typing import ClassVar

import pyarrow as pa

from beam_deid.transforms.actions.addresses import Division
from beam_deid.transforms.actions.masks.characters import Shape, by_shape
from beam_deid.transforms.actions.masks.preset import MaskPreset

_SHAPES = (
    Shape(r"^0(?:10|2[0-9])[- ]?[2-8][0-9]{6,7}$", 3, 2),
    Shape(r"^0[3-9][0-9]{2}[- ]?[2-8][0-9]{6,7}$", 4, 2),
    Shape(r"^0(?:10|2[0-9])[- ]?[2-8][0-9]{6,7}[- ][0-9]{1,6}$", 3, 0),
    Shape(r"^0[3-9][0-9]{2}[- ]?[2-8][0-9]{6,7}[- ][0-9]{1,6}$", 4, 0),
)


class Landline(MaskPreset):
    """Area code and the last two digits are kept; with an extension the area code only."""

    name: ClassVar[str] = "landline"

    def mask(self, texts: pa.Array, char: str, division: Division | None = None) -> pa.Array:
        """See `MaskPreset.mask`."""
        return by_shape(texts, _SHAPES, char)
