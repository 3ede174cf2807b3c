"""The mask of addresses, which cuts them to a division."""

from typing import ClassVar

import pyarrow as pa

from beam_deid.transforms.actions.action import Documented
from beam_deid.transforms.actions.addresses import Division, cut_to
from beam_deid.transforms.actions.masks.preset import MaskPreset
from beam_deid.transforms.columns.distinct import per_distinct
from beam_deid.transforms.terms import Recoverability

_DIVISION: Division = "city"


class Address(MaskPreset):
    """Province, city or district in place of the address: it does not mask but generalizes."""

    name: ClassVar[str] = "address"
    recoverability: ClassVar[Recoverability] = Recoverability.GENERALIZED
    documented: ClassVar[Documented | None] = Documented(
        "mask: {preset: address}",
        "cuts an address at its province, city or district",
        "`generalized`",
        "yes, tested as a quasi-identifier",
    )
    takes_division: ClassVar[bool] = True

    def mask(self, texts: pa.Array, char: str, division: Division | None = None) -> pa.Array:
        """See `MaskPreset.mask`; the city is kept where no division is said."""
        return per_distinct(texts, lambda distinct: cut_to(distinct, division or _DIVISION, char))

    def sentence(self, field: str, division: Division | None) -> str:
        """To which division addresses are cut."""
        return f"{field} is cut to its {division or _DIVISION}"
