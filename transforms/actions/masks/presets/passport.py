"""The mask of passport numbers."""

from typing import ClassVar

import pyarrow as pa

from beam_deid.transforms.actions.addresses import Division
from beam_deid.transforms.actions.masks.characters import Shape, by_shape
from beam_deid.transforms.actions.masks.preset import MaskPreset

_SHAPES = (Shape(r"^[A-Za-z]{1,2}[0-9]{7,8}$", 1, 1),)


class Passport(MaskPreset):
    """The first letter and the last digit are kept."""

    name: ClassVar[str] = "passport"

    def mask(self, texts: pa.Array, char: str, division: Division | None = None) -> pa.Array:
        """See `MaskPreset.mask`."""
        return by_shape(texts, _SHAPES, char)
