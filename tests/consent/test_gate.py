"""Who passes the consent gate: by rule, case by case, and beside two oracles."""

import datetime
import tempfile
from collections import Counter
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.clock import moment_of
from beam_deid.transforms.errors import InputError, PolicyError

from ..kit.gated import gated
from .ledgers import PURPOSE, policy, write

HEADER = "subject,purpose,granted,withdrawn,time"
JUNE = moment_of("2026-06-01T00:00:00+08:00")


def at(text):
    return moment_of(f"{text}+08:00")


def orders(*buyers, **more):
    return pa.table({"buyer": pa.array(buyers, pa.string()), "city": ["X"] * len(buyers), **more})


def decided(tmp_path, rows, as_of=JUNE, buyer="a", header=HEADER, **consent):
    """The reason for which an order of a buyer is withheld; None where it passes."""
    ledger = write(tmp_path / "ledger.csv", header, rows)
    passed, withheld = gated(tmp_path, policy(ledger, **consent), orders(buyer), as_of)
    assert len(passed) + withheld.total() == 1
    return next(iter(withheld), None)


OTHER = ("z", PURPOSE, "是", None, "2026-01-01 10:00:00")
CASES = [
    ("granted", [("a", PURPOSE, "是", None, "2026-05-01 10:00:00")], None),
    ("granted in words of English", [("a", PURPOSE, "true", "false", "2026-05-01 10:00:00")], None),
    ("unknown person", [OTHER], "no_consent"),
    ("another purpose", [OTHER, ("a", "分析", "是", None, "2026-05-01 10:00:00")], "no_consent"),
    ("refused", [("a", PURPOSE, "否", None, "2026-05-01 10:00:00")], "no_consent"),
    ("granted later", [("a", PURPOSE, "是", None, "2026-06-02 10:00:00")], "no_consent"),
    ("granted nobody knows when", [("a", PURPOSE, "是", None, None)], "no_consent"),
    ("granted at no real time", [("a", PURPOSE, "是", None, "2026-13-45")], "no_consent"),
    ("unreadable", [("a", PURPOSE, "???", None, "2026-05-01 10:00:00")], "no_consent"),
    (
        "withdrawn later",
        [
            ("a", PURPOSE, "是", None, "2026-05-01 10:00:00"),
            ("a", PURPOSE, None, "是", "2026-05-02 10:00:00"),
        ],
        "withdrawn",
    ),
    (
        "withdrawn at the same time",
        [
            ("a", PURPOSE, None, "是", "2026-05-01 10:00:00"),
            ("a", PURPOSE, "是", None, "2026-05-01 10:00:00"),
        ],
        "withdrawn",
    ),
    (
        "withdrawn on the same day, which has no hour",
        [("a", PURPOSE, None, "是", "2026-05-01"), ("a", PURPOSE, "是", None, "2026-05-01 10:00:00")],
        "withdrawn",
    ),
    (
        "granted again",
        [
            ("a", PURPOSE, "是", None, "2026-05-03 10:00:00"),
            ("a", PURPOSE, "是", None, "2026-05-01 10:00:00"),
            ("a", PURPOSE, None, "是", "2026-05-02 10:00:00"),
        ],
        None,
    ),
    (
        "withdrawn nobody knows when",
        [("a", PURPOSE, "是", None, "2026-05-01 10:00:00"), ("a", PURPOSE, None, "是", None)],
        "withdrawn",
    ),
    (
        "withdrawn in a way that nobody can read",
        [("a", PURPOSE, "是", None, "2026-05-01 10:00:00"), ("a", PURPOSE, None, "??", "2026-01-01 10:00:00")],
        "withdrawn",
    ),
    (
        "withdrawn for all purposes",
        [("a", PURPOSE, "是", None, "2026-05-01 10:00:00"), ("a", None, None, "是", "2026-05-02 10:00:00")],
        "withdrawn",
    ),
    ("granted for all purposes", [OTHER, ("a", None, "是", None, "2026-05-01 10:00:00")], "no_consent"),
    (
        "withdrawn after the time that is asked",
        [("a", PURPOSE, "是", None, "2026-05-01 10:00:00"), ("a", PURPOSE, None, "是", "2026-06-02 10:00:00")],
        None,
    ),
    ("granted twice", [("a", PURPOSE, "是", None, "2026-05-01 10:00:00")] * 2, None),
    ("one row says both", [("a", PURPOSE, "是", "是", "2026-05-01 10:00:00")], "withdrawn"),
    ("both have times of their own", [("a", PURPOSE, "2026-05-01 10:00:00", "2026-04-01 10:00:00", None)], None),
    (
        "the flag is older than the grant",
        [("a", PURPOSE, "2026-05-01 10:00:00", "是", "2026-04-01 10:00:00")],
        "withdrawn",
    ),
    ("another spelling of the person", [(" Ａ ", PURPOSE, "是", None, "2026-05-01 10:00:00")], None),
    ("another spelling of the purpose", [("a", " 會員營銷 ", "是", None, "2026-05-01 10:00:00")], None),
]


