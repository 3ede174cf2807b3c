"""What releases of several runs say together, against sets made row by row: see `by_hand`."""

import random
from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from beam_deid.transforms.past import collecting as seeing
from beam_deid.transforms.past import known_records as knowing_again
from beam_deid.transforms.register.document import State
from beam_deid.transforms.terms import LabelName

from ..kit.examples import examples
from ..kit.policies import policy, release, roles
from .by_hand import Figures, Given, lines_of, related
from .chain import Chain

FIELDS = roles(direct="buyer mobile", quasi="city age:integer", sensitive="item pay", insensitive="order")
QUASI = ("city", "age")
SENSITIVE = ("item", "pay")
BOTH = FIELDS | {"item": {"role": ["quasi_identifier", "sensitive"]}}
LEAST = {"enclave": 3, "controlled": 5, "public": 20}
SAFE = {"controls": "high", "motive": "low", "prevalence": 0.0001, "acquaintances": 1, "security": "high"}
"""Where so little is known of anybody that small groups are no risk of themselves, and other lines decide."""
SLOW = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}


def kept(fields, width):
    """How fields are given out: the age in ranges of a width, or of one of several."""
    ranges = {"ranges": [width], "start": 0, "level": 0} if isinstance(width, int) else {"ranges": [*width], "start": 0}
    return {name: {"generalize": ranges} if name == "age" else "keep" for name in fields}


def asked(releases, *, fields=FIELDS, **top):
    """A policy of releases, each given as sharing, fields, width of ages and the share that may be suppressed."""
    made = {
        name: release(
            sharing,
            "",
            kept(out, width),
            require={"suppression": share},
            **({} if sharing == "public" else {"environment": SAFE}),
        )
        for name, (sharing, out, width, share) in releases.items()
    }
    return policy(fields, top={"record": "order", **top}, **made)


@st.composite
def releases(draw):
    """One release or two: which columns, at which level of ages, to whom, and how much may be suppressed."""
    made = {}
    for name in draw(st.sampled_from(["a", "a", "ab"])):
        out = [one for one in (*QUASI, *SENSITIVE) if draw(st.integers(0, 3))] or ["age"]
        sharing = draw(st.sampled_from(["enclave"] * 4 + ["controlled"] * 2 + ["public"]))
        made[name] = (
            sharing,
            out,
            draw(st.sampled_from([1, 2, 3, 4, 6, (1, 3, 6)])),
            draw(st.sampled_from([0.0, 0.3, 1.0, 1.0])),
        )
    return made


@st.composite
def people(draw):
    """How a source is made: how many orders, how much is missing or shared, and what changes from run to run."""
    share = st.sampled_from([0.0, 0.0, 0.1, 0.4])
    return {
        "seed": draw(st.integers(0, 1 << 20)),
        "orders": draw(st.integers(10, 150)),
        "buyers": draw(st.integers(6, 120)),
        "cities": draw(st.integers(1, 2)),
        "ages": draw(st.sampled_from([2, 6, 12])),
        "items": draw(st.integers(1, 3)),
        "no_buyer": draw(share),
        "no_mobile": draw(share),
        "shared_mobile": draw(share),
        "no_item": draw(share),
        "go": draw(share),
        "come": draw(share),
        "change": draw(share),
        "line": draw(share),
        "other_buyer": draw(share),
        "no_order": draw(st.sampled_from([0.0, 0.0, 0.0, 0.1, 1.0])),
        "same_order": draw(st.sampled_from([0.0, 0.0, 0.0, 0.1])),
    }


