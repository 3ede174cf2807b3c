"""References to laws and standards, as they are quoted in both languages."""

import pytest

from beam_deid.pipelines.language.bilingual import Bilingual
from beam_deid.pipelines.language.words import said, spoken_in
from beam_deid.pipelines.report.sources import source
from beam_deid.transforms.recognisers.categories.category import categories
from beam_deid.transforms.register.thresholds import thresholds


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("PIPL Art. 28, 医疗健康", "《个人信息保护法》第二十八条，医疗健康"),
        (
            "PIPL Art. 28 (等信息); GB/T 45574-2025, Annex A",
            "《个人信息保护法》第二十八条（等信息）；GB/T 45574-2025 附录A",
        ),
        (
            "促进和规范数据跨境流动规定 (CAC Order 16, 2024-03-22), Art. 8; below it Art. 5(4)",
            "促进和规范数据跨境流动规定（国家互联网信息办公室令第16号，2024-03-22）第八条；低于该数：第五条第四项",
        ),
        (
            "网络数据安全管理条例 (in force 2025-01-01), Art. 28 with Art. 30 and 32",
            "网络数据安全管理条例（2025-01-01起施行）第二十八条及第三十条、第三十二条",
        ),
    ],
)
def test_a_reference_is_quoted_in_chinese(english: str, chinese: str) -> None:
    found = source(english)
    with spoken_in("en"):
        assert said(found) == english
    with spoken_in("zh"):
        assert said(found) == chinese


def test_no_reference_of_the_data_files_is_left_half_english() -> None:
    every = [*(one.sensitive for one in categories().values()), *(one.source for one in thresholds())]
    assert [one for one in map(source, every) if "Art." in one.chinese or "with" in one.chinese] == []


def test_a_text_in_both_languages_is_said_in_that_of_the_call() -> None:
    text = Bilingual("region", "所在地区")
    with spoken_in("zh"):
        assert said(text) == "所在地区"
    assert text == "region"
