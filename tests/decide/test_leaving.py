"""What an open field leaves of digests that nobody explains."""

import hashlib

import pytest

from ..kit.crowds import crowd, grid, mobile
from ..kit.deciding import failing, label_of
from ..kit.policies import policy, release, roles
from ..kit.sampling import quick_for


@pytest.mark.parametrize(("lengths", "fails"), quick_for([([32, 2], True), ([40], True), ([4, 2], False)], 1))
def test_a_digest_is_one_at_a_level_that_may_be_chosen(lengths, fails):
    table = crowd(
        grid(city="AB", category="xy"), 60, phone=lambda who: hashlib.md5(mobile(who.number % 2).encode()).hexdigest()
    )
    how = {"phone": {"generalize": {"prefix": lengths}}}
    made = policy(
        roles(direct="buyer", quasi="city phone", sensitive="category"), a=release("public", "city category", how)
    )
    assert failing(label_of(made, table)) == ({"digests", "order"} if fails else set())
