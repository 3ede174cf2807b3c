"""The mask of titles on invoices: names of firms and shops."""

from typing import ClassVar

import pyarrow as pa

from beam_deid.transforms.actions.addresses import Division
from beam_deid.transforms.actions.masks.characters import Shape, by_shape
from beam_deid.transforms.actions.masks.preset import MaskPreset
from beam_deid.transforms.actions.masks.presets.person_name import PersonName

_SHAPES = (Shape(r"^\p{Han}{5}", 2, 2),)


class InvoiceTitle(MaskPreset):
    """杭州张三餐饮店 to 杭州***饮店: two characters on either side; a shorter one is a person's name."""

    name: ClassVar[str] = "invoice_title"

    def mask(self, texts: pa.Array, char: str, division: Division | None = None) -> pa.Array:
        """See `MaskPreset.mask`."""
        return by_shape(texts, _SHAPES, char, otherwise=PersonName().mask)
