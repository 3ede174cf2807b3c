"""What the back offices of Chinese platforms export: receivers masked, long numbers kept from spreadsheets, Chinese headers."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.synthetic.chance import Chance
from beam_deid.transforms.synthetic.platforms import masks
from beam_deid.transforms.synthetic.platforms.facts import Facts, article, fen, spec, unit_price, written, yuan

Columns = dict[str, list[str]]
"""Columns of text by header, as the file has them."""


def taobao(rows: int, seed: int = 1) -> Columns:
    """Orders as the seller's back office of Taobao and Tmall exports them: ExportOrderList."""
    facts = _facts(rows, seed)
    paid = _words(yuan(fen(facts.goods.payment)))
    made = _words(written(pa.array(facts.at)))
    number = _words(facts.code("order number", facts.index, 17, "26"))
    payment = _words(facts.code("payment number", facts.index, 24, "2026"))
    mobiles = _words(masks.mobile(facts.who.mobile, 3, 4).values)
    states, cities, districts = (_words(one) for one in (facts.where.state, facts.where.city, facts.where.district))
    places = zip(states, cities, districts, strict=True)
    tracking = _words(facts.tracking()[0].values)
    return {
        "订单编号": [f'="{one}"' for one in number],
        "买家会员名": [f"{one[0]}**{one[-1]}" for one in _words(facts.who.nick)],
        "买家支付宝账号": _words(masks.email(facts.who.nick).values),
        "支付单号": [f'="{one}"' for one in payment],
        "支付详情": ["支付宝"] * rows,
        "买家应付货款": paid,
        "买家应付邮费": ["0.00"] * rows,
        "买家支付积分": ["0"] * rows,
        "总金额": paid,
        "返点积分": ["0"] * rows,
        "买家实际支付金额": paid,
        "买家实际支付积分": ["0"] * rows,
        "订单状态": _words(facts.one_of("status", "交易成功", "交易成功", "卖家已发货，等待买家确认").values),
        "买家留言": _words(facts.message().values),
        "收货人姓名": _words(masks.name(facts.who.name).values),
        "收货地址 ": [
            f"{' '.join(place)} {town} ***" for place, town in zip(places, _words(facts.town().values), strict=True)
        ],
        "运送方式": ["快递"] * rows,
        "联系电话 ": ["'"] * rows,
        "联系手机": [f"'{one}" for one in mobiles],
        "订单创建时间": made,
        "订单付款时间 ": _words(facts.text_time("paid", 900).values),
        "宝贝标题 ": _words(facts.goods.title),
        "宝贝种类 ": ["1"] * rows,
        "物流单号 ": [f"No:{one}" if one else "" for one in tracking],
        "物流公司": _words(facts.tracking()[1].values),
        "订单备注": _words(facts.memo().values),
        "宝贝总数量": _words(facts.goods.num),
        "店铺Id": ["0"] * rows,
        "店铺名称": ["某某旗舰店"] * rows,
        "订单关闭原因": _words(facts.one_of("closed", "订单未关闭", "订单未关闭", "退款").values),
        "卖家服务费": ["0"] * rows,
        "买家服务费": ["0元"] * rows,
        "发票抬头": [""] * rows,
        "是否手机订单": _words(facts.one_of("by mobile", "手机订单", "").values),
        "分阶段订单信息": [""] * rows,
        "特权订金订单id": [""] * rows,
        "定金排名": [""] * rows,
        "修改后的sku": [""] * rows,
        "修改后的收货地址": [""] * rows,
        "异常信息": [""] * rows,
        "天猫卡券抵扣": [""] * rows,
        "集分宝抵扣": [""] * rows,
        "是否是O2O交易": [""] * rows,
        "退款金额": ["0.00"] * rows,
        "确认收货时间": _words(facts.text_time("closed", 1_500_000).values),
        "打款商家金额": [f"{one}元" for one in paid],
    }


