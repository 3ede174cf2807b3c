"""The mask that an express waybill needs.

GB/T 41833-2022, in force since 2023-02-01: at least one character of the name is hidden, six digits of the telephone, and unit
and room of the address.
"""

from abc import abstractmethod
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.actions.action import Documented
from beam_deid.transforms.actions.addresses import Division, cut_to
from beam_deid.transforms.actions.masks.characters import Shape, by_shape, whole
from beam_deid.transforms.actions.masks.preset import MaskPreset
from beam_deid.transforms.actions.masks.presets.person_name import PersonName
from beam_deid.transforms.columns.distinct import per_distinct
from beam_deid.transforms.recognisers.kinds.address import ADDRESS
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.recognisers.kinds.landline import LANDLINE
from beam_deid.transforms.recognisers.kinds.mobile import MOBILE
from beam_deid.transforms.recognisers.kinds.person_name import PERSON_NAME
from beam_deid.transforms.recognisers.kinds.privacy_number import PRIVACY_NUMBER

WAYBILL_DIGITS = 6
"""The fewest digits of a telephone that are hidden."""

_NAME = "waybill"
_COUNTRY = r"^(?:(?:\+|00)?86[- ]?)?(1[3-9][0-9])[- ]?([0-9*]{4})[- ]?([0-9]{4})$"
_TELEPHONES = (
    Shape(r"^(?:1[3-9][0-9][0-9*]{4}|\*{7})[0-9]{4}$", 0, 4),
    Shape(r"^1[3-9][0-9]{9}(?:-| ?转 ?)[0-9]{3,4}$", 3, 0),
    Shape(r"^0(?:10|2[0-9])[- ]?[2-8][0-9]{6,7}(?:[- ][0-9]{1,6})?$", 3, 0),
    Shape(r"^0[3-9][0-9]{2}[- ]?[2-8][0-9]{6,7}(?:[- ][0-9]{1,6})?$", 4, 0),
)
# To the number of the house in its street, if nothing behind it makes a building of it.
_TO_HOUSE = r"^(.*?(?:路|街|道|巷|弄|胡同|里)[^0-9*]{0,3}[0-9*]{1,5}号)(?:[^楼室房铺座栋幢单元户].*)?$"
_DWELLING = r"单元|室|户|房|层|[0-9*]楼|幢|栋|座|号楼|[0-9*][-－—/][0-9*]|[0-9]{6}|@"


class Waybill(MaskPreset):
    """What a waybill may show of a name, a telephone and an address: the kind of the field says which it is."""

    name: ClassVar[str] = _NAME
    documented: ClassVar[Documented | None] = Documented(
        "mask: {preset: waybill}",
        "what an express waybill may show (GB/T 41833-2022), by the kind of the field: 张*三, *******1234, an address to its "
        "house number, without unit and room",
        "`partial`",
        "not for a direct identifier; else tested as a quasi-identifier",
    )

    def of_kind(self, kind: Kind | None) -> MaskPreset | None:
        """See `MaskPreset.of_kind`."""
        return None if kind is None else _BY_KIND.get(kind)

    @property
    def fits(self) -> str:
        """See `MaskPreset.fits`."""
        return f"a field of kind {', '.join(_BY_KIND)}"

    def mask(self, texts: pa.Array, char: str, division: Division | None = None) -> pa.Array:
        """Hidden whole: nobody says what the values are."""
        return whole(texts, char)


class _OfWaybill(MaskPreset):
    """The mask of one kind."""

    name: ClassVar[str] = _NAME

    @abstractmethod
    def mask(self, texts: pa.Array, char: str, division: Division | None = None) -> pa.Array:
        """See `MaskPreset.mask`."""

    def sentence(self, field: str, division: Division | None) -> str:
        """What happens to a field."""
        return f"{field} is masked as an express waybill has it (GB/T 41833-2022)"


class _Name(_OfWaybill):
    """One character at least is hidden of every name."""

    def mask(self, texts: pa.Array, char: str, division: Division | None = None) -> pa.Array:
        """See `MaskPreset.mask`."""
        return PersonName().mask(texts, char)


class _Telephone(_OfWaybill):
    """The last four digits of a mobile are kept, the area code of a landline, the first three of a virtual number."""

    def mask(self, texts: pa.Array, char: str, division: Division | None = None) -> pa.Array:
        """See `MaskPreset.mask`."""
        return by_shape(pc.replace_substring_regex(texts, _COUNTRY, r"\1\2\3"), _TELEPHONES, char)


class _Address(_OfWaybill):
    """To the number of the house in its street; where that is not plain, to the district."""

    def mask(self, texts: pa.Array, char: str, division: Division | None = None) -> pa.Array:
        """See `MaskPreset.mask`."""
        return per_distinct(texts, lambda distinct: _to_house(distinct, char))


def _to_house(texts: pa.Array, char: str) -> pa.Array:
    """Addresses (n,) without what stands behind the house's number: that is where unit and room are."""
    found = pc.struct_field(pc.extract_regex(texts, _TO_HOUSE.replace("(.*?", "(?P<kept>.*?", 1)), "kept")
    plain = pc.invert(pc.match_substring_regex(found, _DWELLING))
    kept = pc.if_else(plain.fill_null(False), found, cut_to(texts, "district", char))
    hidden = pc.binary_join_element_wise(kept, char * 3, "")
    unknown = pc.equal(kept, char * 3)
    return pc.if_else(pc.equal(texts, ""), "", pc.if_else(unknown, kept, hidden))


_BY_KIND: dict[Kind, MaskPreset] = {
    PERSON_NAME: _Name(),
    MOBILE: _Telephone(),
    LANDLINE: _Telephone(),
    PRIVACY_NUMBER: _Telephone(),
    ADDRESS: _Address(),
}
