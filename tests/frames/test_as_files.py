"""A table in memory is treated as files are: every case of the label rule, once through files and once through `deidentify`."""

from pathlib import Path

import polars as pl
import pytest

from ..kit.as_files import (
    MODULES,
    THIRDS,
    differences,
    of_one_table,
    policy_of,
    releases_of,
    third_of,
    through_files,
    through_frame,
)
from ..kit.sampling import sampled
from ..label.cases import test_bad_input

FRAMES = {"arrow": lambda table: table, "polars": pl.from_arrow}
"""What holds the tables. pandas cannot tell NaN from null, so that a file and a frame of it are not the same."""
SOME = 12
"""Of so many runs on files one has two processes."""


def unlike(releases, folder: Path) -> dict[str, list[str]]:
    """What is not the same in a frame as in files, by release and kind of frame."""
    found = {}
    for number, (name, case, release) in enumerate(releases):
        table = of_one_table(case)
        if table is None:
            continue
        place = folder / f"files-{number}"
        workers = 2 if number % SOME == 0 else 1
        of_files = through_files(table, policy_of(case, release, place), release, place / "run", workers)
        for kind, held in FRAMES.items():
            policy = policy_of(case, release, folder / f"{kind}-{number}")
            made = through_frame(held(table), policy, release)
            if made != of_files:
                found[f"{name} in {kind}"] = differences(of_files, made)
    return found


def test_a_few_tables_are_released_and_labelled_as_files_are(tmp_path):
    assert unlike(releases_of(test_bad_input)[1:4], tmp_path) == {}


@pytest.mark.slow("a run and two frames for every case of the label rule")
@pytest.mark.parametrize("third", sampled(range(THIRDS), THIRDS))
@pytest.mark.parametrize("module", MODULES, ids=lambda one: one.__name__.rpartition(".")[2])
def test_every_table_is_released_and_labelled_as_files_are(module, third, tmp_path):
    assert unlike(third_of(module, third), tmp_path) == {}