@pytest.mark.parametrize(("rows", "reason"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_record_passes_where_the_latest_word_of_its_person_is_a_grant(tmp_path, rows, reason):
    assert decided(tmp_path, rows) == reason


@pytest.mark.parametrize(
    ("time", "reason"),
    [
        ("2026-04-30 23:59:59", "no_consent"),
        ("2026-05-01 10:00:00", None),
        ("2026-05-02 09:59:59", None),
        ("2026-05-02 10:00:00", "withdrawn"),
        ("2026-05-03 10:00:00", None),
    ],
)
def test_what_counts_is_the_time_that_is_asked(tmp_path, time, reason):
    rows = [
        ("a", PURPOSE, "是", None, "2026-05-01 10:00:00"),
        ("a", PURPOSE, None, "是", "2026-05-02 10:00:00"),
        ("a", PURPOSE, "是", None, "2026-05-03 10:00:00"),
    ]
    assert decided(tmp_path, rows, at(time.replace(" ", "T"))) == reason


def test_a_withdrawal_by_clocks_of_no_known_zone_counts_at_once(tmp_path):
    rows = [("a", PURPOSE, "是", None, "2026-05-01 10:00:00"), ("a", PURPOSE, None, "是", "2026-06-01 07:00:00")]
    assert decided(tmp_path, rows, moment_of("2026-06-01T00:00:00Z"), input={}) == "withdrawn"


def test_a_record_without_a_person_is_withheld(tmp_path):
    assert decided(tmp_path, [OTHER], buyer=None) == "no_person"


def test_a_scope_must_be_the_one_that_is_asked(tmp_path):
    header = f"{HEADER},scope"
    rows = [("a", PURPOSE, "是", None, "2026-05-01 10:00:00", "短信")]
    assert decided(tmp_path, rows, header=header, scope="短信") is None
    rows.append(("z", PURPOSE, "是", None, "2026-05-01 10:00:00", "电话"))
    assert decided(tmp_path, rows, header=header, scope="电话") == "no_consent"
    rows.append(("a", PURPOSE, None, "是", "2026-05-02 10:00:00", None))
    assert decided(tmp_path, rows, header=header, scope="短信") == "withdrawn"


CHILD = "2015-03-01"
GROWN = "1990-03-01"


@pytest.mark.parametrize(
    ("born", "rows", "reason"),
    [
        (CHILD, [("a", PURPOSE, "是", None, "2026-05-01 10:00:00", None)], "no_guardian"),
        (CHILD, [("a", PURPOSE, "是", None, "2026-05-01 10:00:00", "是")], None),
        (GROWN, [("a", PURPOSE, "是", None, "2026-05-01 10:00:00", None)], None),
        (GROWN, [("a", PURPOSE, "是", None, "2026-05-01 10:00:00", "是")], "no_consent"),
        (None, [("a", PURPOSE, "是", None, "2026-05-01 10:00:00", "是")], None),
        (None, [("a", PURPOSE, "是", None, "2026-05-01 10:00:00", None)], "unknown_age"),
        (None, [("a", PURPOSE, "否", None, "2026-05-01 10:00:00", None)], "no_consent"),
        ("2012-06-01", [("a", PURPOSE, "是", None, "2026-05-01 10:00:00", None)], None),
        ("2012-06-02", [("a", PURPOSE, "是", None, "2026-05-01 10:00:00", None)], "no_guardian"),
        (
            CHILD,
            [
                ("a", PURPOSE, "是", None, "2026-05-01 10:00:00", "是"),
                ("a", PURPOSE, None, "是", "2026-05-02 10:00:00", None),
            ],
            "withdrawn",
        ),
    ],
)
def test_of_a_person_under_14_the_guardian_consents(tmp_path, born, rows, reason):
    ledger = write(tmp_path / "ledger.csv", f"{HEADER},监护人", rows)
    made = policy(ledger, {"born": {"role": "quasi_identifier", "kind": "date"}}, born="born")
    records = orders("a", born=pa.array([born], pa.string()))
    passed, withheld = gated(tmp_path, made, records, JUNE)
    assert (passed, reason) == ([0], None) or ([], {reason: 1}) == (passed, dict(withheld))


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (["否"], None),
        (["no"], None),
        ([""], "unknown_age"),
        (["?"], "no_guardian"),
        (["是"], "no_guardian"),
        (["否", "是"], "no_guardian"),
        (["是", "否"], "no_guardian"),
        (["", "否"], None),
    ],
)
def test_whose_birth_a_record_does_not_say_is_of_age_only_where_the_ledger_says_so(tmp_path, said, reason):
    rows = [("a", PURPOSE, "是", None, "2026-05-01 10:00:00", word) for word in said]
    ledger = write(tmp_path / "ledger.csv", f"{HEADER},未满十四周岁", rows)
    made = policy(ledger, {"born": {"role": "quasi_identifier", "kind": "date"}}, born="born")
    records = orders("a", "a", "a", born=pa.array([CHILD, None, GROWN], pa.string()))
    passed, withheld = gated(tmp_path, made, records, JUNE)
    assert 0 not in passed
    assert 2 in passed
    assert (1 in passed) == (reason is None)
    assert withheld == {"no_guardian": 1} | ({} if reason is None else {reason: 1 + (reason == "no_guardian")})


