"""What declared attackers link in buckets is what they link where all records are together."""

import json
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.candidate.suppression import cut
from beam_deid.transforms.counting.classes import MOST_ROWS
from beam_deid.transforms.counting.grouping import classes_of
from beam_deid.transforms.counting.joins import declared_in_buckets
from beam_deid.transforms.counting.suppressing import cut_in_buckets
from beam_deid.transforms.decide.attacks import declared
from beam_deid.transforms.run.spill_folder import SpillFolder
from beam_deid.transforms.run.stages import Stages

from ..candidate.test_suppression import tables
from ..kit.deciding import data_of
from ..kit.examples import examples
from ..kit.policies import policy, release, roles
from .records import BUCKET_COUNTS, FEW_ROWS, source_of

ONE = [{"age": 1}]
ROUNDS = [{"age": 0}, {"age": 1}]
KNOWN = st.lists(
    st.tuples(st.integers(0, 14), st.integers(0, 3), st.integers(0, 2), st.sampled_from(["a", "b", "c", None])),
    max_size=25,
)
"""Rows of an attacker's: a person, who may be a stranger, a city that may be elsewhere, an age, a value."""


def attackers(folder):
    named = f"{folder}/named.parquet"
    crowd = f"{folder}/crowd.parquet"
    return {
        "insider": {"knows": ["city", "age"]},
        "neighbour": {"knows": ["category"]},
        "bank": {"knows": ["city", "age"], "table": named},
        "shop": {"knows": ["city", "category", "age"], "table": named, "within": {"age": 1}},
        "census": {"knows": ["city", "category"], "table": crowd},
        "clock": {"knows": ["age"], "table": crowd, "within": {"age": 1}},
        "archive": {"knows": ["city", "category"], "release": f"{folder}/earlier"},
        "gone": {"knows": ["city"], "release": f"{folder}/none"},
    }


def asked(folder, suppression, sharing):
    fields = roles(direct="buyer phone:mobile", quasi="city age", sensitive="category")
    spec = {"age": {"generalize": {"bins": [30]}}}
    return policy(
        fields,
        a=release(sharing, "city category", spec, require={"suppression": suppression}, attackers=attackers(folder)),
    )


def held(folder, known):
    """What attackers hold: a table with names, the same without, and an earlier release."""
    table = pa.table(
        {
            "buyer": [f"u{who}" for who, *_ in known],
            "city": [f"c{city}" for _, city, _, _ in known],
            "age": pa.array([20 + age for _, _, age, _ in known], pa.int64()),
            "category": pa.array([what for *_, what in known], pa.string()),
        }
    )
    pq.write_table(table, f"{folder}/named.parquet")
    pq.write_table(table.drop_columns(["buyer"]), f"{folder}/crowd.parquet")
    earlier = Path(folder) / "earlier"
    earlier.mkdir()
    pq.write_table(table.select(["city", "category"]), earlier / "part-0.parquet")
    sentences = {name: {"sentence": f"{name} is released as it is"} for name in ("city", "category")}
    manifest = {"fields": sentences, "search": {"levels": {}}, "files": [{"path": "part-0.parquet"}]}
    (earlier / "label.json").write_text(json.dumps(manifest))


def both(folder, table, known, suppression, sharing, rounds, buckets, spill=None, workers=1, most=MOST_ROWS):
    """What attackers find together, and in buckets."""
    held(folder, known)
    data = data_of(asked(folder, suppression, sharing), table)["a"]
    whole = cut(data, rounds[-1])
    stages = Stages(buckets, spill, workers)
    found = cut_in_buckets(classes_of(source_of(data, buckets, most=most), rounds[-1], stages), stages)
    together = declared(Candidate(data, rounds[-1], whole.left), rounds)
    return together, declared_in_buckets(found.classes, found.everywhere, stages, rounds)


@pytest.mark.parametrize("rounds", [ONE, ROUNDS], ids=["one", "rounds"])
@examples(0.5)
@given(
    BUCKET_COUNTS,
    tables(),
    KNOWN,
    st.sampled_from([0.0, 1.0]),
    st.sampled_from(["enclave", "public"]),
    st.sampled_from(FEW_ROWS),
)
def test_attackers_find_the_same_in_any_number_of_buckets(rounds, buckets, table, known, suppression, sharing, most):
    with tempfile.TemporaryDirectory() as folder:
        together, apart = both(folder, table, known, suppression, sharing, rounds, buckets, most=most)
    assert [one.name for one in apart[0]] == [one.name for one in together[0]]
    for mine, theirs in zip(apart[0], together[0], strict=True):
        assert mine == theirs, mine.name
    assert apart[1] == together[1]


def a_crowd(seed=3):
    """Sixty rows of twelve people, and 25 of an attacker's."""
    draw = np.random.default_rng(seed)
    rows = draw.integers(0, [12, 9, 2, 3], (60, 4)).tolist()
    table = pa.table(
        {
            "buyer": [f"u{who}" for who, *_ in rows],
            "phone": [f"1380013800{who % 10}" for who, *_ in rows],
            "city": [f"c{city}" for _, city, _, _ in rows],
            "age": [20 + age for _, _, age, _ in rows],
            "category": ["abc"[what] for *_, what in rows],
        }
    )
    known = draw.integers(0, [15, 9, 3, 3], (25, 4)).tolist()
    return table, [(who, city, age, "abc"[what]) for who, city, age, what in known]


@pytest.mark.parametrize("rounds", [ONE, ROUNDS], ids=["one", "rounds"])
def test_attackers_find_the_same_with_rows_in_files_and_two_workers(rounds, tmp_path):
    with SpillFolder() as spill:
        together, apart = both(tmp_path, *a_crowd(), 0.0, "enclave", rounds, 16, spill, workers=2)
    assert apart == together
    exposed = {one.name: one.exposed.counts for one in apart[0]}
    assert exposed["attacker:shop"].attackers_exposed > 0
    assert exposed["attacker:shop"].released_exposed > 0
    assert exposed["attacker:bank"].known < exposed["attacker:bank"].attackers


@pytest.mark.parametrize("seed", range(4))
def test_where_too_many_pairs_would_have_to_be_remembered_the_exposed_are_an_upper_bound(seed, tmp_path, monkeypatch):
    monkeypatch.setattr("beam_deid.transforms.counting.joins.MOST_KEPT", 0)
    together, apart = both(tmp_path, *a_crowd(seed), 0.0, "enclave", ROUNDS, 16)
    for mine, theirs in zip(apart[0], together[0], strict=True):
        bound = mine.exposed.counts
        right = theirs.exposed.counts
        assert bound.attackers >= bound.attackers_exposed >= right.attackers_exposed
        assert bound.released >= bound.released_exposed >= right.released_exposed
        counted = {"attackers_exposed": 0, "released_exposed": 0, "exact": True}
        assert replace(bound, **counted) == replace(right, **counted)
    assert not all(one.exposed.counts.exact for one in apart[0])
