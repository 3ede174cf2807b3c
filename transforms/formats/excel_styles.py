"""Styles of an .xlsx workbook by which numbers are shown with zeros before them, as order numbers and postcodes are."""

import re

_FORMAT = re.compile(rb"<(?:\w+:)?numFmt\s[^>]*>")
_STYLES = re.compile(rb"<(?:\w+:)?cellXfs[\s>].*?</(?:\w+:)?cellXfs>", re.DOTALL)
_STYLE = re.compile(rb"<(?:\w+:)?xf[\s>/][^>]*>?")
_ATTRIBUTE = re.compile(rb"(\w+)=\"([^\"]*)\"")
_ZEROS = re.compile(rb"(?:\[\$[^\]]*\])?(0{2,})(?:;@)?")


def zeros_of(styles: bytes) -> dict[int, int]:
    """How many digits numbers have at least, by the number of the style, from 0; of styles that say it by zeros alone.

    Args:
        styles: The part of the workbook that holds the styles, as XML.
    """
    digits = {}
    for written in _FORMAT.findall(styles):
        said = dict(_ATTRIBUTE.findall(written))
        zeros = _ZEROS.fullmatch(said.get(b"formatCode", b""))
        if zeros:
            digits[said.get(b"numFmtId")] = len(zeros[1])
    cells = _STYLES.search(styles)
    if not digits or not cells:
        return {}
    formats = [dict(_ATTRIBUTE.findall(written)).get(b"numFmtId") for written in _STYLE.findall(cells[0])]
    return {style: digits[one] for style, one in enumerate(formats) if one in digits}
