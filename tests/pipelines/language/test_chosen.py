"""The language of a call: the option, else the variable, else the system's, else English."""

import pytest

from beam_deid.pipelines.language.chosen import chosen


@pytest.mark.parametrize(
    ("arguments", "environment", "language"),
    [
        ([], {}, "en"),
        ([], {"LANG": "C"}, "en"),
        ([], {"LANG": "zh_CN.UTF-8"}, "zh"),
        ([], {"LC_MESSAGES": "zh_CN", "LANG": "en_US"}, "zh"),
        ([], {"LC_ALL": "en_US", "LC_MESSAGES": "zh_CN"}, "en"),
        ([], {"LC_ALL": "", "LANG": "zh"}, "zh"),
        ([], {"LANGUAGE": "fr:zh_CN:en", "LANG": "en_US"}, "zh"),
        ([], {"LANGUAGE": "en:zh", "LANG": "zh_CN"}, "en"),
        ([], {"LANG": "de_DE.UTF-8"}, "en"),
        ([], {"BEAM_DEID_LANG": "zh", "LANG": "en_US"}, "zh"),
        ([], {"BEAM_DEID_LANG": "en", "LANG": "zh_CN"}, "en"),
        (["--lang", "zh", "plan"], {}, "zh"),
        (["plan", "--lang=zh", "policy.yaml"], {"BEAM_DEID_LANG": "en"}, "zh"),
        (["--lang", "zh", "plan", "--lang", "en"], {}, "en"),
        (["run", "--", "--lang", "zh"], {}, "en"),
        (["plan", "--lang"], {}, "en"),
    ],
)
def test_the_first_that_says_a_language_is_heard(arguments, environment, language):
    assert chosen(arguments, environment) == language
