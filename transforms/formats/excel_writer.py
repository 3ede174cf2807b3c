"""Parts of a release as .xlsx, written into the archive as they come: nothing is held, and nothing lies beside it on disk.

How values become cells says `beam_deid.transforms.formats.excel_values`. The bytes depend on the rows alone: the archive
bears one date, and says nothing of who made it.
"""

import zipfile
from collections.abc import Sequence
from typing import BinaryIO, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.errors import OutputError
from beam_deid.transforms.formats.excel_values import cell_ends, text_ends

MOST_ROWS = (1 << 20) - 1
"""Rows that a sheet holds below its header."""
MOST_COLUMNS = 1 << 14
"""Columns that a sheet holds."""

_LARGEST = (1 << 31) - (1 << 20)  # bytes of a sheet; archives of larger ones are not read by every spreadsheet
_SMALLER = "Let parts.rows of the release be smaller, or write another format"
_ROWS = 1 << 14  # at once: their XML is in memory
LEVEL = 3
_DATE = (1980, 1, 1, 0, 0, 0)

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"
SHEET = "xl/worksheets/sheet1.xml"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_SPREADSHEET}.sheet.main+xml"/>'
    f'<Override PartName="/{SHEET}" ContentType="{_SPREADSHEET}.worksheet+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_SPREADSHEET}.styles+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
    '<sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
    # The second and the third way of showing a number are those of dates and of times.
    "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><numFmts count="2">'
    '<numFmt numFmtId="164" formatCode="yyyy-mm-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy-mm-dd hh:mm:ss"/></numFmts>'
    '<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
}


class ExcelWriter:
    """Writes one sheet with a header.

    Args:
        stream: Where to.
        schema: Schema of the batches.

    Raises:
        OutputError: There are more columns than a sheet holds.
    """

    def __init__(self, stream: BinaryIO, schema: pa.Schema) -> None:
        if len(schema) > MOST_COLUMNS:
            raise OutputError(f"a sheet has {MOST_COLUMNS:,} columns at most", "", "Write another format")
        self._letters = [_letters(number) for number in range(len(schema))]
        self._rows = self._bytes = 0
        one_way = cast(BinaryIO, OneWay(stream))
        self._archive = zipfile.ZipFile(one_way, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL)
        for name, content in _PARTS.items():
            self._archive.writestr(entry(name), _XML + content)
        self._sheet = self._archive.open(entry(SHEET), "w")
        self._put(f'{_XML}<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
        self._put_rows([text_ends(pa.array([name], pa.string())) for name in schema.names])

    def write(self, batch: pa.RecordBatch) -> None:
        """Append a batch.

        Raises:
            OutputError: A sheet cannot hold it.
        """
        if self._rows + batch.num_rows > MOST_ROWS + 1:
            raise OutputError(f"a sheet has {MOST_ROWS:,} rows below its header at most", "", _SMALLER)
        for start in range(0, batch.num_rows, _ROWS):
            some = batch.slice(start, _ROWS)
            self._put_rows(
                [cell_ends(column, name) for name, column in zip(some.schema.names, some.columns, strict=True)]
            )

    def close(self) -> None:
        """Finish the archive. The stream stays open."""
        self._put(b"</sheetData></worksheet>")
        self._sheet.close()
        self._archive.close()

    def _put_rows(self, ends: Sequence[pa.Array]) -> None:
        """Write rows; of each column it is given how its cells go on after their places, null where there is no cell."""
        count = len(ends[0])
        numbers = pa.array(np.arange(self._rows + 1, self._rows + count + 1)).cast(pa.string())
        pieces = [pc.binary_join_element_wise('<row r="', numbers, '">', "")]
        for letters, end in zip(self._letters, ends, strict=True):
            pieces.append(pc.binary_join_element_wise(f'<c r="{letters}', numbers, end, "").fill_null(""))
        rows = pc.binary_join_element_wise(*pieces, "</row>", "")
        self._put("".join(rows.to_pylist()).encode())
        self._rows += count

    def _put(self, data: bytes) -> None:
        self._bytes += len(data)
        if self._bytes > _LARGEST:
            raise OutputError("the part is larger than a sheet can be", "", _SMALLER)
        self._sheet.write(data)


class OneWay:
    """A stream that cannot go back, so that an archive is written alike to whatever it goes to."""

    def __init__(self, stream: BinaryIO) -> None:
        self.write = stream.write
        self.flush = stream.flush


def entry(name: str) -> zipfile.ZipInfo:
    """A file of the archive, as it stands in it whoever writes it and whenever."""
    made = zipfile.ZipInfo(name, _DATE)
    made.compress_type = zipfile.ZIP_DEFLATED
    made.create_system = 0  # else it is told on which system the file was made
    return made


def _letters(number: int) -> str:
    """What a sheet calls a column, by its number from 0: A, B, ... Z, AA."""
    before, last = divmod(number, 26)
    return (_letters(before - 1) if before else "") + chr(ord("A") + last)
