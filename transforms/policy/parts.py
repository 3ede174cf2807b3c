"""How large the files of a release are."""

from pydantic import Field

from beam_deid.transforms.label.options import Count, Section


class Parts(Section):
    """How large the parts of a release are."""

    rows: Count = Field(
        description="Rows of a part. Where rows are shuffled (anonymized), what a part has on average at most: a group is never in "
        "two parts, so that one may have more, and the number of parts depends on the number of released rows alone. Elsewhere "
        "parts follow the pieces that the input is read in, and none has more than so many",
    )
