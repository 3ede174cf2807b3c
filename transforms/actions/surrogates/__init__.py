"""Synthetic substitutes: one file each, all of them in `SUBSTITUTES`."""

from collections.abc import Mapping

from beam_deid.transforms.actions.surrogates.address import ADDRESS
from beam_deid.transforms.actions.surrogates.city import CITY
from beam_deid.transforms.actions.surrogates.company import COMPANY
from beam_deid.transforms.actions.surrogates.email import EMAIL
from beam_deid.transforms.actions.surrogates.mobile import MOBILE
from beam_deid.transforms.actions.surrogates.name import NAME
from beam_deid.transforms.actions.surrogates.substitute import Substitute

_ALL: tuple[Substitute, ...] = (
    NAME,
    MOBILE,
    ADDRESS,
    EMAIL,
    COMPANY,
    CITY,
)

SUBSTITUTES: Mapping[str, Substitute] = {substitute.name: substitute for substitute in _ALL}
"""All substitutes by name, in the order in which they are documented."""
