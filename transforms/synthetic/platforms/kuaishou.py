"""Orders as Kuaishou shops give them: encrypted and masked side by side; amounts in fen, times in milliseconds."""

import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.synthetic.goods import Goods
from beam_deid.transforms.synthetic.platforms import ciphers, masks
from beam_deid.transforms.synthetic.platforms.facts import Facts, Made, article, fen, spec, unit_price
from beam_deid.transforms.synthetic.text import joined

ITEM = "orderItemInfo."
_HEAD = b"\x0a\x2dmerchant.open.secret.key.ks" + b"201234567890123456" + b"\x12"


def order(facts: Facts) -> dict[str, Made]:
    """The columns of an order but its article."""
    who = facts.who
    where = facts.where
    chance = facts.chance
    tracking, _, code = facts.tracking()
    paid = fen(facts.goods.payment)
    empty = Made(pa.nulls(len(facts.index), pa.string()))
    index = {
        "name": ciphers.cipher(chance, "name index", ciphers.of(who.name), 32),
        "mobile": ciphers.cipher(chance, "mobile index", ciphers.of(who.mobile), 32),
        "address": ciphers.cipher(chance, "address index", ciphers.of(where.address), 32),
    }
    two = joined(_cipher(facts, "address", 96), pa.scalar("&"), _cipher(facts, "address, rest", 48))
    recharge = pa.array(chance.happens("recharge", facts.index, 0.03))
    return {
        "orderBaseInfo.oid": Made(facts.code("order number", facts.index, 12, "2319"), "order_id"),
        "orderBaseInfo.buyerOpenId": Made(facts.hexadecimal("open id", facts.buyer, 32), "open_id"),
        "orderBaseInfo.buyerNick": Made(who.nick),
        "orderBaseInfo.buyerImage": Made(
            joined(
                pa.scalar("https://img.example.com/u/"), facts.hexadecimal("image", facts.buyer, 24), pa.scalar(".jpg")
            ),
            "image",
        ),
        "orderBaseInfo.payTime": facts.milliseconds("paid", 900),
        "orderBaseInfo.createTime": Made(pc.multiply(pa.array(facts.at), 1_000)),
        "orderBaseInfo.sendTime": facts.milliseconds("sent", 200_000),
        "orderBaseInfo.recvTime": facts.milliseconds("received", 600_000),
        "orderBaseInfo.payType": facts.number("paid by", 3, 1),
        "orderBaseInfo.payChannel": facts.one_of("channel", "WECHAT", "ALIPAY", "KUAISHOU_PAY"),
        "orderBaseInfo.totalFee": Made(paid),
        "orderBaseInfo.discountFee": facts.number("discount", 2_000),
        "orderBaseInfo.expressFee": facts.number("postage", 1),
        "orderBaseInfo.remark": facts.message(),
        "orderBaseInfo.channel": facts.one_of("source", "LIVE", "VIDEO", "SHOP"),
        "orderBaseInfo.cpsType": facts.number("advertised", 2),
        "orderAddress.province": Made(where.state),
        "orderAddress.city": Made(where.city),
        "orderAddress.district": Made(where.district),
        "orderAddress.town": facts.town(),
        "orderAddress.encryptedConsignee": _indexed("#", index["name"], _cipher(facts, "name", 48)),
        "orderAddress.encryptedMobile": _indexed("$", index["mobile"], _cipher(facts, "mobile", 48)),
        "orderAddress.encryptedAddress": _indexed("~", index["address"], two),
        "orderAddress.desensitiseConsignee": masks.name(who.name),
        "orderAddress.desensitiseMobile": masks.mobile(who.mobile, 3, 4),
        "orderAddress.desensitiseAddress": masks.address_end(where.address),
        "orderAddress.consignee": empty,
        "orderAddress.mobile": empty,
        "orderAddress.address": empty,
        "orderDeliveryInfo.openAddressId": Made(facts.word("address id", facts.home, 40), "open_address_id"),
        "orderLogisticsInfo.expressNo": tracking,
        "orderLogisticsInfo.expressCode": code,
        "rechargeAccount": Made(pc.if_else(recharge, who.mobile, None), "mobile"),
    }


def item(facts: Facts, bought: Goods) -> dict[str, Made]:
    """The columns of the article."""
    return {
        "itemId": article(bought, 13, "2"),
        "skuId": article(bought, 12, "3"),
        "itemTitle": Made(bought.title),
        "skuDesc": spec(facts),
        "price": Made(unit_price(bought)),
        "num": Made(bought.num),
        "itemExtra.categoryInfo.categoryName": Made(bought.category),
    }


def _cipher(facts: Facts, stream: str, size: int) -> pa.Array:
    return ciphers.cipher(facts.chance, stream, facts.index, size, _HEAD)


def _indexed(separator: str, index: pa.Array, cipher: pa.Array) -> Made:
    return Made(ciphers.wrapped(separator, index, cipher, "1", end=2), "platform_ciphertext")
