"""Sensitive values as text in which values that mean the same are equal."""

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.distinct import per_distinct
from beam_deid.transforms.columns.normal_text import spelt_once
from beam_deid.transforms.columns.read_as import to_text
from beam_deid.transforms.policy.model import Policy


def without_spelling(values: pa.Array, policy: Policy, name: str) -> pa.Array:
    """Merge the values of a sensitive field that mean the same: other spellings, and those that the policy's ``same`` lists.

    What says nothing is no value: empty text, a not-a-number, a label for everything, a word for unknown.

    Args:
        values: Any column, shape (n,).
        policy: The policy.
        name: The field.
    """
    same = policy.same.get(name, {})
    if pa.types.is_floating(values.type):
        values = pc.if_else(pc.is_nan(values), None, values)
    texts = spelt_once(to_text(values)[0])
    if not same:
        return texts
    merged = _merged(same)
    others = pa.array(list(merged), pa.string())
    ones = pa.array(list(merged.values()), pa.string())

    def together(distinct: pa.Array) -> pa.Array:
        found = pc.index_in(distinct, value_set=others)
        return pc.if_else(found.is_valid(), ones.take(found), distinct)

    return per_distinct(texts, together)


def _merged(same: Mapping[str, Sequence[str]]) -> dict[str | None, str | None]:
    """One spelling for each of those that a policy calls the same, in however many steps and spellings it says so."""
    merged: dict[str | None, str | None] = {}

    def root(text: str | None) -> str | None:
        while text in merged:
            text = merged[text]
        return text

    for one, others in same.items():
        for other in others:
            ours = root(_normal(one))
            theirs = root(_normal(other))
            # What means the same as what is not known is not known either.
            if ours != theirs and theirs is None:
                ours, theirs = theirs, ours
            if ours != theirs:
                merged[theirs] = ours
    return {text: root(text) for text in merged}


def _normal(text: str) -> str | None:
    spelt = spelt_once(pa.array([text]))[0].as_py()
    return None if spelt is None else str(spelt)