def pinduoduo(rows: int, seed: int = 1) -> Columns:
    """Orders as the merchant's back office of Pinduoduo exports them: long numbers end in a tab."""
    facts = _facts(rows, seed)
    paid = _words(yuan(fen(facts.goods.payment)))
    dates = _words(pc.strftime(pc.cast(pa.array(facts.at), pa.timestamp("s")), "%y%m%d"))
    numbers = _words(facts.code("order number", facts.index, 15))
    complete = _words(facts.text_time("complete", 600).values)
    return {
        "商品": _words(facts.goods.title),
        "订单号": [f"{date}-{number}\t" for date, number in zip(dates, numbers, strict=True)],
        "订单状态": _words(facts.one_of("status", "已签收", "已发货，待签收").values),
        "商品总价(元)": paid,
        "邮费(元)": ["0.00"] * rows,
        "店铺优惠折扣(元)": ["0.00"] * rows,
        "平台优惠折扣(元)": ["0.00"] * rows,
        "多多支付立减金额(元)": ["0.00"] * rows,
        "用户实付金额(元)": paid,
        "商家实收金额(元)": paid,
        "商品数量(件)": _words(facts.goods.num),
        "身份证姓名": [""] * rows,
        "身份证号码": ["\t"] * rows,
        "收货人": _words(masks.name_ends(facts.who.name).values),
        "手机": _words(masks.mobile(facts.who.mobile, 3, 4).values),
        "省": _words(facts.where.state),
        "市": _words(facts.where.city),
        "区": _words(facts.where.district),
        "街道": _words(facts.town().values),
        "支付时间": _words(facts.text_time("paid", 300).values),
        "拼单成功时间": [one or now for one, now in zip(complete, _words(written(pa.array(facts.at))), strict=True)],
        "订单确认时间": _words(facts.text_time("confirmed", 900).values),
        "承诺发货时间": _words(facts.text_time("promised", 170_000).values),
        "发货时间": _words(facts.text_time("sent", 170_000).values),
        "确认收货时间": _words(facts.text_time("received", 900_000).values),
        "商品id": [f"{one}\t" for one in _words(article(facts.goods, 12).values)],
        "商品规格": _words(spec(facts).values),
        "用户购买手机号": ["\t"] * rows,
        "样式ID": [f"{one}\t" for one in _words(article(facts.goods, 13).values)],
        "商家编码-规格维度": _words(article(facts.goods, 6, "A-").values),
        "商家编码-商品维度": _words(article(facts.goods, 6, "B-").values),
        "快递单号": [f"{one}\t" for one in _words(facts.tracking()[0].values)],
        "快递公司": _words(facts.tracking()[1].values),
        "商家备注": ["\t"] * rows,
        "售后状态": ["无售后或售后取消"] * rows,
        "买家留言": [f"{one}\t" for one in _words(facts.message().values)],
        "是否审核中": ["否"] * rows,
        "是否抽奖或0元试用": ["否"] * rows,
    }


