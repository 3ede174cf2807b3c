"""What a run finds out about its own releases: digests, joins, earlier releases, histories."""

import datetime
import hashlib
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.cli import call

PREFIX = "1380013"


class Shop:
    """A folder with orders, and runs of policies over them."""

    def __init__(self, folder, columns):
        self.folder = folder
        pq.write_table(pa.table(columns), folder / "orders.parquet", row_group_size=500)

    def run(self, policy, out="out", code=0):
        path = self.folder / f"{out}.yaml"
        path.write_text(policy, "utf-8")
        files = ["-i", str(self.folder / "orders.parquet"), "-o", str(self.folder / out)]
        assert call(["run", str(path), *files, "--workers", "1"]) == code
        return self.folder / out

    def label(self, release, out="out"):
        return json.loads((self.folder / out / release / "label.json").read_text("utf-8"))


def named_tests(label):
    return {test["name"]: test for test in label["tests"]}


ROWS = 2_000


@pytest.fixture
def shop(tmp_path):
    """Two thousand orders of 1,000 people in five cities; a column holds somebody's SHA-256 of their mobiles."""
    random = np.random.default_rng(11)
    who = np.arange(ROWS) % 1_000
    mobiles = [f"{PREFIX}{one * 7:04d}" for one in who]
    day = datetime.date(2025, 3, 1)
    return Shop(
        tmp_path,
        {
            "buyer": [f"b{one}" for one in who],
            "mobile": mobiles,
            "mobile_hash": [hashlib.sha256(one.encode()).hexdigest() for one in mobiles],
            "city": [["北京市", "上海市", "杭州市", "宁波市", "成都市"][one % 5] for one in who],
            "date": [day + datetime.timedelta(int(by)) for by in random.integers(0, 60, ROWS)],
            "amount": np.round(random.gamma(2, 60, ROWS), 2),
            "category": [["茶", "书", "鞋"][one] for one in random.integers(0, 3, ROWS)],
        },
    )


HEAD = """
version: 1
dataset: shop
subject: buyer
keys: {key: env:BEAM_DEID_KEY}
fields:
  buyer: {role: direct_identifier}
  mobile: {role: direct_identifier, kind: mobile}
  mobile_hash: {role: insensitive}
  city: {role: quasi_identifier, kind: division}
  date: {role: quasi_identifier, kind: date}
  amount: {role: quasi_identifier, kind: number}
  category: {role: sensitive}
releases:
"""


def test_an_unkeyed_hash_of_mobiles_is_broken_and_labelled_so(shop):
    shop.run(
        HEAD
        + f"""
  naive:
    purpose: test
    sharing: controlled
    digests: {{mobiles: ["{PREFIX}"]}}
    fields: {{mobile_hash: keep, city: keep}}
  keyed:
    purpose: test
    sharing: controlled
    digests: {{mobiles: ["{PREFIX}"]}}
    fields: {{mobile: {{hash: {{algorithm: hmac-sha256}}}}, city: keep}}
"""
    )
    naive = shop.label("naive")
    keyed = shop.label("keyed")
    (found,) = naive["recoveries"]
    assert (found["attack"], found["field"], found["values"], found["recovered"], found["share"]) == (
        "digests",
        "mobile_hash",
        1_000,
        1_000,
        1.0,
    )
    assert "sha256 of mobile" in found["detail"]
    test = named_tests(naive)["digests"]
    assert (test["line"], test["passed"], test["measured"], test["limit"]) == (2, False, 1, 0)
    assert naive["label"] == "still_personal"
    # With a key nothing is recovered; it is still personal since the key exists.
    assert keyed["label"] == "still_personal"
    assert keyed["recoveries"] == []
    assert not named_tests(keyed)["restorable"]["passed"]


