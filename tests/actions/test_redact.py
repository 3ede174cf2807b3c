import pyarrow as pa
import pytest
from pydantic import ValidationError

from beam_deid.transforms.actions import parse_action
from beam_deid.transforms.actions.action import Target
from beam_deid.transforms.recognisers import RECOGNISERS

from ..kit.fixed_keys import FixedKeys


def redacted(options, *texts):
    bound = parse_action({"redact": options}).bind(Target("r", "f"), FixedKeys())
    return bound(pa.array(texts, pa.string()), None).values


def test_identifiers_give_way_to_their_kind_and_the_rest_stays():
    texts = redacted({}, "请打13800138000，或写信 a@example.com", "不要放快递柜", None, "")
    assert texts.to_pylist() == ["请打[MOBILE]，或写信 [EMAIL]", "不要放快递柜", None, ""]


def test_nothing_that_is_recognised_is_left():
    texts = redacted({}, "11010519491231002X 13800138000 6222020000000000000 京A12345 a@b.cn 010-62345678 138****1234")
    assert not any(any(recogniser.find(texts).to_pylist()) for recogniser in RECOGNISERS)


def test_only_the_kinds_that_are_named_are_replaced():
    assert redacted({"kinds": ["email"]}, "13800138000 a@b.cn").to_pylist() == ["13800138000 [EMAIL]"]


def test_an_unknown_kind_is_refused_with_those_there_are():
    with pytest.raises(ValidationError, match=r"called phone; there are .*mobile"):
        parse_action({"redact": {"kinds": ["phone"]}})
