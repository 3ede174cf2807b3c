"""Values as they are written: each is read exactly, as Python's own types read it, or it is a fault."""

import datetime as dt
import pickle
import re
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.columns.fault_reasons import reasons
from beam_deid.transforms.columns.moment_patterns import format_problem
from beam_deid.transforms.columns.read_as import arrow_type, to_kind
from beam_deid.transforms.columns.reading import Reading
from beam_deid.transforms.columns.text_escapes import Dress
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.recognisers.kinds import kind_named
from beam_deid.transforms.recognisers.kinds.boolean import BOOLEAN
from beam_deid.transforms.recognisers.kinds.date import DATE
from beam_deid.transforms.recognisers.kinds.decimal_number import DECIMAL
from beam_deid.transforms.recognisers.kinds.integer import INTEGER
from beam_deid.transforms.recognisers.kinds.number import NUMBER
from beam_deid.transforms.recognisers.kinds.text import TEXT
from beam_deid.transforms.recognisers.kinds.timestamp import TIMESTAMP
from beam_deid.transforms.terms import Reason

from ..kit.examples import examples

SHANGHAI = "Asia/Shanghai"


def read(values, reading, given=None):
    """Values as they are read; the reason where one is a fault."""
    column = pa.array(values, given)
    typed, wrong = to_kind(column, pickle.loads(pickle.dumps(reading)))
    found = typed.to_pylist()
    if wrong is not None:
        rows = [row for row, bad in enumerate(wrong.to_pylist()) if bad]
        told = dict.fromkeys(rows)
        for reason, mask in reasons(column.filter(wrong), reading):
            told |= {row: reason for row, own in zip(rows, mask.to_pylist(), strict=True) if own}
        assert None not in told.values()
        found = [told.get(row, value) for row, value in enumerate(found)]
    return found


WRONG, UNSAID, MANY = Reason.WRONG_TYPE, Reason.AMBIGUOUS_NUMBER, Reason.TOO_MANY_DECIMALS
GERMAN = {"decimal": ",", "thousands": "."}
NUMBERS = [
    (Reading(DECIMAL), ["1,234.50", "1.234,50", "12,50", "1 234.50", "1'234"], [UNSAID] * 5),
    (Reading(DECIMAL), ["¥128.00", "￥ 5", "128.00元", "CNY 7", "-¥3.10"], ["128.00", "5", "128.00", "7", "-3.10"]),
    (Reading(DECIMAL), ["$5", "12.00 EUR", "0.125", "(12.50)", "12.50-"], [UNSAID, UNSAID, MANY, UNSAID, UNSAID]),
    (Reading(DECIMAL, currency=("$", "US$", "EUR")), ["$5", "US$12.00", "12.00 EUR"], ["5", "12.00", "12.00"]),
    (
        Reading(DECIMAL, thousands=","),
        ["1,234.50", "12,345,678", "1,23", "12,34,567"],
        ["1234.50", "12345678", UNSAID, UNSAID],
    ),
    (Reading(DECIMAL, **GERMAN), ["1.234,50", "12,50", "1234", "1.5"], ["1234.50", "12.50", "1234", UNSAID]),
    (
        Reading(DECIMAL, decimal=",", thousands=" "),
        ["1 234,50", "1\u202f234,50", "€ 3"],
        ["1234.50", "1234.50", UNSAID],
    ),
    (Reading(DECIMAL, decimals=3), ["0.125", "12.5%", "1.1250", "0.1255"], ["0.125", "0.125", "1.125", MANY]),
    (Reading(DECIMAL, decimals=0), ["5", "5.00", "5.5"], ["5", "5", MANY]),
    (Reading(DECIMAL, decimals=9), ["0.000000001", "1234567890123456"], ["0.000000001", "1234567890123456"]),
    (Reading(DECIMAL), ["１２", "NaN", "", " 12.5 ", None], [WRONG, WRONG, None, "12.5", None]),
]


@pytest.mark.parametrize(("reading", "texts", "expected"), NUMBERS)
def test_decimals_are_read_as_they_are_written_or_are_a_fault(reading, texts, expected):
    wanted = [Decimal(one) if type(one) is str else one for one in expected]
    assert read(texts, reading) == wanted
    assert [read([text], reading)[0] for text in texts] == wanted


def test_a_number_that_does_not_come_back_is_a_fault():
    texts = [
        "1234567890123456789",
        "9007199254740993",
        "9007199254740992",
        "0.1",
        "1e3",
        "0.12345678901234567",
        "1e-400",
    ]
    lost = Reason.INEXACT_NUMBER
    assert read(texts, Reading(NUMBER)) == [lost, lost, 2.0**53, 0.1, 1000.0, lost, lost]
    assert read([2**53, 2**53 + 1, -5, None], Reading(NUMBER), pa.int64()) == [2.0**53, lost, -5.0, None]


