"""Runs whose register is in a bucket: killed at each request that changes it, at once, asleep, and on an engine."""

import json
import os
import signal

import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.beam import run as job
from beam_deid.transforms.register.document import State
from beam_deid.transforms.register.folder import read

from ..kit.job_service import engine
from ..kit.processes import start, until
from ..kit.s3.blows import Blow
from ..kit.s3.bucket import MARK, assert_published
from ..kit.sampling import sampled
from ..kit.trade import Trade
from .test_registering_killed import JUNE, MAY, ONE, SECONDS, WAITS, ends, killed, strikes


class Shelf:
    """A trade on a disk whose outputs, and so its register, are in a bucket."""

    def __init__(self, folder, bucket):
        self.trade = Trade(folder, ONE)
        self.bucket = bucket
        self.register = f"{bucket.uri}/trade.register"
        self.may, self.june = self.trade.orders("may", MAY), self.trade.orders("june", JUNE)
        self.others = self.trade.orders("others", range(1000, 1120))

    def words(self, source, out, *more):
        given = ["run", str(self.trade.policy), "-i", str(source), "-o", f"{self.bucket.uri}/{out}"]
        return [*given, "--workers", "1", *more]

    def run(self, source, out, *more):
        return call(self.words(source, out, *more))

    def states(self):
        return {one.name: str(one.state) for one in read(self.register).releases}

    def published(self, out):
        """The hash of the label that a reader finds; None where nothing is published."""
        if f"{out}/run.json" not in self.bucket.keys(f"{out}/"):
            return None
        return self.bucket.manifest(f"{out}/run.json")["releases"]["analytics"]["label_sha256"]

    def assert_known(self, out):
        """Whatever is published there is in the register, and counts."""
        label = self.published(out)
        if label is not None:
            (entry,) = [one for one in read(self.register).releases if one.label_sha256 == label]
            assert entry.is_tested
            assert entry.state in (State.PENDING, State.PUBLISHED)

    def assert_clean(self, *outs):
        """Nothing is pending, what stands in an output is what the register says, and nothing is there that nothing names."""
        document = read(self.register)
        labels = {self.published(out) for out in outs}
        assert {one.label_sha256 for one in document.releases if one.state is State.PUBLISHED} == labels
        assert [one.name for one in document.releases if one.state is State.PENDING] == []
        seen = self.bucket.keys("trade.register/")
        tables = {key.rpartition("/")[2] for key in seen if "/tables/" in key}
        assert tables == set(document.files)
        assert [key for key in seen if MARK in key or ("/tables/" not in key and "/revision-" not in key)] == []
        for out in outs:
            assert_published(self.bucket, out)
            assert call(["verify", f"{self.bucket.uri}/{out}"]) == 0
        assert self.bucket.uploads() == []


@pytest.fixture
def shelf(tmp_path, bucket, temporary):
    return Shelf(tmp_path / "trade", bucket)


def test_a_register_is_kept_beside_an_output_in_a_bucket(shelf):
    assert shelf.run(shelf.may, "out") == 0
    manifest = shelf.bucket.manifest("out/run.json")
    label = shelf.bucket.manifest("out/analytics/label.json")
    assert manifest["register"] == {"id": read(shelf.register).register, "path": shelf.register}
    assert label["register"]["kept"]
    assert shelf.run(shelf.may, "again") == 0
    assert shelf.bucket.manifest("again/analytics/label.json")["register"]["tested"] == ["analytics.1"]
    assert shelf.run(shelf.june, "june") == 4
    assert shelf.published("june") is None
    shelf.assert_clean("out", "again")
    assert call(["releases", "list", shelf.register]) == 0
    for key in shelf.bucket.keys(""):
        if "run.json" not in key and "trade.register" not in key:
            assert b"trade.register" not in shelf.bucket.get(key), key