class Source:
    """Orders that change from month to month. Each is one row, or several."""

    def __init__(self, made):
        self._made = made
        self._random = random.Random(made["seed"])
        self._next = 0
        self._mobiles = {}
        self._rows = {}
        self._add(made["orders"])

    def month(self):
        """The orders as they are now, in any order."""
        rows = [row for lines in self._rows.values() for row in lines]
        self._random.shuffle(rows)
        return rows

    def pass_(self):
        """Let a month pass."""
        for order in list(self._rows):
            if self._happens("go"):
                del self._rows[order]
            elif self._happens("change"):
                self._rows[order] = [self._row(order, row["buyer"], row["mobile"]) for row in self._rows[order]]
            elif self._happens("other_buyer"):
                buyer, mobile = self._person()
                self._rows[order] = [row | {"buyer": buyer, "mobile": mobile} for row in self._rows[order]]
        self._add(round(self._made["orders"] * self._made["come"]))

    def _add(self, count):
        for _ in range(count):
            order = f"o{self._next}"
            self._next += 1
            person = self._person()
            self._rows[order] = [self._row(order, *person) for _ in range(1 + self._happens("line"))]

    def _person(self):
        number = self._random.randrange(self._made["buyers"])
        if number not in self._mobiles:
            self._mobiles[number] = (
                f"m{self._random.randrange(number + 1) if self._happens('shared_mobile') else number}"
            )
        return None if self._happens("no_buyer") else f"u{number}", None if self._happens(
            "no_mobile"
        ) else self._mobiles[number]

    def _row(self, order, buyer, mobile):
        pick = self._random.randrange
        made = self._made
        shown = "o0" if self._happens("same_order") else order
        return {
            "order": None if self._happens("no_order") else shown,
            "buyer": buyer,
            "mobile": mobile,
            "city": f"c{pick(made['cities'])}",
            "age": pick(made["ages"]),
            "item": None if self._happens("no_item") else "ABCabc"[pick(made["items"]) + 3 * pick(2)],
            "pay": "xy"[pick(2)],
        }

    def _happens(self, what):
        return self._random.random() < self._made[what]


TYPES = {"age": pa.int64()}


def table(rows, fields=FIELDS):
    """Rows as a table."""
    return pa.table({name: pa.array([row[name] for row in rows], TYPES.get(name, pa.string())) for name in fields})


def looked_at(name, one, lines=(), together=(), fields=FIELDS):
    """A release for those who look at it by hand."""
    sharing, out, _, _ = one
    sensitive = frozenset(out) & {*SENSITIVE}
    secret = frozenset(field for field in sensitive if fields[field]["role"] == "sensitive")
    return Given(name, lines, tuple(out), sensitive, secret, LEAST[sharing], sharing == "public", frozenset(together))


def given_of(ran, release, plan, together, fields=FIELDS):
    """What a run gave out in a release."""
    return looked_at(ran.names[release], plan[release], lines_of(ran.rows, release), together, fields)


def by_hand(ran, plan, earlier, rows=None, fields=FIELDS):
    """The figures of a run."""
    rows = ran.rows if rows is None else rows
    known = related(earlier, {row.record for row in rows})
    return Figures(rows, {name: looked_at(name, one, fields=fields) for name, one in plan.items()}, known)


def measured(ran):
    """The figures of a run's labels, named as those by hand are."""
    return {
        f"{release}/{name}": test.measured
        for release in ran.decisions
        for name, test in ran.tests(release).items()
        if any(row.left[release] for row in ran.rows)
    }


def enough(value, least):
    """Whether a figure holds; one that cannot be told does not."""
    return value is not None and value >= least


def limit(name, plan, earlier):
    """What the larger of the releases' limits is."""
    release, _, test = name.partition("/")
    kind, other, *_ = test.split(":")
    if kind == "common_values":
        return 2
    ks = {one: LEAST[plan[one][0]] for one in plan}
    if other == "*":
        return max([*ks.values(), *(one.k for one in earlier)])
    return max(ks[release], ks[other] if other in ks else next(one.k for one in earlier if one.name == other))