def test_a_number_that_excel_damaged_is_a_fault_of_its_own():
    texts = ["2.02E+18", "1.38001E+10", "2e+18", "1e5", "2.02"]
    bad = Reason.DAMAGED_BY_EXCEL
    assert read(texts, Reading(TEXT, identifies=True)) == [bad, bad, bad, "1e5", "2.02"]
    assert read(texts, Reading(None, identifies=True)) == [bad, bad, bad, "1e5", "2.02"]
    assert read(texts, Reading(TEXT)) == texts
    assert read(texts[:3], Reading(INTEGER)) == [bad] * 3
    assert read(texts[:1], Reading(NUMBER)) == [2.02e18]


FINER = [
    (Reading(DECIMAL, decimals=2), [0.1 + 0.2, 0.5, 1e-17, None], pa.float64(), [MANY, "0.5", MANY, None]),
    (Reading(DECIMAL), [1.125, 2.25], pa.float64(), [MANY, "2.25"]),
    (Reading(DECIMAL, decimals=0), ["1.50", "2.00"], pa.decimal128(5, 2), [MANY, "2"]),
    (Reading(DECIMAL, decimals=2), ["1.5550", "2.2500"], pa.decimal128(9, 4), [MANY, "2.25"]),
    (Reading(DECIMAL, decimals=2), ["12345678901234567890.50"], pa.decimal128(30, 2), [WRONG]),
    (Reading(DECIMAL), ["1.5550"], pa.decimal128(9, 4), ["1.5550"]),
    (Reading(DECIMAL, decimals=2), [float("inf")], pa.float64(), [WRONG]),
]


@pytest.mark.parametrize(("reading", "values", "given", "expected"), FINER)
def test_a_number_that_is_finer_than_its_field_is_no_decimal_of_it_and_the_reason_says_so(
    reading, values, given, expected
):
    """None is rounded: which of two numbers was meant by 0.125 nobody said."""
    values = [Decimal(value) if type(value) is str else value for value in values]
    assert read(values, reading, given) == [Decimal(one) if type(one) is str else one for one in expected]


WHOLE = Reason.NOT_WHOLE
NOT_WHOLE = [
    (["1990.0", "-3.50", "12.5元", "1990.000", "1,990"], pa.string(), [WHOLE, WHOLE, WHOLE, WHOLE, UNSAID]),
    (["1.000", "12.500", "3."], pa.string(), [UNSAID, UNSAID, WRONG]),
    ([1990.0, -3.5, 1e-7, None], pa.float64(), [1990, WHOLE, WHOLE, None]),
    ([Decimal("3.25"), Decimal("-0.50")], pa.decimal128(5, 2), [WHOLE, WHOLE]),
    ([2.0**53 - 1, 2.0**53, -1e22], pa.float64(), [2**53 - 1, Reason.DAMAGED_BY_EXCEL, Reason.DAMAGED_BY_EXCEL]),
    ([float("inf"), float("nan")], pa.float64(), [WRONG, WRONG]),
    ([2**64 - 1], pa.uint64(), [WRONG]),
]


@pytest.mark.parametrize(("values", "given", "expected"), NOT_WHOLE)
def test_a_number_with_a_fraction_is_no_whole_one_and_the_reason_says_so(values, given, expected):
    assert read(values, Reading(INTEGER), given) == expected


@examples(100)
@given(st.lists(st.one_of(st.none(), st.integers(1 - 2**53, 2**53 - 1))))
def test_whole_numbers_that_a_null_made_floating_are_the_same_whole_numbers(values):
    floating = [None if value is None else float(value) for value in values]
    assert read(floating, Reading(INTEGER), pa.float64()) == values


def test_whole_numbers_of_sixteen_bits_in_floating_point_are_read():
    column = pa.array([1990.0, 1.5], pa.float64()).cast(pa.float16(), safe=False)
    assert to_kind(column, Reading(INTEGER))[0].to_pylist() == [1990, None]
    wide, faults = to_kind(column, None)
    assert (wide.to_pylist(), wide.type, faults) == ([1990.0, 1.5], arrow_type(None, column.type), None)


