"""Lines of a file that are no rows, before its header and after its last row: how many there are, in a schema and in words."""

import pyarrow as pa

_KEY = b"beam_deid.passed_over"


def saying(passed: tuple[int, int]) -> dict[bytes, str] | None:
    """A schema's metadata that says how many lines before the header and after the last row are no rows; None if none are."""
    return {_KEY: " ".join(map(str, passed))} if any(passed) else None


def said(schema: pa.Schema) -> tuple[int, int]:
    """How many lines before the header and after the last row are no rows."""
    found = (schema.metadata or {}).get(_KEY)
    if found is None:
        return (0, 0)
    before, after = map(int, found.split())
    return before, after


def told(file: str, before: int, after: int) -> str:
    """The same for a person, a sentence without a full stop."""
    if not after:
        lines = "1 line before the header was" if before == 1 else f"{before} lines before the header were"
    elif not before:
        lines = "1 line after the last row was" if after == 1 else f"{after} lines after the last row were"
    else:
        first = "1 line" if before == 1 else f"{before} lines"
        lines = f"{first} before the header and {after} after the last row were"
    return f"{file}: {lines} passed over: no rows"
