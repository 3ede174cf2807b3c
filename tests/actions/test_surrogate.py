import subprocess
import sys

import pyarrow as pa
import pytest

from beam_deid.transforms.actions.action import Target
from beam_deid.transforms.actions.surrogate import Surrogate
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.recognisers.kinds.address import ADDRESS
from beam_deid.transforms.recognisers.kinds.division import DIVISION
from beam_deid.transforms.recognisers.kinds.email_address import EMAIL
from beam_deid.transforms.recognisers.kinds.mobile import MOBILE
from beam_deid.transforms.recognisers.kinds.person_name import PERSON_NAME

from .keyring import FixedKeys

VALUES = pa.array([f"value {row}" for row in range(200)])


def made_up(column=VALUES, target=Target("r", "f"), secret=b"a", **options):  # noqa: B008 - immutable
    return Surrogate(**options).bind(target, FixedKeys(secret))(column, None).values.to_pylist()


@pytest.mark.parametrize(
    ("kind", "pattern"),
    [
        (PERSON_NAME, r"^\p{Han}{2,4}$"),
        (MOBILE, r"^1[3-9]\d{9}$"),
        (EMAIL, r"^[^@]+@example\.(com|org|net)$"),
        (ADDRESS, r"\p{Han}"),
        (DIVISION, r"\p{Han}"),
    ],
)
def test_the_kind_of_a_field_says_what_is_made_up(kind, pattern):
    values = pa.array(made_up(target=Target("r", "f", kind), pool=50))
    assert all(pa.compute.match_substring_regex(values, pattern).to_pylist())
    assert len(set(values.to_pylist())) > 10


def test_equal_values_have_equal_surrogates_in_one_domain_only():
    column = pa.array(["a", "b", "a", None, ""])
    first, second, again, null, empty = made_up(column, of="name")
    assert (first, null, empty) == (again, None, "")
    assert first != second
    assert made_up(of="name", domain="x") == made_up(of="name", domain="x", target=Target("other", "g"))
    assert made_up(of="name", domain="x") != made_up(of="name", domain="y")


def test_another_process_draws_the_same_pool():
    code = (
        "from beam_deid.transforms.actions.surrogate import _pool\n"
        "import hashlib; print(hashlib.sha256('|'.join(_pool('company', 'en_US', 30).to_pylist()).encode()).hexdigest())"
    )
    runs = {subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout for _ in range(2)}
    assert len(runs) == 1


def test_a_field_without_a_telling_kind_and_an_unknown_locale_are_told():
    assert "say of: name" in (Surrogate().check(Target("r", "f")) or "")
    assert "locale" in (Surrogate(of="name", locale="zh").check(Target("r", "f")) or "")
    with pytest.raises(UsageError):
        made_up()
