"""Adult, the census sample that other tools publish their figures on; it is not part of the project."""

import pyarrow as pa
import pyarrow.csv as csv

from ..kit.shared import ADULT

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


def adult() -> pa.Table:
    """30,162 records of nine attributes."""
    return csv.read_csv(ADULT / "adult.csv", parse_options=csv.ParseOptions(delimiter=";"))
