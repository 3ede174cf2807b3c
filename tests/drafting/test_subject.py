import pytest

from .columns import drafted, judged

ORDERS = {"order_id": [f"o{i}" for i in range(90)], "city": ["杭州市"] * 90}


def test_a_buyers_id_is_preferred_to_a_mobile_and_to_the_order():
    buyers = [f"b{i % 30}" for i in range(90)]
    mobiles = [f"138{i % 30:08}" for i in range(90)]
    assert drafted(**ORDERS, mobile=mobiles, customer_id=buyers).subject == "customer_id"
    assert drafted(**ORDERS, mobile=mobiles).subject == "mobile"


NAMES = [f"{'ABC'[i % 3]}. {'KLMNO'[i % 5]}oe" for i in range(90)]
"""Fifteen names."""


@pytest.mark.parametrize("named", ["buyer-name", "Buyer"])
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("buyer-email", [f"b{i % 30}@shop.example" for i in range(90)]),
        ("buyer-phone-number", [f"+1 310 555-{i % 30:04}" for i in range(90)]),
        ("account", [f"acc{i % 30}" for i in range(90)]),
        ("user_name", [f"nick{i % 30}" for i in range(90)]),
    ],
)
def test_an_address_a_telephone_and_an_account_go_before_a_name(name, values, named):
    """Sixty-four names of eight hundred buyers were taken for sixty-four people, though each had an e-mail address."""
    draft = drafted(**ORDERS, **{named: NAMES, name: values})
    assert (draft.subject, draft.subject_todo) == (name, "")


@pytest.mark.parametrize("name", ["buyer-name", "customer_name", "Customer"])
def test_a_name_is_the_subject_in_need_only_and_a_person_decides(name):
    draft = drafted(**ORDERS, **{name: NAMES})
    assert draft.subject == name
    assert "people of one name" in draft.subject_todo
    assert drafted(**ORDERS, **{name: NAMES}, customer_id=[f"c{i % 30}" for i in range(90)]).subject == "customer_id"


def test_what_numbers_people_under_the_name_of_a_person_is_left_alone():
    draft = drafted(**ORDERS, Customer=[f"c{i % 20}" for i in range(90)])
    assert (draft.subject, draft.subject_todo) == ("Customer", "")


def test_a_column_that_is_mostly_empty_or_masked_is_no_subject():
    some = drafted(**ORDERS, customer_id=[None, None, "a", "b", None, None] * 15, mobile=["138****1234"] * 90)
    assert some.subject == "order_id"
    assert some.subject_todo


def test_a_buyers_id_that_is_empty_for_some_is_the_subject_and_a_person_decides():
    """Three in four orders of a shop had a customer, and the draft took each order for a person."""
    some = drafted(**ORDERS, CustomerID=[f"c{i % 20}" if i % 4 else None for i in range(90)])
    assert some.subject == "CustomerID"
    assert "25.6% of the records have none" in some.subject_todo


def test_a_column_that_names_everybody_goes_before_one_that_is_often_empty():
    mobiles = [f"138{i % 30:08}" for i in range(90)]
    some = drafted(**ORDERS, customer_id=[f"c{i % 20}" if i % 4 else None for i in range(90)], mobile=mobiles)
    assert (some.subject, some.subject_todo) == ("mobile", "")


def test_a_name_that_the_platform_blurred_is_no_subject():
    """Nine blurred nicks of three hundred buyers were taken for nine people."""
    some = drafted(订单编号=[f"{2 * 10**18 + i}" for i in range(90)], 买家会员名=[f"t**{i % 9}" for i in range(90)])
    assert some.subject == "订单编号"


def test_without_a_buyer_the_address_stands_for_who_lives_there_and_a_person_decides():
    draft = drafted(**ORDERS, open_address_id=[f"{i % 40:032x}" for i in range(90)])
    assert draft.subject == "open_address_id"
    assert "address" in draft.subject_todo


def test_without_any_of_them_a_person_decides():
    draft = drafted(city=["杭州市"] * 90)
    assert draft.subject is None
    assert draft.todo == 2


def test_the_subject_that_the_call_names_counts_and_is_a_direct_identifier():
    draft = drafted("city", **ORDERS)
    assert (draft.subject, draft.subject_todo) == ("city", "")
    assert str(judged(draft, "city").role[0]) == "direct_identifier"


@pytest.mark.parametrize(
    "names",
    [
        ("Bestellnummer", "Käufername", "Telefonnummer", "E-Mail-Adresse", "Kundennummer"),
        ("Numéro de commande", "Nom du client", "Téléphone", "Courriel", "Numéro de client"),
        ("Número de pedido", "Nombre del cliente", "Teléfono", "Correo electrónico", "ID cliente"),
    ],
)
def test_buyers_are_found_by_german_french_and_spanish_names_in_the_same_order(names):
    """Without an English word no column named the buyers, and each record counted as nobody's."""
    values = (
        [f"o{i}" for i in range(90)],
        NAMES,
        [f"+49 7911 1234{i % 30:02}" for i in range(90)],
        [f"b{i % 30}@shop.example" for i in range(90)],
        [f"c{i % 30}" for i in range(90)],
    )
    columns = dict(zip(names, values, strict=True))
    for name in reversed(names):
        draft = drafted(Stadt=["Ulm", "Hof", "Aue"] * 30, **columns)
        assert draft.subject == name
        assert bool(draft.subject_todo) == (name in names[:2])
        del columns[name]
