"""WeChat and QQ names after a word that announces them (微信, 加V, vx, QQ …)."""

import re

from beam_deid.transforms.recognisers.recogniser import Recogniser

WECHAT = Recogniser(
    "wechat",
    re.compile(
        r"(?:微信|薇信|威信|加[vV]|(?<![A-Za-z])(?:[vV][xX]|[wW][xX]|[wW]ei[xX]in|[wW]e[cC]hat))号?[:： ]{0,3}"
        r"(?:[A-Za-z][A-Za-z0-9_-]{5,19}|1[3-9]\d{9})|(?<![A-Za-z])[qQ]{2}号?[:： ]{0,3}[1-9]\d{4,10}(?!\d)"
    ),
    "微信|薇信|威信|加[vV]|[vV][xX]|[wW][xX]|[wW]ei[xX]in|[wW]e[cC]hat|[qQ]{2}",
)
