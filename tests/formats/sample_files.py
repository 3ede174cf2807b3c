"""Small files of every format, written in memory."""

import datetime as dt
import io
import struct
import zipfile

import fastavro
import pyarrow as pa
import xlsxwriter
from pyarrow import orc

from beam_deid.transforms.formats import format_named

_OFFICE = "urn:oasis:names:tc:opendocument:xmlns"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_SHEETS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"


def zipped(parts, method=zipfile.ZIP_DEFLATED):
    """A zip archive of parts by name."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def avro(table, codec):
    """A table of texts in blocks of a kilobyte."""
    stream = io.BytesIO()
    fields = [{"name": name, "type": ["null", "string"]} for name in table.column_names]
    schema = {"type": "record", "name": "Order", "fields": fields}
    marker = bytes(range(16))
    fastavro.writer(stream, schema, table.to_pylist(), codec=codec, sync_marker=marker, sync_interval=1000)
    return stream.getvalue()


def orc_file(table, compression):
    """A table as ORC."""
    stream = io.BytesIO()
    orc.write_table(table, stream, compression=compression)
    return stream.getvalue()


def own_xlsx(table):
    """A table as releases are written."""
    stream = io.BytesIO()
    writer = format_named("xlsx").writer(stream, table.schema)
    writer.write(table.combine_chunks().to_batches()[0])
    writer.close()
    return stream.getvalue()


def office_xlsx():
    """A workbook with what Excel puts into parts of their own: shared texts, and styles by which numbers are days or have zeros."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        code = book.add_format({"num_format": "000000"})
        for name in ("orders", "drafts"):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, ["order", "city", "day", "zip", "amount"])
            for row in range(1, 31):
                sheet.write_row(row, 0, [f"{name[0]}{row}", ["杭州", "Leeds", "York"][row % 3]])
                sheet.write_datetime(row, 2, dt.datetime(2024, 1, row), day)
                sheet.write_number(row, 3, row * 31, code)
                sheet.write_number(row, 4, row / 4)
        sheet.hide()
    return stream.getvalue()


def ods(rows, name="S"):
    """A sheet of texts and numbers as OpenDocument."""
    written = "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows)
    spaces = " ".join(f'xmlns:{space}="{_OFFICE}:{space}:1.0"' for space in ("office", "table", "text"))
    sheet = f'<table:table table:name="{name}">{written}</table:table>'
    body = f"<office:body><office:spreadsheet>{sheet}</office:spreadsheet></office:body>"
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "META-INF/manifest.xml": f'<manifest xmlns="{_OFFICE}:manifest:1.0"/>',
            "content.xml": f"<office:document-content {spaces}>{body}</office:document-content>",
        }
    )


def _ods_cell(cell):
    if cell is None:
        return "<table:table-cell/>"
    if isinstance(cell, str):
        return f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>'
    return f'<table:table-cell office:value-type="float" office:value="{cell}"/>'


def xlsb(rows, name="S"):
    """A sheet of texts and numbers in the binary form of .xlsx, record by record as [MS-XLSB] has it."""
    last = struct.pack("<4I", 0, len(rows) - 1, 0, max(map(len, rows)) - 1)
    sheet = _record(129) + _record(148, last) + _record(145)
    for number, row in enumerate(rows):
        sheet += _record(0, struct.pack("<I", number) + bytes(13))
        sheet += b"".join(_xlsb_cell(column, cell) for column, cell in enumerate(row) if cell is not None)
    sheet += _record(146) + _record(130)
    listed = _record(156, struct.pack("<II", 0, 1) + _wide("rId1") + _wide(name))
    relation = f'<Relationship Id="rId1" Type="{_SHEETS}" Target="worksheets/sheet1.bin"/>'
    return zipped(
        {
            "xl/workbook.bin": _record(131) + _record(143) + listed + _record(144) + _record(132),
            "xl/_rels/workbook.bin.rels": f'<Relationships xmlns="{_RELATIONS}">{relation}</Relationships>',
            "xl/worksheets/sheet1.bin": sheet,
        }
    )


def _record(kind, content=b""):
    head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size = len(content)
    length = b""
    while size > 0x7F:
        length += bytes([size & 0x7F | 0x80])
        size >>= 7
    return head + length + bytes([size]) + content


def _wide(text):
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def _xlsb_cell(column, cell):
    place = struct.pack("<II", column, 0)
    return _record(6, place + _wide(cell)) if isinstance(cell, str) else _record(5, place + struct.pack("<d", cell))


def table_of(rows):
    """A table of texts, of rows of which the first names the columns."""
    return pa.table(dict(zip(rows[0], map(list, zip(*rows[1:], strict=True)), strict=True)))
