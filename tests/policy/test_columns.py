import pytest

from beam_deid.transforms.errors import PolicyError
from beam_deid.transforms.policy.columns import check_columns
from beam_deid.transforms.policy.reader import policy_from_mapping

from .policies import orders

POLICY = policy_from_mapping(orders())
NAMES = list(POLICY.fields)


def test_columns_in_any_order_are_accepted() -> None:
    check_columns(POLICY, {"a.csv": NAMES, "b.csv": NAMES[::-1]})


def test_every_unknown_and_every_missing_column_is_told() -> None:
    with pytest.raises(PolicyError) as caught:
        check_columns(POLICY, {"a.csv": NAMES, "b.csv": [*NAMES[1:], "coupon"], "c.csv": ["citi", *NAMES]})
    assert caught.value.problems == [
        "b.csv: column 'coupon' is not in the policy; add under fields: coupon: {role: …}, or, to leave it unread, "
        "input: {ignore: [coupon]}",
        "c.csv: column 'citi' is not in the policy; add under fields: citi: {role: …}, or, to leave it unread, "
        "input: {ignore: [citi]}",
        "b.csv: there is no column for the policy's field 'tid'; leave the file out, add the column, or write optional: true "
        "at the field",
    ]


@pytest.mark.parametrize("held", [[], NAMES[:1]])
def test_another_file_than_is_meant_is_one_message(held: list[str]) -> None:
    strange = [f"other {number}" for number in range(12)]
    with pytest.raises(PolicyError) as caught:
        check_columns(POLICY, {"a.csv": [*strange, *held]})
    share = "hardly any" if held else "no"
    assert caught.value.message.startswith(f"a.csv: {share} column is one of the policy's; it may be another file")
    assert "\n" not in caught.value.message
    with pytest.raises(PolicyError) as caught:
        check_columns(POLICY, {"a.csv": [*strange, *held], "b.csv": NAMES[1:]})
    assert len(caught.value.problems) == 2


def test_a_difference_is_told_once_however_many_files_have_it() -> None:
    files = {f"{number:02}.csv": NAMES for number in range(8)}
    without = [name for name in NAMES if name != "birth_year"]
    files |= {f"{number:02}.csv": [*without, "coupon"] for number in range(8, 12)}
    with pytest.raises(PolicyError) as caught:
        check_columns(POLICY, files)
    assert caught.value.problems == [
        "4 of 12 files: column 'coupon' is not in the policy (08.csv, 09.csv, 10.csv, …); add under fields: coupon: {role: …}, "
        "or, to leave it unread, input: {ignore: [coupon]}",
        "4 of 12 files lack the column 'birth_year': 08.csv, 09.csv, 10.csv, …; leave them out, add the column, or write "
        "optional: true at the field",
    ]


def test_a_renamed_column_gets_the_field_that_it_may_be() -> None:
    with pytest.raises(PolicyError) as caught:
        check_columns(POLICY, {"a.csv": ["birth-year" if name == "birth_year" else name for name in NAMES]})
    assert caught.value.problems[0] == (
        "a.csv: column 'birth-year' is not in the policy; did you mean the field 'birth_year'? "
        "Otherwise add under fields: birth-year: {role: …}, or, to leave it unread, input: {ignore: [birth-year]}"
    )


@pytest.mark.parametrize("optional", [False, True])
@pytest.mark.parametrize("spelling", ["Birth_Year", " birth_year ", "BIRTH _YEAR"])
def test_a_column_that_differs_in_case_or_spaces_is_one_problem(spelling: str, optional: bool) -> None:
    given = orders()
    given["fields"]["birth_year"]["optional"] = optional
    with pytest.raises(PolicyError) as caught:
        check_columns(
            policy_from_mapping(given),
            {"a.csv": NAMES, "b.csv": [spelling if name == "birth_year" else name for name in NAMES]},
        )
    assert caught.value.problems == [
        f"b.csv: column '{spelling}' is not in the policy; it differs from the field 'birth_year' in case or spaces only: "
        "rename one of them"
    ]


def test_a_column_without_a_name_is_told_as_one() -> None:
    with pytest.raises(PolicyError) as caught:
        check_columns(POLICY, {"a.csv": [*NAMES, ""]})
    assert caught.value.problems == ["a.csv: a column has no name; give it one, or remove it"]


def test_files_may_lack_optional_fields_and_have_columns_that_are_ignored() -> None:
    given = orders()
    given["fields"]["birth_year"]["optional"] = True
    given["input"] = {"ignore": ["ext_*", "coupon"]}
    policy = policy_from_mapping(given)
    without = [name for name in NAMES if name != "birth_year"]
    check_columns(policy, {"a.csv": NAMES, "b.csv": [*without, "ext_1", "coupon"], "c.csv": without})
    for other in ("Ext_1", "coupons", "an ext_1"):
        with pytest.raises(PolicyError, match=f"column '{other}' is not in the policy"):
            check_columns(policy, {"b.csv": [*without, other]})


def test_no_file_may_lack_what_persons_are_told_by() -> None:
    with pytest.raises(PolicyError) as caught:
        check_columns(POLICY, {"a.csv": [name for name in NAMES if name != POLICY.subject]})
    assert "optional" not in caught.value.problems[0]


def test_nobody_is_counted_by_a_list() -> None:
    lists = {"a.jsonl": ["category", "tid"]}
    with pytest.raises(PolicyError) as caught:
        check_columns(POLICY, {"a.jsonl": NAMES}, lists)
    assert caught.value.problems == [
        "a.jsonl: column 'tid' is a list, by which no person can be counted; give its field kind: free_text"
    ]
