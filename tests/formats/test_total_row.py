"""Which first cell of a last row says that the row is a total."""

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
    assert not has_total([[cell, "合计", "Total"] if cell else []])


@pytest.mark.parametrize(
    "cell", ["合计" + " " * 300_000 + "x", "total" + "-" * 300_000 + "q", "合计" + "（" * 300_000 + "x"]
)
def test_a_long_cell_is_no_burden(cell):
    """A pattern that goes back over its blanks would take hours."""
    assert not has_total([[cell]])
