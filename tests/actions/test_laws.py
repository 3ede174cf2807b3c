"""The laws of `Action`, over examples of every action and every hierarchy."""

import datetime
import pickle
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.actions import ACTIONS, parse_action
from beam_deid.transforms.actions.action import Beside, Target
from beam_deid.transforms.actions.attack import KeylessAttack
from beam_deid.transforms.actions.hierarchies import HIERARCHIES

from ..kit.examples import examples
from ..kit.fixed_keys import FixedKeys

ODD = [
    "😀",
    "e\u0301",
    "\u200b",
    "\x00",
    "１３８００１３８０００",
    "𠮷野家",
    "张*甲",
    "a@",
    "@",
    "\\1",
    "\n",
    " ",
    "*" * 70,
    "．",
]
TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [*ODD, "", "13800138000", "杭州市", "浙江省杭州市西湖区文三路1号", "欧阳修", "a@b.cn", "010-62345678"]
    ),
)
MOBILES = st.lists(st.none() | st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), max_size=12).map(
    lambda rows: pa.array(rows, pa.string())
)
TEXT_COLUMNS = st.lists(st.none() | TEXTS, max_size=12).map(lambda rows: pa.array(rows, pa.string()))
INTEGERS = st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), max_size=12).map(
    lambda rows: pa.array(rows, pa.int64())
)
FLOATS = st.lists(st.none() | st.floats(), max_size=12).map(lambda rows: pa.array(rows, pa.float64()))
DECIMALS = st.lists(
    st.none() | st.decimals(min_value=-(10**12), max_value=10**12, places=2).map(Decimal), max_size=12
).map(lambda rows: pa.array(rows, pa.decimal128(18, 2)))
MOMENTS = st.lists(st.none() | st.datetimes(), max_size=12).map(lambda rows: pa.array(rows, pa.timestamp("us")))
DATES = st.lists(st.none() | st.dates(), max_size=12).map(lambda rows: pa.array(rows, pa.date32()))
ZONED = MOMENTS.map(lambda column: column.cast(pa.timestamp("us", "UTC")))

EXAMPLES = [
    ("keep", TEXT_COLUMNS),
    ("keep", FLOATS),
    ("drop", TEXT_COLUMNS),
    ({"mask": {"keep_first": 1}}, TEXT_COLUMNS),
    ({"mask": {"keep_first": 3, "keep_last": 4}}, TEXT_COLUMNS),
    ({"mask": {"keep_last": 0, "char": "#"}}, TEXT_COLUMNS),
    ({"mask": {"from": 2, "to": 3}}, TEXT_COLUMNS),
    ({"mask": {"before": "@"}}, TEXT_COLUMNS),
    ({"mask": {"after": "省"}}, TEXT_COLUMNS),
    *(
        ({"mask": {"preset": preset}}, TEXT_COLUMNS)
        for preset in ("person_name", "mobile", "landline", "id_card", "bank_card", "plate", "email", "address")
    ),
    ({"mask": {"preset": "address", "division": "district"}}, TEXT_COLUMNS),
    ({"mask": {"keep_last": 2}}, INTEGERS),
    ("hash", TEXT_COLUMNS),
    ("hash", INTEGERS),
    ("hash", FLOATS),
    ("hash", DECIMALS),
    ("hash", MOMENTS),
    ("hash", ZONED),
    ({"hash": {"algorithm": "hmac-sha256", "encoding": "base64url", "length": 20}}, TEXT_COLUMNS),
    ({"hash": {"algorithm": "hmac-sm3"}}, TEXT_COLUMNS),
    ("tokenize", TEXT_COLUMNS),
    ("tokenize", INTEGERS),
    ({"tokenize": {"domain": "x"}}, MOMENTS),
    ({"tokenize": {"key": "per_subject"}}, TEXT_COLUMNS),
    ({"tokenize": {"domain": "x", "key": "per_subject"}}, DECIMALS),
    ("encrypt", TEXT_COLUMNS),
    ("encrypt", DECIMALS),
    ({"fpe": {"preset": "mobile"}}, TEXT_COLUMNS),
    ({"fpe": {"preset": "mobile", "keep_prefix": False}}, MOBILES),
    ({"fpe": {"alphabet": "digits"}}, INTEGERS),
    ({"fpe": {"preset": "order_number"}}, TEXT_COLUMNS),
    ({"fpe": {"alphabet": "alphanumeric", "keep_first": 1, "others": "keep"}}, TEXT_COLUMNS),
    ({"generalize": {"ranges": [5, 10, 20], "level": 1}}, INTEGERS),
    ({"generalize": {"ranges": [5, 10], "start": 1, "level": 0}}, FLOATS),
    ({"generalize": {"ranges": [0.1, 0.5], "level": 1}}, INTEGERS),
    ({"generalize": {"ranges": [5], "level": 0}}, TEXT_COLUMNS),
    ({"generalize": {"bins": [50, 100, 200], "level": 0}}, FLOATS),
    ({"generalize": {"bins": [0.5, 1], "level": 0}}, DECIMALS),
    ({"generalize": {"bins": [-5, 0, 5], "levels": [[0]], "level": 1}}, INTEGERS),
    ({"generalize": {"calendar": ["day", "week", "month", "quarter", "year"], "level": "week"}}, MOMENTS),
    ({"generalize": {"calendar": ["hour", "quarter"], "level": "hour"}}, ZONED),
    ({"generalize": {"calendar": ["month", "year"], "level": "month"}}, DATES),
    ({"generalize": {"calendar": ["year"], "level": 1}}, TEXT_COLUMNS),
    ({"generalize": {"prefix": [6, 4, 2], "level": 1}}, TEXT_COLUMNS),
    ({"generalize": {"masks": [{"keep_first": 3, "keep_last": 2}, {"keep_first": 2}], "level": 1}}, TEXT_COLUMNS),
    ({"generalize": {"hierarchy": "cn_divisions", "level": "province"}}, TEXT_COLUMNS),
    ({"generalize": {"hierarchy": "cn_districts", "level": "city"}}, TEXT_COLUMNS),
    ("shift", MOMENTS),
    ("shift", ZONED),
    ({"shift": {"days": 1, "domain": "x"}}, DATES),
    ({"surrogate": {"of": "name", "pool": 20}}, TEXT_COLUMNS),
    ({"surrogate": {"of": "mobile", "pool": 3}}, INTEGERS),
    ("redact", TEXT_COLUMNS),
    ({"redact": {"kinds": ["mobile"]}}, TEXT_COLUMNS),
]
TARGET = Target("analytics", "some_field")
IDS = [str(written) for written, _ in EXAMPLES]
laws = pytest.mark.parametrize(("written", "columns"), EXAMPLES, ids=IDS)
few = examples(0.25)


