"""Formats that encryption preserves: one file each; presets of them in `PRESETS`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from beam_deid.transforms.actions.shapes.bank_card import BankCard
from beam_deid.transforms.actions.shapes.characters import ALPHABETS, Characters
from beam_deid.transforms.actions.shapes.id_card import IdCard
from beam_deid.transforms.actions.shapes.mobile import Mobile
from beam_deid.transforms.actions.shapes.shape import Shape


@dataclass(frozen=True)
class Preset:
    """A shape by name.

    Attributes:
        make: The shape under a key, with those of its options that are given.
        options: The options that it takes.
        sentence: What a value becomes, for a person.
    """

    make: Callable[..., Shape]
    options: tuple[str, ...]
    sentence: str


def _order_number(key: bytes) -> Shape:
    return Characters(key, ALPHABETS["digits"], keep_others=True)


PRESETS: Mapping[str, Preset] = {
    "mobile": Preset(Mobile, ("keep_prefix",), "another mobile number"),
    "id_card": Preset(IdCard, ("keep_birth",), "another identity number with a right check character"),
    "bank_card": Preset(BankCard, ("keep_first",), "another card number that passes Luhn's check"),
    "order_number": Preset(_order_number, (), "another number in the same layout"),
}
"""All presets, by name."""

__all__ = ["ALPHABETS", "PRESETS", "Characters", "Preset", "Shape"]
