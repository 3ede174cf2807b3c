"""Formats that encryption preserves: one file each; those that have a name of their own in `PRESETS`."""

from collections.abc import Mapping

from beam_deid.transforms.actions.shapes.bank_card import BANK_CARD
from beam_deid.transforms.actions.shapes.id_card import ID_CARD
from beam_deid.transforms.actions.shapes.mobile import MOBILE
from beam_deid.transforms.actions.shapes.order_number import ORDER_NUMBER
from beam_deid.transforms.actions.shapes.preset import ShapePreset

_ALL: tuple[ShapePreset, ...] = (
    MOBILE,
    ID_CARD,
    BANK_CARD,
    ORDER_NUMBER,
)

PRESETS: Mapping[str, ShapePreset] = {preset.name: preset for preset in _ALL}
"""All presets by name, in the order in which they are documented."""
