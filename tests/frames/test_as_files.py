"""A table in memory is treated as files are: every case of the label rule, once through files and once through `deidentify`.

What comes out must be the same, but for what names the run and its files: the label with all its evidence, every released row,
every reject.
"""

from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

import beam_deid
from beam_deid.transforms.label.documents import to_bytes

from ..beam.test_as_files import (
    MODULES,
    REJECTS,
    THIRDS,
    Made,
    comparable,
    differences,
    in_order,
    of_one_table,
    policy_of,
    releases_of,
    third_of,
    through_files,
    told,
)
from ..kit.sampling import sampled
from ..label.cases import test_bad_input

FRAMES = {"arrow": lambda table: table, "polars": pl.from_arrow}
"""What holds the tables. pandas cannot tell NaN from null, so that a file and a frame of it are not the same."""


def through_frame(frame, policy, release) -> Made:
    """The release of `deidentify`."""
    made = beam_deid.deidentify(frame, policy, release, max_rejects=float(REJECTS))
    label = comparable(told(to_bytes(made.label.document).decode()))
    rows = made.data.to_pylist() if isinstance(made.data, pa.Table) else made.data.to_dicts()
    rejects = made.rejects.to_pylist() if isinstance(made.rejects, pa.Table) else made.rejects.to_dicts()
    lines = sorted(f"{one['row']} {one['field']} {one['reason']}" for one in rejects)
    return Made(label, in_order(label, map(str, rows)), lines)


def unlike(releases, folder: Path) -> dict[str, list[str]]:
    """What is not the same in a frame as in files, by release and kind of frame."""
    found = {}
    for number, (name, case, release) in enumerate(releases):
        table = of_one_table(case)
        if table is None:
            continue
        place = folder / f"files-{number}"
        of_files = through_files(table, policy_of(case, release, place), release, place / "run", 1)
        for kind, held in FRAMES.items():
            policy = policy_of(case, release, folder / f"{kind}-{number}")
            made = through_frame(held(table), policy, release)
            if made != of_files:
                found[f"{name} in {kind}"] = differences(of_files, made)
    return found


def test_a_few_tables_are_released_and_labelled_as_files_are(tmp_path):
    assert unlike(releases_of(test_bad_input)[1:4], tmp_path) == {}


@pytest.mark.slow("a run and a frame for every case of the label rule")
@pytest.mark.parametrize("third", sampled(range(THIRDS), THIRDS, 1))
@pytest.mark.parametrize("module", MODULES, ids=lambda one: one.__name__.rpartition(".")[2])
def test_every_table_is_released_and_labelled_as_files_are(module, third, tmp_path):
    assert unlike(third_of(module, third), tmp_path) == {}
