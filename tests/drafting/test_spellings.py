"""How numbers and times are written is found where all of a sample agree, and left to a person where they do not."""

import datetime as dt

import pyarrow as pa
import pytest
import yaml

from beam_deid.pipelines.cli import call
from beam_deid.transforms.drafting.spellings import number_options, spelled
from beam_deid.transforms.formats.input_options import InputOptions

from ..kit.outputs import labels

BEGIN = dt.datetime(2026, 3, 1, 23, 30, 15)
MOMENTS = [BEGIN + dt.timedelta(days=3 * number, hours=number) for number in range(40)]


def texts(*values):
    return pa.array(values, pa.string())


@pytest.mark.parametrize(
    ("written", "kind", "formats"),
    [
        ("%m/%d/%Y %H:%M", "timestamp", ("%m/%d/%Y %H:%M",)),
        ("%d.%m.%Y %H:%M", "timestamp", ("%d.%m.%Y %H:%M",)),
        ("%d/%m/%Y", "date", ("%d/%m/%Y",)),
        ("%m/%d/%Y %I:%M %p", "timestamp", ("%m/%d/%Y %I:%M %p",)),
        ("%d.%m.%Y %H:%M:%S UTC", "timestamp", ("%d.%m.%Y %H:%M:%S %Z",)),
        ("%Y年%m月%d日 %H时%M分%S秒", "timestamp", ()),
        ("%a, %d %b %Y %H:%M:%S GMT", "timestamp", ()),
        ("%B %d, %Y %I:%M %p", "timestamp", ()),
    ],
)
def test_times_are_found_with_the_format_that_reads_all_of_them(written, kind, formats):
    """Dates in any order but year, month, day were drafted as direct identifiers."""
    found = spelled(texts(*(moment.strftime(written) for moment in MOMENTS)), InputOptions())
    assert (str(found.kind), found.formats, found.todo) == (kind, formats, "")
    assert [str(one)[:10] for one in found.typed.to_pylist()] == [f"{moment:%Y-%m-%d}" for moment in MOMENTS]


def test_whether_day_or_month_comes_first_is_left_to_a_person_where_nothing_tells():
    found = spelled(texts("01/02/2026", "03/04/2026"), InputOptions())
    assert found.kind is None
    assert "'%d/%m/%Y' or '%m/%d/%Y'" in found.todo


def test_years_of_two_digits_are_left_to_a_person_too():
    found = spelled(texts(*(f"{moment:%d-%m-%y}" for moment in MOMENTS)), InputOptions())
    assert "'%d-%m-%y' or '%y-%m-%d'" in found.todo


def test_one_day_after_the_twelfth_decides():
    found = spelled(texts("01/02/2026", "03/14/2026"), InputOptions())
    assert found.formats == ("%m/%d/%Y",)


@pytest.mark.parametrize(
    ("values", "options"),
    [
        (("1,234.50", "12.00"), {"thousands": ","}),
        (("1.234,50", "12,00"), {"decimal": ",", "thousands": "."}),
        (("12,50", "7,00"), {"decimal": ","}),
        (("1 234,50", "7,5"), {"decimal": ",", "thousands": " "}),
        (("$12.00", "$7.50"), {"currency": ("$",)}),
        (("US$1,200.00", "US$7.50"), {"thousands": ",", "currency": ("US$",)}),
        (("€ 12,00", "€ 7,50"), {"decimal": ",", "currency": ("€",)}),
        (("¥128.00", "￥7.50", "9.00元"), {}),
        (("12.50", "7"), {}),
        (("1,234", "2,345"), {}),
        (("138-0013", "139-0014"), {}),
        (("a,b", "c"), {}),
    ],
)
def test_how_numbers_are_written_is_found_where_one_way_alone_is_possible(values, options):
    assert number_options({"n": texts(*values), "other": texts("x", "y")}, InputOptions()) == options


def test_columns_of_one_file_must_agree():
    assert number_options({"a": texts("1.234,50"), "b": texts("1.50")}, InputOptions()) == {}


def test_what_the_call_says_is_not_changed():
    assert number_options({"a": texts("12,50")}, InputOptions(decimal=".")) == {}


def test_a_comma_that_may_be_either_is_left_to_a_person():
    found = spelled(texts("1,234", "2,345"), InputOptions())
    assert found.kind is None
    assert "before the fraction, or between thousands" in found.todo


def test_long_numbers_are_no_numbers():
    assert spelled(texts("6901234567890123456", "1"), InputOptions()) is None


def test_a_draft_of_such_a_file_runs_as_it_is(tmp_path, capsys):
    path = tmp_path / "orders.csv"
    rows = [
        f"A{row:05};b{row % 90};{MOMENTS[row % 40]:%d.%m.%Y %H:%M};€ {row % 9 + 1}.{row * 7 % 1000:03},50"
        for row in range(600)
    ]
    path.write_text("\n".join(["order_id;buyer;created_at;total", *rows, ""]), "utf-8")
    assert call(["profile", "-i", str(path), "--delimiter", ";"]) == 0
    text = capsys.readouterr().out
    draft = yaml.safe_load(text)
    assert draft["input"] == {"delimiter": ";", "decimal": ",", "thousands": ".", "currency": ["€"]}
    assert draft["fields"]["created_at"] == {
        "role": "quasi_identifier",
        "kind": "timestamp",
        "format": "%d.%m.%Y %H:%M",
    }
    assert draft["fields"]["total"] == {"role": "quasi_identifier", "kind": "decimal"}
    assert set(draft["releases"]["analytics"]["fields"]) == {"created_at", "total"}
    (tmp_path / "draft.yaml").write_text(text, "utf-8")
    command = ["run", str(tmp_path / "draft.yaml"), "-i", str(path), "-o", str(tmp_path / "out"), "--workers", "1"]
    assert call(command) == 0
    assert {one["records"]["rejected"] for one in labels(tmp_path / "out").values()} == {0}
