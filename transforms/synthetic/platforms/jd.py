"""Orders as JD gives them: bare base64 in the first half of the year, masks in the second."""

import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.synthetic.goods import Goods
from beam_deid.transforms.synthetic.platforms import ciphers, masks
from beam_deid.transforms.synthetic.platforms.facts import Facts, Made, article, either, fen, unit_price, written, yuan
from beam_deid.transforms.synthetic.text import joined

ITEM = ""
_HEAD = b"\x00\x04\x9c" + bytes(range(160, 175))


def order(facts: Facts) -> dict[str, Made]:
    """The columns of an order but its articles."""
    who = facts.who
    where = facts.where
    chance = facts.chance
    late = facts.late
    paid = fen(facts.goods.payment)
    tracking, _, _ = facts.tracking()
    full = joined(where.state, where.city, where.district, where.address)
    mobile = either(late, masks.mobile(who.mobile, 3, 1), _bare(facts, "mobile", 32))
    invoice = pa.array(chance.happens("an invoice", facts.index, 0.2))
    return {
        "orderId": Made(facts.code("order number", facts.index, 10, "30"), "order_id"),
        "parentOrderId": Made(facts.code("order number, parent", facts.index, 10, "29"), "order_id"),
        "pin": Made(
            joined(pa.scalar("jd_"), pc.replace_substring_regex(facts.word("pin", facts.buyer, 13), "[-_]", "x")), "pin"
        ),
        "open_id_buyer": Made(facts.word("open id", facts.buyer, 32), "open_id"),
        "xid_buyer": Made(facts.word("xid", facts.buyer, 36), "open_id"),
        "venderId": facts.one_of("shop", "10290331"),
        "consigneeInfo.fullname": either(late, masks.name(who.name, "*"), _bare(facts, "name", 32)),
        "consigneeInfo.mobile": mobile,
        "consigneeInfo.telephone": mobile,
        "consigneeInfo.desen_mobile": _digits(facts, who.mobile),
        "consigneeInfo.desen_telephone": _digits(facts, who.mobile),
        "consigneeInfo.fullAddress": either(late, masks.address_end(full), _bare(facts, "address", 96)),
        "consigneeInfo.province": Made(where.state),
        "consigneeInfo.city": Made(where.city),
        "consigneeInfo.county": Made(where.district),
        "consigneeInfo.town": facts.town(),
        "consigneeInfo.oaid": Made(facts.word("oaid", facts.home * 64 + facts.week, 64), "oaid"),
        "consigneeInfo.consEmail": either(late, masks.email(who.uid), _bare(facts, "email", 32)),
        "consigneeInfo.consPostCode": Made(facts.code("zip", facts.home, 6), "postcode"),
        "invoiceEasyInfo.invoiceTitle": Made(
            pc.if_else(invoice, _bare(facts, "invoice", 48).values, None), "bare_ciphertext"
        ),
        "payType": facts.one_of("paid by", "在线支付", "货到付款"),
        "orderPayment": Made(yuan(paid)),
        "orderTotalPrice": Made(yuan(pc.add(paid, 500))),
        "freightPrice": facts.one_of("postage", "0.00", "6.00"),
        "paymentConfirmTime": facts.text_time("paid", 900),
        "orderStartTime": Made(written(pa.array(facts.at))),
        "orderState": facts.one_of("status", "FINISHED_L", "WAIT_SELLER_STOCK_OUT", "WAIT_GOODS_RECEIVE_CONFIRM"),
        "orderRemark": facts.message(),
        "waybill": tracking,
    }


def item(facts: Facts, bought: Goods) -> dict[str, Made]:
    """The columns of an article."""
    return {
        "skuId": article(bought, 9, "100"),
        "skuName": Made(bought.title),
        "wareId": article(bought, 11, "100"),
        "jdPrice": Made(yuan(unit_price(bought))),
        "itemTotal": Made(bought.num),
    }


def _bare(facts: Facts, stream: str, size: int) -> Made:
    return Made(ciphers.cipher(facts.chance, stream, facts.index, size, _HEAD), "bare_ciphertext")


def _digits(facts: Facts, mobiles: pa.Array) -> Made:
    """Seventy hexadecimal digits, the same for the same mobile."""
    return Made(facts.hexadecimal("desensitised", ciphers.of(mobiles), 70), "bare_ciphertext")
