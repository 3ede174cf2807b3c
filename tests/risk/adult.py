"""Adult, the census sample that other tools publish their figures on; it is not part of the project."""

from pathlib import Path

import pyarrow as pa
import pyarrow.csv as csv
import pytest

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "adult"
QUASI = [
    "sex",
    "age",
    "race",
    "marital-status",
    "education",
    "native-country",
    "workclass",
    "occupation",
    "salary-class",
]

needs_adult = pytest.mark.skipif(not FOLDER.exists(), reason="the folder ../shared/data/adult with Adult is not here")


def adult() -> pa.Table:
    """30,162 records of nine attributes."""
    return csv.read_csv(FOLDER / "adult.csv", parse_options=csv.ParseOptions(delimiter=";"))
