"""Columns of identifiers in one spelling, as far as their spellings are of one person.

Persons are counted by `identity.identity_text`. A value that is another person's there than in its normal spelling keeps its own
spelling: whatever has one token is then one person, and one person in many spellings never passes for many.
"""

import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.distinct import per_value
from beam_deid.transforms.recognisers.identity import identity_text
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.recognisers.normal import Normal


def normalized(column: pa.Array, kind: Kind | None, normal: Normal) -> pa.Array:
    """A column of texts in one spelling, plain; the very column if it is in it already.

    Args:
        column: Plain or dictionary-encoded texts, shape (n,).
        kind: What it holds, as persons are counted by it.
        normal: How they are spelt.
    """
    made = per_value(column, lambda values: _spelt(values, kind, normal))
    return column if made.equals(per_value(column, lambda values: values)) else made


def _spelt(texts: pa.Array, kind: Kind | None, normal: Normal) -> pa.Array:
    """Texts (n,) in one spelling, where that is the same person's."""
    made = normal.spelt(texts)
    changed = pc.not_equal(made, texts).fill_null(False)
    if not pc.any(changed, min_count=0).as_py():
        return texts
    given = texts.filter(changed)
    wanted = made.filter(changed)
    same = pc.equal(_person(given, kind), _person(wanted, kind))
    return pc.replace_with_mask(texts, changed, pc.if_else(same, wanted, given))


def _person(texts: pa.Array, kind: Kind | None) -> pa.Array:
    """Whose texts (n,) are, none null: empty where they are nobody's."""
    return identity_text(texts, kind).fill_null("")
