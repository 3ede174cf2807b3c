"""What releases of several runs say together, against sets made row by row: see `by_hand`."""

import random
from dataclasses import replace

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from beam_deid.transforms.records import past
from beam_deid.transforms.terms import LabelName

from ..label.cases.kit import policy, release, roles
from .by_hand import Figures, Given, lines_of, persons_of, related
from .chain import Chain

FIELDS = roles(direct="buyer mobile", quasi="city age:integer", sensitive="item pay", insensitive="order")
QUASI, SENSITIVE = ("city", "age"), ("item", "pay")
LEAST = {"enclave": 3, "controlled": 5}
SAFE = {"controls": "high", "motive": "low", "prevalence": 0.0001, "acquaintances": 1, "security": "high"}
"""Where so little is known of anybody that small groups are no risk of themselves, and other lines decide."""
SLOW = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}


def kept(fields, width):
    """How fields are given out: the age in ranges."""
    return {name: {"generalize": {"ranges": [width], "start": 0, "level": 0}} if name == "age" else "keep" for name in fields}


def asked(releases, *, fields=FIELDS, **top):
    """A policy of releases, each given as sharing, fields, width of ages and the share that may be suppressed."""
    made = {
        name: release(sharing, "", kept(out, width), require={"suppression": share}, environment=SAFE)
        for name, (sharing, out, width, share) in releases.items()
    }
    return policy(fields, top={"record": "order", **top}, **made)


@st.composite
def releases(draw):
    """One release or two: which columns, at which level of ages, to whom, and how much may be suppressed."""
    made = {}
    for name in draw(st.sampled_from(["a", "a", "ab"])):
        out = [one for one in (*QUASI, *SENSITIVE) if draw(st.integers(0, 3))] or ["age"]
        sharing = draw(st.sampled_from(["enclave", "enclave", "controlled"]))
        made[name] = (sharing, out, draw(st.sampled_from([1, 2, 3, 4, 6])), draw(st.sampled_from([0.0, 0.3, 1.0, 1.0])))
    return made


@st.composite
def people(draw):
    """How a source is made: how many orders, how much is missing or shared, and what changes from run to run."""
    share = st.sampled_from([0.0, 0.0, 0.1, 0.4])
    return {
        "seed": draw(st.integers(0, 1 << 20)), "orders": draw(st.integers(10, 90)), "buyers": draw(st.integers(6, 60)),
        "cities": draw(st.integers(1, 2)), "ages": draw(st.sampled_from([2, 6, 12])), "items": draw(st.integers(1, 3)),
        "no_buyer": draw(share), "no_mobile": draw(share), "shared_mobile": draw(share), "no_item": draw(share),
        "go": draw(share), "come": draw(share), "change": draw(share), "line": draw(share), "other_buyer": draw(share),
    }  # fmt: skip


class Source:
    """Orders that change from month to month. Each is one row, or several."""

    def __init__(self, made):
        self._made, self._random, self._next = made, random.Random(made["seed"]), 0
        self._mobiles, self._rows = {}, {}
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
            self._mobiles[number] = f"m{self._random.randrange(number + 1) if self._happens('shared_mobile') else number}"
        return None if self._happens("no_buyer") else f"u{number}", None if self._happens("no_mobile") else self._mobiles[number]

    def _row(self, order, buyer, mobile):
        pick, made = self._random.randrange, self._made
        return {
            "order": order, "buyer": buyer, "mobile": mobile, "city": f"c{pick(made['cities'])}", "age": pick(made["ages"]),
            "item": None if self._happens("no_item") else "ABCabc"[pick(made["items"]) + 3 * pick(2)], "pay": "xy"[pick(2)],
        }  # fmt: skip

    def _happens(self, what):
        return self._random.random() < self._made[what]


TYPES = {"age": pa.int64()}


def table(rows, fields=FIELDS):
    """Rows as a table."""
    return pa.table({name: pa.array([row[name] for row in rows], TYPES.get(name, pa.string())) for name in fields})


def given_of(ran, release, plan, together):
    """What a run gave out in a release, for those who look at it by hand."""
    sharing, out, _, _ = plan[release]
    secret = frozenset(out) & frozenset(SENSITIVE)
    return Given(ran.names[release], lines_of(ran.rows, release), tuple(out), secret, secret, LEAST[sharing], frozenset(together))


