"""What is published does not depend on the key of a run's fingerprints: two runs with different ones leave the same bytes."""

import json
from pathlib import Path

import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.beam import run
from beam_deid.transforms.columns.fingerprint import FingerprintKey
from beam_deid.transforms.measure.chunks import Bounds
from beam_deid.transforms.synthetic import write_orders

from ..kit.any_size import POLICY

SECRETS = (b"one secret, of a first run", b"another one, of a second run")
OF_A_RUN = ("run", "decided_at", "assessed_at", "files")
"""The run is named by the time of its begin; of files their hashes are told, and they are compared as bytes."""
SHIPPED = Path(__file__).parent.parent.parent / "configs" / "policies"
PLATFORMS = ("douyin", "jd", "kuaishou", "pinduoduo", "taobao", "wechat", "xiaohongshu")
ROWS = 1_200


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """Orders of every platform, one file each."""
    folder = tmp_path_factory.mktemp("inputs")
    for name in PLATFORMS:
        code = call(["demo", "--platform", name, "--rows", str(ROWS), "--seed", "5", "--folder", str(folder)])
        assert code == 0
    return folder


def published(
    policy: Path, files: list[Path], out: Path, secret: bytes, workers: int, monkeypatch
) -> dict[str, object]:
    """Every part as bytes, and every label without what names its run."""
    monkeypatch.setattr(FingerprintKey, "new", classmethod(lambda cls: cls(secret)))
    given = [argument for path in files for argument in ("-i", str(path))]
    code = call(["run", str(policy), *given, "-o", str(out), "--workers", str(workers), "--max-rejects", "0.5"])
    assert code in (0, 4)
    found: dict[str, object] = {}
    for path in sorted(out.rglob("*")):
        name = str(path.relative_to(out))
        if path.name.startswith("part-"):
            found[name] = path.read_bytes()
        if path.name == "label.json":
            found[name] = label_of(path)
    return found


def label_of(path: Path) -> dict[str, object]:
    label = json.loads(path.read_text("utf-8"))
    # Which points of a history are drawn follows from the run's secret; what is counted of all points does not.
    label["history"] = label["history"][:1]
    return {name: told for name, told in label.items() if name not in OF_A_RUN}


def without_register(source: str, to: Path) -> Path:
    """A policy as it is, but that no register is kept, whose key would be the one of fingerprints."""
    lines = [line for line in source.splitlines() if not line.startswith("register:")]
    to.write_text("\n".join([*lines, "register: none", ""]), "utf-8")
    return to


@pytest.mark.slow("two runs of some policies")
@pytest.mark.parametrize("platform", PLATFORMS)
def test_shipped_policies_leave_the_same_bytes_under_two_secrets(inputs, platform, tmp_path, monkeypatch):
    policy = without_register((SHIPPED / f"{platform}_orders.yaml").read_text("utf-8"), tmp_path / "policy.yaml")
    files = [inputs / f"{platform}.parquet"]
    one, other = (
        published(policy, files, tmp_path / f"out-{number}", secret, 1, monkeypatch)
        for number, secret in enumerate(SECRETS)
    )
    assert any(isinstance(told, bytes) for told in one.values())
    assert one == other


@pytest.mark.slow("four runs of some thousand orders")
def test_a_run_in_buckets_leaves_the_same_bytes_under_two_secrets_in_one_and_two_processes(tmp_path, monkeypatch):
    files = [tmp_path / f"in-{number}.parquet" for number in range(3)]
    for number, path in enumerate(files):
        write_orders(str(path), ROWS, number + 1)
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY, "utf-8")
    found = []
    for workers in (1, 2):
        for buckets, secret in zip((2, 16), SECRETS, strict=True):
            monkeypatch.setattr(run, "ASIDE", Bounds(few=0, bucket=len(files) * ROWS // buckets))
            out = tmp_path / f"out-{workers}-{buckets}"
            found.append(published(policy, files, out, secret, workers, monkeypatch))
    assert len(found[0]) > 3
    assert all(each == found[0] for each in found[1:])
