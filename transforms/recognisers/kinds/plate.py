"""Registration plates of vehicles."""

from beam_deid.transforms.recognisers import plate
from beam_deid.transforms.recognisers.kinds.kind import ColumnName, Kind

PLATE = Kind(
    "plate",
    identifies=True,
    grouped=True,
    recogniser=plate.PLATE,
    mask="plate",
    column=ColumnName("plate(_no|_number)?|licen[cs]e_plate|vin", "车牌|车架", "a vehicle"),
)