def judged(ran, plan, earlier, fields=FIELDS):
    """See that a run says of itself what is found by hand, and gives out no more than it may."""
    figures = by_hand(ran, plan, earlier, fields=fields)
    found = measured(ran)
    want = figures.all() if ran.rows else {}
    assert set(found) == set(want)
    most = max([LEAST[one[0]] for one in plan.values()] + [one.k for one in figures.given])
    for name, value in want.items():
        told = ran.tests(name.split("/")[0])[name.split("/")[1]]
        if found[name] is None and "give both out under one name" in told.detail:
            continue  # a column happens to say what a secret of the other one does, which is not looked for by hand
        if "/composition:" in name and None not in (value, found[name]):
            # How many a crowd of earlier releases is exactly is not told: it is enough, whatever is asked.
            assert min(found[name], most) == min(value, most), name
        else:
            assert found[name] == value, name
        test = ran.tests(name.split("/")[0])[name.split("/")[1]]
        assert test.limit == limit(name, plan, figures.given)
        assert test.passed == enough(value, test.limit)
    for one in plan:
        if ran.label(one) is LabelName.ANONYMIZED:
            ours = {name: value for name, value in want.items() if name.startswith(f"{one}/")}
            assert all(enough(value, limit(name, plan, figures.given)) for name, value in ours.items())
    return figures


def suppressed_rightly(ran, plan, earlier, fields=FIELDS):
    """See that no more is suppressed than may be, and nothing where nothing is broken."""
    whole = {
        name: sum(row.whole for row in ran.rows if row.record is not None) for name in plan
    }  # the others are rejected
    left = {name: sum(row.left[name] for row in ran.rows) for name in plan}
    for name, (_, _, _, share) in plan.items():
        assert whole[name] - left[name] <= share * whole[name] + 1e-6
        assert all(now.left[name] <= then.left[name] for now, then in zip(ran.rows, ran.before, strict=True))
    if not ran.rows:
        return False
    before = by_hand(ran, plan, earlier, ran.before, fields)
    broken = [name for name, value in before.all().items() if not enough(value, limit(name, plan, before.given))]
    changed = any(now.left != then.left for now, then in zip(ran.rows, ran.before, strict=True))
    assert broken or not changed
    if changed:
        after = by_hand(ran, plan, earlier, fields=fields)
        assert all(enough(value, limit(name, plan, after.given)) for name, value in after.all().items())
    return changed


@examples(0.5, **SLOW)
@given(people(), st.lists(releases(), min_size=2, max_size=4), st.sampled_from([FIELDS, BOTH]))
def test_the_figures_are_those_found_by_hand(made, plans, fields):
    source = Source(made)
    earlier = []
    with Chain() as chain:
        for plan in plans:
            ran = chain.run(asked(plan, fields=fields), table(source.month()))
            judged(ran, plan, earlier, fields)
            suppressed_rightly(ran, plan, earlier, fields)
            names = [*ran.names.values()]
            known = [one.name for one in related(earlier, {row.record for row in ran.rows})]
            earlier += [given_of(ran, one, plan, [*known, *names], fields) for one in ran.names]
            source.pass_()


