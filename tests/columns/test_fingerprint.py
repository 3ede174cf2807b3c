import datetime
import pickle
import struct
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.columns.cmac import Cmac
from beam_deid.transforms.columns.combining import combine, mix
from beam_deid.transforms.columns.fingerprint import FingerprintKey, fingerprint
from beam_deid.transforms.columns.ordering import ordering

from ..kit.examples import examples
from ..kit.fingerprints import KEY
from ..kit.shared import CASES, needs_cases

TEXTS = st.lists(st.one_of(st.none(), st.text(max_size=40)))
few = examples(0.4)


def prints(values, kind=None, key=KEY):
    return fingerprint(pa.array(values, kind), key).tolist()


def alike(one, other):
    """Whether two columns have the same fingerprints row by row, and no row that of another."""
    first = fingerprint(one, KEY)
    second = fingerprint(other, KEY)
    return first.tolist() == second.tolist()


@few
@given(TEXTS)
def test_fingerprints_are_equal_exactly_where_texts_are_byte_by_byte(values):
    keys = prints(values, pa.string())
    assert len(set(keys)) == len(set(values))
    assert len(set(zip(values, keys, strict=True))) == len(set(values))


@few
@given(TEXTS, st.integers(0, 5), st.integers(0, 5))
def test_a_slice_a_dictionary_and_chunks_have_the_fingerprints_of_the_whole(values, start, length):
    column = pa.array(values, pa.string())
    keys = fingerprint(column, KEY).tolist()
    assert fingerprint(column.slice(start, length), KEY).tolist() == keys[start : start + length]
    assert fingerprint(column.dictionary_encode(), KEY).tolist() == keys
    assert fingerprint(pa.chunked_array([column[:start], column[start:]]), KEY).tolist() == keys


@few
@given(TEXTS)
def test_every_layout_of_text_has_the_same_fingerprints(values):
    column = pa.array(values, pa.string())
    for kind in (pa.large_string(), pa.string_view()):
        assert alike(column, column.cast(kind))
    octets = column.cast(pa.binary())
    for kind in (pa.large_binary(), pa.binary_view()):
        assert alike(octets, octets.cast(kind))
    there = column.is_valid().to_numpy(zero_copy_only=False)
    assert not (fingerprint(column, KEY) == fingerprint(octets, KEY))[there].any()


@few
@given(st.lists(st.one_of(st.none(), st.floats(), st.sampled_from([0.0, -0.0]))))
def test_floating_point_numbers_are_their_bits(values):
    keys = prints(values, pa.float64())
    assert len(set(keys)) == len({None if value is None else struct.pack("<d", value) for value in values})


def test_every_width_of_a_number_has_the_same_fingerprints():
    column = pa.array([0, 1, 127, None])
    kinds = [make(part) for make in (lambda n: f"int{n}", lambda n: f"uint{n}") for part in (8, 16, 32, 64)]
    for kind in kinds:
        assert alike(column, column.cast(kind))
    signed = pa.array([-1, -128, None])
    for kind in kinds[:3]:
        assert alike(signed, signed.cast(kind))
    halves = pa.array([0.5, -0.0, float("inf"), None])
    for kind in (pa.float32(), pa.float16()):
        assert alike(halves, halves.cast(kind))


def test_the_largest_whole_numbers_are_not_the_negative_ones():
    assert len({*prints([2**64 - 1, 2**63, 2**63 - 1], pa.uint64()), *prints([-1, -(2**63), 2**63 - 1])}) == 5


def test_values_of_two_classes_are_never_equal():
    columns = [
        pa.array([1]),
        pa.array([1.0]),
        pa.array([True]),
        pa.array(["1"]),
        pa.array([b"1"]),
        pa.array(["\x01"]),
        pa.array([5e-324]),
        pa.array([Decimal(1)]),
        pa.array([1], pa.date32()),
        pa.array([1], pa.time64("us")),
        pa.array([1], pa.timestamp("us")),
        pa.array([1], pa.timestamp("us", "UTC")),
        pa.array([1], pa.duration("us")),
        pa.array(["1" * 16]),
        pa.array([b"1" * 16]),
        pa.array([None], pa.string()),
    ]
    assert len({int(fingerprint(column, KEY)[0]) for column in columns}) == len(columns)


