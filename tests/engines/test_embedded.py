"""A pipeline of somebody's own on Flink and Spark: the labels and rows of the same pipeline on Beam's local engine."""

import json
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from beam_deid.transforms import Deidentify, ReadOrders, WriteRelease
from beam_deid.transforms.label.verify_files import file_problems

from ..kit.keys import KEY
from ..kit.outputs import without_times
from ..kit.two_releases import DIRECT, MIXED
from .artefacts import needs_java

pytestmark = [pytest.mark.engines, pytest.mark.exhaustive, needs_java]

REJECTS = 0.01


def write_both(house: Path, out: Path, runner: str, options: list[str]) -> None:
    """Files as `ReadOrders` reads them become one release, and Parquet as Beam reads it the other."""
    policy = str(house / "policy.yaml")
    with beam.Pipeline(runner, PipelineOptions(options)) as begun:
        orders = begun | ReadOrders(policy, str(house / "in" / "*"))
        crm = orders | "CRM" >> Deidentify(policy, release=DIRECT, max_rejects=REJECTS)
        _ = crm | "Write CRM" >> WriteRelease(str(out))
        rows = begun | beam.io.ReadFromParquet(str(house / "parquet" / "*.parquet"))
        report = rows | "Report" >> Deidentify(policy, release=MIXED, max_rejects=REJECTS)
        _ = report | "Write report" >> WriteRelease(str(out))


def published(folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A release as it was written: its label without what another engine does otherwise, and its rows in one order.

    How many parts there are, and which rows are in which, follows from how an engine bundles them.
    """
    label = json.loads((folder / "label.json").read_text())
    assert [problem for file in label["files"] for problem in file_problems(str(folder), file, label)] == []
    parts = sorted(file["path"] for file in label.pop("files"))
    assert sorted(path.name for path in folder.iterdir()) == ["label.json", *parts]
    del label["sha256"]  # its own
    rows = [row for part in parts for row in pq.read_table(folder / part).to_pylist()]
    return without_times(label), sorted(rows, key=repr)


@pytest.fixture(scope="module")
def expected(house, tmp_path_factory):
    """Both releases of Beam's local engine."""
    (house / "parquet").mkdir()
    for number, path in enumerate(sorted((house / "in").iterdir())):
        texts = pyarrow.csv.ConvertOptions(column_types={name: pa.string() for name in ("who", "city", "what", "age")})
        table = pyarrow.csv.read_csv(path, convert_options=texts)
        pq.write_table(table, house / "parquet" / f"{number}.parquet")
    out = tmp_path_factory.mktemp("local") / "out"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("BEAM_DEID_KEY", KEY)
        write_both(house, out, "FnApiRunner", [])
    return {name: published(out / name) for name in (DIRECT, MIXED)}


def test_a_pipeline_releases_on_an_engine_what_it_does_locally(cluster, house, expected, tmp_path):
    out = tmp_path / "out"
    write_both(house, out, cluster.runner, cluster.options)
    assert sorted(path.name for path in out.iterdir()) == [DIRECT, MIXED]
    assert {name: published(out / name) for name in (DIRECT, MIXED)} == expected
    assert all(len(rows) > 2_000 for _, rows in expected.values())
