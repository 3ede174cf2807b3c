"""WeChat and QQ names after a word that announces them (微信, 加V, vx, QQ …)."""

import re

from beam_deid.transforms.recognisers.recogniser import Recogniser

_LATIN = r"(?:[vV][xX]|[wW][xX]|[wW]ei[xX]in|[wW]e[cC]hat)"
_NAME = r"(?:[A-Za-z][A-Za-z0-9_-]{5,19}|1[3-9]\d{9})"

WECHAT = Recogniser(
    "wechat",
    # Right behind a digit only what has a separator counts: letters and digits at random hold a vx now and then.
    re.compile(
        rf"(?:(?:微信|薇信|威信|加[vV]|(?<![A-Za-z0-9_-]){_LATIN})号?[:： ]{{0,3}}|(?<![A-Za-z]){_LATIN}号?[:： ]{{1,3}}){_NAME}"
        r"|(?<![A-Za-z])[qQ]{2}号?[:： ]{0,3}[1-9]\d{4,10}(?!\d)"
    ),
    "微信|薇信|威信|加[vV]|[vV][xX]|[wW][xX]|[wW]ei[xX]in|[wW]e[cC]hat|[qQ]{2}",
)
