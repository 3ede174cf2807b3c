"""Messages to the seller: mostly none, some free text, a few with a mobile number or WeChat id in them."""

import numpy as np
import pyarrow as pa

from beam_deid.transforms.synthetic.chance import Chance, Index
from beam_deid.transforms.synthetic.people import mobiles
from beam_deid.transforms.synthetic.text import joined, letters, picked, table

CONTACT_SHARE = 0.004
"""Share of orders whose message holds a mobile or a WeChat id."""

_MESSAGE_SHARE = 0.09
_TEXTS = (
    "请尽快发货，谢谢",
    "包装好一点",
    "发顺丰",
    "送货前请打电话",
    "放门卫就行",
    "周末送",
    "工作日送",
    "要最新日期的",
    "不要发错颜色",
    "麻烦仔细检查一下",
    "送人的，不要放价格单",
    "生日礼物，请写贺卡",
    "放快递柜",
    "不要放快递柜",
    "急用，麻烦今天发",
    "开发票",
    "开公司抬头发票，稍后发给客服",
    "尺码按客服说的发",
    "一起发货，不要拆单",
    "谢谢老板",
    "多送点赠品吧",
    "易碎，轻拿轻放",
    "晚上七点以后送",
    "家里没人就放邻居那",
    "请用中通",
    "下个月再发货",
    "要红色的",
    "没货了请联系我",
    "给老人买的，麻烦送上楼",
    "第二次买了，好用",
)
_BEFORE = ("电话打不通请打", "收件人电话", "加我微信", "微信号", "到了打这个电话 ", "有问题加v ")
_IS_MOBILE = np.array([True, True, False, False, True, False])
_AFTER = ("", "，谢谢", "，麻烦了")


def messages(chance: Chance, index: Index, mobile: pa.Array) -> pa.Array:
    """The message of each order: strings (n,), null where there is none.

    Args:
        chance: The draws.
        index: Row numbers, shape (n,).
        mobile: The buyers' mobiles, strings (n,); most of the mobiles in messages are these.
    """
    share = chance.share("message", index)
    rows = np.flatnonzero(share < CONTACT_SHARE)
    contacts = _contacts(chance, index[rows], mobile.take(pa.array(rows)))
    # words = the texts, one null, the contacts of this piece.
    words = pa.concat_arrays([table(_TEXTS), pa.nulls(1, pa.string()), contacts])
    number = chance.below("message text", index, len(_TEXTS))
    number[share >= _MESSAGE_SHARE] = len(_TEXTS)
    number[rows] = len(_TEXTS) + 1 + np.arange(len(rows))
    return picked(words, number)


def _contacts(chance: Chance, index: Index, mobile: pa.Array) -> pa.Array:
    before = chance.below("contact", index, len(_BEFORE))
    # found = own mobiles, other mobiles, WeChat ids.
    other = mobiles(chance, "other mobile", index)
    wechat = joined(pa.scalar("wx"), letters([chance.bits("wechat", index)]))
    found = pa.concat_arrays([mobile, other, wechat])
    kind = np.where(_IS_MOBILE[before], chance.happens("another's mobile", index, 0.2).astype(np.int64), 2)
    after = picked(table(_AFTER), chance.below("thanks", index, len(_AFTER)))
    which = kind * len(index) + np.arange(len(index))
    return joined(picked(table(_BEFORE), before), picked(found, which), after)