@pytest.mark.slow("tries all mobiles twice")
def test_a_keyed_hash_withstands_the_attack_that_breaks_the_unkeyed_one(shop, capsys):
    out = shop.run(
        HEAD
        + """
  keyed:
    purpose: test
    sharing: controlled
    fields: {mobile: {hash: {algorithm: hmac-sha256}}, city: keep}
"""
    )
    capsys.readouterr()
    assessed = ["assess", "-i", str(out / "keyed" / "*.parquet"), "--quasi", "city", "--mobiles", PREFIX, "--json"]
    assert call(assessed) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["recovered"] for one in found["recoveries"]] == [0]
    assert found["recoveries"][0]["share"] is None
    assert not named_tests(found)["digests"]["passed"]
    assert found["label"] == "still_personal"


def test_a_pseudonym_of_few_values_is_told_by_how_often_each_occurs(shop):
    shop.run(
        HEAD
        + """
  lost:
    purpose: test
    sharing: enclave
    key: ephemeral
    fields: {city: hash, date: {shift: {days: 9}}, mobile: {surrogate: {of: mobile, pool: 100}}, buyer: {mask: {keep_first: 2}}}
"""
    )
    found = {(one["attack"], one["field"]): one for one in shop.label("lost")["recoveries"]}
    # Five cities of 400 orders each: none is told apart; the mask leaves b0 … b9, one of which is one person's.
    assert (found["frequency", "city"]["values"], found["frequency", "city"]["recovered"]) == (5, 0)
    assert found["surrogates", "mobile"]["values"] == 100
    assert found["surrogates", "mobile"]["recovered"] < 5
    assert found["intervals", "date"]["values"] > 900
    assert found["mask", "buyer"]["values"] == 1_000
    tests = named_tests(shop.label("lost"))
    assert tests["keyless:city"]["passed"]
    assert "mask:buyer" not in tests


WITHIN = (
    HEAD
    + """
  report:
    purpose: test
    sharing: enclave
    fields: {city: keep, date: %s, amount: {generalize: {bins: [50, 100, 200], level: 0}}, category: keep}
    attackers:
      courier: {knows: [city, date, amount], table: known.parquet, within: {date: 2d, amount: 5}}
"""
)


@pytest.mark.parametrize(
    ("action", "sql"),
    [
        ("keep", "abs(date_diff('day', k.date, r.date)) <= 2"),
        (
            "{generalize: {calendar: [week], level: week}}",
            "date_trunc('week', r.date) BETWEEN date_trunc('week', k.date - INTERVAL 2 DAY) "
            "AND date_trunc('week', k.date + INTERVAL 2 DAY)",
        ),
    ],
    ids=["keep", "week"],
)
def test_an_attacker_who_knows_nearly_is_as_dangerous_as_sql_says(shop, action, sql):
    duckdb = pytest.importorskip("duckdb")
    orders = pq.read_table(shop.folder / "orders.parquet")
    random = np.random.default_rng(2)
    rows = random.choice(ROWS, 200, replace=False)
    known = orders.take(pa.array(rows)).select(["buyer", "city", "date", "amount"])
    off = random.integers(-2, 3, 200)
    dates = [one + datetime.timedelta(int(by)) for one, by in zip(known["date"].to_pylist(), off, strict=True)]
    amounts = known["amount"].to_numpy() + random.uniform(-5, 5, 200)
    known = known.set_column(2, "date", pa.array(dates)).set_column(3, "amount", pa.array(amounts))
    pq.write_table(known, shop.folder / "known.parquet")
    shop.run(WITHIN % action)
    (attack,) = (one for one in shop.label("report")["attacks"] if one["name"] == "attacker:courier")
    database = duckdb.connect()
    database.register("r", orders)
    database.register("k", known)
    # Released bins stand for the amounts that are there: from the least to the greatest in each.
    people, linked, rightly = database.execute(f"""
        WITH b AS (SELECT *, (amount >= 50)::INT + (amount >= 100)::INT + (amount >= 200)::INT AS bin FROM r),
        s AS (SELECT *, min(amount) OVER (PARTITION BY bin) AS low, max(amount) OVER (PARTITION BY bin) AS high FROM b),
        n AS (SELECT row_number() OVER () AS i, * FROM k),
        m AS (SELECT k.i, k.buyer AS me, count(DISTINCT r.buyer) AS c, min(r.buyer) AS whom FROM n AS k JOIN s AS r
              ON k.city = r.city AND {sql} AND r.low <= k.amount + 5 AND r.high >= k.amount - 5 GROUP BY ALL)
        SELECT (SELECT count(DISTINCT buyer) FROM k), count(DISTINCT me) FILTER (c = 1),
               count(DISTINCT me) FILTER (c = 1 AND whom = me) FROM m""").fetchall()[0]
    assert (attack["subjects"], attack["linked"], attack["linked_rightly"]) == (people, linked, rightly)
    assert sorted(attack["on"]) == ["amount", "city", "date"]
    assert attack["candidates"]["subjects"] <= people