def test_an_identity_number_and_the_ledgers_own_mark_tell_a_child(tmp_path):
    ledger = write(tmp_path / "ledger.csv", HEADER, [("a", PURPOSE, "是", None, "2026-05-01 10:00:00")])
    made = policy(ledger, {"card": {"role": "direct_identifier", "kind": "id_card"}}, born="card")
    cards = ["11010520150307001X", "110105199003070012"]
    from beam_deid.transforms.recognisers.id_card import CHECKS, WEIGHTS

    real = [card[:17] + CHECKS[sum(int(d) * w for d, w in zip(card[:17], WEIGHTS, strict=True)) % 11] for card in cards]
    passed, withheld = gated(tmp_path, made, orders("a", "a", card=real), JUNE)
    assert (passed, withheld) == ([1], {"no_guardian": 1})
    rows = [("a", PURPOSE, "是", None, "2026-05-01 10:00:00", "是")]
    assert decided(tmp_path, rows, header=f"{HEADER},未满十四周岁") == "no_guardian"


@pytest.mark.parametrize("made_by", [{"tokenize": {"domain": "customer"}}, {"hash": {"domain": "customer"}}])
def test_a_ledger_may_hold_tokens_of_the_same_domain(tmp_path, made_by):
    from beam_deid.transforms.policy.reader import policy_from_mapping
    from beam_deid.transforms.run.job import Job

    ledger = tmp_path / "ledger.csv"
    made = policy(ledger, keyed=made_by)
    write(ledger, HEADER, [OTHER])
    parsed = policy_from_mapping(made)
    action = parsed.releases["crm"].consent.keyed
    tokens = action.bind(parsed.target("crm", "buyer"), Job(parsed, ("crm",)).keys)(pa.array(["a", "b"]), None).values
    rows = [
        (tokens[0].as_py(), PURPOSE, "是", None, "2026-05-01 10:00:00"),
        ("a", PURPOSE, "是", None, "2026-05-01 10:00:00"),
    ]
    write(ledger, HEADER, rows)
    assert gated(tmp_path, made, orders("a", "b", "c"), JUNE) == ([0], {"no_consent": 2})
    other = policy(ledger, keyed={next(iter(made_by)): {"domain": "another"}})
    assert gated(tmp_path, other, orders("a", "b"), JUNE) == ([], {"no_consent": 2})


event = st.tuples(st.sampled_from("abc"), st.booleans(), st.integers(1, 6))


@given(st.lists(event, min_size=1, max_size=12), st.integers(0, 7), st.randoms())
def test_the_gate_is_a_walk_through_each_persons_events(events, hour, chance):
    state = {}
    for person, grants, _ in sorted((e for e in events if e[2] <= hour), key=lambda e: (e[2], not e[1])):
        state[person] = (
            "granted" if grants else ("withdrawn" if person in state and state[person] != "never" else "never")
        )
    shuffled = list(events)
    chance.shuffle(shuffled)
    rows = [
        (who, PURPOSE, "是" if grants else None, None if grants else "是", f"2026-05-01 0{when}:30:00")
        for who, grants, when in shuffled
    ]
    with tempfile.TemporaryDirectory() as folder:
        ledger = write(Path(folder, "ledger.csv"), HEADER, rows)
        passed, withheld = gated(Path(folder), policy(ledger), orders(*"abc"), at(f"2026-05-01T0{hour}:30:00"))
    expected = Counter(
        {"granted": "", "withdrawn": "withdrawn"}.get(state.get(who, "never"), "no_consent") for who in "abc"
    )
    assert [len(passed), withheld] == [expected.pop("", 0), expected]