def beside(written, column):
    """What the action is given beside its column."""
    if parse_action(written).beside is Beside.PLACE:
        return pa.array([row.to_bytes(16, "big") for row in range(len(column))], pa.binary(16))
    return pa.array([f"person {row % 3}" for row in range(len(column))], pa.string())


def treat(written, column, other=None):
    bound = parse_action(written).bind(TARGET, FixedKeys())
    return bound(column, beside(written, column) if other is None else other)


def rows(treated):
    """Values and faults, row by row; comparable although NaN is no equal of itself."""
    faults = [False] * len(treated.values) if treated.faults is None else treated.faults.to_pylist()
    values = treated.values
    if isinstance(values, pa.DictionaryArray):
        values = values.dictionary_decode()
    return [(repr(value), fault) for value, fault in zip(values.to_pylist(), faults, strict=True)]


def test_every_action_and_hierarchy_has_an_example():
    used = [written if isinstance(written, str) else next(iter(written)) for written, _ in EXAMPLES]
    assert set(used) == {action.name for action in ACTIONS}
    options = [
        option for written, _ in EXAMPLES if isinstance(written, dict) for option in written.get("generalize", {})
    ]
    assert {hierarchy.option for hierarchy in HIERARCHIES} <= set(options)


@laws
def test_an_action_fits_its_target_and_says_what_it_does(written, columns):
    action = parse_action(written)
    assert action.check(TARGET) is None
    assert TARGET.field in action.sentence(TARGET)
    assert not action.sentence(TARGET).endswith(".")
    assert pickle.loads(pickle.dumps(action)) == action
    assert parse_action({action.name: action.model_dump(mode="json")}) == action


@laws
@few
@given(data=st.data())
def test_length_nulls_and_empty_texts_stay_and_the_type_is_the_one_promised(written, columns, data):
    column = data.draw(columns)
    action = parse_action(written)
    treated = treat(written, column)
    promised = action.output_type(column.type)
    assert len(treated.values) == len(column)
    assert promised is None or treated.values.type == promised
    faults = pa.array([False] * len(column), pa.bool_()) if treated.faults is None else treated.faults
    assert faults.null_count == 0
    assert len(faults) == len(column)
    assert (treated.reason is not None) == (treated.faults is not None)
    assert treated.values.filter(pc.is_null(column)).null_count == column.null_count
    assert not pc.any(faults.filter(pc.is_null(column))).as_py()
    if treated.faults is not None:
        assert treated.values.filter(faults).null_count == (pc.sum(faults).as_py() or 0)
    if pa.types.is_string(column.type) and action.name not in ("drop", "generalize"):
        assert set(treated.values.filter(pc.equal(column, "")).to_pylist()) <= {"", None}


@laws
@few
@given(data=st.data())
def test_the_result_of_a_slice_is_the_slice_of_the_result(written, columns, data):
    column = data.draw(columns)
    start = data.draw(st.integers(0, len(column)))
    length = data.draw(st.integers(0, len(column) - start))
    whole = rows(treat(written, column))
    part = rows(treat(written, column.slice(start, length), beside(written, column).slice(start, length)))
    assert part == whole[start : start + length]


@laws
@few
@given(data=st.data())
def test_a_dictionary_column_and_a_plain_one_give_equal_values(written, columns, data):
    column = data.draw(columns)
    assert rows(treat(written, column.dictionary_encode())) == rows(treat(written, column))


@laws
@few
@given(data=st.data())
def test_the_same_column_gives_the_same_again(written, columns, data):
    column = data.draw(columns)
    assert rows(treat(written, column)) == rows(treat(written, column))


@pytest.mark.parametrize("action", [one for one in ACTIONS if one.beside is None], ids=lambda one: one.name)
def test_an_action_whose_equal_values_stay_equal_is_attacked_by_frequency(action):
    assert KeylessAttack.FREQUENCY in action.attacks


@pytest.mark.parametrize(("written", "columns"), [x for x in EXAMPLES if parse_action(x[0]).keyed], ids=str)
def test_another_key_another_result(written, columns):
    columns = {
        "shift": pa.array([datetime.datetime(2025, 1, 1)] * 20, pa.timestamp("us")),
        "surrogate": pa.array([f"value {row}" for row in range(20)]),
        "fpe": pa.array([f"{13800000000 + row}" for row in range(20)]),
    }
    action = parse_action(written)
    column = columns.get(action.name, pa.array([f"value {row}" for row in range(20)]))
    given = beside(written, column)
    one, other = (action.bind(TARGET, FixedKeys(secret))(column, given).values for secret in (b"one", b"other"))
    assert one.to_pylist() != other.to_pylist()