def test_a_register_in_a_bucket_that_is_gone_is_missed(shelf):
    assert shelf.run(shelf.may, "out") == 0
    shelf.bucket.clear("trade.register/")
    before = shelf.bucket.versions()
    assert shelf.run(shelf.june, "out", "--overwrite") == 2
    assert [one for one in shelf.bucket.versions() if MARK not in one[0]] == before


def nth(number, holds):
    """The blow falls at the n-th request of which something holds."""
    seen = []

    def falls(request):
        if holds(request):
            seen.append(request)
        return holds(request) and len(seen) == number

    return falls


def puts(*words):
    return lambda request: request.method == "PUT" and not request.query and all(word in request.key for word in words)


MOMENTS = {
    "claiming": lambda: nth(1, puts("trade.register/", "lease.json")),
    "the first table": lambda: nth(1, puts("trade.register/tables/")),
    "the second table": lambda: nth(2, puts("trade.register/tables/")),
    "announcing": lambda: nth(1, puts("trade.register/revision-")),
    "bringing parts": lambda: nth(1, puts("out/", MARK, "part-")),
    "beginning": lambda: nth(1, puts("out/", "/publication.json")),
    "the label": lambda: nth(1, puts("out/analytics/label.json")),
    "the last manifest": lambda: nth(1, puts("out/run.json")),
    "confirming": lambda: nth(2, puts("trade.register/revision-")),
}
UNANNOUNCED = ("claiming", "the first table", "the second table", "announcing")


@pytest.mark.slow("kills runs or makes them sleep, each a process that imports Beam")
@pytest.mark.parametrize("moment", sampled(MOMENTS, 2))
def test_whatever_a_killed_run_published_is_known_and_running_again_makes_all_well(shelf, s3, moment):
    assert Blow(s3, MOMENTS[moment](), *shelf.words(shelf.may, "out")).fell, moment
    assert (shelf.published("out") is not None) == (moment == "confirming")
    shelf.assert_known("out")
    if moment in ("beginning", "the label", "the last manifest", "confirming"):
        call(["verify", f"{shelf.bucket.uri}/out"])  # finishes what was begun
        assert (shelf.published("out") is not None) == (moment != "beginning")
        shelf.assert_known("out")
    assert shelf.run(shelf.may, "out", "--overwrite") == 0
    states = [] if moment in UNANNOUNCED else ["superseded"]
    assert list(shelf.states().values()) == [*states, "published"]
    shelf.assert_clean("out")


@pytest.mark.slow("kills runs or makes them sleep, each a process that imports Beam")
@pytest.mark.parametrize("moment", sampled(["the first table", "announcing", "confirming", "the label"], 2))
def test_a_run_over_another_that_is_killed_loses_neither(shelf, s3, moment):
    assert shelf.run(shelf.may, "out") == 0
    assert Blow(s3, MOMENTS[moment](), *shelf.words(shelf.may, "out", "--overwrite")).fell, moment
    assert shelf.run(shelf.june, "june") == 4  # for the one, or the other, or both
    shelf.assert_known("out")
    assert shelf.run(shelf.may, "out", "--overwrite") == 0
    shelf.assert_clean("out")


@pytest.mark.slow("kills runs or makes them sleep, each a process that imports Beam")
@pytest.mark.parametrize(
    "moment", ["before it is announced", "when some are there", "after the revision", "before publication"]
)
def test_what_a_killed_driver_left_is_registered_when_it_is_published(shelf, moment):
    killed(shelf.words(shelf.may, "out"), strikes(moment))
    assert shelf.published("out") is None
    assert call(["publish", f"{shelf.bucket.uri}/out"]) == 0
    assert shelf.states() == {"analytics.1": "published"}
    shelf.assert_clean("out")


