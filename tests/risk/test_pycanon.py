"""All nine measures that pycanon has, beside pycanon itself."""

import math
import warnings

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.label.documents import plain
from beam_deid.transforms.risk.measures import all_figures

from ..kit.examples import examples
from ..kit.shared import needs_adult
from .adult import adult
from .tables import view

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from pycanon import anonymity

ROWS = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.sampled_from("pqrstuvwxy"), st.sampled_from("mn")),
    min_size=1,
    max_size=60,
)


def recursive(table, quasi, field):
    c, least = anonymity.recursive_c_l_diversity(table, quasi, [field])
    return [None if math.isnan(c) else c, least]


THEIRS = {
    "k": lambda table, quasi, field: anonymity.k_anonymity(table, quasi),
    "alpha_k": lambda table, quasi, field: list(anonymity.alpha_k_anonymity(table, quasi, [field])),
    "l_distinct": lambda table, quasi, field: anonymity.l_diversity(table, quasi, [field]),
    "l_entropy": lambda table, quasi, field: anonymity.entropy_l_diversity(table, quasi, [field]),
    "l_recursive": recursive,
    "t": lambda table, quasi, field: anonymity.t_closeness(table, quasi, [field]),
    "beta_basic": lambda table, quasi, field: anonymity.basic_beta_likeness(table, quasi, [field]),
    "beta_enhanced": lambda table, quasi, field: anonymity.enhanced_beta_likeness(table, quasi, [field]),
    "delta_disclosure": lambda table, quasi, field: anonymity.delta_disclosure(table, quasi, [field]),
}


def ours(table, quasi, field):
    figures = plain(all_figures(view([table[name].tolist() for name in quasi], value=table[field].tolist())))
    return {name: figures[name] if name == "k" else figures[name]["value"] for name in THEIRS}


@pytest.mark.parametrize("measure", THEIRS)
@examples(0.25)
@given(ROWS)
def test_random_tables_have_pycanons_figures(measure, rows):
    table = pd.DataFrame(rows, columns=["a", "b", "s", "r"])
    for field in ("s", "r"):
        expected = THEIRS[measure](table, ["a", "b"], field)
        assert ours(table, ["a", "b"], field)[measure] == pytest.approx(expected, abs=1e-8)


@needs_adult
@pytest.mark.parametrize("field", ["occupation", "salary-class"])
def test_adult_has_pycanons_figures(field):
    table = adult().to_pandas()
    quasi = ["sex", "race", "marital-status"]
    found = ours(table, quasi, field)
    for measure, theirs in THEIRS.items():
        assert found[measure] == pytest.approx(theirs(table, quasi, field), abs=1e-8), measure  # ours have ten digits
