"""Text as UTF-8, decoded as it comes."""

from typing import Any

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats.encoding import Encoding, decoder, encoded, is_utf8
from beam_deid.transforms.formats.encoding_scores import turned
from beam_deid.transforms.formats.text_dialect import STAND_IN
from beam_deid.transforms.formats.text_source import read_from

_BLOCK = 1 << 20
_SHIFTED = frozenset("\u0a00\u0d00")
"""Line ends whose two bytes belong to two characters: hardly any text has these."""


class Utf8Stream:
    """A stream of bytes read as UTF-8: byte order marks are left out, and `MARK` stands where bytes are broken.

    Args:
        stream: The plain stream.
        encoding: Its encoding.
        path: For messages.
        delimiter: A delimiter for which `STAND_IN` is to stand; what was that character is NUL then. None to leave text as it is.
    """

    def __init__(self, stream: Any, encoding: Encoding, path: str, delimiter: str | None = None) -> None:
        self._stream = stream
        self._encoding = encoding
        self._path = path
        self._delimiter = delimiter
        self._decoder = decoder(encoding.name)
        self._ready: list[bytes] = []
        self._held = 0
        self._carry = b""
        self._cut = ""
        self._begun = False
        self._ended = False

    def read(self, size: int) -> bytes:
        """``size`` bytes, fewer only at the end.

        Raises:
            InputError: The stream is truncated or damaged, unpacks to far too much, or turns out to be in another encoding.
        """
        while not self._ended and self._held < size:
            self._fill()
        data = b"".join(self._ready)
        rest = data[size:]
        self._ready = [rest] if rest else []
        self._held = len(rest)
        return data[:size] if rest else data

    def close(self) -> None:
        """Close the stream of bytes that the text is read from."""
        self._stream.close()

    def _fill(self) -> None:
        block = read_from(self._stream, _BLOCK, self._path)
        self._ended = not block
        if self._encoding.found and turned(self._encoding.name, block) is not None:
            raise turned_out(self._encoding.name, self._path)
        data = self._plain(block)
        if not self._begun and data:
            data = data.removeprefix(b"\xef\xbb\xbf")
            self._begun = True
        self._ready.append(data)
        self._held += len(data)

    def _plain(self, block: bytes) -> bytes:
        if self._delimiter is None and self._encoding.name == "utf-8":
            data = self._carry + block
            cut = len(data) if not block else _whole(data)
            if is_utf8(data[:cut]):
                self._carry = data[cut:]
                return data[:cut]
            self._carry = b""
            self._decoder.reset()
            text = self._decoder.decode(data, not block)
            self._carry = self._decoder.getstate()[0]
            self._decoder.reset()
            return encoded(text)
        text = self._decoder.decode(block, not block)
        if self._encoding.spread and not _SHIFTED.isdisjoint(text):
            raise InputError(
                f"bytes are lost, or too many, in the text of {self._encoding.name}", self._path, "Fetch the file again"
            )
        return self._translated(text, final=not block)

    def _translated(self, text: str, final: bool) -> bytes:
        if self._delimiter is None:
            return encoded(text)
        text = self._cut + text
        end = len(text) if final else _before_a_part(text, self._delimiter)
        self._cut = text[end:]
        return encoded(translated(text[:end], self._delimiter))


def translated(text: str, delimiter: str) -> str:
    """A text with `STAND_IN` for its delimiter, and NUL for what was that character."""
    return text.replace(STAND_IN, "\0").replace(delimiter, STAND_IN)


def turned_out(name: str, path: str, row: int | None = None) -> InputError:
    """The error for a file that is in another encoding than its other parts show."""
    where = path if row is None else f"{path}: row {row}"
    return InputError(
        f"the file looked like {name} and has text in another encoding here",
        where,
        "Set input.encoding in the policy, or bring the file into one encoding",
    )


def _before_a_part(text: str, delimiter: str) -> int:
    """Where a text is cut so that no delimiter is split: before the characters of one at its end."""
    end = len(text)
    while end and text[end - 1] in delimiter:
        end -= 1
    return end


def _whole(data: bytes) -> int:
    """Where UTF-8 is cut so that no character is split."""
    end = len(data)
    for back in range(1, min(4, end) + 1):
        byte = data[end - back]
        if byte >= 0xC0:
            return end - back if back < (2 if byte < 0xE0 else 3 if byte < 0xF0 else 4) else end
        if byte < 0x80:
            break
    return end