def douyin(rows: int, seed: int = 1) -> Columns:
    """Orders as the merchant's back office of Douyin exports them: long numbers and times between tabs."""
    facts = _facts(rows, seed)
    paid = _words(yuan(fen(facts.goods.payment)))
    number = [f"\t{one}" for one in _words(facts.code("order number", facts.index, 17, "69"))]
    hosts = _words(facts.number("host", 7, 10**9).values)
    return {
        "主订单编号": number,
        "子订单编号": number,
        "选购商品": _words(facts.goods.title),
        "商品规格": _words(spec(facts).values),
        "商品数量": _words(facts.goods.num),
        "商品ID": [f"\t{one}" for one in _words(article(facts.goods, 17, "34").values)],
        "商家编码": _words(article(facts.goods, 6, "A-").values),
        "商品单价": _words(yuan(unit_price(facts.goods))),
        "订单应付金额": paid,
        "运费": ["0.00"] * rows,
        "优惠总金额": ["0.00"] * rows,
        "支付方式": _words(facts.one_of("paid by", "微信", "支付宝", "抖音支付").values),
        "收件人": _words(masks.name(facts.who.name).values),
        "收件人手机号": _words(masks.mobile(facts.who.mobile, 1, 2).values),
        "省": _words(facts.where.state),
        "市": _words(facts.where.city),
        "区": _words(facts.where.district),
        "街道": _words(facts.town().values),
        "详细地址": ["***"] * rows,
        "买家留言": _words(facts.message().values),
        "订单提交时间": [f"{one}\t" for one in _words(written(pa.array(facts.at)))],
        "支付完成时间": [f"{one}\t" for one in _words(facts.text_time("paid", 900).values)],
        "订单完成时间": [f"{one}\t" for one in _words(facts.text_time("closed", 1_500_000).values)],
        "发货时间": [f"{one}\t" for one in _words(facts.text_time("sent", 200_000).values)],
        "订单状态": _words(facts.one_of("status", "已完成", "已发货").values),
        "售后状态": ["-"] * rows,
        "取消原因": [""] * rows,
        "商家备注": _words(facts.memo().values),
        "快递信息": _words(facts.tracking()[0].values),
        "APP渠道": ["抖音"] * rows,
        "流量来源": _words(facts.one_of("source", "直播", "短视频", "商品卡").values),
        "流量类型": ["自然流量"] * rows,
        "达人ID": [f"\t{one}" for one in hosts],
        "达人昵称": [f"主播{one[-1]}" for one in hosts],
    }


def jd(rows: int, seed: int = 1) -> Columns:
    """Orders as the merchant's back office of JD exports them."""
    facts = _facts(rows, seed)
    paid = _words(yuan(fen(facts.goods.payment)))
    parts = (
        facts.where.state,
        facts.where.city,
        facts.where.district,
        masks.address_digits(facts.where.address).values,
    )
    return {
        "订单号": _words(facts.code("order number", facts.index, 10, "30")),
        "商品ID": _words(article(facts.goods, 8, "10").values),
        "商品名称": _words(facts.goods.title),
        "订购数量": _words(facts.goods.num),
        "支付方式": ["在线支付"] * rows,
        "下单时间": _words(written(pa.array(facts.at))),
        "京东价": _words(yuan(unit_price(facts.goods))),
        "订单金额": paid,
        "结算金额": paid,
        "余额支付": ["0.00"] * rows,
        "应付金额": paid,
        "订单状态": _words(facts.one_of("status", "完成", "等待确认收货").values),
        "订单类型": ["SOP"] * rows,
        "下单帐号": [f"jd_{one}" for one in _words(facts.hexadecimal("pin", facts.buyer, 13))],
        "客户姓名": _words(masks.name(facts.who.name).values),
        "客户地址": ["".join(place) for place in zip(*map(_words, parts), strict=True)],
        "联系电话": _words(masks.mobile(facts.who.mobile, 3, 4).values),
        "订单备注": _words(facts.message().values),
        "发票类型": ["不需要发票"] * rows,
        "发票抬头": [""] * rows,
        "发票内容": [""] * rows,
        "商家备注": _words(facts.memo().values),
        "商家备注等级（等级1-5为由高到低）": [""] * rows,
        "运费金额": ["0.00"] * rows,
        "付款确认时间": _words(facts.text_time("paid", 900).values),
        "增值税发票": [""] * rows,
        "货号": _words(article(facts.goods, 6, "A-").values),
        "订单完成时间": _words(facts.text_time("closed", 1_500_000).values),
        "订单来源": _words(facts.one_of("source", "APP订单", "PC订单").values),
        "订单渠道": ["京东"] * rows,
        "送装服务": [""] * rows,
        "服务费": ["0.00"] * rows,
        "仓库id": ["0"] * rows,
        "仓库名称": [""] * rows,
        "商家SKUID": _words(article(facts.goods, 6, "S-").values),
    }


def _facts(rows: int, seed: int) -> Facts:
    return Facts.of(Chance(seed), np.arange(rows, dtype=np.int64))


def _words(values: pa.Array) -> list[str]:
    """Values as a file has them; nothing for null."""
    return ["" if one is None else str(one) for one in values.to_pylist()]
