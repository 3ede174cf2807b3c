"""The page's table of requirements is made from `REQUIREMENTS`."""

import re

import pytest
import yaml

from beam_deid.transforms.label.requirements import REQUIREMENTS
from beam_deid.transforms.label.requirements.requirement import Requirement
from beam_deid.transforms.label.table import MARK, requirements_table
from beam_deid.transforms.policy.reader import policy_from_mapping
from beam_deid.transforms.terms import Sharing

from ..kit.pages import ROOT, needs_pages
from ..policy.policies import orders

PAGE = ROOT / "transforms" / "label" / "README.md"
OPTIONAL = [one for one in REQUIREMENTS if one.option is not None]


@needs_pages
def test_the_page_holds_it_between_its_marks() -> None:
    """Regenerate: ``python -m tests.tables``."""
    _, held, _ = PAGE.read_text("utf-8").split(MARK)
    assert held == f"\n{requirements_table()}"


def test_it_has_a_row_for_every_requirement() -> None:
    rows = requirements_table().splitlines()[2:]
    assert [re.search(r"`([a-z_]+)", row)[1] for row in rows] == [one.name for one in REQUIREMENTS]
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 7 for row in rows)


@pytest.mark.parametrize("one", REQUIREMENTS, ids=lambda one: one.name)
def test_every_requirement_says_what_it_is_and_where_its_limit_comes_from(one: Requirement) -> None:
    assert (one.default is None) is bool(one.source)
    assert one.default is None or one.default.source
    assert one.words
    assert not one.words.endswith(".")
    assert bool(one.example) is (one.option is not None)


@pytest.mark.parametrize("sharing", Sharing)
@pytest.mark.parametrize("one", OPTIONAL, ids=lambda one: one.name)
def test_every_example_can_stand_in_a_policy(one: Requirement, sharing: Sharing) -> None:
    mapping = orders()
    asked = yaml.safe_load(one.example)
    assert list(asked) == [one.option.name]
    mapping["releases"]["analytics"] |= {"sharing": sharing, "require": asked}
    given = policy_from_mapping(mapping).releases["analytics"].require.asked().to_document()
    assert list(given) == [one.option.name]
