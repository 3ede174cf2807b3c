"""Runs with a register that are killed, that run at once, or that sleep: nothing is given out that the register does not know."""

import json
import os
import shutil
import signal
import tempfile

import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.register.document import State
from beam_deid.transforms.register.folder import read
from beam_deid.transforms.storage import files as stores
from beam_deid.transforms.storage import journal
from beam_deid.transforms.storage.local import LocalStore

from ..kit.crash_states import bring_back, changing, crash_states
from ..kit.faulty import Calls, Faulty
from ..kit.outputs import leftovers
from ..kit.processes import staging_of, start, until
from ..kit.sampling import sampled
from ..kit.trade import FROM_ENVIRONMENT, KEYED, POLICY, Trade
from ..register.kit import contents

MAY = range(120)
JUNE = range(121)
"""Orders, and the same with one more: both must never be given out together."""

ONE = POLICY.partition("  crm:")[0].replace(KEYED, FROM_ENVIRONMENT)
SECONDS = "3"

KILLED_AT = """
import os, signal
from beam_deid.transforms.publish import register_session
from beam_deid.transforms.register import folder
from beam_deid.transforms.storage import staging
def blow(owner, name, *, after=False, number=1):
    original, calls = getattr(owner, name), []
    def struck(*given, **named):
        calls.append(name)
        if len(calls) == number and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        made = original(*given, **named)
        if len(calls) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return made
    setattr(owner, name, struck)
"""
"""Kills the process before or after a call of a function, the number of which is said."""

FOUND = "register_session.RegisterSession, 'announce'"
ADD = "folder.Held, 'add'"
SAVE = "folder.Held, 'save'"
PUBLISH = "staging.Staging, 'publish'"
CONFIRM = "register_session.RegisterSession, 'confirm'"
MOMENTS = {
    "before it is announced": FOUND,
    "before fingerprints are there": ADD,
    "when fingerprints are there": f"{ADD}, after=True",
    "when some are there": f"{ADD}, number=2",
    "before the revision": SAVE,
    "after the revision": f"{SAVE}, after=True",
    "before publication": PUBLISH,
    "after publication": f"{PUBLISH}, after=True",
    "before it is confirmed": CONFIRM,
    "before the last revision": f"{SAVE}, number=2",
    "after the last revision": f"{SAVE}, number=2, after=True",
}
"""The steps of telling the register and publishing, in their order."""

LAST_UNANNOUNCED = "before the revision"
LAST_UNPUBLISHED = "before publication"


def before(moment):
    """Those of the steps that come before one, and it."""
    names = list(MOMENTS)
    return names[: names.index(moment) + 1]


def strikes(moment):
    return f"{KILLED_AT}\nblow({MOMENTS[moment]})"


