"""What names of columns say, in English and Chinese: kinds declare their own names, and the rules of everything else stand here.

A name is compared in small letters without accents, its words (also those of ``camelCase`` and ``dotted.paths``) joined and
enclosed by ``_``: ``receiver.mobilePhone`` is ``_receiver_mobile_phone_``. Chinese names are not cut into words, but read to the
end, which says what a thing is: 买家应付货款 is an amount, whoever pays it.
"""

import re

from beam_deid.transforms.drafting.european_names import EUROPEAN
from beam_deid.transforms.drafting.facts import Facts
from beam_deid.transforms.drafting.name_rule import Group, NameRule
from beam_deid.transforms.recognisers.column_names import normal
from beam_deid.transforms.recognisers.kinds import KINDS
from beam_deid.transforms.recognisers.kinds.address import ADDRESS
from beam_deid.transforms.recognisers.kinds.bank_card import BANK_CARD
from beam_deid.transforms.recognisers.kinds.email_address import EMAIL
from beam_deid.transforms.recognisers.kinds.free_text import FREE_TEXT
from beam_deid.transforms.recognisers.kinds.kind import NUMBERED, Kind, Where
from beam_deid.transforms.recognisers.kinds.mobile import MOBILE
from beam_deid.transforms.recognisers.kinds.order_number import ORDER_NUMBER
from beam_deid.transforms.recognisers.kinds.passport import PASSPORT
from beam_deid.transforms.recognisers.kinds.person_name import PERSON_NAME
from beam_deid.transforms.recognisers.kinds.plate import PLATE
from beam_deid.transforms.recognisers.kinds.platform_id import PLATFORM_ID
from beam_deid.transforms.recognisers.kinds.tracking_number import TRACKING_NUMBER
from beam_deid.transforms.recognisers.kinds.wechat import WECHAT
from beam_deid.transforms.terms import Role

_DIRECT = (Role.DIRECT,)
_QUASI = (Role.QUASI,)
_BOTH = (Role.QUASI, Role.SENSITIVE)
_SENSITIVE = (Role.SENSITIVE,)
_INSENSITIVE = (Role.INSENSITIVE,)


_PERSON = (
    "user|customer|buyer|member|client|patient|household|person|employee|student|account|subscriber|visitor|guest|driver"
    "|owner"
)
_MEASURED = re.compile(
    r"(?:金额|货款|[费款价额率数]|价格|积分|红包|优惠|折扣|余额|抵扣|数量|件数|种类|次数|个数|时间|日期|年份?|月份?|原因|理由|状态|类型|(?<!联系)方式|等级|渠道|来源)$"
    r"|^是否|(?:^|_)reason$"
)
"""How names end, or begin, of what measures, times or classes something: whatever stands before, it names nobody."""

_GOODS = "line_?item|product|item|sku|spu|goods|article|isbn|asin|ean|upc|ware|stock"

