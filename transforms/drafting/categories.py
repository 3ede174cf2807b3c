"""The lists of sensitive values that a sample's values are on."""

from collections import Counter

import numpy as np

from beam_deid.transforms.drafting.facts import Facts
from beam_deid.transforms.policy.sensitive_values import matcher_of
from beam_deid.transforms.recognisers.kinds.free_text import FREE_TEXT
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.recognisers.kinds.text import TEXT
from beam_deid.transforms.terms import Role


def lists_of(facts: Facts, role: tuple[Role, ...], kind: Kind | None) -> tuple[str, ...]:
    """On which lists values of the sample are, a few words for each, without a value.

    Only text is looked at that says no person's name, address or number.
    """
    if not facts.is_text or not len(facts.texts) or kind not in (None, TEXT, FREE_TEXT):
        return ()
    if Role.DIRECT in role and kind is not FREE_TEXT:
        return ()
    matcher = matcher_of(None)
    bits = matcher.bits(facts.texts)
    counts = Counter(
        {name: int(np.count_nonzero(bits & np.uint64(1 << place))) for place, name in enumerate(matcher.names)}
    )
    return tuple(f"distinct values on the list {name}: {count:,}" for name, count in (+counts).most_common())
