"""Orders as Xiaohongshu gives them: encrypted in the first half of the year, masked in the second; fen and milliseconds."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.synthetic.goods import Goods
from beam_deid.transforms.synthetic.platforms import ciphers, masks
from beam_deid.transforms.synthetic.platforms.facts import Facts, Made, article, either, fen, spec

ITEM = ""
_ADDRESS = "1"
_NAME = "2"
_MOBILE = "3"


def order(facts: Facts) -> dict[str, Made]:
    """The columns of an order but its articles."""
    who = facts.who
    where = facts.where
    late = facts.late
    tracking, _, code = facts.tracking()
    paid = fen(facts.goods.payment)
    return {
        "orderId": Made(facts.code("order number", facts.index, 18, "P"), "order_number"),
        "openAddressId": Made(facts.hexadecimal("address id", facts.home, 32), "open_address_id"),
        "userId": Made(facts.hexadecimal("user", facts.buyer, 24), "user_id"),
        "receiverName": either(late, masks.name(who.name), _encrypted(facts, who.name, _NAME, 32)),
        "receiverPhone": either(late, masks.mobile(who.mobile, 3, 4), _encrypted(facts, who.mobile, _MOBILE, 32)),
        "receiverAddress": either(
            late, masks.address_end(where.address), _encrypted(facts, where.address, _ADDRESS, 96)
        ),
        "receiverProvinceName": Made(where.state),
        "receiverCityName": Made(where.city),
        "receiverDistrictName": Made(where.district),
        "expressTrackingNo": tracking,
        "expressCompanyCode": code,
        "createdTime": Made(pc.multiply(pa.array(facts.at), 1_000)),
        "paidTime": facts.milliseconds("paid", 900),
        "deliveryTime": facts.milliseconds("sent", 200_000),
        "finishTime": facts.milliseconds("closed", 1_500_000),
        "totalPayAmount": Made(paid),
        "totalShippingFree": facts.number("postage", 1),
        "totalDeposit": facts.number("deposit", 1),
        "orderStatus": facts.number("status", 7, 1),
        "customerRemark": facts.message(),
        "sellerRemark": facts.memo(),
    }


def item(facts: Facts, bought: Goods) -> dict[str, Made]:
    """The columns of an article."""
    return {
        "skuId": Made(pc.utf8_lower(article(bought, 18, "65abc1").values)),
        "skuName": Made(bought.title),
        "skuSpec": spec(facts),
        "skuQuantity": Made(bought.num),
    }


def _encrypted(facts: Facts, texts: pa.Array, version: str, size: int) -> Made:
    """``#index#cipher#3##``; both begin with the same sixteen bytes, and are the same for the same value."""
    number = ciphers.of(texts)
    head = ciphers.noise(facts.chance, f"head {version}", number, 16)
    index = np.concatenate([head, ciphers.noise(facts.chance, f"index {version}", number, 16)], axis=1)
    body = np.concatenate([head, ciphers.noise(facts.chance, f"cipher {version}", number, size)], axis=1)
    parts = ciphers.wrapped("#", ciphers.standard(index), ciphers.standard(body), version, end=2)
    return Made(parts, "platform_ciphertext")