NOTED = (
    HEAD
    + """
  report:
    purpose: test
    sharing: enclave
    fields: {city: keep, category: keep}
    attackers:
      courier: {knows: [city], table: known.csv%s}
"""
)


def test_an_attackers_table_may_say_how_it_is_written(shop, capsys):
    """A total at its end is no person; before, nobody could say so."""
    cities = pq.read_table(shop.folder / "orders.parquet")["city"].to_pylist()[:50]
    (shop.folder / "known.csv").write_text("\n".join(["city,note", *(f"{city},n" for city in cities), "Total,50", ""]))
    shop.run(NOTED % "", code=3)
    assert "known.csv: one of the last rows looks like a total" in capsys.readouterr().err
    shop.run(NOTED % ", input: {footer: 1}", "other")
    (attack,) = (one for one in shop.label("report", "other")["attacks"] if one["name"] == "attacker:courier")
    assert attack["subjects"] == 50


EARLIER = (
    HEAD
    + """
  report:
    purpose: test
    sharing: enclave
    fields: {city: keep, date: {generalize: {calendar: [week, month], level: %s}}, amount: keep}
    attackers:
      archive: {release: may/report}
"""
)


def test_an_earlier_release_is_joined_where_both_say_the_same(shop):
    shop.run((EARLIER % "week").replace("    attackers:\n      archive: {release: may/report}\n", ""), "may")
    shop.run(EARLIER % "week")
    (attack,) = (one for one in shop.label("report")["attacks"] if one["name"] == "attacker:archive")
    source = next(one for one in shop.label("report")["attacks"] if one["name"] == "source")
    assert attack["subjects"] == ROWS  # each record of the earlier release is a person
    assert attack["share"] > 0.5
    assert source["share"] > 0.5
    shop.run(EARLIER % "month", "other")
    test = named_tests(shop.label("report", "other"))["attacker:archive"]
    assert (test["passed"], test["measured"]) == (False, None)
    assert "date was released otherwise then" in test["detail"]


@pytest.mark.parametrize("harm", ["no folder", "no label", "no document", "no part", "no Parquet"])
def test_an_earlier_release_that_cannot_be_read_is_untested(shop, harm):
    release = shop.folder / "may" / "report"
    if harm != "no folder":
        shop.run((EARLIER % "week").replace("    attackers:\n      archive: {release: may/report}\n", ""), "may")
        part, *_ = release.glob("*.parquet")
        {
            "no label": (release / "label.json").unlink,
            "no part": part.unlink,
            "no document": lambda: (release / "label.json").write_text("{}"),
            "no Parquet": lambda: part.write_text("torn"),
        }[harm]()
    shop.run(EARLIER % "week")
    label = shop.label("report")
    test = named_tests(label)["attacker:archive"]
    assert (test["passed"], test["measured"]) == (False, None)
    assert "may/report cannot be read" in test["detail"]
    assert "put the release back" in test["detail"]
    assert label["label"] == "still_personal"


TWO = (
    HEAD
    + """
  one: {purpose: test, sharing: enclave, fields: {city: keep, date: {generalize: {calendar: [month], level: month}}}%s}
  two: {purpose: test, sharing: enclave, fields: {%s: keep, category: keep}%s}
"""
)


