"""Case 20 and its kind: what an embedded release tells beside its values. Line 9: no batch bounds, no event times.

The records are honest: 120 people, each city has 40 of them, each person has bought each of the four things. What could
still give a person away is the batch that its rows come back in, their order, or their time.
"""

import json
import subprocess
import sys
import tempfile

import apache_beam as beam
import pyarrow as pa
import pytest
from apache_beam.transforms.window import FixedWindows, TimestampedValue

from beam_deid.transforms import Deidentify

from ...kit.policies import KEY
from ...kit.shared import CASES as CASES_FOUND
from ...kit.shared import needs_cases

PEOPLE = 120
CITIES = 3
ITEMS = ("tea", "book", "pill", "wine")
POLICY = {
    "version": 1,
    "dataset": "t",
    "subject": "who",
    "fields": {
        "who": {"role": "direct_identifier"},
        "city": {"role": "quasi_identifier"},
        "item": {"role": "sensitive"},
    },
    "releases": {"out": {"purpose": "x", "sharing": "public", "fields": {"city": "keep", "item": "keep"}}},
}
START = 1_700_000_000
STEP = 977


def rows_of(person, times=1):
    """The rows of one person, the four things in an order of its own, `times` over."""
    order = ITEMS[person % 4 :] + ITEMS[: person % 4]
    return [{"who": f"p{person}", "city": f"c{person % CITIES}", "item": item} for item in order * times]


def batch(rows):
    return pa.RecordBatch.from_pylist(rows)


def rows_of_element(element):
    """The rows of a batch, or the one that a dict or a Beam row is."""
    if isinstance(element, pa.RecordBatch):
        return element.to_pylist()
    return [element if isinstance(element, dict) else element._asdict()]


class _Seen(beam.DoFn):
    """What whoever reads the collection sees: the rows of an element in their order, its time, and its window."""

    def __init__(self, path):
        self._path = path

    def process(self, element, time=beam.DoFn.TimestampParam, window=beam.DoFn.WindowParam):
        rows = rows_of_element(element)
        with open(self._path, "a", encoding="utf-8") as file:
            file.write(json.dumps({"rows": rows, "time": float(time), "window": str(window)}) + "\n")


def deidentified(folder, elements, kind, timed=False, windows=None, policy=POLICY):
    """What comes out: the elements as `_Seen` tells them, and the labels."""
    seen = folder / "seen"
    told = folder / "labels"
    seen.write_text("")
    told.write_text("")
    # A register of its own: what the public is given must be remembered.
    register = {"path": f"{tempfile.mkdtemp(dir=folder)}/t.register", "key": f"env:{KEY}"}
    policy = {**policy, "register": register}

    def tell(label):
        with open(told, "a", encoding="utf-8") as file:
            file.write(label.document + "\n")

    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        source = pipeline | beam.Create(elements)
        if timed:
            source |= "Time" >> beam.Map(lambda one: TimestampedValue(one[1], one[0])).with_output_types(kind)
        else:
            source |= "Type" >> beam.Map(lambda one: one).with_output_types(kind)
        if windows:
            source |= "Window" >> beam.WindowInto(windows)
        result = source | Deidentify(policy)
        result.released | beam.ParDo(_Seen(str(seen)))
        result.label | beam.Map(tell)
    return tuple([json.loads(line) for line in file.read_text("utf-8").splitlines()] for file in (seen, told))


def flat(seen):
    return [tuple(row.values()) for element in seen for row in element["rows"]]


