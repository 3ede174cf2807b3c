"""Which values of ``input.fill_down.by`` say the same order: those that are one identifier once they are read."""

from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.distinct import plain
from beam_deid.transforms.columns.read_as import to_kind, to_text
from beam_deid.transforms.columns.reading import Reading
from beam_deid.transforms.formats.fill_down import Spelling, as_written
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.recognisers.normal import Normal
from beam_deid.transforms.recognisers.one_spelling import normalized


def order_spelling(policy: Policy, of_spreadsheets: bool) -> Spelling:
    """How the values that say a row's order are spelt where they are compared; as they are where nothing is filled down.

    Args:
        policy: The policy.
        of_spreadsheets: Whether the values are from a file that spreadsheets write.
    """
    filled = policy.input.fill_down
    if filled is None:
        return as_written
    reading = policy.reading(filled.by, of_spreadsheets)
    return partial(_spelt, reading=reading, kind=policy.kind(filled.by), normal=policy.normal(filled.by))


def _spelt(column: pa.Array, reading: Reading, kind: Kind | None, normal: Normal | None) -> pa.Array:
    """Values (n,) as texts (n,) in the one spelling of their kind; what cannot be read as that kind stays as it is."""
    column = plain(column)
    values, wrong = to_kind(column, reading)
    texts, _ = to_text(values)
    if normal is not None:
        texts = normalized(texts, kind, normal)
    if wrong is not None:
        texts = pc.if_else(wrong, None, texts)
    return pc.coalesce(texts, to_text(column)[0])
