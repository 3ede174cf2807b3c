"""Orders as Pinduoduo gives them: encrypted with twins that are masked; empty once an order is sent."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.synthetic.goods import Goods
from beam_deid.transforms.synthetic.platforms import ciphers, masks
from beam_deid.transforms.synthetic.platforms.facts import (
    Facts,
    Made,
    article,
    either,
    fen,
    spec,
    unit_price,
    written,
    yuan,
)
from beam_deid.transforms.synthetic.text import joined

ITEM = ""
_KEY = b"\x00\x1c\x6b\x21"
_SHOP = b"\x4d\x2a\x00\x91"
_NAME = 5
_MOBILE = 6
_ADDRESS = 7
_DETAIL = 8
_NUMBER = 10
_OTHER_NAME = 11


def order(facts: Facts) -> dict[str, Made]:
    """The columns of an order but its articles."""
    who = facts.who
    where = facts.where
    chance = facts.chance
    sent = chance.happens("no receiver", facts.index, 0.3)
    abroad = chance.happens("from abroad", facts.index, 0.1)
    full = joined(where.state, where.city, where.district, where.address)
    tracking, _, _ = facts.tracking()
    index = ciphers.standard(ciphers.noise(chance, "mobile index", ciphers.last_four(who.mobile), 9))
    plain = chance.happens("without index", facts.index, 0.5)
    mobile = _cipher(facts, _MOBILE, 24)
    name = _cipher(facts, _NAME, 24)
    paid = fen(facts.goods.payment)
    return {
        "order_sn": Made(_numbers(facts), "order_number"),
        "receiver_name": _unless(
            sent,
            either(
                plain,
                _one("~", name),
                _made(ciphers.wrapped("~", name, ciphers.name_index(chance, who.name), "4", end=2)),
            ),
        ),
        "receiver_name_mask": _unless(sent, masks.name_ends(who.name)),
        "receiver_phone": _unless(
            sent, either(plain, _one("$", mobile), _made(ciphers.wrapped("$", index, mobile, "4", end=2)))
        ),
        "receiver_phone_mask": _unless(sent, masks.mobile(who.mobile, 1, 1)),
        "receiver_address": _unless(sent, _one("~", _cipher(facts, _ADDRESS, 96))),
        "receiver_address_mask": _unless(sent, masks.address_digits(full)),
        "address": _unless(sent, _one("~", _cipher(facts, _DETAIL, 60))),
        "address_mask": _unless(sent, masks.address_digits(where.address)),
        "province": Made(where.state),
        "city": Made(where.city),
        "town": Made(where.district),
        "open_address_id": Made(facts.word("address id", facts.home, 32), "open_address_id"),
        "id_card_name": _only(abroad, _one("~", _cipher(facts, _OTHER_NAME, 24))),
        "id_card_num": _only(abroad, _made(ciphers.wrapped("#", index, _cipher(facts, _NUMBER, 36), "4", end=2))),
        "pay_no": Made(facts.code("payment", facts.index, 18, "2025112242"), "payment_id"),
        "inner_transaction_id": Made(facts.code("transaction", facts.index, 18, "XP0025112242"), "payment_id"),
        "pay_type": facts.one_of("paid by", "WEIXIN", "ALIPAY", "QQ"),
        "pay_time": facts.text_time("paid", 900),
        "created_time": Made(written(pa.array(facts.at))),
        "confirm_time": facts.text_time("confirmed", 4_000),
        "shipping_time": facts.text_time("sent", 200_000),
        "receive_time": facts.text_time("received", 600_000),
        "pay_amount": Made(yuan(paid)),
        "goods_amount": Made(yuan(pc.add(paid, 300))),
        "postage": facts.one_of("postage", "0.00", "6.00"),
        "discount_amount": facts.one_of("discount", "0.00", "3.00", "10.00"),
        "buyer_memo": facts.message(),
        "remark": facts.memo(),
        "tracking_number": tracking,
        "logistics_id": facts.one_of("carrier id", "44", "85", "115"),
        "order_status": facts.one_of("status", "1", "2", "3"),
    }


def item(facts: Facts, bought: Goods) -> dict[str, Made]:
    """The columns of an article."""
    return {
        "goods_id": article(bought, 11, "5"),
        "sku_id": article(bought, 12, "1"),
        "goods_name": Made(bought.title),
        "goods_spec": spec(facts),
        "goods_price": Made(yuan(unit_price(bought))),
        "goods_count": Made(bought.num),
    }


def _numbers(facts: Facts) -> pa.Array:
    day = pc.strftime(pc.cast(pa.array(facts.at), pa.timestamp("s")), "%y%m%d")
    return joined(day, pa.scalar("-"), facts.code("order number", facts.index, 15))


def _cipher(facts: Facts, kind: int, size: int) -> pa.Array:
    head = b"\x02\x00\x00\x00" + _KEY + bytes([kind]) + _SHOP
    return ciphers.cipher(facts.chance, f"cipher {kind}", facts.index, size, head)


def _one(separator: str, cipher: pa.Array) -> Made:
    return _made(ciphers.wrapped(separator, cipher, "4"))


def _made(values: pa.Array) -> Made:
    return Made(values, "platform_ciphertext")


def _unless(where: np.ndarray[tuple[int], np.dtype[np.bool_]], made: Made) -> Made:
    """Empty text in the rows that are given no receiver any more."""
    gone = pa.array(where)
    return Made(pc.if_else(gone, "", made.values), pc.if_else(gone, None, made.forms()))


def _only(where: np.ndarray[tuple[int], np.dtype[np.bool_]], made: Made) -> Made:
    return Made(pc.if_else(pa.array(where), made.values, None), made.form)
