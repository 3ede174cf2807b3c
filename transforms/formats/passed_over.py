"""What of a file is no row of it, and is passed over: how much there is and where, in a schema and in words. No value is told."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pyarrow as pa

_KEY = b"beam_deid.passed_over"


class PassedOver(NamedTuple):
    """What is passed over.

    Attributes:
        before: Lines of text, or rows of a sheet, before the header; blank ones are not counted.
        after: The same after the last row.
        blank: Blank rows of a sheet among its records.
        first_blank: Number of the first of these in the sheet, from 1; 0 where there is none.
        sheet: Number of the sheet that is read, from 1; 0 of a file without sheets.
        sheets: Numbers of the sheets in which something stands, and which are not read.
    """

    before: int = 0
    after: int = 0
    blank: int = 0
    first_blank: int = 0
    sheet: int = 0
    sheets: tuple[int, ...] = ()

    def to_document(self) -> dict[str, Any]:
        """The same as plain values; what only workbooks have is there where there is any."""
        found = {"before": self.before, "after": self.after}
        more = {"blank": self.blank, "first_blank": self.first_blank, "sheet": self.sheet, "sheets": list(self.sheets)}
        return found | {name: value for name, value in more.items() if value}

    def told(self, file: str) -> str:
        """The same for a person, a sentence without a full stop.

        Args:
            file: What the file is called.
        """
        said = "; ".join(self._of_sheets()) if self.sheet else self._of_text()
        return f"{file}: {said}"

    def _of_text(self) -> str:
        before, after = _counted(self.before, "line"), _counted(self.after, "line")
        if self.before and self.after:
            return f"{before} before the header and {self.after} after the last row were passed over: no rows"
        if self.before == 1:
            return f"{before} before the header was passed over: no rows"
        if self.before:
            return f"{before} before the header were passed over: no rows"
        if self.after == 1:
            return f"{after} after the last row was passed over: no rows"
        return f"{after} after the last row were passed over: no rows"

    def _of_sheets(self) -> Iterator[str]:
        counts = {
            f"{_counted(self.before, 'row')} before the header": self.before,
            f"{_counted(self.blank, 'blank row')} (the first is row {self.first_blank})": self.blank,
            f"{_counted(self.after, 'row')} after the last record": self.after,
        }
        passed = ", ".join(words for words, count in counts.items() if count)
        if passed:
            yield f"passed over in sheet {self.sheet}: {passed}"
        if self.sheets:
            yield f"not read, though something stands in them: sheets {', '.join(map(str, self.sheets))}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


NOTHING = PassedOver()
"""Nothing is."""


def saying(passed: PassedOver) -> dict[bytes, str] | None:
    """A schema's metadata that says what is passed over; None if nothing is."""
    is_any = passed.before or passed.after or passed.blank or passed.sheets
    return {_KEY: json.dumps(passed)} if is_any else None


def said(schema: pa.Schema) -> PassedOver | None:
    """What a schema says is passed over; None if nothing is."""
    found = (schema.metadata or {}).get(_KEY)
    if found is None:
        return None
    told = PassedOver(*json.loads(found))
    return told._replace(sheets=tuple(told.sheets))
