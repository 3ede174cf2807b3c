"""Orders as Douyin shops give them: encrypted, with twins that are masked; amounts in fen, times in seconds."""

import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.synthetic.goods import Goods
from beam_deid.transforms.synthetic.platforms import ciphers, masks
from beam_deid.transforms.synthetic.platforms.facts import Facts, Made, article, fen
from beam_deid.transforms.synthetic.text import joined

ITEM = ""
_TRAILER = "_CgYIASAHKAESPgo8"


def order(facts: Facts) -> dict[str, Made]:
    """The columns of an order but its articles."""
    who = facts.who
    where = facts.where
    chance = facts.chance
    tracking, carrier, _ = facts.tracking()
    paid = fen(facts.goods.payment)
    name = _encrypted(facts, "#", "name", 32)
    mobile = _encrypted(facts, "$", "mobile", 32)
    address = _encrypted(facts, "~", "address", 96)
    abroad = pa.array(chance.happens("from abroad", facts.index, 0.1))
    device = pa.array(chance.happens("a device", facts.index, 0.1))
    uid = joined(pa.scalar("1@#"), ciphers.cipher(chance, "open id", facts.buyer, 48))
    return {
        "order_id": Made(facts.code("order number", facts.index, 17, "69"), "order_id"),
        "doudian_open_id": Made(uid, "open_id"),
        "open_id": Made(joined(pa.scalar("1@#"), ciphers.cipher(chance, "other id", facts.buyer, 48)), "open_id"),
        "open_address_id": Made(facts.hexadecimal("address id", facts.home, 32), "open_address_id"),
        "user_nick_name": Made(who.nick),
        "encrypt_post_receiver": name,
        "mask_post_receiver": masks.name(who.name),
        "post_receiver": name,
        "encrypt_post_tel": mobile,
        "mask_post_tel": masks.mobile(who.mobile, 1, 2),
        "post_tel": mobile,
        "encrypt_post_tel_sec": _only(device, _encrypted(facts, "$", "return", 32)),
        "post_addr.province.name": Made(where.state),
        "post_addr.city.name": Made(where.city),
        "post_addr.town.name": Made(where.district),
        "post_addr.street.name": facts.town(),
        "post_addr.encrypt_detail": address,
        "mask_post_addr.detail": masks.address_end(where.address),
        "user_id_info.encrypt_id_card_no": _only(abroad, _encrypted(facts, "#", "identity", 36)),
        "user_id_info.encrypt_id_card_name": _only(abroad, _encrypted(facts, "#", "identity name", 32)),
        "buyer_words": facts.message(),
        "seller_words": facts.memo(),
        "seller_remark_stars": facts.number("stars", 6),
        "pay_amount": Made(paid),
        "order_amount": Made(pc.add(paid, 500)),
        "post_amount": facts.number("postage", 1),
        "promotion_amount": facts.number("promotion", 2_000),
        "create_time": Made(pa.array(facts.at)),
        "pay_time": facts.time("paid", 900),
        "update_time": facts.time("updated", 900_000),
        "finish_time": facts.time("closed", 1_500_000),
        "ship_time": facts.time("sent", 200_000),
        "order_status": facts.number("status", 5, 1),
        "logistics_info.tracking_no": tracking,
        "logistics_info.company_name": carrier,
        "serial_number_list": Made(pc.if_else(device, facts.code("IMEI", facts.index, 13, "86"), None), "serial"),
    }


def item(facts: Facts, bought: Goods) -> dict[str, Made]:
    """The columns of an article."""
    return {
        "product_id": article(bought, 17, "34"),
        "product_name": Made(bought.title),
        "code": article(bought, 6, "A-"),
        "item_num": Made(bought.num),
        "pay_amount": Made(fen(bought.payment)),
    }


def _encrypted(facts: Facts, separator: str, stream: str, size: int) -> Made:
    """``##body_trailer#12##``: no index, a trailer whose beginning is always the same."""
    body = ciphers.standard(ciphers.noise(facts.chance, stream, facts.index, size), padded=False)
    trailer = ciphers.standard(ciphers.noise(facts.chance, f"{stream}, trailer", facts.index, 48))
    return Made(
        ciphers.wrapped(separator, "", joined(body, pa.scalar(_TRAILER), trailer), "12", end=2), "platform_ciphertext"
    )


def _only(where: pa.Array, made: Made) -> Made:
    return Made(pc.if_else(where, made.values, None), made.form)
