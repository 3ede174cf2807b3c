"""The mask of licence plates."""

from typing import ClassVar

import pyarrow as pa

from beam_deid.transforms.actions.addresses import Division
from beam_deid.transforms.actions.masks.characters import Shape, by_shape
from beam_deid.transforms.actions.masks.preset import MaskPreset

_SHAPES = (Shape(r"^\p{Han}[A-Z][A-Z0-9\p{Han}]{5,6}$", 2, 1),)


class Plate(MaskPreset):
    """The place of registration (first two) and the last character are kept."""

    name: ClassVar[str] = "plate"

    def mask(self, texts: pa.Array, char: str, division: Division | None = None) -> pa.Array:
        """See `MaskPreset.mask`."""
        return by_shape(texts, _SHAPES, char)
