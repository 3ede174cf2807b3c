"""Attempts that come late: a worker that slept writes on when another has long done its work. Nothing is doubled."""

import contextlib
import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from beam_deid.pipelines.cli import call

from ..kit.keys import KEY
from ..kit.outputs import labels, leftovers, parts
from ..kit.processes import staging_of, start, until
from ..kit.two_releases import CITIES, POLICY
from .artefacts import needs_java
from .at_work import writers
from .clusters import Cluster, spark
from .conftest import bring, command

pytestmark = [pytest.mark.engines, pytest.mark.exhaustive, needs_java]

FILES = 2
ROWS = 60_000
"""Of each file: so many that a worker is seen while it writes."""
LONG = 300.0
SPECULATES = {
    "speculation": "true",
    "speculation.interval": "200ms",
    "speculation.quantile": "0.1",
    "speculation.multiplier": "1.0",
}


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Orders that take seconds, and what this process publishes of them."""
    folder = tmp_path_factory.mktemp("many")
    (folder / "policy.yaml").write_text(POLICY)
    (folder / "cities.csv").write_text(CITIES)
    (folder / "in").mkdir()
    for number in range(FILES):
        rows = (
            f"p{row},c{row * 7919 % 13},w{row * 104729 % 5},{20 + row % 50}"
            for row in range(number * ROWS, (number + 1) * ROWS)
        )
        (folder / "in" / f"{number}.csv").write_text("\n".join(["who,city,what,age", *rows]) + "\n")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("BEAM_DEID_KEY", KEY)
        assert call(command(folder, folder / "alone")) == 0
    return folder


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Spark that makes a second attempt beside one that is slow."""
    bring("spark")
    folder = tmp_path_factory.mktemp("spark")
    with spark(folder, {"BEAM_DEID_KEY": KEY}, more=SPECULATES) as started:
        yield started


@contextlib.contextmanager
def asleep(process: int) -> Iterator[None]:
    """A process that is stopped, as if its machine had lost the network; it goes on after the block."""
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGCONT)


def part_writers(cluster: Cluster, out: Path) -> list[int]:
    """The workers that write parts now; none before there is a staging folder."""
    staging = staging_of(out)
    return [] if staging is None else writers(cluster, staging / "parts")


def part_of(staging: Path, worker: int) -> tuple[str, str]:
    """The release and the part that a worker is writing."""
    for number in os.listdir(f"/proc/{worker}/fd"):
        with contextlib.suppress(OSError):
            path = Path(os.readlink(f"/proc/{worker}/fd/{number}"))
            if path.is_relative_to(staging / "parts"):
                return path.parent.name, re.search(r"part-[\d-]+\.\w+", path.name)[0]
    raise LookupError(f"process {worker} writes no part")


def is_written_by_another(staging: Path, release: str, part: str) -> bool:
    return any(path.name.startswith(f"{part}.") for path in (staging / "parts" / release).iterdir())


@pytest.mark.parametrize("published", [False, True], ids=["before publication", "after publication"])
def test_what_a_sleeper_writes_when_it_wakes_changes_nothing(cluster, many, tmp_path, published):
    out = tmp_path / "out"
    driver = start(*command(many, out, "--runner", cluster.runner, "--", *cluster.options))
    (worker, *_) = until(lambda: part_writers(cluster, out), LONG)
    with asleep(worker):
        release, part = part_of(staging_of(out), worker)
        assert not is_written_by_another(staging_of(out), release, part)
        if published:
            said = driver.communicate()
        else:
            until(lambda: is_written_by_another(staging_of(out), release, part), LONG)
    if not published:
        said = driver.communicate()
    assert driver.returncode == 0, said
    before = sorted(out.rglob("*"))
    until(lambda: worker not in writers(cluster, tmp_path), LONG)
    assert sorted(out.rglob("*")) == before
    assert parts(out) == parts(many / "alone")
    assert labels(out) == labels(many / "alone")
    assert call(["verify", str(out)]) == 0
    assert leftovers(out) == []
    assert speculative(cluster)


def speculative(cluster: Cluster) -> list[dict[str, Any]]:
    """Second attempts that Spark made beside slow ones and that ended well, in the job that was begun last."""
    log = max((cluster.servers.folder / "events").iterdir(), key=os.path.getmtime)
    events = map(json.loads, log.read_text().splitlines())
    ended = [event["Task Info"] for event in events if event["Event"] == "SparkListenerTaskEnd"]
    return [task for task in ended if task["Speculative"] and not task["Failed"] and not task["Killed"]]
