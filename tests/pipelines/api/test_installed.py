"""The Python API where it is installed: from a wheel, a source distribution and a checkout, with no more than is needed."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from ...test_house import ROOT, TOP, in_checkout

WITHOUT = ("apache_beam", "boto3", "botocore", "google.cloud", "pandas", "polars")
CALL = f"""
import sys
class Without:
    def find_spec(self, name, path=None, target=None):
        if any(name == one or name.startswith(one + ".") for one in {WITHOUT!r}):
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Without())
import beam_deid
import pyarrow as pa
policy = {{"version": 1, "dataset": "visits", "subject": "who",
          "fields": {{"who": {{"role": "direct_identifier"}}, "day": {{"role": "quasi_identifier"}}}},
          "releases": {{"days": {{"purpose": "test", "sharing": "enclave", "fields": {{"day": "keep"}}}}}}}}
table = pa.table({{"who": [f"p{{i}}" for i in range(50)], "day": [1] * 50}})
print(beam_deid.__file__, beam_deid.deidentify(table, policy).label, beam_deid.assess(table, policy).label)
"""


def called(path: Path) -> list[str]:
    """Where the package is that is found first on this path, and the labels of a call."""
    done = subprocess.run(
        [sys.executable, "-c", CALL],
        env={**os.environ, "PYTHONPATH": str(path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.split()


def unpacked(root: Path, to: Path, version: str = "standard") -> Path:
    """A wheel of a source tree, unpacked as an installer does."""
    from hatchling.builders.wheel import WheelBuilder

    (wheel,) = WheelBuilder(str(root)).build(directory=str(to / "wheels"), versions=[version])
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(to / "site")
    return to / "site"


def source_of(to: Path) -> Path:
    """The source distribution, unpacked."""
    from hatchling.builders.sdist import SdistBuilder

    (sdist,) = SdistBuilder(str(ROOT)).build(directory=str(to))
    with tarfile.open(sdist) as archive:
        archive.extractall(to, filter="data")
    (root,) = to.glob("*/pyproject.toml")
    return root.parent


def test_a_checkout_gives_it_without_beam_pandas_or_polars():
    place, *labels = called(Path(os.environ.get("PYTHONPATH", str(ROOT / ".dev")).split(os.pathsep)[0]))
    assert Path(place).name == "__init__.py"
    assert labels == ["anonymized", "still_personal"]


@in_checkout
def test_a_wheel_gives_it(tmp_path):
    site = unpacked(ROOT, tmp_path)
    place, *labels = called(site)
    assert Path(place) == site / "beam_deid" / "__init__.py"
    assert labels == ["anonymized", "still_personal"]


@in_checkout
def test_a_source_distribution_makes_the_same_wheel(tmp_path):
    of_checkout = unpacked(ROOT, tmp_path / "checkout")
    of_source = unpacked(source_of(tmp_path / "source"), tmp_path / "other")
    for name in TOP:
        assert (of_source / name).read_bytes() == (of_checkout / name).read_bytes()
        assert not (of_source / name).is_symlink()
    assert called(of_source)[1:] == ["anonymized", "still_personal"]


@in_checkout
def test_an_editable_install_is_a_line_that_leads_to_the_checkout(tmp_path):
    site = unpacked(ROOT, tmp_path, "editable")
    assert not (site / "beam_deid").exists()
    (path,) = site.glob("*.pth")
    lines = path.read_text("utf-8").splitlines()
    assert lines == [str(ROOT / ".dev")]
    assert called(Path(lines[0]))[0] == str(ROOT / ".dev" / "beam_deid" / "__init__.py")


@in_checkout
@pytest.mark.parametrize("name", sorted(TOP))
def test_the_top_of_the_package_is_a_link_to_a_file_of_a_folder(name):
    link = ROOT / ".dev" / name
    assert link.is_symlink()
    assert link.resolve().is_relative_to(ROOT / "pipelines")
