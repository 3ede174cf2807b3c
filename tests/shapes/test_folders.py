"""Folders as Spark, Hive and people leave them: whole folders, marks, empty files, and values in the names of folders."""

import json
import shutil
from collections import Counter
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.dataset.sampling import take_sample
from beam_deid.transforms.errors import InputError, UsageError
from beam_deid.transforms.formats import FORMATS, format_of
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.storage.files import find, match
from beam_deid.transforms.storage.partitions import partitions_of

POLICY = """
version: 1
dataset: orders
subject: buyer
fields:
  order_id: {role: direct_identifier}
  buyer: {role: direct_identifier}
  city: {role: quasi_identifier}
  dt: {role: quasi_identifier, kind: date}
releases:
  a: {purpose: planning, sharing: enclave, fields: {city: keep, dt: keep}}
"""
DAYS = {"2024-03-01": "上海", "2024-03-02": "York"}
OPTIONS = InputOptions()


def orders(first, count=40):
    return pa.table(
        {"order_id": [f"A{first + n}" for n in range(count)], "buyer": [f"b{n % 20}" for n in range(count)]}
    )


def written(path, table):
    path.parent.mkdir(parents=True, exist_ok=True)
    kind = format_of(str(path), OPTIONS)
    with open(path, "wb") as stream:
        writer = kind.writer(stream, table.schema)
        for batch in table.to_batches():
            writer.write(batch)
        writer.close()


@pytest.fixture
def hive(tmp_path):
    """Orders of two days as Spark writes them, partitioned by day and city."""
    for number, (day, city) in enumerate(DAYS.items()):
        folder = tmp_path / "hive" / f"dt={day}" / f"city={quote(city)}"
        written(folder / "part-0.parquet", orders(100 * number))
        (folder / ".part-0.parquet.crc").write_text("x")
        (folder / "part-1.parquet").write_bytes(b"")
    (tmp_path / "hive" / "_SUCCESS").write_text("")
    (tmp_path / "hive" / "_committed_123").write_text("{}")
    return tmp_path / "hive"


@pytest.mark.parametrize("pattern", ["{}", "{}/**/*.parquet", "{}/dt=*", "{}/*"])
def test_days_and_cities_in_the_names_of_folders_are_columns(hive, pattern):
    """0.3.0 went no folder down, and lost `dt` without a word where a glob did."""
    sample = take_sample([pattern.format(hive)], OPTIONS, 1000)
    rows = {(row["dt"], row["city"], row["order_id"]) for row in pa.table(sample.columns).to_pylist()}
    assert rows == {
        (day, city, f"A{100 * number + n}") for number, (day, city) in enumerate(DAYS.items()) for n in range(40)
    }


def test_a_run_releases_what_the_folders_say(hive, tmp_path, capsys):
    (tmp_path / "policy.yaml").write_text(POLICY)
    assert call(["run", str(tmp_path / "policy.yaml"), "-i", str(hive), "-o", str(tmp_path / "out")]) == 0
    told = capsys.readouterr().err
    assert "passed over as empty: " in told
    assert "_SUCCESS" in told
    released = pa.concat_tables(pq.read_table(part) for part in (tmp_path / "out" / "a").glob("*.parquet"))
    counts = Counter((str(row["dt"]), row["city"]) for row in released.to_pylist())
    assert counts == dict.fromkeys(DAYS.items(), 40)


