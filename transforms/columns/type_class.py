"""Types by what their values are compared as."""

import pyarrow as pa

from beam_deid.transforms.columns.distinct import is_text


def type_class(kind: pa.DataType) -> str:
    """The class by which a type's values are compared: only columns of equal classes can have equal fingerprints."""
    types = pa.types
    if types.is_dictionary(kind):
        return type_class(kind.value_type)
    if types.is_floating(kind):
        return f"number of {kind.bit_width} bits"  # 0.1 is another number in another width
    classes = (
        ("text", is_text(kind)),
        ("integer", types.is_integer(kind)),
        (f"decimal of scale {getattr(kind, 'scale', 0)}", types.is_decimal(kind)),
        ("date", types.is_date(kind)),
        ("time", types.is_time(kind)),
        ("moment", types.is_timestamp(kind) and kind.tz is None),
        ("zoned moment", types.is_timestamp(kind)),
    )
    return next((name for name, holds in classes if holds), str(kind))
