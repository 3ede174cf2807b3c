"""The shared cases of the label rule as releases, each made of files, of tables in memory, and of a collection.

A case is one release or two, one after the other, in a copy of its folder. The policies of the cases name no register, and without
one line 8 alone makes every public release `still_personal`, whatever the others say. Here each copy has a register of its own, so
that the lines which the case is about decide.
"""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

import beam_deid
from beam_deid.pipelines.cli import call
from beam_deid.transforms import WriteRelease
from beam_deid.transforms.label.documents import to_bytes

from .as_files import REJECTS, Made, collection, made_of, of_frame, of_run
from .policies import KEY
from .shared import CASES

KEYRING = "keys/o.keyring"
"""Where the policies of some cases have their keys."""
KEK = "env:BEAM_DEID_KEK"


@dataclass(frozen=True)
class Release:
    """One release of a case.

    Attributes:
        policy: The file of its policy.
        inputs: The files that it is made of.
        name: Of the release.
        output: Where it is published, in the folder of the case.
    """

    policy: str = "policy.yaml"
    inputs: tuple[str, ...] = ("in.parquet",)
    name: str = "a"
    output: str = "out"


_SEVERAL = {
    "08-two-releases-compose": (Release(), Release(name="b", output="out_b")),
    "09-release-one-by-one": (Release(), Release(name="b", output="out_b")),
    "10-differencing": (
        Release("policy_may.yaml", ("may.parquet",), output="may"),
        Release("policy.yaml", ("june.parquet",), output="june"),
    ),
    "54-same-file-twice": (Release(inputs=("in_jan.parquet", "in_jan_copy.parquet")),),
}


def releases_of(case: str) -> tuple[Release, ...]:
    """The releases of a case, in the order in which they are made; the last is the one that the case is about."""
    return _SEVERAL.get(case, (Release(),))


def prepare(case: str, folder: Path) -> Path:
    """A copy of a case's folder, whose policies have a key and a register, and where they want one a keyring."""
    copy = shutil.copytree(CASES / case, folder / case)
    for path in copy.glob("policy*.yaml"):
        policy = yaml.safe_load(path.read_text("utf-8"))
        register = {"path": "t.register"}
        if "keys" not in policy:
            policy["keys"] = {"key": f"env:{KEY}"}
            register["key"] = f"env:{KEY}"
        policy["register"] = register
        path.write_text(yaml.safe_dump(policy, allow_unicode=True, sort_keys=False), "utf-8")
        if "keyring" in policy["keys"]:
            (copy / KEYRING).parent.mkdir()
            assert call(["keys", "create", str(copy / KEYRING), "--kek", KEK]) == 0
    return copy


def table_of(folder: Path, release: Release) -> pa.Table:
    """The rows of all inputs."""
    return pa.concat_tables([pq.read_table(folder / name) for name in release.inputs])


def by_files(folder: Path, release: Release) -> Made:
    """Made by `beam-deid run`."""
    inputs = [folder / name for name in release.inputs]
    return of_run(folder / release.policy, inputs, release.name, folder / release.output)


def by_arrow(folder: Path, release: Release) -> Made:
    """Made by `beam_deid.deidentify` of an Arrow table."""
    return _by_frame(table_of(folder, release), folder, release)


def by_polars(folder: Path, release: Release) -> Made:
    """Made by `beam_deid.deidentify` of a frame of polars."""
    return _by_frame(pl.from_arrow(table_of(folder, release)), folder, release)


def _by_frame(frame: Any, folder: Path, release: Release) -> Made:
    made = beam_deid.deidentify(frame, folder / release.policy, release.name, max_rejects=float(REJECTS))
    rows = made.data if isinstance(made.data, pa.Table) else made.data.to_arrow()
    _write(rows, made.label.document, folder / release.output / release.name)
    return of_frame(made)


def _write(rows: pa.Table, label: Mapping[str, Any], folder: Path) -> None:
    """Put a release where attackers find it, as whoever has it as a table in memory would."""
    folder.mkdir(parents=True)
    pq.write_table(rows, folder / "part-00000.parquet")
    document = {**json.loads(to_bytes(label)), "files": [{"path": "part-00000.parquet", "rows": rows.num_rows}]}
    (folder / "label.json").write_bytes(to_bytes(document))


def by_collection(folder: Path, release: Release) -> Made:
    """Made by `Deidentify` on Beam's own runner, and written by `WriteRelease`."""
    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        policy = str(folder / release.policy)
        result = collection(pipeline, release.output, table_of(folder, release), policy, folder, release.name)
        _ = result | "Files" >> WriteRelease(str(folder / release.output))
    return made_of(folder, release.output)


Way = Callable[[Path, Release], Made]
WAYS: Mapping[str, Way] = {"files": by_files, "arrow": by_arrow, "polars": by_polars, "Deidentify": by_collection}


def made_in_every_way(case: str, folder: Path) -> dict[str, Sequence[Made]]:
    """The releases of a case by way; each way has a folder and a register of its own, and all have the same keys."""
    prepared = prepare(case, folder / "prepared")
    made = {}
    for name, way in WAYS.items():
        copy = shutil.copytree(prepared, folder / name)
        made[name] = [way(copy, release) for release in releases_of(case)]
    return made