def test_times_are_moments_whatever_the_unit_and_keep_their_nanoseconds():
    moments = pa.array([1_700_000_000, -1, None], pa.timestamp("s"))
    for unit in ("ms", "us", "ns"):
        assert alike(moments, moments.cast(pa.timestamp(unit)))
    assert len(set(prints([0, 1, 999, 1000, -1], pa.timestamp("ns")))) == 5
    noon = pa.array([43_200], pa.time32("s"))
    for kind in (pa.time32("ms"), pa.time64("us"), pa.time64("ns")):
        assert alike(noon, noon.cast(kind))
    days = pa.array([datetime.date(2020, 1, 1), datetime.date(1900, 1, 1)], pa.date32())
    assert alike(days, days.cast(pa.date64()))


def test_moments_beyond_the_reach_of_microseconds_are_not_taken_for_others():
    far = [1 << 58, -(1 << 58), (1 << 63) - 1, -(1 << 63), 0, 1]
    assert len(set(prints(far, pa.timestamp("s")))) == len(far)
    assert len({*prints([1 << 58], pa.timestamp("s")), *prints([1 << 58], pa.timestamp("ms"))}) == 2


def test_decimals_are_their_digits_and_scale_whatever_the_width():
    values = [
        Decimal("1.00"),
        Decimal("-1.00"),
        Decimal(2**62),
        Decimal(-(2**70)),
        Decimal(2**70),
        Decimal("0.01"),
        None,
    ]
    column = pa.array(values, pa.decimal128(30, 2))
    assert len(set(fingerprint(column, KEY).tolist())) == len(values)
    assert alike(column, column.cast(pa.decimal256(50, 2)))
    assert alike(column[3:5], pa.array(values[3:5], pa.decimal128(38, 2)))
    assert prints([Decimal("1.0")], pa.decimal128(5, 1)) != prints([Decimal("1.00")], pa.decimal128(5, 2))


@pytest.mark.parametrize(
    "column",
    [
        pa.array([1, 2, None, 1]),
        pa.array([1, 2, None, 1], pa.uint8()),
        pa.array([1.5, 2.5, None, 1.5]),
        pa.array([True, False, None, True]),
        pa.array([datetime.date(2020, 1, 1), datetime.date(2020, 1, 2), None, datetime.date(2020, 1, 1)]),
        pa.array([datetime.datetime(2020, 1, 1), datetime.datetime(2021, 1, 1), None, datetime.datetime(2020, 1, 1)]),
        pa.array(["1.00", "2.00", None, "1.00"]).cast(pa.decimal128(10, 2)),
        pa.array([b"a", b"b", None, b"a"]),
        pa.array([b"abc", b"abd", None, b"abc"], pa.binary(3)),
        pa.array(["a" * 30, "a" * 31, None, "a" * 30]),
    ],
    ids=lambda column: str(column.type),
)
def test_every_type_tells_values_apart_and_null_from_all(column):
    keys = fingerprint(column, KEY).tolist()
    assert keys[0] == keys[3]
    assert len(set(keys)) == 3
    assert keys[2] == KEY.null
    assert fingerprint(column[1:], KEY).tolist() == keys[1:]
    assert fingerprint(pa.concat_arrays([column[:0], column]), KEY).tolist() == keys
    assert fingerprint(column[:0], KEY).dtype == np.uint64