def orders(numbers, **columns):
    """One order for each number: its buyer, mobile and whatever else is not said are its own, or all alike."""
    made = {
        "order": lambda at: f"o{at}",
        "buyer": lambda at: f"u{at}",
        "mobile": lambda at: f"m{at}",
        "city": lambda _: "c",
        "age": lambda _: 0,
        "item": lambda at: "ab"[at % 2],
        "pay": lambda at: "xy"[at // 2 % 2],
    } | columns
    return table([{name: made[name](at) for name in FIELDS} for at in numbers])


ONE = {"a": ("enclave", ["age"], 1, 0.0)}


def test_persons_are_told_apart_by_an_identity_that_says_nothing_new_of_this_run_s_records():
    with Chain() as chain:
        chain.run(asked(ONE), orders(range(12), mobile=lambda at: f"m{min(at, 8)}"))
        ran = chain.run(asked(ONE), orders(range(8)))
        # Four that were in the first release and are in this one no more: four buyers with one mobile.
        assert ran.tests("a")["composition:a.1"].measured == 1
        assert ran.label("a") is LabelName.STILL_PERSONAL


def test_persons_are_told_apart_by_an_identity_that_said_nothing_new_when_they_were_given_out():
    with Chain() as chain:
        chain.run(asked(ONE), orders(range(12)))
        assert chain.document.releases[0].identities == ("buyer", "mobile")
        ran = chain.run(
            asked(ONE), orders([*range(8), *range(20, 24)], mobile=lambda at: "m0" if at >= 20 else f"m{at}")
        )
        assert ran.tests("a")["composition:a.1"].measured == 1
        # Four of each release are left: four mobiles of the first, and one of the second.
        ran = chain.run(asked(ONE), orders(range(8)))
        assert ran.tests("a")["composition:a.1"].passed
        assert ran.tests("a")["composition:a.2"].measured == 1


def test_whose_a_record_is_the_last_release_that_has_it_says():
    with Chain() as chain:
        chain.run(asked(ONE), orders(range(10)))
        chain.run(asked(ONE), orders(range(10), buyer=lambda at: "u" if at >= 8 else f"u{at}"))
        ran = chain.run(asked(ONE), orders(range(8)))
        # Of the two orders that are left nobody knows but that one buyer made them.
        assert {test.measured for test in ran.tests("a").values()} == {1}


def test_fields_in_another_order_are_the_same_records():
    with Chain() as chain:
        chain.run(asked(ONE, record=None), orders(range(9)))
        turned = dict(reversed(FIELDS.items()))
        ran = chain.run(asked(ONE, record=None, fields=turned), orders(range(8)))
        assert ran.tests("a")["composition:a.1"].measured == 1


RANGES = {
    2: {"a": ("enclave", ["age"], 2, 0.0)},
    3: {"a": ("enclave", ["age"], 3, 0.0)},
    4: {"a": ("enclave", ["age"], 3, 0.1)},
}


def two_alone(at):
    """Two persons of age 2, whom ages by twos and by threes together tell from all others."""
    return 2 if at < 2 else (0, 1, 4, 5, 3)[at % 5]


@pytest.mark.parametrize("number", [lambda _: None, lambda _: "***"], ids=["none", "masked"])
def test_records_without_a_number_are_rejected(number):
    with Chain() as chain:
        ran = chain.run(asked(RANGES[2]), orders(range(60), order=number))
        assert ran.decisions["a"].records.rejected == 60
        assert ran.label("a") is LabelName.STILL_PERSONAL


def test_records_without_a_number_of_their_own_are_not_known_again():
    with Chain() as chain:
        chain.run(asked(RANGES[2]), orders(range(60), age=two_alone))
        known = chain.run(asked(RANGES[3]), orders(range(60), age=two_alone))
        assert known.tests("a")["composition:a.1"].measured == 2
    with Chain() as chain:
        source = orders(range(60), age=two_alone, order=lambda _: "o")
        assert chain.run(asked(RANGES[2]), source).label("a") is LabelName.ANONYMIZED
        ran = chain.run(asked(RANGES[3]), source)
        assert ran.label("a") is LabelName.STILL_PERSONAL
        assert "no number by which they are known again" in ran.failing("a")["composition:a.1"]


def test_the_others_are_released_without_records_that_have_no_number():
    with Chain() as chain:
        source = orders(range(60), order=lambda at: None if at > 56 else f"o{at}")
        chain.run(asked(RANGES[2]), source)
        ran = chain.run(asked(RANGES[4]), source)
        assert ran.label("a") is LabelName.ANONYMIZED
        assert [row.record for row in ran.rows if not row.left["a"]] == [None] * 3


def test_what_stays_personal_is_tested_with_nothing_and_hinders_nobody():
    both = asked({"a": ("enclave", ["age"], 2, 0.0), "b": ("enclave", ["age"], 2, 0.0)})
    both["releases"]["b"]["expect"] = "still_personal"
    with Chain() as chain:
        chain.run(asked(RANGES[2]), orders(range(12)))
        ran = chain.run(both, orders(range(12)))
        assert ran.tests("a")["composition:a.1"].measured == 12
        assert ran.tests("b") == {}


def test_a_third_run_is_tested_with_two_releases_of_an_earlier_one():
    plan = {"a": ("enclave", ["age", "item"], 2, 0.0), "b": ("controlled", ["age", "pay"], 3, 0.0)}
    with Chain() as chain:
        first = chain.run(asked(plan), orders(range(120), age=lambda at: at % 6))
        assert set(first.tests("a")) == {"composition:b"}
        assert [entry.together for entry in chain.document.releases] == [("b.1",), ("a.1",)]
        third = {"a": ("enclave", ["age", "item", "pay"], 6, 0.0)}
        ran = chain.run(asked(third), orders(range(120), age=lambda at: at % 6))
        earlier = [given_of(first, name, plan, list(first.names.values())) for name in plan]
        judged(ran, third, earlier)
        assert set(ran.tests("a")) == {
            "composition:a.1",
            "composition:b.1",
            "composition:*",
            "common_values:a.1:item",
            "common_values:b.1:pay",
        }


def told(ran):
    """All that a run says of line 8, and what it gives out, whatever the order of its rows."""
    left = Counter()
    for row in ran.rows:
        left.update(
            {repr((name, row.record, row.identities, row.values[name])): count for name, count in row.left.items()}
        )
    return {name: ran.tests(name) for name in ran.decisions}, left


def told_by_all(made, plans, *, compacted=False, shuffled=False, parts=1):
    """The same of several runs, in other circumstances."""
    source = Source(made)
    said = []
    with Chain() as chain:
        for plan in plans:
            rows = source.month()
            if shuffled:
                random.Random(7).shuffle(rows)
            pieces = [table(rows[at::parts]) for at in range(parts)]
            said.append(told(chain.run(asked(plan), *pieces)))
            if compacted:
                chain.compact()
            source.pass_()
    return said


@examples(0.1, **SLOW)
@given(people(), st.lists(releases(), min_size=2, max_size=3))
def test_the_order_of_rows_and_how_they_are_read_change_nothing(made, plans):
    want = told_by_all(made, plans)
    assert told_by_all(made, plans, shuffled=True, parts=2) == want
    assert told_by_all(made, plans, compacted=True) == want
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seeing, "ROWS", 7)
        patch.setattr(knowing_again, "ROWS", 7)
        assert told_by_all(made, plans) == want


