import pytest

from beam_deid.transforms.recognisers.kinds.mobile import MOBILE

from .columns import drafted, judged

FORMS = ("+1 {} {}-{:04}", "+1{}{}{:04}", "'+1{}{}{:04}", "+1 ({}) {}-{:04}", "+1-{}-{}-{:04}")


def written(form: str) -> list[str]:
    """Three hundred telephones of North America, of areas and exchanges in which China's mobiles have their prefixes."""
    return [form.format(310 + row % 7 * 10, 200 + row, row) for row in range(300)]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["Phone", "mobile", "ship-phone-number"])
def test_a_telephone_of_north_america_is_no_mobile_of_china(name, form):
    """+1 before ten digits was taken for a mobile of China without its code, whose first digit is the 1."""
    column = judged(drafted(**{"order_id": [f"o{row}" for row in range(300)], name: written(form)}), name)
    assert column.role == ("direct_identifier",)
    assert column.kind is None
    assert MOBILE not in column.facts.valid
    assert "mobile" not in column.facts.found.forms


@pytest.mark.parametrize("form", ["+{}", "+86{}", "{}"])
def test_mobiles_of_china_stay_ones_whatever_stands_before_them(form):
    """Of those behind a lone + four in five could be of North America."""
    values = [form.format(13800138000 + row * 7_000_000) for row in range(300)]
    column = judged(drafted(order_id=[f"o{row}" for row in range(300)], phone=values), "phone")
    assert column.kind is MOBILE
