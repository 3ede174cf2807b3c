from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.search.descent import descend

choices = st.dictionaries(st.sampled_from("abc"), st.sampled_from([(0, 1, 2), (1, 3), (0, 2, 5)]), min_size=1)


@given(choices, st.integers(0, 12))
def test_the_node_found_satisfies_and_none_of_its_finer_neighbours_does(allowed, least):
    def satisfies(levels):
        return sum(levels.values()) >= least

    found = descend(allowed, satisfies, lambda levels: sum(levels.values()))
    if not found.satisfied:
        assert found.levels == {name: levels[-1] for name, levels in allowed.items()}
        assert not satisfies(found.levels)
        return
    assert satisfies(found.levels)
    for name, levels in allowed.items():
        at = levels.index(found.levels[name])
        if at:
            assert not satisfies({**found.levels, name: levels[at - 1]})


def test_without_open_fields_there_is_one_node():
    assert descend({}, lambda levels: True, lambda levels: 0.0).levels == {}
