"""Order numbers that keep their layout."""

from beam_deid.transforms.actions.shapes.characters import ALPHABETS, Characters
from beam_deid.transforms.actions.shapes.preset import ShapePreset
from beam_deid.transforms.actions.shapes.shape import Shape


def _order_number(key: bytes) -> Shape:
    """All digits are encrypted together; what is no digit stays where it is."""
    return Characters(key, ALPHABETS["digits"], keep_others=True)


ORDER_NUMBER = ShapePreset("order_number", _order_number, "another number in the same layout")