def test_two_releases_are_tested_together_on_what_they_share(shop):
    shop.run(TWO % ("", "city", ""))
    tests = {name: named_tests(shop.label(name)) for name in ("one", "two")}
    one = tests["one"]["composition:two"]
    other = tests["two"]["composition:one"]
    assert one == {**other, "name": one["name"]}
    assert (one["line"], one["passed"], one["measured"], one["limit"]) == (8, True, 200, 3)
    assert "city" in one["detail"]
    shop.run(TWO % ("", "amount", ""), "apart")  # every record is in both, and nothing else do they share
    assert named_tests(shop.label("one", "apart"))["composition:two"]["measured"] == 1_000
    shop.run("register: none\n" + TWO % ("", "buyer", ", expect: still_personal"), "personal")
    assert not [test for name in ("one", "two") for test in shop.label(name, "personal")["tests"] if test["line"] == 8]


def test_the_policy_says_what_a_point_of_a_history_is_and_which_chance_is_too_much(shop):
    policy = (
        HEAD
        + """
  members:
    purpose: test
    sharing: enclave
    history: [city]
    require: {history: 0.01}
    fields: {buyer: hash, city: keep, category: keep, amount: keep}
"""
    )
    shop.run(policy)
    label = shop.label("members")
    # Everybody shares a city with 199 others, however many points of it are known.
    assert [point["share"] for point in label["history"]] == [0.0]
    assert named_tests(label)["history"]["passed"]
    assert named_tests(label)["history"]["limit"] == 0.01
    shop.run(policy.replace("history: [city]", "history: [amount]"), "other")
    assert not named_tests(shop.label("members", "other"))["history"]["passed"]


def test_a_label_tells_on_request_which_attributes_do_the_harm(shop):
    policy = (
        HEAD
        + """
  report:
    purpose: test
    sharing: enclave
    combinations: 2
    fields: {city: keep, date: {generalize: {calendar: [day, month]}}, amount: keep}
"""
    )
    shop.run(policy)
    label = shop.label("report")
    sets = {tuple(one["fields"]): one["unique_subjects"] for one in label["combinations"]}
    assert sets["city",] == 0
    assert sets["amount",] > 500
    assert {("city", "date"), ("city", "amount"), ("date", "amount")} <= {tuple(sorted(one)) for one in sets} | set(
        sets
    )
    assert max(label["contributions"], key=label["contributions"].get) == "amount"
    shop.run(policy.replace("    combinations: 2\n", ""), "none")
    assert shop.label("report", "none")["combinations"] == []


def test_closeness_may_follow_the_order_of_numbers(shop):
    policy = (
        HEAD.replace("amount: {role: quasi_identifier,", "amount: {role: sensitive,")
        + """
  report:
    purpose: test
    sharing: enclave
    require: {t: {amount: %s}}
    fields: {city: keep, amount: keep}
"""
    )
    shop.run(policy % "1.0")
    shop.run(policy % "{max: 0.2, distance: ordered}", "ordered")
    plain, ordered = (shop.label("report", out)["risk"]["t"]["amount"] for out in ("out", "ordered"))
    # Every amount is another: alone they are all far apart, but each city has large ones and small ones.
    assert plain > 0.7
    assert 0 < ordered < 0.1
    assert named_tests(shop.label("report", "ordered"))["t:amount"]["passed"]


def test_closeness_may_follow_a_hierarchy(shop):
    policy = (
        HEAD.replace("city: {role: quasi_identifier,", "city: {role: sensitive,")
        + """
  report:
    purpose: test
    sharing: enclave
    require: {t: {city: %s}}
    fields: {city: keep, category: keep}
"""
    )
    shop.run(policy % "1.0")
    shop.run(policy % "{max: 0.5, distance: hierarchical, hierarchy: cn_divisions}", "tree")
    plain, tree = (shop.label("report", out)["risk"]["t"]["city"] for out in ("out", "tree"))
    assert 0 <= tree <= plain
