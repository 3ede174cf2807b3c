import unicodedata

import pytest

from beam_deid.transforms.drafting.name_rule import Group
from beam_deid.transforms.drafting.names import NAMES, rule_of
from beam_deid.transforms.recognisers.column_names import normal
from beam_deid.transforms.recognisers.kinds.address import ADDRESS
from beam_deid.transforms.recognisers.kinds.email_address import EMAIL
from beam_deid.transforms.recognisers.kinds.free_text import FREE_TEXT
from beam_deid.transforms.recognisers.kinds.mobile import MOBILE
from beam_deid.transforms.recognisers.kinds.order_number import ORDER_NUMBER
from beam_deid.transforms.recognisers.kinds.person_name import PERSON_NAME
from beam_deid.transforms.recognisers.kinds.tracking_number import TRACKING_NUMBER
from beam_deid.transforms.terms import Role

from .columns import measured

TEXT = ["some", "words"]
NUMBER = [1.5, 2.5]
TIME = ["2025-01-02", "2025-02-03"]
DIRECT = (Role.DIRECT,)
QUASI = (Role.QUASI,)
BOTH = (Role.QUASI, Role.SENSITIVE)


@pytest.mark.parametrize(
    ("name", "values", "role", "kind"),
    [
        ("姓名", TEXT, DIRECT, PERSON_NAME),
        ("手机", TEXT, DIRECT, MOBILE),
        ("地址", TEXT, DIRECT, ADDRESS),
        ("下单时间", TIME, QUASI, None),
        ("收货人姓名", TEXT, DIRECT, PERSON_NAME),
        ("身份证号", TEXT, DIRECT, None),
        ("备注", TEXT, DIRECT, FREE_TEXT),
        ("省份", TEXT, QUASI, None),
        ("城市", TEXT, QUASI, None),
        ("实付金额", NUMBER, QUASI, None),
        ("类目", TEXT, (Role.SENSITIVE,), None),
        ("会员编号", TEXT, DIRECT, None),
        ("订单编号", TEXT, DIRECT, ORDER_NUMBER),
        ("快递单号", TEXT, DIRECT, TRACKING_NUMBER),
        ("性别", TEXT, QUASI, None),
        ("出生日期", TIME, QUASI, None),
        ("宗教信仰", TEXT, (Role.SENSITIVE,), None),
        ("民族", TEXT, BOTH, None),
        ("商品名称", TEXT, BOTH, None),
        ("邮编", TEXT, QUASI, None),
        ("年龄", [30, 40], QUASI, None),
        ("receiver.mobilePhone", TEXT, DIRECT, MOBILE),
        ("customer_id", [1, 2], DIRECT, None),
        ("userId", TEXT, DIRECT, None),
        ("id", [1, 2], DIRECT, None),
        ("order_id", TEXT, DIRECT, ORDER_NUMBER),
        ("Billing Zip", TEXT, QUASI, None),
        ("Shipping Address1", TEXT, DIRECT, ADDRESS),
        ("Created at", TIME, QUASI, None),
        ("Paid at", TIME, QUASI, None),
        ("Total", NUMBER, QUASI, None),
        ("quantity", [1, 2], QUASI, None),
        ("Lineitem name", TEXT, BOTH, None),
        ("Financial Status", TEXT, (Role.INSENSITIVE,), None),
        ("marital-status", TEXT, QUASI, None),
        ("diagnosis", TEXT, (Role.SENSITIVE,), None),
        ("ip_address", TEXT, DIRECT, None),
        ("customer_zip_code_prefix", [1, 2], QUASI, None),
        ("review_comment_message", TEXT, DIRECT, FREE_TEXT),
        ("order_purchase_timestamp", TIME, QUASI, None),
        ("product_category_name", TEXT, (Role.SENSITIVE,), None),
        ("income", TEXT, QUASI, None),
        ("latitude", NUMBER, DIRECT, None),
        ("store_id", [1, 2], QUASI, None),
    ],
)
def test_names_say_what_a_column_is(name, values, role, kind):
    rule = rule_of(name, measured(name, values))
    assert (rule.role, rule.kind) == (role, kind)


@pytest.mark.parametrize(
    "name", ["customer_segment", "driver_rating_class", "grade", "甲", "order_priority_class", "constate"]
)
def test_other_names_say_nothing(name):
    assert rule_of(name, measured(name, TEXT)) is None


def test_what_a_name_says_of_numbers_it_does_not_say_of_words():
    assert rule_of("payment", measured("payment", NUMBER)).group is Group.AMOUNT
    assert rule_of("payment", measured("payment", TEXT)).kind is ORDER_NUMBER


def test_names_are_cut_into_words():
    assert normal("receiver.mobilePhone") == "_receiver_mobile_phone_"
    assert normal("Billing Address1") == "_billing_address1_"
    assert normal("orderSKUId") == "_order_sku_id_"


