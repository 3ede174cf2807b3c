"""The image of workers: each step of its Dockerfile, carried out in an empty environment instead of a container."""

import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from packaging.requirements import Requirement

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "configs" / "workers" / "Dockerfile"

in_checkout = pytest.mark.skipif(not (ROOT / "pyproject.toml").exists(), reason="no checkout to make a wheel of")


@in_checkout
def test_the_image_has_a_beam_that_the_package_takes():
    (beam,) = re.findall(r"^ARG BEAM=(.+)$", DOCKERFILE.read_text(), re.MULTILINE)
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    (pinned,) = [found for found in map(Requirement, needed) if found.name == "apache-beam"]
    assert pinned.specifier.contains(beam)


@in_checkout
@pytest.mark.slow("makes a wheel, and an environment that it is installed into")
def test_its_steps_make_an_environment_that_imports_the_package(tmp_path):
    dist = tmp_path / "dist"
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", str(dist), str(ROOT)], check=True)
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    (packages,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    (packages / "present.pth").write_text(sysconfig.get_path("purelib"))  # what the package needs is there already
    known = {"PATH": f"{tmp_path / 'venv' / 'bin'}:/usr/bin:/bin", "HOME": str(tmp_path)}
    for step in re.findall(r"^RUN (.+)$", DOCKERFILE.read_text(), re.MULTILINE):
        command = step.replace("/opt/beam-deid", str(dist))
        done = subprocess.run(["sh", "-c", command], cwd=tmp_path, env=known, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    where = subprocess.run(
        [str(tmp_path / "venv" / "bin" / "python"), "-c", "import beam_deid; print(beam_deid.__file__)"],
        cwd=tmp_path,
        env=known,
        capture_output=True,
        text=True,
        check=True,
    )
    assert where.stdout.startswith(str(packages))
