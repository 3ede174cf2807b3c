import os
import pickle
import stat
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.errors import OutputError
from beam_deid.transforms.persons.identity_prints import identity_prints, set_key
from beam_deid.transforms.persons.person_set import PersonSet, PersonSetWriter
from beam_deid.transforms.recognisers.kinds.mobile import MOBILE
from beam_deid.transforms.run.spill_folder import SpillFolder

from ..kit.fingerprints import KEY

OWN = set_key(KEY)
SMALL = 64
"""Bytes of a buffer that holds a few rows, so that there are many runs."""


def prints(values, kind=None):
    return identity_prints(pa.array(values, pa.string()), kind, OWN)


def set_of(folder, values, name="persons", kind=None, buffer=SMALL):
    writer = PersonSetWriter(folder.file(name), buffer=buffer)
    writer.add(prints(values, kind))
    return writer.close()


@given(
    st.lists(st.one_of(st.none(), st.sampled_from("abcdefgh"), st.text("0123456789", min_size=1, max_size=20))),
    st.lists(st.one_of(st.none(), st.sampled_from("abcdefgh"), st.text("0123456789", min_size=1, max_size=20))),
    st.sampled_from([16, SMALL, 1 << 20]),
)
def test_a_set_has_exactly_whom_it_was_given(members, asked, buffer):
    canonical = {value.replace(",", "") for value in members if value is not None}
    with SpillFolder() as folder:
        persons = set_of(folder, members, buffer=buffer)
        assert persons.persons == len(canonical)
        assert persons.has(prints(asked)).tolist() == [value in canonical for value in asked]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(-9, 9), st.integers(-9, 9)), max_size=60))
def test_of_the_rows_of_a_person_the_greatest_number_of_each_column_counts(rows):
    names = [name for name, _, _ in rows]
    expected = {name: [max(row[at] for row in rows if row[0] == name) for at in (1, 2)] for name in names}
    with SpillFolder() as folder:
        writer = PersonSetWriter(folder.file("persons"), columns=2, buffer=SMALL)
        for row in rows:
            writer.add(prints([row[0]]), [np.array([number]) for number in row[1:]])
        persons = writer.close(lambda found: (found.columns[0] > found.columns[1]) * np.uint8(3))
        marks = persons.marks_of(prints("abcdef"))
    assert marks.tolist() == [
        3 if name in expected and expected[name][0] > expected[name][1] else 0 for name in "abcdef"
    ]


def test_all_spellings_of_a_mobile_are_one_person():
    with SpillFolder() as folder:
        persons = set_of(folder, ["+86 138-0013-8000", "１３８００１３８０００"], kind=MOBILE)
        assert persons.persons == 1
        assert persons.has(prints(["13800138000", "13800138001", "138****8000", None], MOBILE)).tolist() == [
            True,
            False,
            False,
            False,
        ]


def test_an_integer_a_float_a_text_and_a_dictionary_name_the_same_person():
    number = 13800138000
    columns = [
        pa.array([number]),
        pa.array([float(number)]),
        pa.array([str(number)]),
        pa.array([str(number)]).dictionary_encode(),
        pa.chunked_array([[str(number)]]),
    ]
    with SpillFolder() as folder:
        persons = set_of(folder, [str(number)])
        assert [persons.has(identity_prints(column, None, OWN)).tolist() for column in columns] == [[True]] * 5


def test_a_null_of_a_dictionary_names_nobody():
    column = pa.array(["a", None, "b"]).dictionary_encode()
    with SpillFolder() as folder:
        persons = set_of(folder, ["a", "b"])
        assert persons.has(identity_prints(column, None, OWN)).tolist() == [True, False, True]


def test_the_order_of_rows_does_not_change_a_byte(tmp_path):
    names = [str(number) for number in range(500)]
    with SpillFolder() as folder:
        sets = [set_of(folder, order, str(at)) for at, order in enumerate([names, names[::-1] * 2])]
        files = [{name: Path(one.path, name).read_bytes() for name in sorted(os.listdir(one.path))} for one in sets]
    assert files[0] == files[1]
    assert set(files[0]) == {"first", "second", "marks", "persons.json"}  # no run is left


def test_a_set_is_this_users_alone_and_holds_no_value():
    with SpillFolder() as folder:
        persons = set_of(folder, ["13800138000"])
        assert stat.S_IMODE(os.stat(persons.path).st_mode) == 0o700
        for name in os.listdir(persons.path):
            path = os.path.join(persons.path, name)
            assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
            assert b"13800138000" not in Path(path).read_bytes()
    assert not os.path.exists(persons.path)


def test_a_set_goes_to_another_process_as_a_path():
    with SpillFolder() as folder:
        persons = set_of(folder, ["a"])
        assert persons.has(prints(["a"])).tolist() == [True]  # it is mapped now
        again = pickle.loads(pickle.dumps(persons))
        assert len(pickle.dumps(persons)) < 500
        assert again.has(prints(["a", "b"])).tolist() == [True, False]
        assert PersonSet.open(persons.path) == persons


def test_under_another_key_nobody_is_found():
    with SpillFolder() as folder:
        persons = set_of(folder, ["a"])
        assert not persons.has(identity_prints(pa.array(["a"]), None, set_key(OWN))).any()


@pytest.mark.parametrize("name", ["first", "second", "marks", "persons.json"])
def test_a_torn_set_is_an_error_and_never_an_answer(name):
    with SpillFolder() as folder:
        path = set_of(folder, ["a", "b", "c"]).path
        with open(os.path.join(path, name), "r+b") as stream:
            stream.truncate(os.fstat(stream.fileno()).st_size // 2)
        with pytest.raises(OutputError, match="not whole"):
            PersonSet.open(path).has(prints(["a"]))
        os.remove(os.path.join(path, name))
        with pytest.raises(OutputError, match="gone"):
            PersonSet.open(path).has(prints(["a"]))


def test_two_persons_with_half_of_their_fingerprint_alike_stay_two():
    with SpillFolder() as folder:
        writer = PersonSetWriter(folder.file("persons"), columns=1)
        words = np.array([[7, 3], [7, 1], [7, 2], [9, 1], [7, 1]], np.uint64)
        known = np.ones(5, np.bool_)
        a_print = prints(["x"])._replace
        writer.add(a_print(words=words, known=known), [np.array([5, 1, 2, 4, 3])])
        persons = writer.close(lambda rows: rows.columns[0].astype(np.uint8))
        asked = np.array([[7, 1], [7, 2], [7, 3], [7, 4], [9, 1], [9, 2]], np.uint64)
        marks = persons.marks_of(a_print(words=asked, known=np.ones(6, np.bool_)))
    assert persons.persons == 4
    assert marks.tolist() == [3, 2, 5, 0, 4, 0]
