"""A collection is treated as a table in memory is, and so as files are (see `frames`): every case of the label rule."""

from pathlib import Path

import pytest

from ..kit.as_files import (
    MODULES,
    differences,
    of_one_table,
    policy_of,
    releases_of,
    through_collections,
    through_frame,
)
from ..label.cases import test_bad_input


def unlike(releases, folder: Path, count: int) -> dict[str, list[str]]:
    """What is not the same in a collection as in a table, by release; there must be so many releases."""
    tables = {}
    policies = {}
    of_tables = {}
    for number, (name, case, release) in enumerate(releases):
        table = of_one_table(case)
        if table is not None:
            tables[name] = table
            policies[name] = policy_of(case, release, folder / f"collection-{number}")
            of_tables[name] = through_frame(table, policy_of(case, release, folder / f"table-{number}"), release)
    made = through_collections(tables, policies, folder)
    assert len(made) == count
    return {name: differences(of_tables[name], one) for name, one in made.items() if one != of_tables[name]}


def test_a_few_collections_are_released_and_labelled_as_tables_are(tmp_path):
    assert unlike(releases_of(test_bad_input)[1:4], tmp_path, 3) == {}


@pytest.mark.slow("a collection for every case of the label rule")
@pytest.mark.parametrize(
    ("module", "count"), MODULES.items(), ids=lambda one: getattr(one, "__name__", "").rpartition(".")[2]
)
def test_every_collection_is_released_and_labelled_as_a_table_is(module, count, tmp_path):
    assert unlike(releases_of(module), tmp_path, count) == {}