def by_hand(ran, plan, earlier, rows=None):
    """The figures of a run."""
    rows = ran.rows if rows is None else rows
    known = related(earlier, {row.record for row in rows})
    ours = {
        name: Given(name, (), tuple(out), frozenset(out) & {*SENSITIVE}, frozenset(out) & {*SENSITIVE}, LEAST[sharing])
        for name, (sharing, out, _, _) in plan.items()
    }
    return Figures(rows, ours, known)


def measured(ran):
    """The figures of a run's labels, named as those by hand are."""
    return {
        f"{release}/{name}": test.measured
        for release in ran.decisions for name, test in ran.tests(release).items() if any(row.left[release] for row in ran.rows)
    }  # fmt: skip


def few(name, k):
    """Below which figure a test fails."""
    return k if "/composition:" in name else 2


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


def judged(ran, plan, earlier):
    """See that a run says of itself what is found by hand, and gives out no more than it may."""
    figures, found = by_hand(ran, plan, earlier), measured(ran)
    want = figures.all() if ran.rows else {}
    assert set(found) == set(want)
    most = max([LEAST[one[0]] for one in plan.values()] + [one.k for one in figures.given])
    for name, value in want.items():
        if "/composition:" in name and not name.count(":*") and not name.split(":")[1] in plan:
            # How many a crowd is more exactly is not told: it is enough, whatever is asked.
            assert min(found[name], most) == min(value, most), name
        elif "/composition:" in name:
            assert min(found[name], most) == min(value, most), name
        else:
            assert found[name] == value, name
        test = ran.tests(name.split("/")[0])[name.split("/")[1]]
        assert test.limit == limit(name, plan, figures.given)
        assert test.passed == (value >= test.limit)
    for release in plan:
        if ran.label(release) is LabelName.ANONYMIZED:
            assert all(value >= limit(name, plan, figures.given) for name, value in want.items() if name.startswith(f"{release}/"))
            for one in figures.given:
                assert figures.persons_by_the_letter(release, one) >= max(LEAST[plan[release][0]], one.k)
    return figures


def suppressed_rightly(ran, plan, earlier):
    """See that no more is suppressed than may be, and nothing where nothing is broken."""
    whole = {name: sum(row.whole for row in ran.rows) for name in plan}
    left = {name: sum(row.left[name] for row in ran.rows) for name in plan}
    for name, (_, _, _, share) in plan.items():
        assert whole[name] - left[name] <= share * whole[name] + 1e-6
        assert all(now.left[name] <= then.left[name] for now, then in zip(ran.rows, ran.before, strict=True))
    if not ran.rows:
        return False
    before = by_hand(ran, plan, earlier, ran.before)
    broken = [name for name, value in before.all().items() if value < limit(name, plan, before.given)]
    changed = any(now.left != then.left for now, then in zip(ran.rows, ran.before, strict=True))
    assert broken or not changed
    if changed:
        after = by_hand(ran, plan, earlier)
        assert all(value >= limit(name, plan, after.given) for name, value in after.all().items())
    return changed


@settings(max_examples=50, **SLOW)
@given(people(), st.lists(releases(), min_size=2, max_size=4))
def test_the_figures_are_those_found_by_hand(made, plans):
    source, earlier = Source(made), []
    with Chain() as chain:
        for plan in plans:
            ran = chain.run(asked(plan), table(source.month()))
            judged(ran, plan, earlier)
            suppressed_rightly(ran, plan, earlier)
            names = [*ran.names.values()]
            known = [one.name for one in related(earlier, {row.record for row in ran.rows})]
            earlier += [given_of(ran, one, plan, [*known, *names]) for one in ran.names]
            source.pass_()


def orders(numbers, **columns):
    """One order for each number: its buyer, mobile and whatever else is not said are its own, or all alike."""
    made = {
        "order": lambda at: f"o{at}", "buyer": lambda at: f"u{at}", "mobile": lambda at: f"m{at}", "city": lambda _: "c",
        "age": lambda _: 0, "item": lambda at: "ab"[at % 2], "pay": lambda at: "xy"[at // 2 % 2],
    } | columns  # fmt: skip
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
        ran = chain.run(asked(ONE), orders([*range(8), *range(20, 24)], mobile=lambda at: "m0" if at >= 20 else f"m{at}"))
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
