"""A platform's own names for people: open ids, OAID, index strings."""

from beam_deid.transforms.recognisers.kinds.kind import ColumnName, Kind

PLATFORM_ID = Kind(
    "platform_id",
    identifies=True,
    of_platforms=True,
    column=ColumnName("oaid|open_?id|union_?id|ouid|openid", "", "a platform's name for a person"),
)
