"""Registration plates of vehicles."""

from beam_deid.transforms.recognisers import plate
from beam_deid.transforms.recognisers.kinds.kind import ColumnName, Kind
from beam_deid.transforms.recognisers.normal import Normal, joined

PLATE = Kind(
    "plate",
    category="property",
    identifies=True,
    grouped=True,
    normal=Normal("without separators, in capitals", joined(r"\p{Han}[A-Z][0-9A-Z]{5,6}", upper=True)),
    recogniser=plate.PLATE,
    mask="plate",
    column=ColumnName("plate(_no|_number)?|licen[cs]e_plate|vin", "车牌|车架", "a vehicle"),
)