def test_a_direct_identifier_is_never_a_list_of_choices():
    assert all(rule.where.value != "choices" for rule in NAMES if Role.DIRECT in rule.role)


@pytest.mark.parametrize(
    ("name", "values", "role"),
    [
        ("买家应付货款", NUMBER, QUASI),
        ("买家实际支付金额", NUMBER, QUASI),
        ("用户实付金额(元)", NUMBER, QUASI),
        ("买家支付积分", [1, 2], QUASI),
        ("商品数量(件)", [1, 2], QUASI),
        ("宝贝种类", [1, 2], QUASI),
        ("买家下单时间", TIME, QUASI),
        ("订单关闭原因", TEXT, (Role.INSENSITIVE,)),
        ("退款原因", TEXT, (Role.INSENSITIVE,)),
        ("refund_reason", TEXT, (Role.INSENSITIVE,)),
        ("buyer_paid_amount", NUMBER, QUASI),
        ("weight[kg]", NUMBER, None),
        ("price [/usd]", NUMBER, QUASI),
        ("是否手机订单", TEXT, None),
        ("会员等级", TEXT, None),
        ("买家会员名", TEXT, DIRECT),
        ("买家", TEXT, DIRECT),
        ("联系方式", TEXT, DIRECT),
        ("联系手机(元)", TEXT, DIRECT),
        ("收货人手机号", TEXT, DIRECT),
        ("达人ID", TEXT, DIRECT),
        ("市", TEXT, QUASI),
        ("商品编号", TEXT, BOTH),
    ],
)
def test_a_name_is_read_to_its_end(name, values, role):
    """An amount and a reason were direct identifiers because their names begin with a buyer or an order."""
    rule = rule_of(name, measured(name, values))
    assert (rule and rule.role) == role


PLACE = (QUASI, None)
NAME = (DIRECT, PERSON_NAME)
WHERE = (DIRECT, ADDRESS)
ORDER = (DIRECT, ORDER_NUMBER)
MAIL = (DIRECT, EMAIL)
DIRECT_ONE = (DIRECT, None)


@pytest.mark.parametrize(
    ("expected", "names"),
    [
        (
            NAME,
            "Käufername Kaeufername Empfängername Empfänger Kundenname Vorname Nachname Familienname Prénom Nom Nombre Apellidos",
        ),
        (
            NAME,
            "Nom_du_client Nom_de_famille Destinataire Nombre_del_cliente Nombre_completo Destinatario rechnungsname",
        ),
        (
            WHERE,
            "Lieferadresse Rechnungsadresse Straße STRASSE Lieferstraße Hausnummer Anschrift Adresse adresse_2 Rue Dirección Calle",
        ),
        (MAIL, "E-Mail E-Mail-Adresse Emailadresse Courriel Correo_electrónico"),
        (
            ORDER,
            "Bestellnummer Bestell-Nr. Auftragsnummer Rechnungsnummer N°_de_commande Numéro_de_commande Número_de_pedido",
        ),
        (DIRECT_ONE, "Telefon Telefonnummer Käufer-Telefon Handynummer Téléphone Teléfono Móvil"),
        (DIRECT_ONE, "Kundennummer Kunden-Nr Kunden-ID Käufer Kunde Numéro_client N°_client ID_cliente"),
        (
            PLACE,
            "PLZ Lieferplz Postleitzahl Ort Wohnort Lieferort Stadt Bundesland Land Code_postal Ville Pays Ciudad Provincia País",
        ),
        (PLACE, "Geburtsdatum Geburtsjahr Date_de_naissance Fecha_de_nacimiento"),
    ],
)
def test_people_and_places_are_told_by_german_french_and_spanish_names(expected, names):
    """Names and addresses of people were texts of many values, or values that many share, where no English word stood."""
    for name in names.split():
        for written in {name, name.replace("_", " "), unicodedata.normalize("NFD", name)}:
            rule = rule_of(written, measured(written, TEXT))
            assert rule is not None, written
            assert (rule.role, rule.kind) == expected, written


@pytest.mark.parametrize(
    "name",
    [
        "Artikelname",
        "Produktname",
        "Nom du produit",
        "Nombre de artículos",
        "landing_page",
        "orten",
        "value",
        "export",
        "comportement",
    ],
)
def test_goods_and_other_words_of_other_languages_name_nobody(name):
    rule = rule_of(name, measured(name, TEXT))
    assert rule is None or Role.DIRECT not in rule.role


def test_accents_are_taken_off_latin_letters_alone():
    assert normal("Käufer Straße É") == "_kaufer_strasse_e_"
    assert normal("がぎ") == "_がぎ_"
    assert normal("商品é") == "_商品e_"