@pytest.mark.slow("kills runs or makes them sleep, each a process that imports Beam")
def test_what_a_killed_driver_left_is_not_published_beside_what_came_meanwhile(shelf, capsys):
    assert shelf.run(shelf.others, "others") == 0
    killed(shelf.words(shelf.june, "june"), strikes("before it is announced"))
    assert shelf.run(shelf.may, "may") == 0
    capsys.readouterr()
    assert call(["publish", f"{shelf.bucket.uri}/june"]) == 2
    assert "releases were registered since this run was decided" in " ".join(capsys.readouterr().err.split())
    assert shelf.published("june") is None
    assert shelf.states() == {"analytics.1": "published", "analytics.2": "published"}


@pytest.mark.slow("kills runs or makes them sleep, each a process that imports Beam")
def test_of_two_at_once_with_different_outputs_one_is_told_who_has_the_register(shelf, tmp_path):
    here = tmp_path / "here"
    go = tmp_path / "go"
    first = start(*shelf.words(shelf.may, "may"), before=WAITS.format(name="publish"), HERE=str(here), GO=str(go))
    until(here.exists)
    code, said = ends(start(*shelf.words(shelf.june, "june")))
    assert code == 2
    assert "another run is using this register" in said
    assert f"process {first.pid}" in said
    go.touch()
    assert ends(first)[0] == 0
    assert shelf.run(shelf.june, "june") == 4
    shelf.assert_clean("may")
    assert shelf.published("june") is None


@pytest.mark.slow("kills runs or makes them sleep, each a process that imports Beam")
def test_a_run_that_slept_while_another_registered_publishes_nothing(shelf, tmp_path):
    here = tmp_path / "here"
    go = tmp_path / "go"
    more = {"HERE": str(here), "GO": str(go), "BEAM_DEID_LEASE_SECONDS": SECONDS}
    slept = start(*shelf.words(shelf.june, "june"), before=WAITS.format(name="publish"), **more)
    until(here.exists)
    os.kill(slept.pid, signal.SIGSTOP)
    go.touch()
    try:
        until(lambda: ends(start(*shelf.words(shelf.may, "may"), BEAM_DEID_LEASE_SECONDS=SECONDS))[0] == 0)
    finally:
        os.kill(slept.pid, signal.SIGCONT)
    code, said = ends(slept)
    assert code == 1, said
    assert "this run was silent for so long that another took the register over" in said
    assert shelf.published("june") is None
    shelf.assert_clean("may")


@pytest.mark.portable
@pytest.mark.slow("kills runs or makes them sleep, each a process that imports Beam")
@pytest.mark.parametrize("here", sampled([False, True], 2), ids=["elsewhere", "here"])
def test_a_run_on_an_engine_and_one_on_this_machine_have_one_register(shelf, tmp_path, monkeypatch, here):
    """The engine's workers reach the register by its path alone; which output is which is the same for both."""
    if not here:  # as if its workers were on other machines, which find everything by what a path says of itself
        monkeypatch.setattr(job, "is_here", lambda *given: False)
    policy = shelf.bucket.put("in/policy.yaml", ONE.encode())
    given = ["-i", shelf.bucket.put("in/may.csv", shelf.may), "-o", f"{shelf.bucket.uri}/out"]
    with engine(tmp_path) as options:
        assert call(["run", policy, *given, "--runner", "PortableRunner", "--", *options]) == 0
        assert shelf.states() == {"analytics.1": "published"}
        with monkeypatch.context() as patch:
            patch.setattr(job, "is_here", lambda *given: True)
            assert shelf.run(shelf.may, "out", "--overwrite") == 0
        assert shelf.states() == {"analytics.1": "superseded", "analytics.2": "published"}
        assert call(["run", policy, *given, "--runner", "PortableRunner", "--overwrite", "--", *options]) == 0
    label = shelf.bucket.manifest("out/analytics/label.json")
    assert label["register"]["tested"] == ["analytics.1", "analytics.2"]
    shelf.assert_clean("out")
    for key in shelf.bucket.keys("trade.register/"):
        if "/revision-" in key:
            assert "testing" not in json.dumps(shelf.bucket.manifest(key))
