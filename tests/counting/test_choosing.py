"""A search in buckets keeps few copies of the records, however many levels it looks at."""

import weakref

from beam_deid.transforms.counting import choosing
from beam_deid.transforms.counting.choosing import Chooser
from beam_deid.transforms.counting.composing import Composer
from beam_deid.transforms.counting.earlier import Earlier
from beam_deid.transforms.counting.grouping import classes_of
from beam_deid.transforms.run.stages import Stages

from ..kit.crowds import crowd, grid, turn
from ..kit.deciding import data_of
from ..kit.policies import policy, release, roles
from .records import source_of

FINEST = {"age": 0}
LEVELS = range(4)


def chooser_of(persons):
    people = crowd(
        grid(city="ab", age=range(20, 36)), persons, 2, category=lambda who: turn("abc", who.person + who.order)
    )
    kept = {"age": {"generalize": {"ranges": [2, 4, 8]}}}
    fields = roles(direct="buyer", quasi="city age", sensitive="category")
    data = data_of(policy(fields, a=release("enclave", "city age category", kept)), people)["a"]
    source = source_of(data, 3)
    stages = Stages(3)
    composer = Composer(source.job, {"a": source.layout}, source.records, source.people, Earlier(), stages)
    return Chooser(source, composer, stages)


def copies_made(monkeypatch):
    """For each copy of the records that was made how many others there were then."""
    made = []
    others = []

    def counted(*given):
        others.append(sum(stream() is not None for stream in made))
        classes = classes_of(*given)
        made.append(weakref.ref(classes.light.rows[0]))
        return classes

    monkeypatch.setattr(choosing, "classes_of", counted)
    return others


def test_levels_that_are_refused_leave_no_copy_and_of_others_the_last_stays(monkeypatch):
    others = copies_made(monkeypatch)
    chooser = chooser_of(6)
    found = [chooser.reaches({"age": level}) is not None for level in LEVELS]
    assert found == [False, True, True, True]
    assert others == [0, 0, 1, 1]


def test_levels_that_were_asked_for_last_are_not_made_again(monkeypatch):
    others = copies_made(monkeypatch)
    chooser = chooser_of(30)
    first = chooser.reaches(FINEST)
    assert chooser.reaches(FINEST).suppressed == first.suppressed
    assert len(others) == 1
    chosen = chooser.choose()
    assert chosen.searched.levels == FINEST
    assert chosen.measured is not None
    assert chosen.cut.satisfied
    assert others == [0]
