"""A platform's own names for people: open ids, OAID, index strings."""

from beam_deid.transforms.recognisers.kinds.kind import ColumnName, Kind
from beam_deid.transforms.recognisers.normal import AS_NUMBER

PLATFORM_ID = Kind(
    "platform_id",
    category="online_identifier",
    identifies=True,
    of_platforms=True,
    normal=AS_NUMBER,
    column=ColumnName("oaid|open_?id|union_?id|ouid|openid", "", "a platform's name for a person"),
)
