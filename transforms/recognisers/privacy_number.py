"""Privacy numbers (隐私号): a mobile that a platform lends, with an extension, as 13800000000-1234 or … 转 1234."""

from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign

PRIVACY_NUMBER = Recogniser(
    "privacy_number",
    r"1[3-9][0-9]{9}(?:-| ?转 ?)[0-9]{3,4}",
    {Sign.DIGIT: 14},
    before="0-9",
    after="0-9",
    source="Taobao's taobao.top.oaid.decrypt: 18877771111-123",
)
