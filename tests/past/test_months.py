"""A shop that publishes for a year: each month once, or month by month all that there is so far; and who joins all of it.

python -m pytest tests/register/test_months.py -s      prints what came out month by month
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from .joining import ALL, REST, Attacker
from .year import KEY, MONTHS, Shop, Shown, of_month, orders, table_of, until

pytestmark = pytest.mark.slow("publishes a shop's year, month by month")

ROWS = 24_000
K = 5
PUBLIC_K = 20
QUARTERS = (3, 6, 9, 12)


@pytest.fixture(scope="module")
def year() -> pa.Table:
    """All orders of a year."""
    return orders(ROWS)


@pytest.fixture(scope="module")
def monthly(year, tmp_path_factory) -> tuple[Shop, Mapping[str, Shown]]:
    """Each month once."""
    shop = Shop(tmp_path_factory.mktemp("monthly"))
    return shop, _told(
        "each month once", {f"{month:02}": shop.publish(f"{month:02}", of_month(year, month)) for month in MONTHS}
    )


@pytest.fixture(scope="module")
def snapshots(year, tmp_path_factory) -> tuple[Shop, Mapping[str, Shown]]:
    """Every month all orders so far."""
    shop = Shop(tmp_path_factory.mktemp("snapshots"))
    return shop, _told("all so far, controlled", _snapshots(shop, year, MONTHS))


@pytest.fixture(scope="module")
def open_data(year, tmp_path_factory) -> tuple[Shop, Mapping[str, Shown]]:
    """Every quarter all orders so far, for the public."""
    shop = Shop(tmp_path_factory.mktemp("open_data"), "public")
    return shop, _told("all so far, public", _snapshots(shop, year, QUARTERS))


@pytest.fixture(scope="module")
def forgotten(year, tmp_path_factory) -> tuple[Shop, Mapping[str, Shown]]:
    """All orders so far, in the months around which other levels become possible, and nobody remembers what was published."""
    shop = Shop(tmp_path_factory.mktemp("forgotten"), register="none")
    return shop, _told("all so far, without a register", _snapshots(shop, year, (3, 4, 9)))


def test_months_that_are_published_once_are_anonymized_each_by_itself(monthly) -> None:
    _, shown = monthly
    for number, one in enumerate(shown.values()):
        assert one.label["label"] == "anonymized", one.failing
        assert one.composed == []
        told = one.label["register"]
        assert (told["kept"], told["tested"], told["untested"], told["disjoint"]) == (True, [], [], number)


def test_what_is_suppressed_of_a_month_does_not_depend_on_others(monthly, year, tmp_path) -> None:
    _, shown = monthly
    alone = Shop(tmp_path / "alone").publish("12", of_month(year, 12))
    last = shown["12"]
    assert alone.label["register"]["disjoint"] == 0
    assert alone.label["records"] == last.label["records"]
    assert [one["sha256"] for one in alone.label["files"]] == [one["sha256"] for one in last.label["files"]]


def test_snapshots_are_anonymized_month_by_month(snapshots) -> None:
    _, shown = snapshots
    for number, one in enumerate(shown.values()):
        assert one.label["label"] == "anonymized", one.failing
        assert one.label["register"]["tested"] == [f"market.{earlier}" for earlier in range(1, number + 1)]
        assert one.label["register"]["disjoint"] == 0
        assert one.share <= 0.05
        assert all(f"composition:market.{earlier}" in one.composed for earlier in range(1, number + 1))
        assert ("composition:*" in one.composed) == (number > 1)


def test_open_data_is_anonymized_quarter_by_quarter(open_data) -> None:
    _, shown = open_data
    assert {name: one.label["label"] for name, one in shown.items()} == dict.fromkeys(shown, "anonymized")
    assert shown["12"].label["register"]["tested"] == ["market.1", "market.2", "market.3"]
    assert all(one.share <= 0.05 for one in shown.values())


def test_nobody_who_joins_all_months_finds_few(monthly) -> None:
    attacker = _attacker(*monthly)
    assert attacker.joint_groups(REST)[0] >= K
    assert attacker.joint_groups(ALL, told_anew=True) == []


def test_nobody_who_joins_all_snapshots_finds_few(snapshots) -> None:
    attacker = _attacker(*snapshots)
    assert attacker.joint_groups(REST)[0] >= K
    assert all(buyers >= K for buyers in attacker.joint_groups(ALL, told_anew=True))


def test_nobody_who_joins_all_open_data_finds_few(open_data) -> None:
    attacker = _attacker(*open_data)
    assert attacker.joint_groups(REST)[0] >= PUBLIC_K
    assert attacker.joint_groups(ALL)[0] >= PUBLIC_K


def test_the_same_attacker_finds_people_where_nothing_is_remembered(forgotten) -> None:
    _, shown = forgotten
    assert {name: one.label["label"] for name, one in shown.items()} == dict.fromkeys(shown, "anonymized")
    assert all(one.label["register"]["kept"] is False and one.composed == [] for one in shown.values())
    for name, one in shown.items():  # each by itself keeps what it says
        assert Attacker([one.given]).joint_groups(REST)[0] >= K, name
    together = Attacker([one.given for one in shown.values()]).joint_groups(REST, told_anew=True)
    assert together[0] == 1
    assert sum(buyers < K for buyers in together) > 10


def test_may_and_june_with_30_percent_new_buyers_are_anonymized(year, tmp_path) -> None:
    may, june = _may_and_june(year, 0.3)
    shop = Shop(tmp_path)
    first = shop.publish("may", may)
    assert first.label["label"] == "anonymized", first.failing
    both = shop.publish("may-june", pa.concat_tables([may, june]))
    assert both.label["label"] == "anonymized", both.failing
    assert "composition:market.1" in both.composed
    attacker = Attacker([first.given, both.given], shop.register, f"env:{KEY}")
    assert attacker.joint_groups(REST)[0] >= K
    assert all(buyers >= K for buyers in attacker.joint_groups(ALL, told_anew=True))


def test_a_single_new_buyer_fails_composition_alone(year, tmp_path) -> None:
    """Where nothing may be suppressed: by itself each snapshot holds all other lines."""
    may, one_more = _may_and_one_more(year)
    shop = Shop(tmp_path, suppression=0.0)
    assert shop.publish("may", may).label["label"] == "anonymized"
    assert Shop(tmp_path / "elsewhere", suppression=0.0).publish("may-june", one_more).label["label"] == "anonymized"
    again = shop.publish("may-june", one_more)
    assert again.label["label"] == "still_personal"
    assert again.failing == {"composition:market.1", "order"}
    [test] = [test for test in again.label["tests"] if test["name"] == "composition:market.1"]
    assert (test["measured"], test["limit"]) == (1, K)


def test_a_single_new_buyer_is_left_out_where_that_is_allowed(year, tmp_path) -> None:
    may, one_more = _may_and_one_more(year)
    shop = Shop(tmp_path)
    first = shop.publish("may", may)
    again = shop.publish("may-june", one_more)
    assert again.label["label"] == "anonymized", again.failing
    assert again.label["records"]["suppressed"] > 0
    attacker = Attacker([first.given, again.given], shop.register, f"env:{KEY}")
    newcomer = one_more["tid"][-1].as_py()
    assert attacker.one("SELECT count(*) FROM seen WHERE release = 1") == again.label["records"]["released"]
    assert attacker.one(f"SELECT count(*) FROM seen WHERE tid = '{newcomer}'") == 0
    assert attacker.joint_groups(REST)[0] >= K


def _may_and_june(year: pa.Table, share: float) -> tuple[pa.Table, pa.Table]:
    """May's orders; and of June's those of buyers who had ordered in May, and of so many others that they are a share of all."""
    may = of_month(year, 5)
    june = of_month(year, 6)
    known = pc.is_in(june["buyer"], pc.unique(may["buyer"]))
    newcomers = pc.unique(june.filter(pc.invert(known))["buyer"])
    before = len(pc.unique(may["buyer"]))
    many = round(before * share / (1 - share))
    chosen = june.filter(pc.or_(known, pc.is_in(june["buyer"], newcomers[:many])))
    everybody = len(pc.unique(pa.concat_tables([may, chosen])["buyer"]))
    assert (everybody - before) / everybody == pytest.approx(share, abs=0.001)
    return may, chosen


def _may_and_one_more(year: pa.Table) -> tuple[pa.Table, pa.Table]:
    """May's orders, and the same with the first order in June of somebody who had ordered nothing in May."""
    may, june = _may_and_june(year, 0.3)
    newcomer = june.filter(pc.invert(pc.is_in(june["buyer"], pc.unique(may["buyer"])))).slice(0, 1)
    assert newcomer.num_rows == 1
    return may, pa.concat_tables([may, newcomer])


def _snapshots(shop: Shop, year: pa.Table, months) -> dict[str, Shown]:
    return {f"{month:02}": shop.publish(f"{month:02}", until(year, month)) for month in months}


def _attacker(shop: Shop, shown: Mapping[str, Shown]) -> Attacker:
    return Attacker([one.given for one in shown.values()], shop.register, f"env:{KEY}")


def _told(what: str, shown: dict[str, Shown]) -> dict[str, Shown]:
    print(f"\n{what}\n{table_of(shown)}")  # noqa: T201 - for whoever asks with -s
    return shown
