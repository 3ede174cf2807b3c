"""Every chart, with what is hardest to draw: many bars, long names, Chinese, and what must be escaped."""

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from beam_deid.pipelines.report.charts.attribute_sets import AttributeSet, AttributeSetsChart
from beam_deid.pipelines.report.charts.bars import Bar, BarChart, Limit
from beam_deid.pipelines.report.charts.flow import FlowChart, Step
from beam_deid.pipelines.report.charts.groups import GroupsChart, Sizes
from beam_deid.pipelines.report.charts.loss import LossChart
from beam_deid.pipelines.report.charts.sensitive import SensitiveChart, Spread

HOSTILE = '</text><script>alert("1")</script> & \u202eleft'
NAMES = [f"receiver_registered_residence_column_no{number:02d}" for number in range(20)]
CHINESE = "收件人在会员档案里登记的经常居住地所在的省市和区县以及街道和小区的名称之和"

_BELOW = [Sizes(size, size, 100 - size, size * 90) for size in range(1, 41)]
_BEYOND = [Sizes(least, 2 * least - 1, 12_345, least * 99_999) for least in (50, 100, 1_000, 1_000_000)]

CHARTS = {
    "groups": GroupsChart([*_BELOW, *_BEYOND], 20),
    "groups that all are large": GroupsChart(_BEYOND, 5),
    "groups without a limit": GroupsChart(_BELOW, None),
    "sets": AttributeSetsChart([AttributeSet(NAMES[:size], 12_345_678, size / 4) for size in range(1, 5)]),
    "sets with hostile names": AttributeSetsChart([AttributeSet([HOSTILE, CHINESE, NAMES[0]], 1, 0.00001)]),
    "loss": LossChart({**dict.fromkeys(NAMES, 0.123), CHINESE: 1.0}, {NAMES[0]: "by 10", NAMES[1]: HOSTILE}, 0.5),
    "sensitive": SensitiveChart(
        [Spread(f"The commonest value of {CHINESE}", 0.3), Spread("On the list x", 0.001, 1.0)]
    ),
    "flow": FlowChart(123_456_789, [Step(f"Rejected: {CHINESE * 2}", 0), Step("Withheld: y", 23_456_789)], 100_000_000),
    "flow of nothing": FlowChart(0, [Step("Rejected: x", 0)], 0),
}

_FORBIDDEN = [*range(0x20), *range(0x7F, 0xA0), *range(0xD800, 0xE000, 0x1FF), *range(0xFDD0, 0xFDF0)]
_LAST = [(plane << 16) + last for plane in range(17) for last in (0xFFFE, 0xFFFF)]
UNSEEN = "a" + "".join(map(chr, (*_FORBIDDEN, *_LAST, 0x378, 0xE000, 0x200B, 0x2028, 0x2029, 0xFEFF, 0x202E))) + "z"
"""Every sort of character that cannot be seen: controls, halves of pairs, what is no character, and what turns texts."""


def charts_of(name: str) -> Iterator[Any]:
    """Every chart over a column of a name."""
    yield AttributeSetsChart([AttributeSet([name, name], 1, 0.5)])
    yield LossChart({name: 0.5}, {name: name}, 0.5)
    yield SensitiveChart([Spread(f"The commonest value of {name}", 0.3, 0.5)])
    yield FlowChart(2, [Step(f"Rejected: {name}", 1)], 1)
    yield BarChart(name, name, [Bar(name, name, 1.0)], 1.0, limit=Limit(0, name))


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)
