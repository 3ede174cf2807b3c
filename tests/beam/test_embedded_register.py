"""Embedded releases with a register: each window is told to it when it is decided, and tested with all that it knows."""

import json
import os
import threading
import time
from collections import Counter

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.util import BeamAssertException, assert_that
from apache_beam.transforms.window import FixedWindows, GlobalWindows, SlidingWindows, TimestampedValue

from beam_deid.pipelines.cli import call
from beam_deid.transforms import Deidentify
from beam_deid.transforms.errors import ExpectationUnmet, KeyFault, UsageError, from_text
from beam_deid.transforms.publish import embedded_decision, register_embedded
from beam_deid.transforms.register.folder import hold, read

from ..kit.job_service import engine
from ..kit.processes import ROOT
from ..kit.trade import CITIES, rows, text
from ..register.kit import contents

MAY = range(120)
JUNE = range(121)
SIZE = 1000
KEY = "embedded-key-0123456789-0123456789-0123456789"


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("TRADE_KEY", KEY)


@pytest.fixture
def register(tmp_path):
    return tmp_path / "kept" / "trade.register"


def policy(register, sharing="controlled", **more):
    """One release of the trade's orders; without a register where none is named."""
    fields = {"city": "keep"} if sharing == "public" else {"city": "keep", "goods": "keep"}
    return {
        "version": 1,
        "dataset": "trade",
        "subject": "buyer",
        "record": "tid",
        "keys": {"key": "env:TRADE_KEY"},
        "fields": {
            "tid": {"role": "direct_identifier", "kind": "order_number"},
            "buyer": {"role": "direct_identifier"},
            "mobile": {"role": "direct_identifier", "kind": "mobile"},
            "city": {"role": "quasi_identifier"},
            "goods": {"role": "sensitive"},
        },
        **({"register": str(register)} if register else {}),
        "releases": {
            "out": {"purpose": "test", "sharing": sharing, "recipient": "an agency", "fields": fields, **more}
        },
    }


def pipeline(*options):
    return beam.Pipeline(None if options else "FnApiRunner", options=PipelineOptions(list(options)))


