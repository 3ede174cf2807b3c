"""A workbook as the records of one of its sheets, all of it text.

It runs in a process of its own (`beam_deid.transforms.formats.reader_process`), which has the whole sheet in memory.
"""

import io
from functools import partial
from typing import Any

import pyarrow as pa
import python_calamine as calamine

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats.containers import DAMAGED_WORKBOOK, ZIP_ERRORS
from beam_deid.transforms.formats.excel_container import check_container, is_zip
from beam_deid.transforms.formats.excel_header import Asked, Refused, find_header
from beam_deid.transforms.formats.excel_marks import NO_MARKS, Marks, UnplacedError, cell_marks
from beam_deid.transforms.formats.excel_records import Sheet, records
from beam_deid.transforms.formats.reader_child import Given
from beam_deid.transforms.storage.files import open_arrow
from beam_deid.transforms.storage.limits import LARGEST_WORKBOOK, MOST_COLUMNS, mebibytes

_BATCH_ROWS = 1 << 16


def answer(path: str, **asked: Any) -> Given:
    """The records of a sheet.

    Args:
        path: The workbook.
        asked: What is asked of it, as `Asked` has it.

    Returns:
        Under ``names`` what the columns are called, under ``passed`` what is passed over (`PassedOver`), under ``above`` how many
        rows stand above the first; and batches of a text column for each, called by its number, and two more: int64, the number
        of each record, and bool, whether it is the header that comes again.

    Raises:
        InputError: It cannot be read, or it is not clear what of it is wanted.
    """
    try:
        found = read_sheet(_bytes_of(path), Asked(**asked))
    except Refused as refused:
        raise InputError(refused.what, path, refused.next_step) from None
    columns = [*found.table.columns, pa.array(found.rows), pa.array(found.repeated)]
    table = pa.table(columns, names=[str(number) for number in range(len(columns))])
    told = {"names": found.table.column_names, "passed": found.passed._asdict(), "above": found.above}
    return told, table.schema, table.to_batches(_BATCH_ROWS)


def _bytes_of(path: str) -> bytes:
    with open_arrow(path) as stream:
        try:
            data = bytes(stream.read(LARGEST_WORKBOOK + 1))
        except OSError:
            raise Refused("the file is truncated or damaged", "Fetch it again or leave it out") from None
    if len(data) > LARGEST_WORKBOOK:
        raise Refused(
            f"the workbook is larger than {mebibytes(LARGEST_WORKBOOK)}", "Save the sheet as CSV, or cut it up"
        )
    return data


def read_sheet(data: bytes, asked: Asked) -> Sheet:
    """Read a sheet whole.

    Raises:
        Refused: It cannot be read, or it is not clear how.
    """
    check_container(data)
    workbook = _opened(data)
    number, sheet = _chosen(workbook, asked.sheet)
    if sheet.width > MOST_COLUMNS:
        raise Refused(f"{sheet.width:,} columns are too many, {MOST_COLUMNS:,} may be in one sheet", "Leave some out")
    header = find_header(sheet, asked)
    found = records(sheet, header, partial(_marks, data, number), asked.footer)
    others = _others(workbook, number) if asked.others else ()
    return found._replace(passed=found.passed._replace(sheet=number + 1, sheets=others))


def _opened(data: bytes) -> calamine.CalamineWorkbook:
    try:
        return calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    except (calamine.CalamineError, OSError):
        raise Refused(*DAMAGED_WORKBOOK) from None


def _chosen(workbook: calamine.CalamineWorkbook, asked: str | int | None) -> tuple[int, calamine.CalamineSheet]:
    """The sheet that is asked for, with its number from 0; else the only visible one in which anything stands."""
    names = workbook.sheet_names
    if asked is None:
        return _only(workbook)
    numbers = {name: number for number, name in enumerate(names)}
    number = asked - 1 if isinstance(asked, int) else numbers.get(asked, -1)
    if not 0 <= number < len(names):
        raise Refused(f"the workbook has no sheet {asked}", f"Let input.sheet name one of: {', '.join(names)}")
    sheet = _loaded(workbook, number)
    if not sheet.height:
        raise Refused(f"the sheet {names[number]} is empty, it has not even a header", "Name another in input.sheet")
    return number, sheet


def _only(workbook: calamine.CalamineWorkbook) -> tuple[int, calamine.CalamineSheet]:
    found = []
    for number, about in enumerate(workbook.sheets_metadata):
        if about.typ == calamine.SheetTypeEnum.WorkSheet and about.visible == calamine.SheetVisibleEnum.Visible:
            sheet = _loaded(workbook, number)
            if sheet.height:
                found.append((number, sheet))
    if not found:
        raise Refused("the workbook is empty, it has not even a header", "Leave it out")
    if len(found) > 1:
        names = ", ".join(sheet.name for _, sheet in found)
        raise Refused(f"more than one sheet has something in it: {names}", "Let input.sheet name the one to read")
    return found[0]


def _others(workbook: calamine.CalamineWorkbook, number: int) -> tuple[int, ...]:
    """Numbers of the other sheets in which something stands, seen or hidden, from 1."""
    found = []
    for other, about in enumerate(workbook.sheets_metadata):
        if other != number and about.typ == calamine.SheetTypeEnum.WorkSheet and _loaded(workbook, other).height:
            found.append(other + 1)
    return tuple(found)


def _loaded(workbook: calamine.CalamineWorkbook, number: int) -> calamine.CalamineSheet:
    try:
        return workbook.get_sheet_by_index(number)
    except (calamine.CalamineError, OSError):
        raise Refused(*DAMAGED_WORKBOOK) from None


def _marks(data: bytes, number: int, of_days: bool) -> Marks:
    if not is_zip(data):
        return NO_MARKS
    try:
        return cell_marks(data, number, of_days)
    except UnplacedError:
        raise Refused("a cell does not say where in the sheet it stands", "Save it again in Excel") from None
    except ZIP_ERRORS:
        raise Refused(*DAMAGED_WORKBOOK) from None
