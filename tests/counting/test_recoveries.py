"""What masks and pseudonyms give away is the same in any number of buckets as over all records together."""

import datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.counting.classes import MOST_ROWS
from beam_deid.transforms.counting.grouping import classes_of
from beam_deid.transforms.counting.parts import LEFT, keep_left
from beam_deid.transforms.counting.recoveries import recoveries_of
from beam_deid.transforms.counting.values import references_of
from beam_deid.transforms.decide.attacks import remainders
from beam_deid.transforms.run.stages import Out, Stages

from ..kit.deciding import data_of
from ..kit.examples import examples
from ..kit.policies import policy, release, roles
from .records import BUCKET_COUNTS, FEW_ROWS, source_of

NAMES = ["张伟", "王芳", "李娜", "刘洋", "陈静"]
CITIES = ["杭州市", "宁波市", "温州市", "嘉兴市", "湖州市"]
DAY = datetime.date(2025, 3, 1)
KNOWN = {"city": "杭州市,4\n宁波市,4\n温州市,2\n绍兴市,1\n嘉兴市,1\n", "name": "张伟,3\n王芳,2\n李娜,2\n"}


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    """Tables of how often cities and names occur, some as often as others; one city is nowhere in the data."""
    folder = tmp_path_factory.mktemp("known")
    for name, rows in KNOWN.items():
        (folder / f"{name}.csv").write_text(f"{name},count\n{rows}", "utf-8")
    return {name: str(folder / f"{name}.csv") for name in KNOWN}


def asked(frequencies, key="ephemeral", subject="buyer"):
    """A release of every kind of remainder; a pool of three names makes surrogates stand for several originals."""
    fields = roles(direct="buyer:mobile phone:mobile name:person_name", quasi="city when:date", sensitive="category")
    actions = {
        "phone": {"mask": {"preset": "mobile"}},
        "name": {"surrogate": {"pool": 3}},
        "city": {"hash": {}},
        "when": {"shift": {}},
    }
    more = {"key": key} if key else {}
    made = release("enclave", "category", actions, frequencies=frequencies, **more)
    return policy(fields, top={"subject": subject}, a=made)


def table_of(rows):
    who, phones, names, cities, days, values = zip(*rows, strict=True)
    return pa.table(
        {
            # Whoever came masked is nobody.
            "buyer": ["138****0000" if one is None else f"1390013{one:04}" for one in who],
            "phone": [f"13{one}0013800{one}" for one in phones],
            "name": pa.array([None if one is None else NAMES[one] for one in names], pa.string()),
            "city": pa.array([None if one is None else CITIES[one] for one in cities], pa.string()),
            "when": pa.array([None if one is None else DAY + datetime.timedelta(one) for one in days], pa.date32()),
            "category": list(values),
        }
    )


def or_none(most):
    return st.integers(0, most) | st.none()


ROWS = st.lists(
    st.tuples(or_none(6), st.integers(4, 9), or_none(4), or_none(4), or_none(6), st.sampled_from("ab")),
    min_size=1,
    max_size=40,
)


def in_buckets(data, buckets, most=MOST_ROWS):
    stages = Stages(buckets)
    classes = classes_of(source_of(data, buckets, most=most), {}, stages)
    return recoveries_of(classes, references_of(classes, stages), stages)


def attacks(found):
    return {(one.field, one.attack) for one in found}


@examples(0.5)
@given(BUCKET_COUNTS, ROWS, st.sampled_from([["city"], ["city", "name"], []]), st.sampled_from(FEW_ROWS))
def test_recoveries_are_the_same_in_any_number_of_buckets(known, buckets, rows, matched, most):
    policy_ = asked({name: known[name] for name in matched})
    data = data_of(policy_, table_of(rows))["a"]
    whole = Candidate(data, {}, data.everything)
    found = in_buckets(data, buckets, most)
    assert found == remainders(whole)
    wanted = {("phone", "mask"), ("name", "frequency"), ("city", "frequency")}
    wanted |= set() if "name" in matched else {("name", "surrogates")}
    wanted |= {("when", "intervals")} if whole.counted else set()
    assert attacks(found) == (set() if whole.empty else wanted)


@examples(0.5)
@given(BUCKET_COUNTS, ROWS, st.sampled_from(FEW_ROWS))
def test_where_nobody_says_whom_records_are_about_masks_are_counted_by_records(known, buckets, rows, most):
    policy_ = asked({}, subject=None, key=None)
    policy_["releases"]["a"]["fields"] = {"phone": {"mask": {"preset": "mobile"}}, "category": "keep"}
    data = data_of(policy_, table_of(rows))["a"]
    found = in_buckets(data, buckets, most)
    assert found == remainders(Candidate(data, {}, data.everything))
    assert attacks(found) == {("phone", "mask")}


def test_dates_of_nobody_and_a_value_of_many_are_counted_over_all_buckets(known):
    random = np.random.default_rng(3)
    people = [None if one < 200 else one for one in random.integers(0, 400, 4_000).tolist()]
    names, cities, days = (random.integers(0, most, 4_000).tolist() for most in (5, 5, 1_000))
    rows = list(zip(people, [3] * 3_999 + [9], names, cities, days, ["a"] * 4_000, strict=True))
    data = data_of(asked({"city": known["city"]}), table_of(rows))["a"]
    found = in_buckets(data, 16)
    assert found == remainders(Candidate(data, {}, data.everything))
    told = {(one.field, one.attack): one for one in found}
    assert told["when", "intervals"].values == len({*people})
    assert told["phone", "mask"].recovered == 1


def test_a_release_without_records_is_not_attacked(known):
    data = data_of(asked({}), table_of([(1, 4, 0, 0, 0, "a")]))["a"]
    stages = Stages(2)
    source = source_of(data, 2)
    classes = classes_of(source, {}, stages)
    out = Out("", 2)
    for bucket in range(2):
        keep_left(out, bucket, np.zeros(classes.light.rows_in(bucket), np.int64))
    gone = classes.with_left(out.close()[LEFT], None)
    assert recoveries_of(gone, references_of(gone, stages), stages) == []
