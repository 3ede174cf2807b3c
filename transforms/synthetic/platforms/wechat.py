"""Orders as WeChat shops give them: masked, or a privacy number; amounts in fen, times in seconds."""

import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.synthetic.goods import Goods
from beam_deid.transforms.synthetic.platforms import masks
from beam_deid.transforms.synthetic.platforms.facts import Facts, Made, article, either, fen, unit_price
from beam_deid.transforms.synthetic.text import joined

ITEM = ""
_ADDRESS = "order_detail.delivery_info.address_info"
_PARCEL = "order_detail.delivery_info.delivery_product_info"


def order(facts: Facts) -> dict[str, Made]:
    """The columns of an order but its articles."""
    who = facts.who
    where = facts.where
    chance = facts.chance
    tracking, _, code = facts.tracking()
    paid = fen(facts.goods.payment)
    lends = pa.array(chance.happens("lent", facts.index, 0.3))
    lent = facts.code("lent", facts.index, 9, "18")
    extension = facts.code("extension", facts.index, 4)
    recharge = pa.array(chance.happens("recharge", facts.index, 0.03))
    number = Made(joined(lent, pa.scalar("-"), extension), "privacy_number")
    house = Made(pc.replace_substring_regex(where.address, "^.*单元", ""))
    address = {
        "user_name": masks.name(who.name, "*"),
        "postal_code": Made(facts.code("zip", facts.home, 6)),
        "province_name": Made(where.state),
        "city_name": Made(where.city),
        "county_name": Made(where.district),
        "detail_info": masks.address_end(where.address),
        "house_number": Made(pc.replace_substring_regex(house.values, "[0-9]", "*")),
        "national_code": Made(facts.code("division", facts.home, 6)),
        "tel_number": either(lends.to_numpy(zero_copy_only=False), number, masks.mobile(who.mobile, 3, 4)),
        "purchaser_tel_number": masks.mobile(who.mobile, 3, 4),
        "virtual_order_tel_number": Made(pc.if_else(recharge, who.mobile, None), "mobile"),
        "virtual_number_info.virtual_number": Made(pc.if_else(lends, lent, None), "mobile"),
        "virtual_number_info.extension": Made(pc.if_else(lends, extension, None), "extension"),
        "hash_code": Made(facts.hexadecimal("address", facts.home, 32), "hash_code"),
    }
    return {
        "order_id": Made(facts.code("order number", facts.index, 17, "37"), "order_id"),
        "openid": Made(facts.word("openid", facts.buyer, 27, "o"), "openid"),
        "unionid": Made(facts.word("unionid", facts.buyer, 27, "o"), "openid"),
        "create_time": Made(pa.array(facts.at)),
        "update_time": facts.time("updated", 900_000),
        "status": facts.number("status", 5, 10),
        "order_detail.pay_info.transaction_id": Made(
            facts.code("payment", facts.index, 18, "4200002511"), "transaction_id"
        ),
        "order_detail.pay_info.pay_time": facts.time("paid", 900),
        "order_detail.price_info.product_price": Made(pc.add(paid, 500)),
        "order_detail.price_info.order_price": Made(paid),
        "order_detail.price_info.freight": facts.number("postage", 1),
        **{f"{_ADDRESS}.{name}": made for name, made in address.items()},
        f"{_PARCEL}.waybill_id": tracking,
        f"{_PARCEL}.delivery_id": code,
        "order_detail.ext_info.customer_notes": facts.message(),
        "order_detail.ext_info.merchant_notes": facts.memo(),
    }


def item(facts: Facts, bought: Goods) -> dict[str, Made]:
    """The columns of an article."""
    return {
        "product_id": article(bought, 11, "100"),
        "sku_id": article(bought, 9, "7"),
        "title": Made(bought.title),
        "sku_cnt": Made(bought.num),
        "sale_price": Made(unit_price(bought)),
    }
