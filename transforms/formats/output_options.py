"""How the files of a release are written, beyond their format: the ``spreadsheet`` section of a release."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class OutputOptions(BaseModel):
    """What a release does for whoever opens its files in a spreadsheet (``spreadsheet:`` in a policy)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bom: bool = Field(
        False, strict=True, description="csv: a byte order mark at the beginning, by which Excel knows that it is UTF-8"
    )
    formulas: Literal["neutralized", "kept"] = Field(
        "neutralized",
        description="csv: text that a spreadsheet would take for a formula (= + - @ tab or line break first) is written with an "
        "apostrophe before it, which is taken off where such files are read; or kept: all text as it is",
    )


AS_USUAL = OutputOptions()
"""Nothing is asked for."""