_PLACED: tuple[NameRule | Kind, ...] = (
    EMAIL,
    WECHAT,
    FREE_TEXT,
    MOBILE,
    NameRule("phones?|tel|telephone|landline|fax", "电话|联系方式|传真", _DIRECT, "a telephone"),
    PASSPORT,
    NameRule(
        "id_?card|identity(_no|_number)?|ssn|social_security|national_id|tax_id|nin|driver_s_licen[cs]e|licen[cs]e_no|cpf|cnpj|"
        "nino|national_insurance(_no|_number)?|hkid|vat_?(?:id|no|num|number|reg|registration)|ust_?id(?:_?nr)?",
        "身份证|证件|驾驶?证|[回台][乡胞]证|通行证",
        _DIRECT,
        "an identity document",
    ),
    BANK_CARD,
    NameRule("bank_?account|iban|account_?(no|num|number)|alipay|paypal", "账号|帐号|支付宝", _DIRECT, "an account"),
    PLATE,
    PLATFORM_ID,
    NameRule(
        "ip|ip_address|device(_id)?|imei|imsi|mac(_address)?|cookie|session(_id)?|idfa|gaid|user_agent|fingerprint|token",
        "设备",
        _DIRECT,
        "a device or connection",
    ),
    NameRule("lat|latitude|lng|lon|longitude|gps|geo|coordinates?", "经度|纬度|坐标", _DIRECT, "an exact location"),
    *EUROPEAN,
    NameRule(
        "birth(_?day|_?date|_year)?|date_of_birth|year_of_birth|born|dob|ages?|age_(group|band|range)",
        "生日|出生|年龄",
        _QUASI,
        "an age or birth",
        group=Group.AGE,
    ),
    NameRule(
        "race|ethnic(ity)?|ethnic_group",
        "民族|种族",
        _BOTH,
        "ethnic origin: others see it, and it is sensitive",
        group=Group.TRAIT,
    ),
    NameRule(
        "health|medical|diagnos(is|es)|disease|illness|symptoms?|medication|medicine|drug|prescription|blood_type|religion|"
        "religious|faith|belief|sexual_orientation|politic(s|al)(_party)?|union_member|disability|biometric|crime|criminal",
        "疾病|诊断|健康|病历|病史|病种|药|宗教|信仰|政治|性取向|残疾",
        _SENSITIVE,
        "health, belief or the like",
    ),
    NameRule(
        "sex|gender|marital(_status)?|marriage|education(_num|_level)?|degree|occupation|profession|job(_title)?|work_?class|"
        "income|salary(_class)?|wages?|household_(size|comp|composition|type)|kids?(_count|_num)?|children|child_count|"
        "dependents?|home_?owner(ship)?|relationship|generation|family_size|citizenship",
        "性别|婚|学历|教育|职业|职位|收入|薪|子女|家庭人数",
        _QUASI,
        "a trait that others know of a person",
        group=Group.TRAIT,
    ),
    NameRule(
        "status|state_of|\\w+_reason|order_state|currency|carrier|courier|(payment|pay|shipping|delivery)_(method|type|channel)|"
        "(logistics|express)_"
        "(company|name)|fulfillment_status|risk_level|requires_shipping|taxable|accepts_marketing|pay_?type",
        "状态|币种|快递公司|物流公司|支付方式|付款方式|配送方式|运送方式|原因$|理由$|订单(?:类型|来源|渠道)$",
        _INSENSITIVE,
        "a state of the order or how it is handled",
        where=Where.CHOICES,
    ),
    NameRule(
        "zip|zip_?code|post_?code|postal_?code|postal|cons_post_code",
        "邮编|邮政编码",
        _QUASI,
        "a postcode",
        group=Group.PLACE,
    ),
    NameRule(
        "nationality|nation|native_country|country|country_code", "国籍|国家", _QUASI, "a country", group=Group.PLACE
    ),
    NameRule(
        r"(?:at|time|date|datetime|timestamp|day|week|month|quarter|year|weekday|hour|created|modified|updated)(?=_$)",
        "时间|日期|年月|月份|年份|星期",
        _QUASI,
        "a time: exact ones are rare",
        where=Where.TIME,
        group=Group.TIME,
    ),
    NameRule(
        rf"(?:{_GOODS}|categor(?:y|ies)|department)s?(?:_\w*)?_(?:qty|quantity|num|count|cnt)|qty|quantity|units|cnt|num_\w+|"
        "number_of_\\w+|\\w+_(?:count|qty|quantity)|points|score|num|count|total_items|item_total",
        "数量|件数|积分|个数|种类|次数|数$",
        _QUASI,
        "a count",
        where=Where.NUMBER,
        group=Group.COUNT,
    ),
    NameRule(
        r"(?:\w+_)?(?:amount|amt|total|sub_?total|price|cost|fees?|freight|shipping|tax(?:es)?|discount|disc|paid|payment|sales|"
        r"value|revenue|balance|refund(?:ed)?(?:_amount)?|outstanding_balance|duties)|tax_\d_value",
        "金额|价格|单价|总价|价$|费|付款|实付|款$|额$|红包|抵扣|佣金|优惠|折扣|税|余额",
        _QUASI,
        "an amount: exact ones are rare",
        where=Where.NUMBER,
        group=Group.AMOUNT,
    ),
    NameRule(
        rf"(?:(?:{_GOODS})_)?(?:categor(?:y|ies)|genre|department|commodity(?:_group)?)(?:_\w+)?",
        "类目|品类|分类|类别|种类",
        _SENSITIVE,
        "what was bought; it may tell of health or belief",
    ),
    NameRule(
        rf"(?:{_GOODS})s?(?:_\w+)?|\w+_(?:product|item|sku|goods)|title",
        "商品|宝贝|货品|规格|产品|货号|型号|品名|sku",
        _BOTH,
        "what was bought: others see it, and it may tell of health or belief",
    ),
    TRACKING_NUMBER,
    ADDRESS,
    NameRule(
        "province(_name|_code)?|provice|state|city(_name|_code)?|town|district|county|region|area|prefecture|location|"
        "municipality|receiver_state|neighbou?rhood",
        "省|城市|[市区县镇]$|市区|区县|地区|籍贯",
        _QUASI,
        "a place",
        group=Group.PLACE,
    ),
    PERSON_NAME,
    NameRule(
        "company|employer|organi[sz]ation|firm",
        "公司|单位",
        _DIRECT,
        "a company, which may be one person",
        where=Where.TEXT,
    ),
    NameRule(
        rf"(?:store|shop|branch|warehouse|merchant|seller|vendor|brand|site|pos|terminal|channel|campaign|coupon|promotion|"
        rf"source|supplier|manufacturer)(?:_?(?:{NUMBERED}|name|type))?",
        "门店|店铺|仓库|渠道|品牌|商家",
        _QUASI,
        "where or through whom it was bought",
    ),
    ORDER_NUMBER,
    NameRule(
        rf"(?:{_PERSON})s?_?(?:\w+_)?(?:{NUMBERED})|uid|pin|(?:{_PERSON})(?=_$)",
        "会员|客户|用户|顾客|买家",
        _DIRECT,
        "who a record is about",
    ),
    NameRule(rf"(?:\w+_)?(?:{NUMBERED}|hash)", "号$|编码|id$", _DIRECT, "a number or code of its own"),
)
"""Rules in their order: a kind stands where its names, or those of the rules around it, would take what another means.

Roles follow GB/T 42460-2023 and its examples, and where these leave a choice the more personal one.
"""


def _rules() -> tuple[NameRule, ...]:
    """All rules: kinds that have no place of their own come first, since what they are called is theirs alone."""
    placed = {one for one in _PLACED if isinstance(one, Kind)}
    rules = (*(kind for kind in KINDS if kind not in placed), *_PLACED)
    found = (_rule_of_kind(one) if isinstance(one, Kind) else one for one in rules)
    return tuple(rule for rule in found if rule is not None)


def _rule_of_kind(kind: Kind) -> NameRule | None:
    column = kind.column
    if column is None:
        return None
    return NameRule(column.words, column.chinese, _DIRECT, column.what, kind, column.where)


NAMES = _rules()
"""All rules; the first that fits counts."""


def rule_of(name: str, facts: Facts) -> NameRule | None:
    """The rule that a column's name falls under: by its last key, else by its whole path; None if there is none."""
    last = normal(name.rpartition(".")[2] or name)
    for one in (last, normal(name)):
        names_nobody = _MEASURED.search(one.strip("_")) is not None
        rules = (rule for rule in NAMES if not (names_nobody and Role.DIRECT in rule.role))
        found = next((rule for rule in rules if rule.fits(one, facts)), None)
        if found is not None:
            return found
    return None
