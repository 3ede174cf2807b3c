"""Runs whose store fails: whatever goes wrong, nothing looks published that is not whole, and the next run is as any other."""

import pytest

from beam_deid.transforms.storage import journal, staging

from .faulty import GONE, REFUSED, TORN, TORN_TOLD, UNHEARD, Fault
from .trials import LOCAL, OBJECTS, TRIALS, drawn, furnish, publishing, recorded, trial

STORES = [LOCAL, OBJECTS]


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEAM_DEID_KEY", "canary-key-0123456789-0123456789-0123456789")
        return furnish(tmp_path_factory.mktemp("house"))


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
    [
        (LOCAL, "rename", "/old", Fault(UNHEARD, 1)), (LOCAL, "rename", "/out", Fault(REFUSED, 1, 3)),
        (LOCAL, "close", "/label.json", Fault(TORN, 1)), (OBJECTS, "close", "/publication.json", Fault(TORN_TOLD, 1)),
    ],
    ids=lambda value: getattr(value, "kind", value),
)  # fmt: skip
def test_an_earlier_output_outlives_a_store_that_fails_while_it_is_replaced(house, tmp_path, kind, name, end, fault):
    assert trial(house, kind, True, tmp_path / "trial", at(house, kind, tmp_path, name, end, fault)) == 1


def papers_first(self, folder, output):
    self._bring(sorted(self.files, key=lambda one: not one.target.endswith(".json")), folder, output)


def trusting(one, path):
    """Look at nothing."""


@pytest.mark.parametrize(
    ("kind", "where", "name", "weakness", "call", "end", "wrong"),
    [
        (OBJECTS, journal.Journal, "carry_out", papers_first, "copy", "/run.json", GONE),
        (OBJECTS, journal, "check", trusting, "copy", "/crm/part-00000.parquet", TORN),
        (LOCAL, staging, "check", trusting, "close", "/crm/part-00000.parquet", TORN),
    ],
    ids=["papers first", "copies unchecked", "parts unchecked"],
)  # fmt: skip
def test_a_planted_weakness_is_found(house, tmp_path, monkeypatch, kind, where, name, weakness, call, end, wrong):
    calls = recorded(house, kind, True, tmp_path / "recorded")
    # A part waits under the name of its attempt.
    found = [number for number, told in enumerate(calls, 1) if told.startswith(call) and end in told]
    fault = Fault(wrong, found[-1])
    trial(house, kind, True, tmp_path / "sound", fault)
    monkeypatch.setattr(where, name, weakness)
    with pytest.raises(AssertionError):
        trial(house, kind, True, tmp_path / "weak", fault)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(TRIALS))
@pytest.mark.parametrize("kind", STORES)
def test_a_run_whose_store_fails_leaves_what_was_there_or_what_it_made(house, tmp_path, kind, number):
    earlier = bool(number % 2)
    calls = recorded(house, kind, earlier, tmp_path / "recorded")
    fault = drawn(calls, kind, number)
    try:
        trial(house, kind, earlier, tmp_path / "trial", fault)
    except AssertionError as error:
        raise AssertionError(f"trial {number} in {kind}: {fault} ({calls[fault.call - 1]}): {error}") from error
