"""The encoding of all files of an input, as their bytes show it."""

from collections.abc import Iterable

from beam_deid.transforms.formats import plain_format_of
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.json_text import ENCODING
from beam_deid.transforms.formats.text_source import encoding_of
from beam_deid.transforms.storage.files import InputFile

_OF_TEXT = {"csv": None, "json": ENCODING, "jsonl": ENCODING}
"""The formats that are text, each with the encoding where none can be told for sure."""
_USUAL = "utf-8"


def found_encoding(files: Iterable[InputFile], options: InputOptions) -> str | None:
    """The one encoding of all files, which is not UTF-8; None where they differ, or where the options say it.

    A file of ASCII alone goes with every encoding that keeps ASCII.

    Args:
        files: The files.
        options: How they are written.

    Raises:
        InputError: A file cannot be read.
    """
    if options.encoding != "auto":
        return None
    found = []
    for file in files:
        name = plain_format_of(file.path, options).name
        if name not in _OF_TEXT:
            return None
        found.append(encoding_of(file.path, options.encoding, _OF_TEXT[name]))
    told = {one.name: one.spread for one in found if not one.assumed}
    if len(told) != 1 or _USUAL in told:
        return None
    ((name, spread),) = told.items()
    return None if spread and any(one.assumed for one in found) else name
