from .columns import drafted

ROWS = 1000


def columns(**more):
    return {
        "customer_id": [i % 500 for i in range(ROWS)],
        "city": [["杭州市", "宁波市", "成都市"][i % 3] for i in range(ROWS)],
        "created": [f"2025-0{1 + i % 9}-02" for i in range(ROWS)],
        "payment": [float(i % 97) + 0.5 for i in range(ROWS)],
        **more,
    }


def test_a_place_a_time_and_an_amount_are_released_and_nothing_direct():
    release = drafted(**columns()).release
    assert list(release.fields) == ["city", "created", "payment"]


def test_of_each_group_one_is_released_and_the_others_stay_aside():
    release = drafted(**columns(pay_time=[f"2025-0{1 + i % 9}-03" for i in range(ROWS)])).release
    assert "pay_time" not in release.fields
    assert "pay_time" in release.aside


def test_traits_are_kept_as_long_as_there_are_people_for_their_combinations():
    few = {"gender": ["f", "m"] * (ROWS // 2), "education": [f"e{i % 16}" for i in range(ROWS)]}
    release = drafted(**columns(**few)).release
    assert release.fields["gender"] == "keep"
    assert "education" in release.aside


def test_a_list_of_categories_is_released_with_diversity():
    draft = drafted(
        **columns(category=[f"c{i % 7}" for i in range(ROWS)], diagnosis=[f"d{i % 7}" for i in range(ROWS)])
    )
    assert draft.release.diverse == {"category": 2}
    assert draft.mapping()["releases"]["analytics"]["require"]["l"] == {"category": 2}
    assert draft.release.sensitive == ("diagnosis",)


def test_what_a_person_must_decide_is_not_released():
    draft = drafted(zzz=["x", "y"] * 500)
    assert draft.release.empty
    assert draft.release.fields == {"zzz": {"generalize": {"prefix": [1], "level": "*"}}}


def test_what_others_know_and_what_is_sensitive_may_be_one_column():
    draft = drafted(**columns(race=[f"r{i % 4}" for i in range(ROWS)]))
    assert draft.columns[-1].role == ("quasi_identifier", "sensitive")
    assert draft.release.fields["race"] == "keep"
    assert draft.release.diverse == {"race": 2}
    assert draft.release.sensitive == ()
