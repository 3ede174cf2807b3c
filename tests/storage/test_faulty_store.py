"""Runs whose store fails: whatever goes wrong, nothing looks published that is not whole, and the next run is as any other."""

import hashlib

import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.errors import OutputError
from beam_deid.transforms.storage import journal, staging
from beam_deid.transforms.storage.files import write_all
from beam_deid.transforms.storage.journal import Moved
from beam_deid.transforms.storage.paths import join
from beam_deid.transforms.storage.staging import Staging
from beam_deid.transforms.storage.sweeping import OUTCOME

from ..kit.faulty import GONE, REFUSED, TORN, TORN_TOLD, UNHEARD, Fault
from ..kit.sampling import quick_for, sampled
from ..kit.trials import LOCAL, OBJECTS, TRIALS, contents, drawn, end_process, place, publishing, recorded, trial

STORES = [LOCAL, OBJECTS]


@pytest.mark.parametrize("earlier", [False, True], ids=["new", "over an earlier output"])
@pytest.mark.parametrize("kind", STORES)
def test_an_undisturbed_run_makes_the_same_in_every_store_and_leaves_nothing_else(house, tmp_path, kind, earlier):
    calls = recorded(house, kind, earlier, tmp_path)
    assert 0 < publishing(calls) < len(calls)


def at(house, kind, folder, name, end, fault):
    """A fault over an earlier output, at the last call of this name whose path ends so."""
    calls = recorded(house, kind, True, folder / "recorded")
    found = [number for number, told in enumerate(calls, 1) if told.startswith(f"{name} ") and told.endswith(end)]
    return Fault(fault.kind, found[-1], fault.times)


# Each of these was not so once.
@pytest.mark.parametrize(
    ("kind", "name", "end", "fault"),
    quick_for(
        [
            (LOCAL, "rename", "/old", Fault(UNHEARD, 1)),
            (LOCAL, "rename", "/out", Fault(REFUSED, 1, 3)),
            (LOCAL, "close", "/label.json", Fault(TORN, 1)),
            (OBJECTS, "close", "/publication.json", Fault(TORN_TOLD, 1)),
            (LOCAL, "open_input", "/outcome.json", Fault(REFUSED, 1)),
            (LOCAL, "close", "/outcome.json", Fault(TORN, 1)),
            (OBJECTS, "open_input", "/out/run.json", Fault(REFUSED, 1)),
            (OBJECTS, "copy", "/out/run.json", Fault(TORN, 1)),
            (OBJECTS, "copy", "/crm/label.json", Fault(TORN, 1)),
        ],
        3,
    ),
    ids=lambda value: getattr(value, "kind", value),
)
def test_an_earlier_output_outlives_a_store_that_fails_while_it_is_replaced(house, tmp_path, kind, name, end, fault):
    assert trial(house, kind, True, tmp_path / "trial", at(house, kind, tmp_path, name, end, fault)) == 1


@pytest.mark.slow("a run for each fault")
@pytest.mark.parametrize("kind", STORES)
@pytest.mark.parametrize("manifest", quick_for(["/out/run.json", "/out/crm/label.json"], 1))
def test_manifests_that_cannot_be_read_before_they_are_replaced_leave_no_stale_part(house, tmp_path, kind, manifest):
    """Without them nobody knows what the earlier run wrote, and so what is to go.

    What is read before the output is held only names the earlier releases at the end, and a run does without.
    """
    calls = recorded(house, kind, True, tmp_path / "recorded")
    held = next(number for number, told in enumerate(calls, 1) if told.endswith("/lease.json"))
    end = next((number for number, told in enumerate(calls) if told.endswith("/publication.json")), len(calls))
    read = [
        number
        for number, told in enumerate(calls[:end], 1)
        if number > held and told.startswith("open_input") and told.endswith(manifest)
    ]
    assert read
    for number, at in enumerate(read):
        assert trial(house, kind, True, tmp_path / f"trial-{number}", Fault(REFUSED, at)) == 1


def staged(where, house):
    """A run on an engine, whose workers wrote into the store itself."""
    made = Staging(where.output, overwrite=True, shared=True)
    files = []
    manifests = {}
    for path in sorted(house.undisturbed.rglob("*.*")):
        name = path.relative_to(house.undisturbed).as_posix()
        data = path.read_bytes()
        if path.suffix == ".json":
            manifests[name] = data
        else:
            write_all(join(made.path, name), data)
            files.append(Moved(name, name, len(data), hashlib.sha256(data).hexdigest()))
    write_all(join(made.path, OUTCOME), b"{}")
    return made, files, manifests


def test_a_publication_of_a_run_on_an_engine_is_finished_by_a_command_that_only_looks(house, tmp_path):
    with place(OBJECTS, tmp_path / "sound", house.earlier) as where:
        made, files, manifests = staged(where, house)
        made.publish(files, manifests)
        made.discard()
        last = max(number for number, told in enumerate(where.calls.seen, 1) if told.startswith("copy"))
    with place(OBJECTS, tmp_path / "broken", house.earlier) as where:
        where.calls.fault = Fault(GONE, last)
        made, files, manifests = staged(where, house)
        with pytest.raises(OutputError, match="the publication was begun and cannot go on"):
            made.publish(files, manifests)
        made.discard()
        where.calls.fault = None
        end_process(where)
        assert not (where.folder / "run.json").exists()
        assert call(["verify", where.output]) == 0
        assert contents(where.folder) == contents(house.undisturbed)


def manifests_first(self, folder, output):
    self._bring(sorted(self.files, key=lambda one: not one.target.endswith(".json")), folder, output)


def trusting(one, path):
    """Look at nothing."""


@pytest.mark.parametrize(
    ("kind", "where", "name", "weakness", "call", "end", "wrong"),
    [
        (OBJECTS, journal.Journal, "carry_out", manifests_first, "copy", "/run.json", GONE),
        (OBJECTS, journal, "check", trusting, "copy", "/crm/part-00000.parquet", TORN),
        (LOCAL, staging, "check", trusting, "close", "/crm/part-00000.parquet", TORN),
    ],
    ids=["manifests first", "copies unchecked", "parts unchecked"],
)
def test_a_planted_weakness_is_found(house, tmp_path, monkeypatch, kind, where, name, weakness, call, end, wrong):
    calls = recorded(house, kind, True, tmp_path / "recorded")
    # A part waits under the name of its attempt.
    found = [number for number, told in enumerate(calls, 1) if told.startswith(call) and end in told]
    fault = Fault(wrong, found[-1])
    trial(house, kind, True, tmp_path / "sound", fault)
    monkeypatch.setattr(where, name, weakness)
    with pytest.raises(AssertionError):
        trial(house, kind, True, tmp_path / "weak", fault)


@pytest.mark.slow("a run for each of a hundred faults of its store")
@pytest.mark.parametrize("number", sampled(range(TRIALS), 3))
@pytest.mark.parametrize("kind", STORES)
def test_a_run_whose_store_fails_leaves_what_was_there_or_what_it_made(house, tmp_path, kind, number):
    earlier = bool(number % 2)
    calls = recorded(house, kind, earlier, tmp_path / "recorded")
    fault = drawn(calls, kind, number)
    try:
        trial(house, kind, earlier, tmp_path / "trial", fault)
    except AssertionError as error:
        raise AssertionError(f"trial {number} in {kind}: {fault} ({calls[fault.call - 1]}): {error}") from error
