"""Numbers of orders, which other systems know too. Leading zeros count: they are text."""

from beam_deid.transforms.recognisers.kinds.kind import NUMBERED, ColumnName, Kind
from beam_deid.transforms.recognisers.normal import AS_NUMBER

ORDER_NUMBER = Kind(
    "order_number",
    category="transaction",
    identifies=True,
    of_orders=True,
    grouped=True,
    normal=AS_NUMBER,
    fpe="order_number",
    column=ColumnName(
        rf"(?:order|basket|invoice|receipt|trade|transaction|txn|bill|payment|refund|parcel|cart|checkout|booking|ticket)"
        rf"s?(?:_?(?:{NUMBERED}))?(?=_$)|tid|oid",
        "订单|交易号|流水|单号",
        "a number that other systems know",
    ),
)
