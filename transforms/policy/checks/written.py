"""How values are written, where a field's kind gives it no meaning."""

from collections.abc import Iterator

from beam_deid.transforms.policy.draft import Draft
from beam_deid.transforms.policy.field_spec import kind_of
from beam_deid.transforms.policy.nearest import bare
from beam_deid.transforms.policy.yaml_nodes import Problem
from beam_deid.transforms.recognisers.kinds.decimal_number import DECIMAL


def written_problems(draft: Draft) -> Iterator[Problem]:
    """Formats and zones of fields that are no times, and decimals of fields that are no decimals."""
    for field, spec in draft.fields.items():
        if spec is None:
            continue
        kind = kind_of(spec, (action for _, action in draft.actions_on(field)))
        is_time = kind is not None and kind.is_time
        for option, given in (("format", bool(spec.format)), ("timezone", spec.timezone is not None)):
            if given and not is_time:
                what = (
                    f"{option} is for dates and times; give {bare(field)} the kind date or timestamp, or leave it out"
                )
                yield Problem(("fields", field, option), what)
        if spec.decimals is not None and kind is not DECIMAL:
            what = f"decimals is for decimals; give {bare(field)} the kind decimal, or leave it out"
            yield Problem(("fields", field, "decimals"), what)
