"""Addresses, at which many people may live."""

from beam_deid.transforms.recognisers.kinds.kind import ColumnName, Kind, Where

ADDRESS = Kind(
    "address",
    category="basic",
    identifies=True,
    shared=True,
    mask="address",
    surrogate="address",
    column=ColumnName(
        r"address\d*|addr\d*|street(?:_\w+)?|house_?(?:no|number)?|building|room|apartment|flat|detail(?:ed)?_(?:address|info)",
        "地址|门牌|小区|街道",
        "an address",
        Where.TEXT,
    ),
)