def test_columns_of_nulls_and_of_no_values_are_null():
    nothing = pa.array([None, None], pa.dictionary(pa.int8(), pa.string()))
    of_nulls = pa.DictionaryArray.from_arrays(pa.array([0, None]), pa.array([None], pa.string()))
    for column in (pa.nulls(2), pa.nulls(2, pa.int64()), pa.nulls(2, pa.string()), nothing, of_nulls):
        assert fingerprint(column, KEY).tolist() == [KEY.null] * 2


def test_a_type_without_text_is_refused():
    with pytest.raises(pa.ArrowNotImplementedError):
        fingerprint(pa.array([[1], [2]]), KEY)


def test_trailing_zero_bytes_and_block_boundaries_tell_texts_apart():
    values = [b"\0" * n for n in range(50)] + [b"a" * n for n in range(1, 50)]
    assert len(set(prints(values, pa.binary()))) == len(values)
    assert [prints([value], pa.binary())[0] for value in values] == prints(values, pa.binary())  # alone, and in company


def test_more_rows_than_a_slice_have_the_fingerprints_that_each_has_alone():
    column = pa.array([f"{'x' * (number % 20)}{number}" for number in range(40_000)])
    keys = fingerprint(column, KEY)
    assert len(np.unique(keys)) == len(column)
    for row in (0, 16_383, 16_384, 39_999):
        assert fingerprint(column[row : row + 1], KEY)[0] == keys[row]


def test_long_texts_are_hashed_by_cmac():
    tag = Cmac(KEY.subkeys.texts).tag(b"no more than fits")
    assert prints(["no more than fits"]) == [int.from_bytes(tag[:8], "little")]


def test_values_that_were_chosen_to_collide_do_not():
    # The mix that gives the order of rows can be inverted, so that a last word makes any first word come out as wanted.
    first = mix(np.arange(2_000, dtype=np.uint64))
    begun = mix(mix(np.full(2_000, 16, np.uint64) + np.uint64(0xBF58476D1CE4E5B9)) ^ first)
    octets = np.stack([first, begun ^ np.uint64(7)], axis=1)
    column = pa.array([row.tobytes() for row in octets], pa.binary())
    assert len(np.unique(ordering(column))) == 1
    assert len(np.unique(fingerprint(column, KEY))) == 2_000


@needs_cases
def test_names_that_once_were_one_value_are_2000():
    names = pq.read_table(CASES / "11-fingerprint-collision" / "in.parquet").column("nick")
    assert len(names.unique()) == len(np.unique(fingerprint(names, KEY))) == 2_000


def test_another_key_gives_fingerprints_that_have_nothing_in_common():
    column = pa.array([*map(str, range(5_000)), None])
    other = FingerprintKey.new()
    ours = fingerprint(column, KEY)
    theirs = fingerprint(column, other)
    assert not np.isin(ours, theirs).any()
    bits = np.unpackbits((ours ^ theirs).view(np.uint8)).mean()
    assert abs(bits - 0.5) < 0.01  # 320,000 bits: 0.5 ± 0.0009


def test_a_key_shows_no_byte_and_survives_pickling():
    secret = b"sixteen bytes or more of a secret"
    key = FingerprintKey(secret)
    assert int(key.null) >= 0
    shown = f"{key!r} {key} {[key]} {key!s:>40}"
    assert "sixteen" not in shown
    assert secret.hex() not in shown
    again = pickle.loads(pickle.dumps(key))
    assert again == key
    assert len({again, key}) == 1
    assert again.null == key.null
    assert pickle.dumps(again) == pickle.dumps(key)  # whatever was asked of it
    with pytest.raises(AttributeError):
        key.secret = b""
    with pytest.raises(ValueError, match="16 bytes"):
        FingerprintKey(b"short")
    assert FingerprintKey.new() != FingerprintKey.new()


def test_the_order_of_columns_matters_in_a_combination():
    a = fingerprint(pa.array(["x"]), KEY)
    b = fingerprint(pa.array(["y"]), KEY)
    assert combine([a, b], 1) != combine([b, a], 1)
