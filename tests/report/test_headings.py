"""Headings of documents: those of the law and the standards, in their order, in both languages."""

from pathlib import Path

import pytest

from beam_deid.pipelines.report.documents.contents import CONTENTS
from beam_deid.pipelines.report.documents.documented import MARK, headings_table
from beam_deid.pipelines.report.documents.headings import SETS, headings
from beam_deid.pipelines.report_documents import HEADINGS

PAGE = Path(__file__).parents[2] / "pipelines" / "report" / "documents" / "README.md"
OF_GBT_39335 = {
    "5.1": "评估必要性分析",
    "5.2": "评估准备工作",
    "5.3": "数据映射分析",
    "5.4": "风险源识别",
    "5.4 a)": "网络环境和技术措施",
    "5.4 b)": "个人信息处理流程",
    "5.4 c)": "参与人员与第三方",
    "5.4 d)": "业务特点和规模及安全态势",
    "5.5": "个人权益影响分析",
    "5.6": "安全风险综合分析",
    "5.7": "评估报告",
    "5.8": "风险处置和持续改进",
    "5.9": "制定报告发布策略",
}
OF_ISO_27559 = {
    "6": "Context assessment",
    "6.2": "Threat modelling",
    "6.2.2": "Security and privacy practices",
    "6.2.3": "Motives and capacity to re-identify",
    "6.3": "Transparency and impact assessment",
    "6.3.3": "Privacy-related harms",
    "7": "Data assessment",
    "7.2": "Data features: principals, data type, attribute types, properties of the dataset",
    "7.3": "Attack modelling",
    "7.3.2": "Maximum or average risk",
    "7.3.3": "Population or sample-based attack",
    "7.3.4": "Data privacy models",
    "8": "Identifiability assessment and mitigation",
    "8.2.2": "Quantifying identifiability",
    "8.2.3": "Adversarial testing",
    "8.3": "Mitigation",
    "8.3.2": "Reconfiguring the environment",
    "8.3.3": "Transforming the data",
    "8.3.4": "Re-evaluation",
    "9": "De-identification governance",
    "9.2": "Before data are made available",
    "9.2.2": "Roles",
    "9.2.3": "Principles and policies",
    "9.2.4": "Identifying and managing a data disclosure",
    "9.2.5": "Communicating with stakeholders",
    "9.3": "After data are made available",
    "9.3.2": "Monitoring the data environment",
    "9.4": "Mitigation in case of an incident",
    "B.1": "Identifiable uniques",
    "B.2": "Identifiable groups",
}


def numbered(name: str, language: str) -> dict[str, str]:
    return {one.number: getattr(one.title, language) for one in headings(name).parts if one.number}


def test_the_headings_of_an_impact_assessment_are_those_of_the_standard() -> None:
    found = numbered("pipia", "zh")
    assert {number: title for number, title in found.items() if number.startswith("5.")} == OF_GBT_39335
    assert list(found) == [*OF_GBT_39335, "(1)", "(2)", "(3)"]


def test_the_headings_of_iso_27559_are_those_of_its_table_of_contents() -> None:
    assert numbered("iso27559", "en") == OF_ISO_27559


@pytest.mark.parametrize("name", SETS)
def test_a_set_uses_contents_that_there_are_and_leaves_no_heading_empty(name: str) -> None:
    found = headings(name)
    assert {content for part in found.parts for content in part.contents} <= set(CONTENTS)
    levels = [part.level for part in found.parts]
    for part, deeper in zip(found.parts, [*levels[1:], 1], strict=True):
        assert part.contents or part.asks or deeper > part.level, part.title.en


def test_every_content_stands_somewhere() -> None:
    used = {content for name in SETS for part in headings(name).parts for content in part.contents}
    assert used == set(CONTENTS)


def test_the_option_offers_the_sets_that_there_are() -> None:
    assert HEADINGS == SETS


def test_the_page_shows_the_headings_side_by_side() -> None:
    """Regenerate: ``python -m tests.tables``."""
    assert PAGE.read_text("utf-8").split(MARK)[1] == f"\n{headings_table()}"