@pytest.fixture
def trade(tmp_path, monkeypatch):
    """A trade with one release, with a folder for temporary files of its own."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    return Trade(tmp_path / "trade", ONE)


def killed(words, code):
    """A command that is killed."""
    process = start(*words, before=code)
    _, said = process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL, said


def published_in(trade, out):
    """The hash of the label that a reader finds in an output; None where nothing is published."""
    path = trade.folder / out / "run.json"
    return json.loads(path.read_text("utf-8"))["releases"]["analytics"]["label_sha256"] if path.exists() else None


def assert_known(trade, out):
    """Whatever is published there is in the register, and counts."""
    label = published_in(trade, out)
    found = read(str(trade.register))
    if label is not None:
        (entry,) = [one for one in found.releases if one.label_sha256 == label]
        assert entry.is_tested
        assert entry.state in (State.PENDING, State.PUBLISHED)


def assert_clean(trade, *outs):
    """Nothing is pending, of what stands in an output one entry says so, and the register holds nothing that it does not name."""
    document = trade.known()
    assert [one.name for one in document.releases if one.state is State.PENDING] == []
    labels = {published_in(trade, out) for out in outs}
    assert {one.label_sha256 for one in document.releases if one.state is State.PUBLISHED} == labels
    tables = {path.removeprefix("tables/") for path in contents(trade.register) if path.startswith("tables/")}
    assert tables == set(document.files)
    assert [path for path in contents(trade.register) if not path.startswith(("tables/", "revision-"))] == []
    for out in outs:
        assert call(["verify", str(trade.folder / out)]) == 0
        assert leftovers(trade.folder / out) == []


@pytest.mark.slow("kills runs or makes them sleep, each a process that imports Beam")
@pytest.mark.parametrize("moment", sampled(MOMENTS, 2))
def test_whatever_a_killed_run_published_is_known_and_running_again_makes_all_well(trade, moment):
    source = trade.orders("may", MAY)
    killed(trade.words(source, "out"), strikes(moment))
    assert (published_in(trade, "out") is None) == (moment in before(LAST_UNPUBLISHED))
    assert_known(trade, "out")
    assert trade.run(source, "out", "--overwrite") == 0
    assert_clean(trade, "out")
    states = [] if moment in before(LAST_UNANNOUNCED) else ["superseded"]
    assert list(trade.states().values()) == [*states, "published"]


@pytest.mark.slow("kills runs or makes them sleep, each a process that imports Beam")
@pytest.mark.parametrize("moment", list(MOMENTS)[3::2])
def test_a_run_over_another_that_is_killed_loses_neither(trade, moment):
    source = trade.orders("may", MAY)
    assert trade.run(source, "out") == 0
    killed(trade.words(source, "out", "--overwrite"), strikes(moment))
    assert_known(trade, "out")
    assert trade.run(source, "elsewhere") == 0  # of another output, which nothing of the killed run is in
    assert_known(trade, "out")
    pending = [name for name, state in trade.states().items() if state == "pending"]
    announced = moment not in before(LAST_UNANNOUNCED)
    unpublished = moment in before(LAST_UNPUBLISHED)
    assert pending == (["analytics.2"] if announced and unpublished else [])
    assert trade.run(source, "out", "--overwrite") == 0
    assert_clean(trade, "out", "elsewhere")


@pytest.mark.slow("kills runs or makes them sleep, each a process that imports Beam")
@pytest.mark.parametrize("moment", ["after publication", "before it is confirmed", "before the last revision"])
def test_what_was_published_is_settled_by_the_next_command(trade, moment):
    source = trade.orders("may", MAY)
    killed(trade.words(source, "out"), strikes(moment))
    assert trade.states() == {"analytics.1": "pending"}
    assert trade.run(trade.orders("june", JUNE), "june") == 4  # for it counts
    assert trade.states() == {"analytics.1": "published"}


@pytest.mark.slow("kills runs or makes them sleep, each a process that imports Beam")
def test_what_was_announced_and_not_published_counts_until_somebody_says_that_it_was_not(trade):
    killed(trade.words(trade.orders("may", MAY), "out"), strikes("before publication"))
    shutil.rmtree(staging_of(trade.folder / "out"))
    june = trade.orders("june", JUNE)
    assert trade.run(june, "june") == 4
    assert trade.states() == {"analytics.1": "pending"}
    register = str(trade.register)
    assert call(["releases", "forget", register, "analytics.1", "--reason", "its process died before", "--yes"]) == 0
    assert trade.run(june, "june") == 0
    assert trade.states() == {"analytics.1": "forgotten", "analytics.2": "published"}


# --- beam-deid publish


@pytest.mark.slow("kills runs or makes them sleep, each a process that imports Beam")
@pytest.mark.parametrize("moment", before(LAST_UNPUBLISHED))
def test_what_a_killed_driver_left_is_registered_when_it_is_published(trade, moment):
    source = trade.orders("may", MAY)
    killed(trade.words(source, "out"), strikes(moment))
    assert call(["publish", str(trade.folder / "out")]) == 0
    assert trade.states() == {"analytics.1": "published"}
    assert_clean(trade, "out")
    assert len(trade.known().runs) == 1
    assert trade.run(trade.orders("june", JUNE), "june") == 4


@pytest.mark.slow("kills runs or makes them sleep, each a process that imports Beam")
@pytest.mark.parametrize("moment", ["before it is announced", "before the revision", "before publication"])
def test_what_a_killed_driver_left_is_not_published_beside_what_came_meanwhile(trade, moment, capsys):
    assert trade.run(trade.orders("others", range(1000, 1120)), "others") == 0
    killed(trade.words(trade.orders("june", JUNE), "out"), strikes(moment))
    announced = moment not in before(LAST_UNANNOUNCED)
    assert trade.run(trade.orders("may", MAY), "may") == (4 if announced else 0)
    if announced:  # which may have been published; another that it may stand beside is given out
        assert trade.run(trade.orders("june", JUNE), "may") == 0
    left = contents(staging_of(trade.folder / "out"))
    capsys.readouterr()
    assert call(["publish", str(trade.folder / "out")]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert "releases were registered since this run was decided, and it was not tested with them" in told
    assert not (trade.folder / "out").exists()
    assert contents(staging_of(trade.folder / "out")) == left


@pytest.mark.slow("kills runs or makes them sleep, each a process that imports Beam")
def test_what_a_killed_driver_left_is_not_published_where_another_register_is_now(trade, capsys):
    killed(trade.words(trade.orders("june", JUNE), "out"), strikes("before it is announced"))
    assert trade.run(trade.orders("may", MAY), "may") == 0  # makes a register, for there was none
    capsys.readouterr()
    assert call(["publish", str(trade.folder / "out")]) == 2
    assert "another register has taken this one's place" in " ".join(capsys.readouterr().err.split())
    assert not (trade.folder / "out").exists()
    assert trade.states() == {"analytics.1": "published"}


@pytest.mark.slow("kills runs or makes them sleep, each a process that imports Beam")
def test_what_a_killed_driver_left_is_not_published_untested_even_if_others_came(trade, capsys):
    assert trade.run(trade.orders("before", range(2000, 2120)), "before") == 0
    killed(trade.words(trade.orders("may", MAY), "out"), strikes("before it is announced"))
    assert trade.run(trade.orders("others", range(1000, 1120)), "others") == 0
    assert call(["publish", str(trade.folder / "out")]) == 2  # nobody has looked whether they are others
    assert trade.run(trade.orders("may", MAY), "out") == 0
    assert_clean(trade, "out", "others", "before")


# --- two at once, and one that sleeps


WAITS = """
import os, time
from beam_deid.transforms.beam import run as job
{name} = job.{name}
def later(*arguments, **named):
    open(os.environ["HERE"], "w").close()
    while not os.path.exists(os.environ["GO"]):
        time.sleep(0.005)
    return {name}(*arguments, **named)