@pytest.mark.parametrize(("given", "first"), [(pa.float64(), 2**53), (pa.float32(), 2**24), (pa.float16(), 2**11)])
@pytest.mark.parametrize("kind", [None, TEXT, NUMBER, INTEGER, DECIMAL])
def test_an_identifier_in_floating_point_that_stands_for_several_is_a_fault(given, first, kind):
    """Two numbers of members would be one person's; text that looks so is one as well."""
    column = pa.array([first - 1, first, -first, 1.5 * first, None], pa.float64()).cast(given)
    values, faults = to_kind(column, Reading(kind, identifies=True))
    assert faults.to_pylist() == [False, True, True, True, False]
    assert float(values[0].as_py()) == first - 1
    found = {
        reason: mask.to_pylist() for reason, mask in reasons(column.filter(faults), Reading(kind, identifies=True))
    }
    assert found == {Reason.DAMAGED_BY_EXCEL: [True] * 3}
    coded = pa.DictionaryArray.from_arrays([0, 1, 2, 3, None], column[:4])
    assert to_kind(coded, Reading(kind, identifies=True))[1].to_pylist() == faults.to_pylist()


@pytest.mark.parametrize(("given", "first"), [(pa.float64(), 2**53), (pa.float32(), 2**24), (pa.float16(), 2**11)])
def test_a_whole_number_that_may_have_been_the_next_one_is_no_whole_number(given, first):
    column = pa.array([first - 1, first], pa.float64()).cast(given)
    values, faults = to_kind(column, Reading(INTEGER))
    assert (values.to_pylist(), faults.to_pylist()) == ([first - 1, None], [False, True])
    ((reason, _),) = reasons(column.filter(faults), Reading(INTEGER))
    assert reason is Reason.DAMAGED_BY_EXCEL


def test_text_that_was_damaged_is_no_identifier_whatever_its_kind():
    for kind in (None, TEXT, NUMBER, INTEGER, DECIMAL):
        assert read(["1.38E+10", "17"], Reading(kind, identifies=True))[0] is Reason.DAMAGED_BY_EXCEL


def test_null_words_are_null_whatever_the_kind():
    nulls = ("NULL", "\\N", "0000-00-00")
    for kind, text, value in (
        (DECIMAL, "1.50", Decimal("1.50")),
        (TEXT, "Leeds", "Leeds"),
        (DATE, "2026-01-02", dt.date(2026, 1, 2)),
    ):
        assert read([*nulls, text], Reading(kind, nulls=nulls)) == [None, None, None, value]
    assert read(["NULL"], Reading(DECIMAL)) == [WRONG]
    assert read([" NULL\t", "null"], Reading(TEXT, Dress(True, True), nulls=nulls)) == [None, "null"]


def test_yes_and_no_are_read_in_any_case():
    texts = ["yes", "No", "TRUE", "false", "1", "0", "y", "N", "是", "否", "t", "已付款"]
    assert read(texts, Reading(BOOLEAN)) == [True, False] * 5 + [WRONG] * 2


AT = dt.datetime(2026, 3, 1, 23, 30, 15)
MINUTE = AT.replace(second=0)
SPELLINGS = {
    "2026-03-01T23:30:15.123456+01:00": AT.replace(hour=22, microsecond=123456),
    "2026-03-01 23:30:15 -0500": dt.datetime(2026, 3, 2, 4, 30, 15),
    "Sun, 01 Mar 2026 23:30:15 GMT": AT,
    "01-Mar-2026 23:30": MINUTE,
    "March 01, 2026 11:30 PM": MINUTE,
    "Mar 1, 2026, 11:30 pm": MINUTE,
    "2026-03-01T23:30Z": MINUTE,
    "2026年03月01日 23时30分15秒": AT,
    "2026年3月1日": AT.replace(hour=0, minute=0, second=0),
    "2026-03-01 23:30:15 UTC": AT,
    "2026-03-01 23:30:15+08": AT.replace(hour=15),
    "2026-03-01 23:30:15,123": AT.replace(microsecond=123000),
    "2026-03-01T23:30:15+08:00[Asia/Shanghai]": AT.replace(hour=15),
    "20260301T233015Z": AT,
    "Sun Mar 01 23:30:15 +0800 2026": AT.replace(hour=15),
    "2026/3/1 下午 11:30": MINUTE,
    "2026/3/1 上午 12:05:00": dt.datetime(2026, 3, 1, 0, 5),
    "2026-03-01 11:30 PM": MINUTE,
    "2026-03-01 23:30:15.123456000": AT.replace(microsecond=123456),
}
NONE_OF_THEM = {
    "03/01/2026 23:30": Reason.AMBIGUOUS_TIME,
    "01.03.2026": Reason.AMBIGUOUS_TIME,
    "25/12/2026": Reason.AMBIGUOUS_TIME,
    "3-1-26": Reason.AMBIGUOUS_TIME,
    "46082.979": Reason.AMBIGUOUS_TIME,
    "Mon, 01 Mar 2026 23:30:15 GMT": WRONG,  # it was a Sunday
    "2026-03-01 23:30:15 CST": WRONG,  # China's, or Chicago's
    "2026-03-01 23:30:15 PM": WRONG,
    "2026-03-01 00:30 AM": WRONG,
    "2026-03-01 23:30:15.1234567": WRONG,
    "2026-03-01 23:30:15 and more": WRONG,
    "2026-3-123:30": WRONG,
    "0000-00-00": WRONG,
}


