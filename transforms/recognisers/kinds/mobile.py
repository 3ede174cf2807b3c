"""Mobile numbers of mainland China."""

from beam_deid.transforms.recognisers import mobile
from beam_deid.transforms.recognisers.kinds.kind import ColumnName, Kind
from beam_deid.transforms.recognisers.normal import Normal, joined

MOBILE = Kind(
    "mobile",
    category="basic",
    identifies=True,
    grouped=True,
    normal=Normal(
        "without separators and China's code, in ASCII digits", joined("1[3-9][0-9]{9}", r"(?:(?:\+|00)?86)?")
    ),
    recogniser=mobile.MOBILE,
    whole=mobile.are_in_use,
    checked=True,
    mask="mobile",
    fpe="mobile",
    surrogate="mobile",
    column=ColumnName("mobiles?|cell_?phone|cell", "手机|移动电话", "a mobile"),
)
