"""Orders as Taobao and Tmall give them: encrypted in the first half of the year, masked with an OAID in the second."""

import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.synthetic.chance import Index
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
from beam_deid.transforms.synthetic.text import joined, letters

ITEM = ""


def order(facts: Facts) -> dict[str, Made]:
    """The columns of an order but its articles."""
    who = facts.who
    where = facts.where
    chance = facts.chance
    late = facts.late
    body = {name: ciphers.cipher(chance, name, facts.index, 16) for name in ("name", "mobile", "nick")}
    address = ciphers.cipher(chance, "address", facts.index, 64)
    index = ciphers.cipher(chance, "mobile index", ciphers.last_four(who.mobile), 16)
    name = Made(
        ciphers.wrapped("~", body["name"], ciphers.name_index(chance, who.name), "1", end=2), "platform_ciphertext"
    )
    indexed = Made(ciphers.wrapped("$", index, body["mobile"], "1", end=2), "platform_ciphertext")
    prefixed = Made(
        ciphers.wrapped("$", pc.utf8_slice_codeunits(who.mobile, 0, 3), body["mobile"], "1"), "platform_ciphertext"
    )
    mobile = either(chance.happens("indexed", facts.index, 0.5), indexed, prefixed)
    nick = Made(ciphers.wrapped("~", body["nick"], "-1"), "platform_ciphertext")
    ends = pc.utf8_slice_codeunits(who.nick, 0, 1), pa.scalar("**"), pc.utf8_slice_codeunits(who.nick, -1)
    blurred = Made(joined(*ends), "masked_nick")
    paid = fen(facts.goods.payment)
    lend = Made(
        joined(facts.code("lent", facts.index, 10, "1"), pa.scalar("-"), facts.code("extension", facts.index, 4))
    )
    lent = Made(pc.replace_substring_regex(lend.values, "^1.", "18"), "privacy_number")
    masked = either(chance.happens("lent", facts.index, 0.2), lent, masks.mobile(who.mobile, 0, 4))
    return {
        "tid": Made(facts.code("tid", facts.index, 19), "order_id"),
        "oid": Made(facts.code("oid", facts.index, 19), "order_id"),
        "buyer_open_uid": Made(who.uid, "open_uid"),
        "ouid": Made(facts.word("ouid", facts.buyer, 24, "AA"), "open_uid"),
        "buyer_nick": either(late, blurred, nick),
        "oaid": Made(
            joined(pa.scalar("1"), letters([chance.bits(f"oaid, word {n}", _key(facts)) for n in range(4)])), "oaid"
        ),
        "receiver_name": either(late, masks.name(who.name), name),
        "receiver_mobile": either(late, masked, mobile),
        "receiver_phone": either(
            chance.happens("telephone", facts.index, 0.9),
            Made(pa.nulls(len(facts.index), pa.string())),
            Made(facts.code("telephone", facts.home, 8, "0571-"), "landline"),
        ),
        "receiver_state": Made(where.state),
        "receiver_city": Made(where.city),
        "receiver_district": Made(where.district),
        "receiver_town": facts.town(),
        "receiver_address": either(
            late, masks.address_parts(where.address), Made(ciphers.wrapped("~", address, "1"), "platform_ciphertext")
        ),
        "receiver_zip": Made(facts.code("zip", facts.home, 6)),
        "buyer_area": Made(joined(where.state, where.city)),
        "buyer_email": masks.email(who.uid),
        "buyer_alipay_no": masks.email(who.nick),
        "alipay_no": Made(facts.code("payment", facts.index, 18, "2025112200"), "payment_id"),
        "buyer_message": facts.message(),
        "seller_memo": facts.memo(),
        "payment": Made(yuan(paid)),
        "total_fee": Made(yuan(pc.add(paid, 500))),
        "post_fee": facts.one_of("post fee", "0.00", "5.00", "8.00"),
        "discount_fee": facts.one_of("discount", "0.00", "5.00", "12.30"),
        "created": Made(written(pa.array(facts.at))),
        "pay_time": facts.text_time("paid", 900),
        "consign_time": facts.text_time("sent", 200_000),
        "modified": facts.text_time("modified", 900_000),
        "end_time": facts.text_time("closed", 1_500_000),
        "status": facts.one_of("status", "TRADE_FINISHED", "WAIT_BUYER_CONFIRM_GOODS", "WAIT_SELLER_SEND_GOODS"),
    }


def item(facts: Facts, bought: Goods) -> dict[str, Made]:
    """The columns of an article."""
    tracking, carrier, _ = facts.tracking()
    return {
        "num_iid": article(bought, 11, "6"),
        "sku_id": article(bought, 12, "4"),
        "title": Made(bought.title),
        "sku_properties_name": spec(facts),
        "price": Made(yuan(unit_price(bought))),
        "num": Made(bought.num),
        "logistics_company": carrier,
        "invoice_no": tracking,
    }


def _key(facts: Facts) -> Index:
    """What an OAID depends on: the home, and the week."""
    return facts.home * 64 + facts.week
