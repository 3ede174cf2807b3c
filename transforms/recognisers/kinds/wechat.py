"""Names of accounts at WeChat."""

from functools import partial

from beam_deid.transforms.recognisers import wechat
from beam_deid.transforms.recognisers.kinds.kind import ColumnName, Kind
from beam_deid.transforms.recognisers.screen import matches

WECHAT = Kind(
    "wechat",
    category="online_identifier",
    identifies=True,
    recogniser=wechat.WECHAT,
    whole=partial(matches, "[A-Za-z][A-Za-z0-9_-]{5,19}"),
    mask="wechat",
    column=ColumnName("wechat|weixin|wx|wx_?id|qq", "微信", "an account for messages"),
)
