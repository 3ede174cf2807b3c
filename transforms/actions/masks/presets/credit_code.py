"""The mask of unified social credit codes of organizations."""

from typing import ClassVar

import pyarrow as pa

from beam_deid.transforms.actions.addresses import Division
from beam_deid.transforms.actions.masks.characters import Shape, by_shape
from beam_deid.transforms.actions.masks.preset import MaskPreset

_SHAPES = (Shape(r"^[0-9A-Z]{18}$", 2, 1),)


class CreditCode(MaskPreset):
    """The first two characters (registrar and category) and the last are kept: not the division."""

    name: ClassVar[str] = "credit_code"

    def mask(self, texts: pa.Array, char: str, division: Division | None = None) -> pa.Array:
        """See `MaskPreset.mask`."""
        return by_shape(texts, _SHAPES, char)
