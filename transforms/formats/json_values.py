"""The rows of JSON that is read value by value: an array of records, an answer of an API, or documents after one another.

It is read a record at a time, so that its size does not matter. What lies beside the list of records is read, too, so that
a document that was cut off is never taken for a whole one; one that is broken is refused.
"""

from collections.abc import Iterator

from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.json_rows import narrow
from beam_deid.transforms.formats.json_text import Text, text_stream
from beam_deid.transforms.formats.nesting import EACH, Nesting, Unit, is_nothing
from beam_deid.transforms.terms import Reason


def units(path: str, options: InputOptions, nesting: Nesting) -> Iterator[Unit]:
    """The rows of a document, one by one.

    Raises:
        InputError: The file is gone, cut off or no JSON, or a row has too many keys.
    """
    stream = text_stream(path, options)
    text = Text(stream, path)
    try:
        while text.next():
            yield from narrow(_walk(text, nesting, nesting.records), path)
    finally:
        stream.close()


def _walk(text: Text, nesting: Nesting, keys: tuple[str, ...]) -> Iterator[Unit]:
    """The rows of the value that comes next."""
    if not keys:
        if text.next() == "[":
            for _ in text.elements():
                yield from nesting.rows(text.value())
        else:
            record = text.value()
            if record is not None or not nesting.records:
                yield from nesting.rows(record)
        return
    there = False
    if text.next() == "{":
        for key in text.members():
            if keys[0] == EACH:
                there = True
                yield from nesting.rows(text.value(), key)
            elif key == keys[0]:
                there = True
                yield from _walk(text, nesting, keys[1:])
            else:
                text.value()
        there = there or keys[0] == EACH
    else:
        there = is_nothing(text.value()) and keys[0] == EACH
    if not there:
        yield Unit(None, ".".join(nesting.records), Reason.NO_RECORDS)
