import pytest

from beam_deid.transforms.errors import PolicyError
from beam_deid.transforms.policy.columns import check_columns
from beam_deid.transforms.policy.reader import policy_from_mapping

from .policies import orders

POLICY = policy_from_mapping(orders())
NAMES = list(POLICY.fields)


def test_columns_in_any_order_are_accepted() -> None:
    check_columns(POLICY, {"a.csv": NAMES, "b.csv": NAMES[::-1]})


def test_every_unknown_and_every_missing_column_is_told_by_file() -> None:
    with pytest.raises(PolicyError) as caught:
        check_columns(POLICY, {"a.csv": NAMES, "b.csv": [*NAMES[1:], "coupon"], "c.csv": ["citi", *NAMES]})
    assert caught.value.problems == [
        "b.csv: column 'coupon' is not in the policy; add under fields: coupon: {role: …}",
        "b.csv: there is no column for the policy's field 'tid'; remove the field, or add the column",
        "c.csv: column 'citi' is not in the policy; add under fields: citi: {role: …}",
    ]


def test_a_renamed_column_gets_the_field_that_it_may_be() -> None:
    with pytest.raises(PolicyError) as caught:
        check_columns(POLICY, {"a.csv": ["Birth-Year" if name == "birth_year" else name for name in NAMES]})
    assert caught.value.problems[0] == (
        "a.csv: column 'Birth-Year' is not in the policy; did you mean the field 'birth_year'? "
        "Otherwise add under fields: Birth-Year: {role: …}"
    )


def test_nobody_is_counted_by_a_list() -> None:
    lists = {"a.jsonl": ["category", "tid"]}
    with pytest.raises(PolicyError) as caught:
        check_columns(POLICY, {"a.jsonl": NAMES}, lists)
    assert caught.value.problems == [
        "a.jsonl: column 'tid' is a list, by which no person can be counted; give its field kind: free_text"
    ]