class Noted:
    """Labels of windows as a pipeline gave them out, and how many rows left, written down in a folder."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True)

    def label(self, label):
        (self.folder / f"label-{threading.get_ident()}-{len(list(self.folder.iterdir()))}").write_text(label.document)

    def row(self, row):
        with (self.folder / "rows").open("a") as stream:
            stream.write(json.dumps(row) + "\n")

    @property
    def labels(self):
        return [json.loads(path.read_text()) for path in sorted(self.folder.glob("label-*"))]

    @property
    def rows(self):
        path = self.folder / "rows"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def released(folder, policy, numbers, *options, windows=None):
    """Run a pipeline over some orders; what it gave out. The time of an order is its number in seconds.

    ``policy`` may be a transform as well, which is made already.
    """
    noted = Noted(folder)
    with pipeline(*options) as begun:
        given = begun | beam.Create([(one, row) for one, row in zip(numbers, rows(numbers), strict=True)])
        if windows is None:
            orders = given | "Orders" >> beam.Map(lambda one: one[1]).with_output_types(dict)
        else:
            timed = given | beam.Map(lambda one: TimestampedValue(one[1], one[0])).with_output_types(dict)
            orders = timed | "Windows" >> beam.WindowInto(windows)
        result = orders | (policy if isinstance(policy, Deidentify) else Deidentify(policy))
        _ = result.released | "Note rows" >> beam.Map(noted.row)
        _ = result.label | "Note labels" >> beam.Map(noted.label)
    return noted


def failing(label):
    return [test["name"] for test in label["tests"] if not test["passed"]]


def entries(register):
    return read(str(register)).releases


def test_a_release_is_registered_and_its_label_says_that_it_is(register, tmp_path):
    noted = released(tmp_path / "one", policy(register), MAY)
    (label,) = noted.labels
    (entry,) = entries(register)
    assert label["label"] == "anonymized"
    assert label["register"] == {
        "kept": True,
        "missing": "",
        "new": True,
        "record": "tid",
        "tested": [],
        "untested": [],
        "disjoint": 0,
        "in_common": {},
    }
    assert label["condition"].startswith("as far as its register knows what else was given out of these records")
    assert (entry.name, entry.release, entry.state, entry.label) == ("out.1", "out", "published", "anonymized")
    assert (entry.recipient, entry.output, entry.inputs, entry.files) == ("an agency", "", (), ())
    assert entry.table.rows == len(noted.rows) == 120
    assert entry.records.to_document() == label["records"]
    (run,) = read(str(register)).runs
    assert run.persons.rows == 3 * 120  # by each of what names a person
    assert call(["releases", "list", str(register)]) == 0


def test_a_second_pipeline_is_tested_with_the_first(register, tmp_path):
    released(tmp_path / "one", policy(register), MAY)
    (label,) = released(tmp_path / "two", policy(register), JUNE).labels
    assert label["label"] == "still_personal"
    assert failing(label)[0] == "composition:out.1"
    assert label["register"]["tested"] == ["out.1"]
    assert [(entry.name, str(entry.label), entry.table is None) for entry in entries(register)] == [
        ("out.1", "anonymized", False),
        ("out.2", "still_personal", True),
    ]


def test_what_is_expected_and_fails_together_stops_the_pipeline_before_a_row_leaves_and_is_not_registered(
    register, tmp_path
):
    wanted = policy(register, expect="anonymized")
    released(tmp_path / "one", wanted, MAY)
    before = contents(register)
    with pytest.raises(Exception) as raised:  # noqa: PT011 - engines wrap what workers raise
        released(tmp_path / "two", wanted, JUNE)
    error = from_text(str(raised.value))
    assert isinstance(error, ExpectationUnmet)
    assert "composition:out.1" in str(error)
    assert not (tmp_path / "two" / "rows").exists()
    assert [path for path in contents(register) if path.startswith("tables/")] == [
        path for path in before if path.startswith("tables/")
    ]
    assert [entry.name for entry in entries(register)] == ["out.1"]


def test_other_peoples_orders_are_told_to_be_others(register, tmp_path):
    released(tmp_path / "one", policy(register), MAY)
    (label,) = released(tmp_path / "two", policy(register), range(1000, 1120)).labels
    assert (label["label"], label["register"]["tested"], label["register"]["disjoint"]) == ("anonymized", [], 1)
    assert [entry.name for entry in entries(register)] == ["out.1", "out.2"]


def test_every_window_is_registered(register, tmp_path):
    numbers = [*range(120), *range(SIZE, SIZE + 120), *range(2 * SIZE, 2 * SIZE + 120)]
    noted = released(tmp_path / "one", policy(register), numbers, windows=FixedWindows(SIZE))
    assert [label["label"] for label in noted.labels] == ["anonymized"] * 3
    found = entries(register)
    assert [(entry.name, entry.table.rows) for entry in found] == [("out.1", 120), ("out.2", 120), ("out.3", 120)]
    assert sorted(label["register"]["disjoint"] for label in noted.labels) == [0, 1, 2]
    assert len(noted.rows) == 360


def test_windows_of_some_of_the_same_orders_are_tested_with_each_other(register, tmp_path):
    numbers = [*range(120), *range(SIZE, SIZE + 121)]  # whoever has two windows knows what lies between them
    noted = released(tmp_path / "one", policy(register), numbers, windows=SlidingWindows(2 * SIZE, SIZE))
    tested = {name for label in noted.labels for name in label["register"]["tested"]}
    assert len(noted.labels) == len(entries(register)) == 3
    assert tested
    assert tested <= {entry.name for entry in entries(register)}
    assert Counter(label["label"] for label in noted.labels)["anonymized"] >= 1


def test_two_pipelines_at_once_are_tested_one_after_the_other(register, tmp_path):
    found = {}
    ready = threading.Barrier(2)
    # Both are built beforehand: a pipeline that is built while another uses the register is refused; only decisions wait.
    built = {name: Deidentify(policy(register)) for name in ("may", "june")}

    def work(name, numbers):
        ready.wait(60)
        found[name] = released(tmp_path / name, built[name], numbers)

    threads = [threading.Thread(target=work, args=one) for one in (("may", MAY), ("june", JUNE))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    labels = [label for noted in found.values() for label in noted.labels]
    assert sorted(label["label"] for label in labels) == ["anonymized", "still_personal"]
    (loser,) = [label for label in labels if label["label"] == "still_personal"]
    assert failing(loser)[0] == "composition:out.1"
    assert [(entry.name, str(entry.label)) for entry in entries(register)] == [
        ("out.1", "anonymized"),
        ("out.2", "still_personal"),
    ]


@pytest.mark.parametrize("numbers", [MAY, range(2)], ids=["anonymized", "still personal"])
def test_a_decision_that_is_made_again_is_registered_once(register, tmp_path, monkeypatch, numbers):
    """A worker may die after it has registered; the engine has another one make the decision again."""
    again = []
    decide = embedded_decision.decide_registered

    def twice(*arguments):
        again.append(decide(*arguments))
        return decide(*arguments)

    monkeypatch.setattr(embedded_decision, "decide_registered", twice)
    noted = released(tmp_path / "one", policy(register), numbers)
    (label,) = noted.labels
    (entry,) = entries(register)
    assert len(again) == 1
    assert (label["label"], entry.label) == (again[0].releases["out"].label.label,) * 2
    assert len(read(str(register)).runs) == 1
    tables = {path.removeprefix("tables/") for path in contents(register) if path.startswith("tables/")}
    assert tables == set(read(str(register)).files)


def test_the_same_pipeline_again_is_the_same_release(register, tmp_path):
    for name in ("one", "two"):
        (label,) = released(tmp_path / name, policy(register), MAY).labels
        assert label["label"] == "anonymized"
    assert [entry.name for entry in entries(register)] == ["out.1"]


def test_a_release_that_is_made_again_when_others_are_known_is_registered_once(register, tmp_path):
    others = range(1000, 1120)
    for name, numbers in {"one": MAY, "two": JUNE, "three": others, "two again": JUNE}.items():
        (label,) = released(tmp_path / name, policy(register), numbers).labels
        assert label["label"] == ("anonymized" if numbers in (MAY, others) else "still_personal")
    assert [entry.name for entry in entries(register)] == ["out.1", "out.2", "out.3"]


def test_a_register_that_is_named_needs_a_key(register):
    without = {name: value for name, value in policy(register).items() if name != "keys"}
    with pytest.raises(UsageError, match="needs a key") as raised:
        Deidentify(without)
    assert "keys" in raised.value.next_step


@pytest.mark.parametrize("sharing", ["controlled", "public"])
def test_without_a_register_the_label_tells_and_public_sharing_fails(tmp_path, sharing):
    (label,) = released(tmp_path / "one", policy(None, sharing), MAY).labels
    assert label["register"]["missing"] == (
        "the policy names no register, and there is no output to have one beside; add register: FOLDER"
    )
    assert not label["register"]["kept"]
    assert label["label"] == ("anonymized" if sharing == "controlled" else "still_personal")
    assert ("register" in failing(label)) == (sharing == "public")


def test_with_a_register_public_sharing_can_be_anonymized(register, tmp_path):
    (label,) = released(tmp_path / "one", policy(register, "public"), MAY).labels
    assert (label["label"], failing(label)) == ("anonymized", [])


def test_a_pipeline_and_a_run_on_files_know_each_other(register, tmp_path):
    released(tmp_path / "one", policy(register), MAY)
    (tmp_path / "june.csv").write_text(text(JUNE), "utf-8")
    (tmp_path / "policy.json").write_text(json.dumps(policy(register)), "utf-8")
    out = tmp_path / "out"
    assert (
        call(["run", str(tmp_path / "policy.json"), "-i", str(tmp_path / "june.csv"), "-o", str(out), "--workers", "1"])
        == 0
    )
    label = json.loads((out / "out" / "label.json").read_text("utf-8"))
    assert (label["label"], failing(label)[0]) == ("still_personal", "composition:out.1")
    assert call(["verify", str(out)]) == 0


def test_another_key_is_refused_when_the_pipeline_is_built(register, tmp_path, monkeypatch):
    released(tmp_path / "one", policy(register), MAY)
    monkeypatch.setenv("TRADE_KEY", KEY[::-1])
    with pytest.raises(KeyFault, match="not the key that the register was made with"):
        Deidentify(policy(register))


def test_the_register_of_another_dataset_is_refused_when_the_pipeline_is_built(register, tmp_path):
    released(tmp_path / "one", policy(register), MAY)
    with pytest.raises(UsageError, match="the register is of the dataset trade, and the policy's is shop"):
        Deidentify({**policy(register), "dataset": "shop"})


def test_a_register_that_goes_before_the_decision_stops_the_pipeline_before_a_row_leaves(register, tmp_path):
    noted = Noted(tmp_path / "noted")
    begun = pipeline()
    result = begun | beam.Create(rows(MAY)).with_output_types(dict) | Deidentify(policy(register))
    _ = result.released | beam.Map(noted.row)
    register.rename(register.with_name("elsewhere"))
    with pytest.raises(Exception) as raised:  # noqa: PT011 - engines wrap what workers raise
        begun.run()
    error = from_text(str(raised.value))
    assert isinstance(error, UsageError)
    assert "the register is not here, or another is in its place" in str(error)
    assert noted.rows == []
    assert not register.exists()


def test_a_register_that_another_holds_is_waited_for(register, tmp_path, monkeypatch):
    Deidentify(policy(register))  # makes it
    waits = threading.Event()
    found = []

    def nap(seconds):
        waits.set()
        sleep(seconds)

    sleep = time.sleep
    begun = Deidentify(policy(register))
    monkeypatch.setattr(register_embedded.time, "sleep", nap)
    with hold(str(register)):
        working = threading.Thread(target=lambda: found.append(released(tmp_path / "one", begun, MAY)))
        working.start()
        assert waits.wait(120)
        assert found == []
    working.join(300)
    assert [label["label"] for label in found[0].labels] == ["anonymized"]
    assert [entry.name for entry in entries(register)] == ["out.1"]


def test_no_row_leaves_that_the_register_does_not_know(register, tmp_path):
    """Every row that arrives finds its release in the register already."""

    def look(row, folder):
        found = read(folder)
        if not found.releases:
            raise BeamAssertException("a row left before its release was registered")
        return len(found.releases)

    with pipeline() as begun:
        result = begun | beam.Create(rows(MAY)).with_output_types(dict) | Deidentify(policy(register))
        seen = result.released | beam.Map(look, str(register)) | beam.WindowInto(GlobalWindows())
        assert_that(seen, _all_one)


def _all_one(counts):
    if counts != [1] * 120:
        raise BeamAssertException("not every row found one release")


@pytest.mark.portable
def test_workers_of_an_engine_reach_the_register_by_its_path(register, tmp_path):
    path = os.pathsep.join(
        [ROOT, *filter(None, [os.environ.get("PYTHONPATH")])]
    )  # for what notes rows is of this module
    with engine(tmp_path, {**os.environ, "PYTHONPATH": path}) as options:
        noted = released(tmp_path / "one", policy(register), MAY, "--runner=PortableRunner", *options)
        (label,) = noted.labels
        assert label["label"] == "anonymized"
        (label,) = released(tmp_path / "two", policy(register), JUNE, "--runner=PortableRunner", *options).labels
    assert (label["label"], failing(label)[0]) == ("still_personal", "composition:out.1")
    assert [entry.name for entry in entries(register)] == ["out.1", "out.2"]
    assert {row["city"] for row in noted.rows} == {*CITIES}
