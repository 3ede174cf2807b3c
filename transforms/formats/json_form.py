"""Whether a file of JSON holds lines, an object each, or a document that is read from its beginning: told by its head.

What a file is called says what is likely. Lines are read on behind one that is broken, a document is not; so a file that is
called lines is a document only if its head cannot be anything else.
"""

import codecs
import json

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.json_rows import DECODER
from beam_deid.transforms.formats.json_text import HEAD, SPACE, text_stream


def holds_lines(path: str, options: InputOptions, *, called_lines: bool) -> bool:
    """Whether a file holds lines.

    Args:
        path: The file.
        options: How it is written.
        called_lines: Whether it is called so: then an array, or a value that goes on behind its first line, is none. Else lines
            are what begins with an object on a line by itself.

    Raises:
        InputError: The file cannot be read, or its lines end with commas.
    """
    head = _head(path, options)
    first = _first_line(head, path)
    if not called_lines:
        return _is_object(first)
    return not head.startswith("[") and (len(first) == len(head) or _is_value(first) or not _goes_on(head))


def _head(path: str, options: InputOptions) -> str:
    """The beginning of a file, without spaces before the first value; cut after its last whole line, if there is one."""
    stream = text_stream(path, options)
    try:
        data = stream.read(HEAD)
    finally:
        stream.close()
    if len(data) == HEAD and b"\n" in data:
        data = data[: data.rindex(b"\n")]
    return codecs.decode(data, "utf-8", "ignore").strip(SPACE)


def _first_line(head: str, path: str) -> str:
    first = head.partition("\n")[0].strip(SPACE)
    if first.endswith(",") and _is_object(first[:-1]):
        raise InputError(
            "its lines end with commas, as inside an array",
            path,
            "Write [ before the first line and ] behind the last, or take the commas off",
        )
    return first


def _is_value(text: str) -> bool:
    try:
        DECODER.decode(text)
    except (ValueError, RecursionError):
        return False
    return True


def _is_object(text: str) -> bool:
    return text.startswith("{") and _is_value(text)


def _goes_on(head: str) -> bool:
    """Whether a value begins here that reaches behind the first line, or behind the head, and is sound as far as it is seen."""
    try:
        _, end = DECODER.raw_decode(head)
    except json.JSONDecodeError as error:
        return error.pos >= len(head)
    except RecursionError:
        return False
    return "\n" in head[:end]