@pytest.mark.slow("starts a process that imports Beam")
@needs_cases
def test_the_shared_case():
    done = subprocess.run(
        [sys.executable, "attack.py"], cwd=CASES_FOUND / "20-embedded", capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr


def one_batch_a_person():
    return [batch(rows_of(person)) for person in range(PEOPLE)], pa.RecordBatch


def batches_of_a_size_of_their_own():
    """Whoever knows how often somebody bought knows the size of the batch."""
    return [batch(rows_of(person, 1 + person % 7)) for person in range(PEOPLE)], pa.RecordBatch


def dicts():
    return [row for person in range(PEOPLE) for row in rows_of(person)], dict


def rows():
    return [beam.Row(**row) for row in dicts()[0]], beam.Row


def mixed_batches():
    """Two batches of everybody."""
    return [batch(dicts()[0][first::2]) for first in range(2)], pa.RecordBatch


SOURCES = [one_batch_a_person, batches_of_a_size_of_their_own, dicts, rows, mixed_batches]


@pytest.mark.parametrize("timed", [False, True], ids=["untimed", "timed"])
@pytest.mark.parametrize("source", SOURCES, ids=lambda one: one.__name__)
def test_neither_batch_nor_order_nor_time_says_whose_a_row_is(source, timed, tmp_path):
    elements, kind = source()
    given = [(START + STEP * at, element) for at, element in enumerate(elements)] if timed else elements
    seen, labels = deidentified(tmp_path, given, kind, timed)
    before = [(row["city"], row["item"]) for element in elements for row in rows_of_element(element)]
    assert sorted(flat(seen)) == sorted(before)
    assert [label["label"] for label in labels] == ["anonymized"], [
        test for label in labels for test in label["tests"] if not test["passed"]
    ]
    assert flat(seen) != before
    assert len({one["time"] for one in seen}) == 1
    if kind is pa.RecordBatch:
        sizes = [len(one["rows"]) for one in seen]
        assert len(sizes) < PEOPLE / 10, f"{len(sizes)} batches came back of {len(elements)}"


def test_the_order_of_rows_follows_from_their_values_and_not_from_the_input(tmp_path):
    orders = []
    for turned, step in ((False, 1), (True, -1)):
        folder = tmp_path / str(turned)
        folder.mkdir()
        seen, _ = deidentified(folder, dicts()[0][::step], dict)
        orders.append(flat(seen))
    assert orders[0] == orders[1]


WINDOW = 600


def test_a_label_for_each_window_that_says_so(tmp_path):
    """Two windows with everybody in each; what one and the other say together was not measured, and the label says that."""
    begin = START // WINDOW * WINDOW
    given = [
        (begin + WINDOW * at + person, row) for at in range(2) for person in range(PEOPLE) for row in rows_of(person)
    ]
    seen, labels = deidentified(tmp_path, given, dict, timed=True, windows=FixedWindows(WINDOW))
    assert len(labels) == 2
    assert len({one["window"] for one in seen}) == 2
    for window in {one["window"] for one in seen}:
        inside = [one for one in seen if one["window"] == window]
        assert sorted(flat(inside)) == sorted((row["city"], row["item"]) for row in dicts()[0])
        assert len({one["time"] for one in inside}) == 1
    assert all("window" in json.dumps(label, ensure_ascii=False) for label in labels)


def test_a_window_of_few_people_fails_by_itself(tmp_path):
    """Line 3: in the second window each city has 10 people; the first, in which everybody is, does not help them."""
    begin = START // WINDOW * WINDOW
    given = [(begin + person, row) for person in range(PEOPLE) for row in rows_of(person)]
    given += [(begin + WINDOW + person, row) for person in range(30) for row in rows_of(person)]
    _, labels = deidentified(tmp_path, given, dict, timed=True, windows=FixedWindows(WINDOW))
    failing = [{test["line"] for test in label["tests"] if not test["passed"]} for label in labels]
    assert len(labels) == 2
    assert sum(3 in lines for lines in failing) == 1, failing


def test_one_batch_of_nulls_and_one_of_text_are_of_one_schema(tmp_path):
    """Null then text, integer then float: one declared type for all batches, and no fault."""
    fields = {**POLICY["fields"], "age": {"role": "quasi_identifier", "kind": "number"}}
    out = {**POLICY["releases"]["out"], "fields": {"city": "keep", "age": "keep", "item": "keep"}}
    policy = {**POLICY, "fields": fields, "releases": {"out": out}}
    every = [row for person in range(PEOPLE) for row in rows_of(person)]
    first = pa.RecordBatch.from_pydict(
        {
            "who": [row["who"] for row in every],
            "city": pa.nulls(len(every)),
            "age": pa.array([1] * len(every), pa.int64()),
            "item": [row["item"] for row in every],
        }
    )
    second = pa.RecordBatch.from_pydict(
        {
            "who": [f"q{row['who']}" for row in every],
            "city": [row["city"] for row in every],
            "age": pa.array([2.5] * len(every)),
            "item": [row["item"] for row in every],
        }
    )
    seen, labels = deidentified(tmp_path, [first, second], pa.RecordBatch, policy=policy)
    assert [label["label"] for label in labels] == ["anonymized"]
    rows = [row for element in seen for row in element["rows"]]
    assert sorted({(row["city"] is None, row["age"]) for row in rows}) == [(False, 2.5), (True, 1.0)]


def test_the_same_people_few_to_a_city_are_not_anonymized_however_they_come(tmp_path):
    """The fault beside the twins: 19 people of a city, in one batch of all."""
    few = [row for person in range(19 * CITIES) for row in rows_of(person)]
    _, labels = deidentified(tmp_path, [batch(few)], pa.RecordBatch)
    (label,) = labels
    assert label["label"] == "still_personal"
    assert 3 in {test["line"] for test in label["tests"] if not test["passed"]}
