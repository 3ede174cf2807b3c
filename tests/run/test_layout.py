"""Which released fields are looked up in the lists of sensitive values: all text, whatever kind a policy declares."""

import pyarrow as pa
import pytest

from beam_deid.transforms.policy.reader import policy_from_mapping
from beam_deid.transforms.recognisers.identity import IDENTIFYING
from beam_deid.transforms.recognisers.kinds import KINDS
from beam_deid.transforms.run.layout import layout_of
from beam_deid.transforms.terms import LabelName

from ..kit.deciding import label_of
from ..kit.policies import policy, release, roles

TEXTS = [str(kind) for kind in KINDS if pa.types.is_string(kind.arrow) and kind not in IDENTIFYING]
GENERALIZED = {"generalize": {"prefix": [2, 1], "level": 0}}


def asked(kind, action="keep", role="quasi"):
    fields = roles(direct="buyer", **{role: f"item:{kind}"}) | roles(insensitive="city")
    return policy(fields, a=release("enclave", "city", {"item": action}))


def people(sold="验孕棒"):
    """Ninety persons of two cities; everybody of one city bought the same."""
    return pa.table(
        {
            "buyer": [f"u{number}" for number in range(90)],
            "city": ["a"] * 60 + ["b"] * 30,
            "item": ["茶", "书"] * 30 + [sold] * 30,
        }
    )


@pytest.mark.parametrize("kind", TEXTS)
def test_no_kind_of_text_keeps_a_field_from_the_lists(kind):
    label = label_of(asked(kind), people())
    assert label.label is LabelName.STILL_PERSONAL
    assert [one.list for one in label.sensitive_values] == ["adult", "maternity"]
    assert "sensitive" in label.fields["item"].role


@pytest.mark.parametrize("kind", [str(kind) for kind in KINDS if pa.types.is_string(kind.arrow)])
def test_a_generalized_field_of_any_kind_of_text_is_looked_up_and_counted_by_its_values(kind):
    layout = layout_of(policy_from_mapping(asked(kind, GENERALIZED)), "a", ("a",))
    assert "item" in layout.listed
    assert "item" in layout.spelled


@pytest.mark.parametrize("kind", ["integer", "timestamp", "boolean", "decimal"])
def test_what_is_no_text_is_not(kind):
    layout = layout_of(policy_from_mapping(asked(kind)), "a", ("a",))
    assert layout.listed == ("city",)
    assert layout.spelled == ("city",)


def test_codes_that_a_hierarchy_turns_into_words_are(tmp_path):
    (tmp_path / "goods.csv").write_text("1;验孕棒;*\n2;茶;*\n", "utf-8")
    action = {"generalize": {"hierarchy": str(tmp_path / "goods.csv"), "level": 1}}
    layout = layout_of(policy_from_mapping(asked("integer", action)), "a", ("a",))
    assert "item" in layout.listed
    assert "item" in layout.spelled
