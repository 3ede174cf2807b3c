"""The second release of a draft: what a shop's own service needs, with tokens and masks instead of names."""

import pytest

from beam_deid.transforms.policy.reader import policy_from_mapping

from .columns import drafted

ROWS = 400
CITIES = ["浙江省杭州市余杭区", "四川省成都市武侯区", "江苏省南京市鼓楼区", "广东省深圳市南山区"]
ORDERS = {
    "订单编号": [f"26{i:013}" for i in range(ROWS)],
    "会员编号": [f"M{i % 90:05}" for i in range(ROWS)],
    "收货人姓名": [f"王{chr(0x4E00 + i % 90)}" for i in range(ROWS)],
    "联系手机": [f"138{i % 90:08}" for i in range(ROWS)],
    "收货地址": [f"{CITIES[i % 4]}文三路{i}号" for i in range(ROWS)],
    "订单创建时间": [f"2026-01-{1 + i % 28:02} 10:00:00" for i in range(ROWS)],
    "实付金额": [f"{i % 97}.50" for i in range(ROWS)],
}


def test_it_serves_by_tokens_a_masked_name_and_another_mobile():
    draft = drafted(**ORDERS)
    assert draft.service == {
        "订单编号": {"tokenize": {"domain": "order"}},
        "会员编号": {"tokenize": {"domain": "customer"}},
        "收货人姓名": {"mask": {"keep_first": 1}},
        "联系手机": {"fpe": {"domain": "mobile"}},
        "订单创建时间": "keep",
        "实付金额": "keep",
    }
    crm = policy_from_mapping(draft.mapping(), key_given=True).releases["crm"]
    assert (str(crm.sharing), str(crm.expect)) == ("enclave", "still_personal")


def test_mobiles_that_are_masked_are_not_encrypted():
    masked = [f"138****{i % 90:04}" for i in range(ROWS)]
    assert drafted(**{**ORDERS, "联系手机": masked}).service["联系手机"] == {"mask": {"keep_last": 4}}


def test_one_number_that_no_mobile_has_is_enough_to_mask():
    some = [*ORDERS["联系手机"][:-1], "057188888888"]
    assert drafted(**{**ORDERS, "联系手机": some}).service["联系手机"] == {"mask": {"keep_last": 4}}


def test_an_order_that_stands_for_its_buyer_is_one_token():
    columns = {name: values for name, values in ORDERS.items() if name not in ("会员编号", "联系手机")}
    draft = drafted(**columns)
    assert draft.subject == "订单编号"
    assert draft.service["订单编号"] == {"tokenize": {"domain": "order"}}


def test_where_nobody_is_named_there_is_no_such_release_and_no_key():
    draft = drafted(city=["杭州市", "宁波市"] * 200, age=[30 + i % 9 for i in range(ROWS)])
    assert draft.service == {}
    assert "keys" not in draft.mapping()
    assert set(draft.mapping()["releases"]) == {"analytics"}


def test_of_an_address_the_place_is_released():
    """An address had to be dropped, or every record was outside the hierarchy that was suggested."""
    assert drafted(**ORDERS).release.fields["收货地址"] == {"generalize": {"hierarchy": "cn_districts"}}


@pytest.mark.parametrize("other", ["火星市银河路1号", "文三路1号"])
def test_not_of_addresses_of_which_one_is_nowhere(other):
    addresses = [*ORDERS["收货地址"][:-1], other]
    assert "收货地址" not in drafted(**{**ORDERS, "收货地址": addresses}).release.fields


def test_a_column_with_the_place_goes_before_the_address():
    release = drafted(**ORDERS, 城市=[["杭州市", "成都市", "南京市", "深圳市"][i % 4] for i in range(ROWS)]).release
    assert "城市" in release.fields
    assert "收货地址" not in release.fields
    assert release.aside["收货地址"] == {"generalize": {"hierarchy": "cn_districts"}}