job.{name} = later
"""
"""A run that waits before it does something, until it is told to go on, and says when it waits."""


def waiting(trade, words, name, **more):
    """A run that waits, once it does; and what tells it to go on."""
    here = trade.folder / "here"
    go = trade.folder / "go"
    process = start(*words, before=WAITS.format(name=name), HERE=str(here), GO=str(go), **more)
    until(lambda: here.exists() or process.poll() is not None)
    assert process.poll() is None, process.communicate()
    return process, go


def ends(process):
    _, said = process.communicate(timeout=120)
    return process.returncode, " ".join(said.split())


@pytest.mark.slow("kills runs or makes them sleep, each a process that imports Beam")
@pytest.mark.parametrize("register", [True, False], ids=["of one register", "of none yet"])
def test_of_two_at_once_with_different_outputs_one_is_told_who_has_the_register(trade, register):
    if register:
        assert trade.run(trade.orders("others", range(1000, 1120)), "others") == 0
    may = trade.orders("may", MAY)
    june = trade.orders("june", JUNE)
    first, go = waiting(trade, trade.words(may, "may"), "publish")
    code, said = ends(start(*trade.words(june, "june")))
    assert code == 2
    assert "another run is using this register" in said
    assert f"process {first.pid}" in said
    assert not (trade.folder / "june").exists()
    go.touch()
    assert ends(first)[0] == 0
    code, said = ends(start(*trade.words(june, "june")))
    assert code == 4, said
    assert_clean(trade, "may", *(["others"] if register else []))


@pytest.mark.slow("kills runs or makes them sleep, each a process that imports Beam")
def test_many_at_once_never_give_out_what_divides_their_records(trade):
    sources = [trade.orders(f"{count}", range(count)) for count in (120, 121, 122, 123)]
    many = [start(*trade.words(source, f"out-{source.stem}")) for source in sources]
    found = [ends(process) for process in many]
    codes = [code for code, _ in found]
    assert set(codes) <= {0, 2, 4}
    assert codes.count(0) == 1, found
    for code, said in found:
        assert code != 2 or "another run is using this register" in said
    (given,) = [f"out-{source.stem}" for source in sources if (trade.folder / f"out-{source.stem}").exists()]
    assert_clean(trade, given)


@pytest.mark.slow("kills runs or makes them sleep, each a process that imports Beam")
@pytest.mark.parametrize("moment", ["execute", "publish"], ids=["before it reads", "when all is written"])
def test_a_run_that_slept_while_another_registered_publishes_nothing(trade, moment):
    slept, go = waiting(trade, trade.words(trade.orders("june", JUNE), "june"), moment, BEAM_DEID_LEASE_SECONDS=SECONDS)
    os.kill(slept.pid, signal.SIGSTOP)
    go.touch()
    try:
        other = trade.words(trade.orders("may", MAY), "may")
        until(lambda: ends(start(*other, BEAM_DEID_LEASE_SECONDS=SECONDS))[0] == 0)
    finally:
        os.kill(slept.pid, signal.SIGCONT)
    code, said = ends(slept)
    assert code == 1, said
    assert "this run was silent for so long that another took the" in said  # output over, or the register
    assert not (trade.folder / "june").exists()
    assert leftovers(trade.folder / "june") == []
    assert trade.states() == {"analytics.1": "published"}
    assert_clean(trade, "may")


SLEEPS_ANNOUNCED = """
import os, time
from beam_deid.transforms.storage import staging
publish = staging.Staging.publish
def later(*arguments, **named):
    open(os.environ["HERE"], "w").close()
    while not os.path.exists(os.environ["GO"]):
        time.sleep(0.005)
    return publish(*arguments, **named)
