"""Columns, measured and judged as a profile would."""

import pyarrow as pa

from beam_deid.transforms.drafting.draft import make_draft
from beam_deid.transforms.drafting.facts import Facts, facts_of
from beam_deid.transforms.drafting.judging import Judged
from beam_deid.transforms.drafting.sample import Sample
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.recognisers.platforms.tables import recognise_column


def measured(name: str, values: list | pa.Array) -> Facts:
    column = values if isinstance(values, pa.Array) else pa.array(values)
    return facts_of(name, column, recognise_column(name, column, None))


def sample(**columns: list) -> Sample:
    arrays = {name: pa.array(values) for name, values in columns.items()}
    rows = len(next(iter(arrays.values())))
    return Sample(1, tuple(arrays), arrays, rows, True, 0)


def drafted(subject: str | None = None, **columns: list):
    return make_draft("test", sample(**columns), InputOptions(), {}, subject)


def judged(draft, name: str) -> Judged:
    return next(one for one in draft.columns if one.name == name)
