"""The container of a workbook, checked whole before anything of it is read.

Who reads workbooks looks for parts by their names, and takes one that is not there for one that the workbook does not need:
without its styles, days are numbers. And a part is read up to its last tag, and not to its checksum.
"""

import io
import struct
import zipfile

from beam_deid.transforms.formats.containers import DAMAGED_WORKBOOK, OLE, ZIP_ERRORS
from beam_deid.transforms.formats.excel_chains import chains_end
from beam_deid.transforms.formats.excel_header import Refused
from beam_deid.transforms.storage.limits import UNPACKED_TIMES, unpacks_too_much

_BLOCK = 1 << 20
_DIRECTORY_END = b"PK\x05\x06"
_COUNTS = struct.Struct("<HH")
_COUNTS_AT = 8
"""Where the end of the directory says how many parts there are: on this disk, and on all."""


def is_zip(data: bytes) -> bool:
    """Whether a workbook is a zip archive, as all are but those of Excel before 2007."""
    return not data.startswith(OLE)


def check_container(data: bytes) -> None:
    """See that every part of a workbook is there, is called alike wherever it is named, and is as its checksum says.

    What Excel wrote before 2007 has no checksum: of it there is no more to see than that no chain in it is endless.

    Args:
        data: The bytes of the workbook.

    Raises:
        Refused: They are damaged, no workbook, or unpack to far too much.
    """
    if not is_zip(data):
        if not chains_end(data):
            raise Refused(*DAMAGED_WORKBOOK)
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as container:
            parts = container.infolist()
            if unpacks_too_much(len(data), sum(part.file_size for part in parts)):
                raise Refused(f"the file unpacks to more than {UNPACKED_TIMES} times its size", "Save it as CSV")
            if _counts(data) != (len(parts), len(parts)):
                raise Refused(*DAMAGED_WORKBOOK)
            for part in parts:
                _read(container, part)
    except ZIP_ERRORS:
        raise Refused(*DAMAGED_WORKBOOK) from None


def _counts(data: bytes) -> tuple[int, ...]:
    return _COUNTS.unpack_from(data, data.rindex(_DIRECTORY_END) + _COUNTS_AT)


def _read(container: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Read a part to its end, where its checksum is compared."""
    with container.open(part) as stream:
        while stream.read(_BLOCK):
            pass
