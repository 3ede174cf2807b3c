"""The words of the field, as closed sets: roles, recoverability, labels, sharing models, reasons."""

from collections.abc import Mapping
from enum import Enum


class Word(str, Enum):
    """A closed set of words that are written as they are spelt."""

    def __str__(self) -> str:
        return str(self.value)


class Role(Word):
    """What a field says about a person. A field may be both quasi-identifier and sensitive."""

    DIRECT = "direct_identifier"
    QUASI = "quasi_identifier"
    SENSITIVE = "sensitive"
    INSENSITIVE = "insensitive"


class Recoverability(Word):
    """How far a released field can be turned back into what it was."""

    REMOVED = "removed"
    IRREVERSIBLE = "irreversible"
    GENERALIZED = "generalized"
    PARTIAL = "partial"
    KEYED = "keyed"
    KEY_DESTROYED = "key_destroyed"
    CLEAR = "clear"


class LabelName(Word):
    """What a published dataset is in law. Everything not proved is ``still_personal``."""

    ANONYMIZED = "anonymized"
    STILL_PERSONAL = "still_personal"


class Sharing(Word):
    """The release model (公开共享): fully public, controlled public, enclave."""

    PUBLIC = "public"
    CONTROLLED = "controlled"
    ENCLAVE = "enclave"


class Reason(Word):
    """Why a record was rejected. These codes stand in ``rejected.parquet``; the value never does."""

    MALFORMED_ROW = "malformed_row"
    REPEATED_HEADER = "repeated_header"
    BAD_ENCODING = "bad_encoding"
    CELL_ERROR = "cell_error"
    WRONG_TYPE = "wrong_type"
    DAMAGED_BY_EXCEL = "damaged_by_excel"
    AMBIGUOUS_NUMBER = "ambiguous_number"
    AMBIGUOUS_TIME = "ambiguous_time"
    TOO_MANY_DECIMALS = "too_many_decimals"
    INEXACT_NUMBER = "inexact_number"
    OUTSIDE_HIERARCHY = "outside_hierarchy"
    NOT_AN_OBJECT = "not_an_object"
    UNKNOWN_FIELD = "unknown_field"
    NO_RECORDS = "no_records"
    NAMED_TWICE = "named_twice"
    OUTSIDE_FORMAT = "outside_format"
    NO_RECORD_NUMBER = "no_record_number"
    NO_TOKEN = "no_token"  # noqa: S105 - a reason code
    NO_SUCH_KEY = "no_such_key"
    NOT_AUTHENTIC = "not_authentic"


HINTS: Mapping[str, str] = {
    Reason.DAMAGED_BY_EXCEL: "Excel wrote a long number as 2.02E+18 and lost its digits: export again with the column as text",
    Reason.AMBIGUOUS_NUMBER: "say how numbers are written: input.decimal, input.thousands, input.currency",
    Reason.AMBIGUOUS_TIME: "say how times are written: format of the field, as '%d/%m/%Y %H:%M', or excel",
    Reason.TOO_MANY_DECIMALS: "say how many digits there are after the point: decimals of the field",
    Reason.OUTSIDE_HIERARCHY: "full addresses need hierarchy: cn_districts, or mask: {preset: address, division: city}",
    Reason.INEXACT_NUMBER: "it has more digits than a number keeps: kind integer or decimal, or order_number",
    Reason.OUTSIDE_FORMAT: "fpe's preset does not take it: name its characters instead, fpe: {alphabet: alphanumeric}, or mask it",
}
"""What to do about what was rejected, where the reason alone tells it."""
