"""Mobile numbers of mainland China."""

from beam_deid.transforms.recognisers import mobile
from beam_deid.transforms.recognisers.kinds.kind import ColumnName, Kind

MOBILE = Kind(
    "mobile",
    identifies=True,
    grouped=True,
    recogniser=mobile.MOBILE,
    whole=mobile.are_in_use,
    checked=True,
    mask="mobile",
    fpe="mobile",
    surrogate="mobile",
    column=ColumnName("mobiles?|cell_?phone|cell", "手机|移动电话", "a mobile"),
)
