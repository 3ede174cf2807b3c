"""Which cells of a last row say that the row is a total."""

import pytest

from beam_deid.transforms.formats.total_row import has_total


@pytest.mark.parametrize(
    "cell",
    [
        *(
            "合计",
            "合计：",
            "合 计",
            "合计（元）",
            "本页合计",
            "合计行",
            "合计金额",
            "总金额",
            "合计 200 单",
            "合计200单",
            "合计：1,234.50 元",
        ),
        *("TOTAL", "Total: 200", "Total (CNY)", "Sub-Total", "Summe: 4.900,00 €"),
    ],
)
def test_a_total_is_known_by_its_first_cell(cell):
    assert has_total([["1", "2"], ["", cell, "4900"]])


@pytest.mark.parametrize(
    "cell", ["Total Fitness GmbH", "Sumatra", "Sum41", "Suma Kowalska", "合计科技有限公司", "小计算器", "20241127", ""]
)
def test_a_name_is_no_total(cell):
    assert not has_total([[cell, "20", "3.50"] if cell else []])


@pytest.mark.parametrize(
    "row",
    [["2026-11-30", "合计", "4900", "12"], ["1", "", "Total", "4900"], ["2026-11-30", "12", "", "合计：4,900 元"]],
)
def test_a_total_may_stand_behind_a_date_or_among_blank_cells(row):
    assert has_total([["1", "2", "3", "4"], row])


def test_an_article_of_a_whole_order_is_no_total():
    assert not has_total([["1001", "Leeds", "Total", "4900"], ["1002", "York", "小计", "3"]])


@pytest.mark.parametrize(
    "cell", ["合计" + " " * 300_000 + "x", "total" + "-" * 300_000 + "q", "合计" + "（" * 300_000 + "x"]
)
def test_a_long_cell_is_no_burden(cell):
    """A pattern that goes back over its blanks would take hours."""
    assert not has_total([[cell]])