def broken_register(chain, how):
    """Make an earlier release one that cannot be compared, and return what is said of that."""
    (file,) = chain.tables()
    if how == "missing":
        file.unlink()
        return "a table of the register cannot be used"
    if how == "shorter":
        file.write_bytes(file.read_bytes()[:-1])
        return "its size is not what the register says"
    if how == "damaged":
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 1
        file.write_bytes(data)
        return "its hash is not what the register says"
    if how == "none":
        chain.change("a.1", table=None)
        return "the register has no fingerprints of it"
    if how == "record":
        chain.change("a.1", record="columns:0123456789abcdef")
        return "its records are known by all their columns, of the types that they have, and this run's by order"
    chain.change("a.1", identities=("mobile", "buyer"))
    return "its persons are told by mobile, buyer, and those of this run by buyer"


@pytest.mark.parametrize("how", ["missing", "shorter", "damaged", "none", "record", "subject"])
@pytest.mark.parametrize("numbers", [range(12), range(20, 32)], ids=["same", "others"])
def test_a_release_that_cannot_be_compared_fails_the_test_with_it(how, numbers):
    with Chain() as chain:
        chain.run(asked(ONE), orders(range(12)))
        why = broken_register(chain, how)
        ran = chain.run(asked(ONE), orders(numbers))
        assert set(ran.failing("a")) == {"composition:a.1"}
        assert why in ran.failing("a")["composition:a.1"]
        assert ran.label("a") is LabelName.STILL_PERSONAL


