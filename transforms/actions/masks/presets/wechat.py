"""The mask of WeChat ids."""

from typing import ClassVar

import pyarrow as pa

from beam_deid.transforms.actions.addresses import Division
from beam_deid.transforms.actions.masks.characters import Shape, by_shape
from beam_deid.transforms.actions.masks.preset import MaskPreset

_SHAPES = (Shape(r"^[A-Za-z][A-Za-z0-9_-]{5,19}$", 1, 0),)


class Wechat(MaskPreset):
    """The first character is kept."""

    name: ClassVar[str] = "wechat"

    def mask(self, texts: pa.Array, char: str, division: Division | None = None) -> pa.Array:
        """See `MaskPreset.mask`."""
        return by_shape(texts, _SHAPES, char)
