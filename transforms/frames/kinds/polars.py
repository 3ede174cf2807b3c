"""``polars.DataFrame``."""

from typing import Any

import pyarrow as pa

from beam_deid.transforms.frames.kinds.kind import FrameKind, no_one_type

_ADVICE = "Cast it before, for example with pl.col(…).cast(pl.String), or drop it"


class PolarsFrame(FrameKind):
    """Frames of polars. Categories come back as text: their type would name values of rows that are not released."""

    package = "polars"

    def holds(self, data: Any) -> bool:
        """See `FrameKind`."""
        import polars as pl

        return isinstance(data, pl.DataFrame)

    def to_arrow(self, data: Any) -> pa.Table:
        """See `FrameKind`."""
        columns = [_column(series) for series in data.get_columns()]
        return pa.Table.from_arrays(columns, names=data.columns)

    def from_arrow(self, table: pa.Table, like: Any) -> Any:
        """See `FrameKind`."""
        import polars as pl

        return pl.from_arrow(table)


def _column(series: Any) -> pa.Array:
    """A column without a copy, but for text, which older layouts of Arrow hold in another way."""
    import polars as pl

    if series.dtype == pl.Object:  # Arrow would be given the addresses of objects
        raise no_one_type(series.name, _ADVICE)
    try:
        return series.to_arrow(compat_level=pl.CompatLevel.oldest())
    except (pa.ArrowException, pl.exceptions.PolarsError, pl.exceptions.PanicException, TypeError, ValueError):
        raise no_one_type(series.name, _ADVICE) from None