def test_a_time_in_a_common_way_is_read_and_one_of_two_readings_is_a_fault():
    assert read([*SPELLINGS, *NONE_OF_THEM], Reading(TIMESTAMP)) == [*SPELLINGS.values(), *NONE_OF_THEM.values()]


def test_each_way_of_writing_a_time_is_read_by_itself_as_well():
    for text, expected in (SPELLINGS | NONE_OF_THEM).items():
        assert read([text], Reading(TIMESTAMP)) == [expected], text


def test_a_format_says_which_reading_is_meant():
    assert read(["03/01/2026 23:30", "2026-03-01"], Reading(TIMESTAMP, formats=("%m/%d/%Y %H:%M",))) == [MINUTE, WRONG]
    assert read(["1.3.2026"], Reading(DATE, formats=("%d.%m.%Y",))) == [dt.date(2026, 3, 1)]
    both = Reading(TIMESTAMP, formats=("%m/%d/%Y %I:%M %p", "%F %T"))
    assert read(["3/1/2026 11:30 PM", "2026-03-01 23:30:15", "02/30/2026 1:00 AM"], both) == [MINUTE, AT, WRONG]
    assert read(["20260301233015", "2026301233015"], Reading(TIMESTAMP, formats=("%Y%m%d%H%M%S",))) == [AT, WRONG]
    assert read(["Mar 01, 2026 11:30:15 PM PST"], Reading(TIMESTAMP, formats=("%b %d, %Y %I:%M:%S %p PST",))) == [AT]


def test_days_of_spreadsheets_are_read_where_the_format_says_so():
    days = Reading(TIMESTAMP, formats=("excel",))
    half = dt.datetime(2026, 3, 1, 12)
    old = [dt.datetime(1900, 3, 1), dt.datetime(1900, 2, 28)]
    assert read(["46082.5", "61", "59", "60", "0", "x"], days) == [half, *old, *[WRONG] * 3]
    assert read([46082.5, None], days, pa.float64()) == [half, None]
    assert read([46082], days, pa.int64()) == [half.replace(hour=0)]


@pytest.mark.parametrize(
    "wrong", ["%Y-%m", "%d/%m", "%Q", "%", "%Y%m%d %I", "%F %p", "%Y-%m-%d %S", "%F %F", "", "now"]
)
def test_a_format_that_names_no_date_is_told(wrong):
    assert format_problem(wrong)


def test_times_are_those_of_the_zone_s_clocks():
    here = Reading(TIMESTAMP, timezone=SHANGHAI)
    assert read(["2026-03-01 20:30:00 -0500"], here) == [dt.datetime(2026, 3, 2, 9, 30)]
    assert read(["2026-03-01 20:30:00"], here) == [dt.datetime(2026, 3, 1, 20, 30)]
    assert read(["1772382600", "1772382600123"], here)[0] == dt.datetime(2026, 3, 2, 0, 30)
    assert read([1772382600], here, pa.int64()) == [dt.datetime(2026, 3, 2, 0, 30)]
    zoned = pa.timestamp("us", "Europe/Berlin")
    assert read([1772382600 * 10**6], here, zoned) == [dt.datetime(2026, 3, 2, 0, 30)]
    assert read([1772382600 * 10**6], Reading(DATE, timezone=SHANGHAI), zoned) == [dt.date(2026, 3, 2)]
    assert read([1772382600 * 10**6], Reading(TIMESTAMP), zoned) == [dt.datetime(2026, 3, 1, 16, 30)]


def test_sentinel_dates_are_read_as_they_stand_and_never_leave_the_calendar():
    last, first = dt.datetime(9999, 12, 31, 23, 59, 59), dt.datetime(1, 1, 1)
    here = Reading(TIMESTAMP, timezone=SHANGHAI)
    assert read(["9999-12-31 23:59:59", "0001-01-01 00:00:00"], here) == [last, first]
    assert read(["9999-12-31T23:59:59Z", "0001-01-01T00:00:00+08:00"], here)[0] == WRONG
    assert read(["0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-05:00"], Reading(TIMESTAMP)) == [WRONG, WRONG]


