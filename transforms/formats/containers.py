"""What a file is by its first bytes, whatever it is called, and what may go wrong with an archive."""

import struct
import zipfile
import zlib

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How what Excel wrote before 2007 begins."""

_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bz2",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    OLE: "ole",
    b"PAR1": "parquet",
    b"ORC": "orc",
    b"Obj\x01": "avro",
}
_PAGES = (b"<html", b"<!doctype", b"<table", b"<head", b"<meta", b"<style", b"<div", b"<body", b"<?xml")
_SPACE = b" \t\r\n\xef\xbb\xbf"
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\v\f\r\x1a\x1b")

ZIP_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, RuntimeError),
    *(ValueError, LookupError, EOFError, OSError, OverflowError),
)
"""What the standard library raises where bytes of a zip archive are damaged."""

DAMAGED_WORKBOOK = (
    "the workbook is damaged, is protected by a password, or is none",
    "Open it in a spreadsheet and save it again without a password, as .xlsx or CSV",
)
"""What is said of a workbook that cannot be read, and what the user can do."""

HEAD = 512
"""How many bytes `container_of`, `is_page` and `is_text` want to see."""


def container_of(head: bytes) -> str | None:
    """What packs or holds the data, None if nothing that is known.

    One of ``gzip``, ``zstd``, ``bz2``, ``zip``, ``ole`` (which Excel before 2007 wrote), ``parquet``, ``orc`` and ``avro``.
    """
    return next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), None)


def is_cut_off(head: bytes) -> bool:
    """Whether a file has no more than some of the bytes by which `container_of` knows what it is."""
    return head != b"" and any(magic.startswith(head) for magic in _MAGIC)


def is_page(head: bytes) -> bool:
    """Whether a file is a page of HTML or a table in XML, as some systems write them and call them ``.xls``."""
    return head.lstrip(_SPACE).lower().startswith(_PAGES)


def is_text(head: bytes) -> bool:
    """Whether a file may be text in an encoding that keeps ASCII as it is: it has no byte that text has not."""
    return head.translate(None, delete=_CONTROLS) == head
