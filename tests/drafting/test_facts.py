import math

import pyarrow as pa
import pytest

from beam_deid.transforms.drafting.facts import with_subject
from beam_deid.transforms.recognisers.kinds.boolean import BOOLEAN
from beam_deid.transforms.recognisers.kinds.date import DATE
from beam_deid.transforms.recognisers.kinds.decimal_number import DECIMAL
from beam_deid.transforms.recognisers.kinds.integer import INTEGER
from beam_deid.transforms.recognisers.kinds.number import NUMBER
from beam_deid.transforms.recognisers.kinds.timestamp import TIMESTAMP

from .columns import measured


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "20", "-3"], INTEGER),
        (["01", "20"], None),  # a code
        (["1" * 15, "2"], INTEGER),
        (["1" * 16, "2"], None),  # a number of something, and no quantity
        (["1" * 16 + ".5", "2"], None),
        ([10**15, 2], None),
        (["1.50", "20"], DECIMAL),
        (["1.505", "20"], NUMBER),
        (["2025-01-02", "2025/3/4"], DATE),
        (["2025-01-02 03:04:05"], TIMESTAMP),
        (["2025-13-02"], None),
        (["true", "false"], BOOLEAN),
        (["1", "x"], None),
        ([1.5, float("nan")], None),  # a run would reject the rows without a number
        ([1.5, None], NUMBER),
    ],
)
def test_a_column_reads_as_what_every_value_is(values, kind):
    assert measured("c", values).reads_as is kind


def test_figures_are_those_of_the_values_that_are_there():
    facts = measured("c", ["a", "a", "b", "c", None, "", "  "])
    assert (facts.rows, facts.values, facts.distinct) == (7, 4, 3)
    assert facts.distinct_share == 0.75
    assert math.isclose(facts.entropy, 1.5)


def test_values_of_one_subject_are_told():
    column = pa.array(["a", "a", "b", "b", "c", None])
    subject = pa.array(["x", "x", "x", "y", "z", "z"])
    assert math.isclose(with_subject(measured("c", column), column, subject).alone, 2 / 3)


def test_seconds_since_1970_are_seen():
    assert measured("c", [1_748_631_451, 1_748_644_185]).epoch
    assert not measured("c", [1_748_631_451, 5]).epoch
