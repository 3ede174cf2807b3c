"""The policies for what merchants download: files with the real headers are read whole, and end as the policy says.

Before, ready policies named the columns of APIs alone, and none of them took a file of a back office.
"""

import csv
import importlib.resources
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.reader import read_policy
from beam_deid.transforms.recognisers.platforms.catalogue import platform, platforms
from beam_deid.transforms.terms import LabelName, Role

from ..kit.exports import EXPORTS, REPORTS, names_of, write_export, write_workbook
from ..kit.outputs import labels
from ..kit.sampling import quick_for
from .test_examples import failing, useful

POLICIES = Path(str(importlib.resources.files("beam_deid.configs").joinpath("policies")))
ROWS = 2_000
OURS = [name for name in EXPORTS if name in platforms()]
OTHER_KIND = {"douyin": {"订单状态"}}
"""Columns that the API codes as numbers and the back office writes in words."""


def policy_of(name: str) -> Path:
    """The ready policy for an export."""
    return POLICIES / f"{name}_{'report' if name in REPORTS else 'export'}.yaml"


def read(name: str) -> Policy:
    return read_policy(str(policy_of(name)))


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The generated file of an export; each is made once."""
    folder = tmp_path_factory.mktemp("exports")
    return cache(lambda name: write_export(folder, name, ROWS))


def run(name: str, data: Path, out: Path, *more: str) -> int:
    return call(["run", str(policy_of(name)), "-i", str(data), "-o", str(out), "--workers", "1", *more])


@pytest.mark.parametrize("name", quick_for(EXPORTS, 2))
def test_an_export_gives_an_anonymized_release_and_a_tokenized_one(
    made: Callable[[str], Path], tmp_path: Path, name: str
) -> None:
    out = tmp_path / "out"
    assert run(name, made(name), out) == 0
    assert call(["verify", str(out)]) == 0
    found = labels(out)
    analytics = found["analytics"]
    crm = found["crm"]
    assert (analytics["label"], crm["label"]) == ("anonymized", "still_personal")
    assert failing(analytics) == set()
    assert useful(out / "analytics", analytics)
    assert crm["records"]["released"] == crm["records"]["read"] >= ROWS
    assert analytics["records"]["rejected"] == crm["records"]["rejected"] == 0
    order = next(field for field, spec in read(name).fields.items() if spec.kind == "order_number")
    tokens = pq.read_table(sorted(map(str, (out / "crm").glob("part-*.parquet")))).column(order)
    assert tokens.null_count == 0
    assert not set(tokens.to_pylist()) & {value.strip('\t="') for value in EXPORTS[name](ROWS, 1)[order]}


@pytest.mark.parametrize("name", quick_for(OURS, 1))
def test_a_workbook_ends_in_the_same_rows_as_text(made: Callable[[str], Path], tmp_path: Path, name: str) -> None:
    text = tmp_path / "text"
    book = tmp_path / "book"
    assert run(name, made(name), text, "--release", "analytics") == 0
    assert run(name, write_workbook(tmp_path, name, ROWS), book, "--release", "analytics") == 0
    assert labels(book)["analytics"]["label"] == "anonymized"
    one, other = (rows(folder / "analytics") for folder in (text, book))
    assert one.num_rows >= 0.9 * ROWS
    assert one.equals(other)


def rows(folder: Path) -> pa.Table:
    """The rows of a release, in an order of their own."""
    table = pq.read_table(sorted(map(str, folder.glob("part-*.parquet")))).replace_schema_metadata()
    return table.sort_by([(name, "ascending") for name in table.column_names])


@pytest.mark.parametrize("name", quick_for(EXPORTS, 2))
def test_files_may_lack_what_is_optional(tmp_path: Path, name: str) -> None:
    policy = read(name)
    columns = {key: values for key, values in EXPORTS[name](600, 3).items() if not policy.fields[key.strip()].optional}
    assert len(columns) < len(EXPORTS[name](1, 3))
    data = tmp_path / "export.csv"
    with data.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter="\t" if name in REPORTS else ",")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    assert run(name, data, tmp_path / "out", "--release", "crm") == 0
    records = labels(tmp_path / "out")["crm"]["records"]
    assert records["released"] == records["read"] == len(next(iter(columns.values())))


@pytest.mark.parametrize("name", EXPORTS)
def test_every_column_of_the_file_is_in_the_policy(name: str) -> None:
    policy = read(name)
    missing = set(names_of(EXPORTS[name](1, 1))) - set(policy.fields)
    assert not missing
    assert {release: one.expect for release, one in policy.releases.items()} == {
        "analytics": LabelName.ANONYMIZED,
        "crm": LabelName.STILL_PERSONAL,
    }


@pytest.mark.parametrize("name", OURS)
def test_a_header_has_the_role_of_the_platforms_field_that_it_is_another_name_of(name: str) -> None:
    described = platform(name)
    policy = read(name)
    known = {header: described.fields[field] for header in policy.fields if (field := described.field_of(header))}
    assert len(known) >= 10
    for header, spec in known.items():
        given = policy.fields[header]
        assert given.role == spec.role, header
        if header not in OTHER_KIND.get(name, ()) and given.kind is not None and spec.kind is not None:
            assert given.kind == spec.kind, header


@pytest.mark.parametrize("name", EXPORTS)
def test_nothing_that_names_a_person_is_in_the_release_that_leaves(name: str) -> None:
    policy = read(name)
    places = {field for field, spec in policy.fields.items() if spec.kind == "address"}
    released = set(policy.releases["analytics"].fields)
    assert not {field for field in released - places if policy.fields[field].has(Role.DIRECT)}