staging.Staging.publish = later
"""


@pytest.mark.slow("kills runs or makes them sleep, each a process that imports Beam")
def test_a_run_that_slept_once_it_was_announced_counts_for_whoever_came_meanwhile(trade):
    here = trade.folder / "here"
    go = trade.folder / "go"
    june = trade.words(trade.orders("june", JUNE), "june")
    may = trade.words(trade.orders("may", MAY), "may")
    slept = start(*june, before=SLEEPS_ANNOUNCED, HERE=str(here), GO=str(go), BEAM_DEID_LEASE_SECONDS=SECONDS)
    until(here.exists)
    os.kill(slept.pid, signal.SIGSTOP)
    go.touch()
    try:
        codes = []
        until(lambda: codes.append(ends(start(*may, BEAM_DEID_LEASE_SECONDS=SECONDS))[0]) or codes[-1] != 2)
    finally:
        os.kill(slept.pid, signal.SIGCONT)
    assert codes[-1] == 4  # tested with what the sleeper was about to publish
    assert not (trade.folder / "may").exists()
    ends(slept)
    assert_known(trade, "june")
    assert trade.run(trade.folder / "june.csv", "june", "--overwrite") == 0
    assert_clean(trade, "june")


# --- at each call of the store


def calls_of(trade, words):
    """The calls that an undisturbed run makes of the disk."""
    calls = Calls()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stores, "_LOCAL", Faulty(LocalStore(), calls))
        patch.setattr(journal, "_AT_ONCE", 1)
        assert call(words) == 0
    return calls.seen


@pytest.mark.slow("a process that keeps what it would leave, and a run over each such state")
def test_a_run_that_is_killed_at_any_call_of_its_store_leaves_nothing_unknown(trade, tmp_path_factory):
    source = trade.orders("may", MAY)
    assert trade.run(source, "others") == 0
    moments = changing(calls_of(trade, trade.words(source, "undisturbed")))
    copies = tmp_path_factory.mktemp("killed") / "copies"
    whole = trade.folder.parent
    states = crash_states(trade.words(source, "out"), whole, copies, len(moments))
    found = set()
    for state, moment in zip(states, moments, strict=True):
        bring_back(state, whole)
        found.add(published_in(trade, "out") is not None)
        assert_known(trade, "out")
        assert trade.run(source, "out", "--overwrite") == 0, moment
        assert_clean(trade, "others", "undisturbed", "out")
        assert call(["releases", "list", str(trade.register)]) == 0
    assert len(states) > 12
    assert found == {True, False}