def a_large_ledger(tmp_path, people, rows):
    """Random events of many people, in Parquet, with rows that say nothing."""
    chance = np.random.default_rng(7)
    hours = chance.integers(0, 24 * 300, rows)
    start = np.datetime64("2026-01-01T00:30:00")
    grants = chance.random(rows) < 0.7
    table = pa.table(
        {
            "subject": pa.array([f"B{number}" for number in chance.integers(0, people, rows)]),
            "purpose": pa.array(np.where(chance.random(rows) < 0.8, PURPOSE, "分析")),
            "granted": pa.array(grants, mask=~grants),
            "withdrawn": pa.array(~grants, mask=grants),
            "time": pa.array(start + hours.astype("timedelta64[h]"), mask=chance.random(rows) < 0.02),
        }
    )
    pq.write_table(table, tmp_path / "ledger.parquet")
    return tmp_path / "ledger.parquet"


ORACLE = """
with event as (
    select lower(subject) as person, withdrawn is true as is_end,
           case when withdrawn is true then coalesce(time, timestamp '9999-01-01') else time end as moment
    from ledger where purpose = '会员营销' and (time <= $now or (withdrawn is true and time is null))
), person as (
    select person, max(moment) filter (not is_end) as granted, max(moment) filter (is_end) as ended from event group by person
)
select count(*) filter (granted > coalesce(ended, timestamp '0001-01-01')) as passed,
       count(*) filter (granted is not null and granted <= ended) as withdrawn,
       sum(n) filter (granted > coalesce(ended, timestamp '0001-01-01')) as numbers
from (select lower(buyer) as person, row_number() over () - 1 as n from orders) left join person using (person)
"""


@pytest.mark.parametrize("day", ["2026-02-01", "2026-07-15", "2026-12-31"])
def test_the_right_orders_pass_as_duckdb_says(tmp_path, day):
    ledger = a_large_ledger(tmp_path, 3_000, 12_000)
    chance = np.random.default_rng(3)
    records = orders(*(f"b{number}" for number in chance.integers(0, 3_500, 20_000)))
    found = duckdb.connect()
    found.register("ledger", pq.read_table(ledger))
    found.register("orders", records)
    now = datetime.datetime.fromisoformat(day)
    passed, withdrawn, numbers = found.execute(ORACLE, {"now": now}).fetchone()
    rows, withheld = gated(tmp_path, policy(ledger), records, moment_of(f"{day}T00:00:00+08:00"))
    assert 0 < passed < len(records)
    assert (len(rows), sum(rows), withheld["withdrawn"]) == (passed, numbers, withdrawn)
    assert len(rows) + withheld.total() == len(records)


@pytest.mark.parametrize(
    ("header", "rows", "what"),
    [
        ("subject,purpose,time", [("a", PURPOSE, "2026-01-01")], "lacks the column granted"),
        ("who,purpose,granted,time", [("a", PURPOSE, "是", "2026-01-01")], "lacks the column subject"),
        (f"{HEADER},会员号", [("a", PURPOSE, "是", None, None, "a")], "two columns of the ledger may be its subject"),
        (HEADER, [("a", "其他", "是", None, "2026-01-01")], "no row of the ledger is about the purpose"),
        (HEADER, [], "the ledger has no row"),
    ],
)
def test_a_ledger_that_cannot_say_who_consented_stops_the_run(tmp_path, header, rows, what):
    with pytest.raises(InputError, match=what):
        decided(tmp_path, rows, header=header)


def test_a_ledger_that_is_not_there_stops_the_run(tmp_path):
    with pytest.raises(PolicyError, match="no file matches this ledger"):
        gated(tmp_path, policy(tmp_path / "nowhere.csv"), orders("a"), JUNE)


def test_columns_may_be_called_anything(tmp_path):
    rows = [("a", PURPOSE, "是", "2026-05-01 10:00:00")]
    columns = {"subject": "谁", "purpose": "为何", "granted": "可否", "time": "何时"}
    assert decided(tmp_path, rows, header="谁,为何,可否,何时", columns=columns) is None
