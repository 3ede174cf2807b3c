"""A run before it reads: its files, its types, its name, and what every worker is told."""

import pickle

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from beam_deid.transforms.errors import InternalFault, PolicyError, UsageError
from beam_deid.transforms.policy.reader import policy_from_mapping
from beam_deid.transforms.run.shards import Prepared, prepare

from ..kit.small import IN_ORDER, SHUFFLED, table, two_releases

POLICY = policy_from_mapping(two_releases(), key_given=True)


@pytest.fixture
def folder(tmp_path):
    for number in range(3):
        pq.write_table(table(10 + number), tmp_path / f"in-{number}.parquet")
    return tmp_path


def prepared(folder, *releases) -> Prepared:
    return prepare(POLICY, [str(folder / "in-*")], releases)


def test_shards_are_numbered_in_the_order_of_their_files(folder):
    found = prepared(folder)
    assert [shard.index for shard in found.shards] == [0, 1, 2]
    assert [shard.path for shard in found.shards] == sorted(str(path) for path in folder.iterdir())
    assert found.rows == 3 * (10 + 11 + 12)
    assert (found.job.files, found.job.shards, found.job.equal_files) == (3, 3, 0)


def test_the_same_input_and_policy_are_the_same_run_wherever_they_lie(folder, tmp_path_factory):
    copy = tmp_path_factory.mktemp("elsewhere")
    for path in folder.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    assert prepared(folder).job.run == prepared(copy).job.run


@pytest.mark.parametrize("change", ["a file more", "another size", "fewer releases"])
def test_another_input_or_release_is_another_run(folder, change):
    before = prepared(folder).job.run
    if change == "a file more":
        pq.write_table(table(5), folder / "in-3.parquet")
    elif change == "another size":
        pq.write_table(table(13), folder / "in-0.parquet")
    assert prepared(folder, *([SHUFFLED] if change == "fewer releases" else [])).job.run != before


def test_equal_files_are_told(folder):
    (folder / "in-copy.parquet").write_bytes((folder / "in-0.parquet").read_bytes())
    assert prepared(folder).job.equal_files == 1


def test_two_files_of_other_types_are_refused_where_the_policy_gives_no_kind(folder):
    rows = table(5)
    place = rows.schema.get_field_index("city")
    pq.write_table(rows.set_column(place, "city", pa.array(range(rows.num_rows))), folder / "in-3.parquet")
    with pytest.raises(PolicyError, match=r"in-3\.parquet: city: this file has another type"):
        prepared(folder)


def test_a_column_that_the_policy_does_not_name_stops_the_run(folder):
    rows = table(5)
    pyarrow.csv.write_csv(rows.append_column("secret", rows["city"]), folder / "in-3.csv")
    with pytest.raises(PolicyError, match="secret"):
        prepared(folder)


def test_an_unknown_release_is_named_beside_those_that_are_there(folder):
    with pytest.raises(UsageError, match=f"no release nowhere.*{SHUFFLED}, {IN_ORDER}"):
        prepared(folder, "nowhere")


def test_a_job_reads_only_the_columns_that_its_releases_need(folder):
    assert prepared(folder).job.columns == ("buyer", "city", "age", "item")
    assert prepared(folder, SHUFFLED).job.columns == ("buyer", "city", "item")


def test_releases_that_are_tested_together_are_counted_together(folder):
    assert prepared(folder).job.tables == ((SHUFFLED,), (IN_ORDER,))


def test_a_job_crosses_processes_and_has_no_key_of_fingerprints_by_itself(folder):
    job = prepared(folder).job
    again = pickle.loads(pickle.dumps(job))
    assert again == job
    with pytest.raises(InternalFault, match="key of fingerprints is not here"):
        again.prints  # noqa: B018 - asking is what fails


def test_what_is_measured_of_a_release_follows_from_its_policy(folder):
    layouts = prepared(folder).job.layouts
    assert (layouts[SHUFFLED].fields, layouts[SHUFFLED].rest, layouts[SHUFFLED].sensitive) == (
        ("city", "item"),
        ("city",),
        ("item",),
    )
    assert layouts[IN_ORDER].keyed == ("buyer",)
    assert layouts[IN_ORDER].treated == ("city", "age")