def test_beside_a_release_that_cannot_be_compared_others_are():
    with Chain() as chain:
        chain.run(asked(ONE), orders(range(12)))
        broken_register(chain, "missing")
        chain.run(asked(ONE), orders(range(12)))
        ran = chain.run(asked(ONE), orders(range(11)))
        assert ran.tests("a")["composition:a.1"].measured is None
        assert ran.tests("a")["composition:a.2"].measured == 1


def test_records_known_by_a_field_are_not_those_known_by_all_columns_nor_the_other_way_round():
    for before, after in (("order", None), (None, "order"), ("order", "pay")):
        with Chain() as chain:
            chain.run(asked(ONE, record=before), orders(range(12)))
            ran = chain.run(asked(ONE, record=after), orders(range(12)))
            assert "its records are known by" in ran.failing("a")["composition:a.1"]


def test_another_subject_has_other_persons():
    with Chain() as chain:
        chain.run(asked(ONE), orders(range(12)))
        ran = chain.run(asked(ONE, subject="mobile"), orders(range(12)))
        assert "its persons are told by buyer" in ran.failing("a")["composition:a.1"]
        chain.run(asked(ONE, subject="each_record"), orders(range(12)))


def test_releases_of_other_records_and_those_nobody_has_are_not_tested():
    with Chain() as chain:
        chain.run(asked(ONE), orders(range(12)))
        ran = chain.run(asked(ONE), orders(range(12, 24)))
        assert (ran.tests("a"), ran.past.disjoint) == ({}, ("a.1",))
        chain.change("a.2", state=State.FORGOTTEN)
        ran = chain.run(asked(ONE), orders(range(20, 24)), registered=False)
        assert ran.tests("a") == {}
        chain.change("a.1", state=State.SUPERSEDED)
        ran = chain.run(asked(ONE), orders(range(11)))
        assert ran.tests("a")["composition:a.1"].measured == 1


def test_where_each_record_is_a_person_those_that_only_others_have_are_persons_too():
    fields = roles(quasi="city age:integer", sensitive="item pay", insensitive="order buyer mobile")
    each = {"subject": "each_record", "fields": fields}
    with Chain() as chain:
        chain.run(asked(ONE, **each), orders(range(12)))
        ran = chain.run(asked(ONE, **each), orders(range(11)))
        assert ran.tests("a")["composition:a.1"].measured == 1
        ran = chain.run(asked(ONE, **each), orders(range(8)), registered=False)
        assert ran.tests("a")["composition:a.1"].measured == 3  # four, of whom a crowd of three need be told apart
        twice = chain.run(asked(ONE, **each), orders([*range(12), *range(12)]))
        assert twice.tests("a")["composition:a.1"].measured is None


def test_by_an_identity_that_was_not_counted_then_others_are_nobody():
    before = roles(direct="buyer", quasi="city age:integer", sensitive="item pay", insensitive="order mobile")
    with Chain() as chain:
        chain.run(asked(ONE, fields=before), orders(range(12), mobile=lambda at: f"m{min(at, 8)}"))
        every = chain.run(asked(ONE), orders(range(12)), registered=False)
        assert every.label("a") is LabelName.ANONYMIZED
        ran = chain.run(asked(ONE), orders(range(8)))
        assert ran.tests("a")["composition:a.1"].measured == 0
        assert ran.label("a") is LabelName.STILL_PERSONAL


def test_numbers_of_another_kind_may_be_spelt_otherwise_and_are_not_compared():
    of_a_kind = FIELDS | {"order": {"role": "insensitive", "kind": "tracking_number"}}
    with Chain() as chain:
        spelt = {"order": lambda at: f"AB-{at} 34"}
        chain.run(asked(ONE), orders(range(12), **spelt))
        ran = chain.run(asked(ONE, fields=of_a_kind), orders(range(11), **spelt))
        assert "by order, and this run's by order as tracking_number" in ran.failing("a")["composition:a.1"]
        assert ran.label("a") is LabelName.STILL_PERSONAL
        again = chain.run(asked(ONE, fields=of_a_kind), orders(range(10), **spelt))
        assert again.tests("a")["composition:a.2"].measured == 1