def test_a_zone_that_a_worker_does_not_know_is_told():
    with pytest.raises(UsageError, match="no such time zone"):
        read(["2026-03-01 20:30:00 -0500"], Reading(TIMESTAMP, timezone="Mars/Olympus"))


def test_nanoseconds_are_a_fault_only_where_they_would_be_lost():
    assert read([1_000, 1_001, None], Reading(TIMESTAMP), pa.timestamp("ns")) == [
        dt.datetime(1970, 1, 1, 0, 0, 0, 1),
        WRONG,
        None,
    ]


DIGITS = st.text(st.sampled_from("0123456789.,-+ eE%¥"), max_size=12)


@examples(10)
@given(st.lists(DIGITS, min_size=1, max_size=20), st.sampled_from([0, 2, 4]))
def test_a_decimal_is_what_python_reads_or_a_fault(texts, places):
    for text, found in zip(texts, read(texts, Reading(DECIMAL, decimals=places)), strict=True):
        plain = text.strip().strip("¥").replace("¥", "") if re.fullmatch(r"\s*[-+]?\s*¥?[^¥]*¥?\s*", text) else text
        if isinstance(found, Decimal):
            assert found == (_python(plain.replace(" ", "").removesuffix("%")) / (100 if "%" in plain else 1))
        elif found is None:
            assert not text.strip()


@examples(10)
@given(st.lists(st.one_of(st.decimals(allow_nan=False, allow_infinity=False), st.integers()), min_size=1))
def test_a_number_is_exactly_what_is_written_or_a_fault(numbers):
    for number, found in zip(numbers, read([str(number) for number in numbers], Reading(NUMBER)), strict=True):
        if isinstance(found, float):
            assert Decimal(repr(found)) == Decimal(number)
        else:
            assert len(Decimal(number).normalize().as_tuple().digits) > 15 or not 1e-300 < abs(Decimal(number)) < 1e300


def _python(text):
    try:
        return Decimal(text)
    except InvalidOperation:
        return pytest.fail(f"{text} was read, and is no number")


FORMATS = ["%d/%m/%Y %H:%M:%S", "%m/%d/%y %I:%M:%S %p", "%d %B %Y %H:%M:%S.%f", "%Y%m%d%H%M%S", "%a %d-%b-%Y %T"]
MOMENTS = st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2068, 1, 1))


@examples(10)
@given(st.lists(MOMENTS, min_size=1, max_size=8), st.sampled_from(FORMATS))
def test_what_python_writes_in_a_format_is_read_as_python_reads_it(moments, written):
    texts = [moment.strftime(written) for moment in moments]
    expected = [dt.datetime.strptime(text, written.replace("%T", "%H:%M:%S")) for text in texts]
    assert read(texts, Reading(TIMESTAMP, formats=(written,))) == expected


@examples(10)
@given(st.lists(st.text(st.sampled_from("0123456789/-: APM"), max_size=19), max_size=20), st.sampled_from(FORMATS[:2]))
def test_what_is_read_in_a_format_python_reads_alike(texts, written):
    for text, found in zip(texts, read(texts, Reading(TIMESTAMP, formats=(written,))), strict=True):
        if isinstance(found, dt.datetime):
            assert found == dt.datetime.strptime(text.strip(), written)


@examples(5)
@given(
    st.lists(
        st.datetimes(dt.datetime(1995, 1, 1), dt.datetime(2035, 1, 1), timezones=st.just(ZoneInfo("UTC"))), min_size=1
    )
)
def test_times_of_a_zone_are_python_s(moments):
    for zone in (SHANGHAI, "America/New_York"):
        expected = [moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for moment in moments]
        assert read([moment.isoformat() for moment in moments], Reading(TIMESTAMP, timezone=zone)) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (20250102, "2025-01-02 00:00:00"),
        (20250102030405, "2025-01-02 03:04:05"),
        (1735787045, "2025-01-02 03:04:05"),
        (1735787045000, "2025-01-02 03:04:05"),
        (45000, None),
        (0, None),
    ],
)
def test_whole_numbers_are_the_times_that_their_digits_say_as_text(given, expected):
    """20250102 in Parquet was 23 August 1970; in CSV it was 2 January 2025."""
    reading = Reading(kind_named("timestamp"))
    for column in (
        pa.array([given, None], pa.int64()),
        pa.array([str(given), None]),
        pa.array([given, 1735787045], pa.int64()),
    ):
        values, faults = to_kind(column, reading)
        assert str(values[0]) == str(expected)
        assert (faults is not None and faults[0].as_py()) == (expected is None)
