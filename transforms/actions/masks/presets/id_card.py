"""The mask of identity cards."""

from typing import ClassVar

import pyarrow as pa

from beam_deid.transforms.actions.addresses import Division
from beam_deid.transforms.actions.masks.characters import Shape, by_shape
from beam_deid.transforms.actions.masks.preset import MaskPreset

_SHAPES = (Shape(r"^[1-9](?:[0-9]{14}|[0-9]{16}[0-9Xx])$", 1, 1),)


class IdCard(MaskPreset):
    """The first and the last character are kept: neither birthplace nor birthday."""

    name: ClassVar[str] = "id_card"

    def mask(self, texts: pa.Array, char: str, division: Division | None = None) -> pa.Array:
        """See `MaskPreset.mask`."""
        return by_shape(texts, _SHAPES, char)
