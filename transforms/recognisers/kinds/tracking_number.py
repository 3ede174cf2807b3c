"""Numbers of parcels: the carrier knows where they went, and to whom."""

from beam_deid.transforms.recognisers.kinds.kind import ColumnName, Kind
from beam_deid.transforms.recognisers.normal import AS_NUMBER

TRACKING_NUMBER = Kind(
    "tracking_number",
    category="transaction",
    identifies=True,
    of_orders=True,
    of_platforms=True,
    grouped=True,
    normal=AS_NUMBER,
    column=ColumnName(
        "tracking(_no|_number|_code|_url)?|waybill(_no|_id)?|logistics_no|express_no|shipment_id",
        "快递单号|运单|物流单号",
        "a parcel",
    ),
)
