"""Levels that are chosen for the label: all that levels can fix is fixed, and labels of hierarchies are read before."""

import pytest

from beam_deid.transforms.terms import LabelName

from ..kit.crowds import crowd, grid, turn
from ..kit.deciding import failing, label_of
from ..kit.policies import policy, release, roles


def tree(tmp_path, top):
    """A hierarchy of cities, whose upper level has two regions; one of them is called `top`."""
    path = tmp_path / "regions.csv"
    path.write_text(
        "".join(
            f"{city};{region};*\n"
            for city, region in [
                ("a1", top),
                ("a2", top),
                ("b1", "west"),
                ("b2", "west"),
            ]
        ),
        "utf-8",
    )
    return str(path)


def asked(hierarchy, **more):
    open_level = {"city": {"generalize": {"hierarchy": hierarchy, **more}}}
    return policy(
        roles(direct="buyer", quasi="city", sensitive="category"), a=release("enclave", "category", open_level)
    )


def people(persons):
    return crowd(
        grid(city=["a1", "a2", "b1", "b2"]), persons, 2, category=lambda who: turn("abc", who.person + who.order)
    )


@pytest.mark.parametrize("persons", [1, 40], ids=["the upper level", "the values"])
def test_a_label_that_names_a_person_is_found_at_whatever_level_is_chosen(tmp_path, persons):
    label = label_of(asked(tree(tmp_path, "13800138000")), people(persons))
    assert label.label == LabelName.STILL_PERSONAL
    assert "value_scan" in failing(label)
    assert ("city", "mobile") in {(hit.field, hit.kind) for hit in label.scan}
    assert "nothing satisfies: released values look like city (mobile)" in label.search.method


def test_the_twin_whose_labels_name_nobody_is_anonymized(tmp_path):
    label = label_of(asked(tree(tmp_path, "east")), people(40))
    assert failing(label) == set()
    assert label.scan == ()
    assert label.search.levels["city"] == "value"


def test_the_finest_level_is_chosen_at_which_every_line_holds(tmp_path):
    spec = asked(tree(tmp_path, "east"))
    # Thirteen persons of a city: average class risk 1/13 of cities is above 0.05, 1/26 of regions is not.
    label = label_of(spec, people(13))
    assert failing(label) == set()
    assert label.search.levels == {"city": "level 1"}
    assert label.search.satisfied


def test_a_line_that_no_level_mends_is_told_and_nothing_is_coarsened_for_it(tmp_path):
    spec = asked(tree(tmp_path, "east"))
    table = crowd(grid(city=["a1", "a2", "b1", "b2"]), 40, 2, category=lambda who: "only")
    label = label_of(spec, table)
    assert "l:category" in failing(label)
    assert label.search.refused >= 0
    assert "for the label" in label.search.method
