"""The mask of bank cards."""

from typing import ClassVar

import pyarrow as pa

from beam_deid.transforms.actions.addresses import Division
from beam_deid.transforms.actions.masks.characters import Shape, by_shape
from beam_deid.transforms.actions.masks.preset import MaskPreset

_SHAPES = (Shape(r"^[0-9](?:[ -]?[0-9]){11,18}$", 0, 4),)


class BankCard(MaskPreset):
    """The last four digits are kept, as on a receipt."""

    name: ClassVar[str] = "bank_card"

    def mask(self, texts: pa.Array, char: str, division: Division | None = None) -> pa.Array:
        """See `MaskPreset.mask`."""
        return by_shape(texts, _SHAPES, char)