def test_equal_files_of_two_days_are_two(hive, tmp_path):
    """The same bytes with another day are other records."""
    first, second = (next((hive / f"dt={day}").glob("*/part-0.parquet")) for day in DAYS)
    shutil.copy(first, second)
    (tmp_path / "policy.yaml").write_text(POLICY)
    assert call(["run", str(tmp_path / "policy.yaml"), "-i", str(hive), "-o", str(tmp_path / "out")]) == 0
    label = json.loads((tmp_path / "out" / "a" / "label.json").read_text("utf-8"))
    assert label["records"]["released"] == 80
    assert '"equal_files": 0' in json.dumps(label)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("in/dt=2024-03-01/a.csv", (("dt", "2024-03-01"),)),
        ("in/dt=__HIVE_DEFAULT_PARTITION__/a.csv", (("dt", None),)),
        ("s3://bucket/x=1/city=%E4%B8%8A%E6%B5%B7/y=/a=b.csv", (("x", "1"), ("city", "上海"), ("y", ""))),
        ("in/a%20b=1%2F2=3/a.csv", (("a b", "1/2=3"),)),
        ("in/=x/a.csv", ()),
    ],
)
def test_names_of_folders_are_decoded(path, expected):
    assert partitions_of(path) == expected


@pytest.mark.parametrize("path", ["dt=1/dt=2/a.csv", "dt=%FF/a.csv"])
def test_folders_that_say_nothing_clear_are_refused(path):
    with pytest.raises(UsageError):
        partitions_of(path)


@pytest.mark.parametrize("kind", [kind for kind in FORMATS if kind.written], ids=lambda kind: kind.name)
def test_every_format_has_the_columns_of_its_folders(tmp_path, kind):
    for day in DAYS:
        written(tmp_path / f"dt={day}" / f"a.{kind.name}", orders(0))
    written(tmp_path / "dt=__HIVE_DEFAULT_PARTITION__" / f"a.{kind.name}", orders(0))
    options = InputOptions(combine={"both": ["buyer", "dt"]})
    sample = take_sample([str(tmp_path)], options, 1000)
    assert list(sample.columns) == ["order_id", "buyer", "dt", "both"]
    assert set(sample.columns["dt"].to_pylist()) == {*DAYS, None}
    assert {"b3 2024-03-02", "b3"} < set(sample.columns["both"].to_pylist())


@pytest.mark.parametrize(
    ("values", "folder", "agrees"),
    [
        (["2024-03-01"] * 3, "2024-03-01", True),
        (["2024-03-01", "2024-03-02"], "2024-03-01", False),
        ([3, 3], "03", True),
        ([3, None], "03", False),
        ([3, 3], "March", False),
        ([None, None], "__HIVE_DEFAULT_PARTITION__", True),
    ],
)
def test_a_column_of_the_file_must_say_what_its_folder_says(tmp_path, values, folder, agrees):
    path = tmp_path / f"dt={folder}" / "a.parquet"
    written(path, pa.table({"n": range(len(values)), "dt": values}))
    if agrees:
        assert take_sample([str(tmp_path)], OPTIONS, 10).columns["dt"].to_pylist() == values
    else:
        with pytest.raises(InputError, match="something else in this column than its folder"):
            take_sample([str(tmp_path)], OPTIONS, 10)


def test_a_file_beside_the_folders_of_partitions_lacks_their_columns(hive, tmp_path, capsys):
    written(hive / "late.parquet", orders(500))
    (tmp_path / "policy.yaml").write_text(POLICY)
    assert call(["run", str(tmp_path / "policy.yaml"), "-i", str(hive), "-o", str(tmp_path / "out")]) == 2
    assert "late.parquet: there is no column for the policy's field 'dt'" in capsys.readouterr().err


