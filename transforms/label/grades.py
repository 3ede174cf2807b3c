"""The four grades, which stand beside a label and are no part of its rule."""

from collections.abc import Mapping

GRADES: Mapping[int, str] = {
    1: "The data name persons: a direct identifier is released, or may be, since a test of line 1 does not hold",
    2: "No direct identifier is released, but persons can be found by other columns: a test of line 3 or 6 does not hold",
    3: "No direct identifier is released, and the risk that persons are found by other columns is within its limits",
    4: "Neither direct identifiers nor other columns by which persons could be found are released",
}
"""What each grade says, in words without a full stop; a higher one identifies less."""

REFERENCE = (
    "After the grades of GB/T 42460-2023, as a reference (参照) and no more: formulas and limits were not read in the standard "
    "itself but follow public descriptions of it, and no conformity is claimed."
)
"""Where the grades come from, and what that does not mean."""

ADVICE = "The grade is told and nothing goes by it: grade 3 or 4 does not make data anonymized, which all nine lines ask for."
"""What a grade is good for."""
