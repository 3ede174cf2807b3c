"""That no record is lost: what a label counts, against the parts and the input."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

PLACES = ("released", "suppressed", "withheld", "rejected")


def balanced(label: dict[str, Any], out: Path, read: int | None = None) -> None:
    """Check that every record read is in one place, and that the parts hold those that were released.

    Raises:
        AssertionError: A record is missing, or there twice.
    """
    records = label["records"]
    assert records["read"] == sum(records[place] for place in PLACES), records
    assert read is None or records["read"] == read, records
    rows = sum(pq.read_metadata(part).num_rows for part in (out / label["release"]).glob("part-*.parquet"))
    assert rows == records["released"], (rows, records)