def test_what_is_no_data_is_passed_over_and_told(tmp_path):
    """0.3.0 stopped at `_SUCCESS` and at an empty file."""
    for name in (
        "a.csv",
        "b/c.csv",
        "b/_old.csv",
        ".hidden.csv",
        "_SUCCESS",
        "_started_1",
        "b/~$a.csv",
        "_temporary/d.csv",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("n\n1\n")
    (tmp_path / "b" / "empty.csv").write_text("")
    found = find([str(tmp_path)])
    assert [file.path.removeprefix(f"{tmp_path}/") for file in found.files] == ["a.csv", "b/_old.csv", "b/c.csv"]
    empty, hidden = (line.replace(f"{tmp_path}/", "") for line in found.passed_over)
    assert empty == "passed over as empty: b/empty.csv"
    assert hidden == "passed over as hidden, or an engine's mark: .hidden.csv, _SUCCESS, _started_1 and 2 more"
    assert not find([str(tmp_path / "*.csv")]).passed_over[1:]


def test_an_empty_file_that_is_named_is_not_passed_over(tmp_path):
    (tmp_path / "a.csv").write_text("")
    assert len(match([str(tmp_path / "a.csv")])) == 1
    with pytest.raises(UsageError, match=r"is empty \(1\) or hidden \(0\)"):
        match([str(tmp_path)])


def test_a_link_that_leads_back_up_is_not_followed_round(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text("n\n1\n")
    (tmp_path / "in" / "up").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "over").symlink_to(tmp_path)
    for pattern in ("in", "in/*", "in/**/*.csv", "**/*.csv"):
        assert [file.path for file in match([str(tmp_path / pattern)])] == [str(tmp_path / "in" / "a.csv")]


def test_a_release_of_an_earlier_run_is_no_input(tmp_path):
    """Going down into folders must not take what was released before for more orders."""
    (tmp_path / "orders.csv").write_text("n\n1\n")
    (tmp_path / "out" / "crm").mkdir(parents=True)
    (tmp_path / "out" / "crm" / "label.json").write_text("{}")
    (tmp_path / "out" / "crm" / "part-00000.csv").write_text("n\n1\n")
    with pytest.raises(UsageError, match="a release is in a folder of the input"):
        match([str(tmp_path)])
    assert len(match([str(tmp_path / "*.csv")])) == 1
    assert len(match([str(tmp_path / "out" / "crm")])) == 2


@pytest.mark.parametrize("log", ["_delta_log", ".hoodie"])
def test_a_table_with_a_log_is_refused_as_a_folder(tmp_path, log):
    """Its folder holds rows that were deleted."""
    (tmp_path / "table" / log).mkdir(parents=True)
    written(tmp_path / "table" / "part-0.parquet", orders(0))
    with pytest.raises(UsageError, match="deleted rows may be in them"):
        match([str(tmp_path)])
    assert len(match([str(tmp_path / "table" / "*.parquet")])) == 1


def test_a_folder_in_a_store_is_read_as_one_on_a_disk(bucket):
    bucket.put("in/dt=2024-03-01/city=%E4%B8%8A%E6%B5%B7/a.csv", b"n\n1\n")
    bucket.put("in/dt=2024-03-02/city=York/b.csv", b"n\n2\n")
    bucket.put("in/dt=2024-03-02/city=York/empty.csv", b"")
    bucket.put("in/_SUCCESS", b"")
    sample = take_sample([f"{bucket.uri}/in"], OPTIONS, 10)
    assert pa.table(sample.columns).to_pylist() == [
        {"n": "1", "dt": "2024-03-01", "city": "上海"},
        {"n": "2", "dt": "2024-03-02", "city": "York"},
    ]
    assert len(find([f"{bucket.uri}/in"]).passed_over) == 2


def test_what_folders_say_of_whom_records_are_about_stands_in_no_report(tmp_path, capsys):
    """The address of a buyer stood in ``rejected.parquet`` and in messages."""
    folder = tmp_path / "in" / f"buyer={quote('alice@x.com')}" / "dt=2024-03-01"
    folder.mkdir(parents=True)
    (folder / "p.csv").write_text("order_id,city\nA1,York\nA2,York\nA3\n")
    (tmp_path / "policy.yaml").write_text(POLICY)
    out = str(tmp_path / "out")
    arguments = ["run", str(tmp_path / "policy.yaml"), "-i", str(tmp_path / "in"), "-o", out, "--max-rejects", "1"]
    assert call(arguments) == 0
    (file,) = pq.read_table(f"{out}/rejected.parquet")["file"].to_pylist()
    assert file.endswith("in/buyer=…/dt=2024-03-01/p.csv")
    assert "alice" not in (tmp_path / "out" / "run.json").read_text("utf-8") + capsys.readouterr().err
