"""Looking for a secret in bytes that may be packed, several times over."""

import base64
import bz2
import re
import zlib
from collections.abc import Iterable


def unpacked(text: bytes) -> bytes:
    """A text with everything in it that can be decoded: base64, bz2, zlib, escapes."""
    found = [text]
    for piece in re.findall(rb"[A-Za-z0-9+/=_-]{24,}", text):
        for decode in (base64.b64decode, base64.urlsafe_b64decode):
            try:
                data = decode(piece + b"=" * (-len(piece) % 4))
            except ValueError:
                continue
            found.append(data)
            for inflate in (bz2.decompress, zlib.decompress):
                try:
                    found.append(inflate(data))
                except (OSError, ValueError, zlib.error):
                    continue
    return b"\n".join(found)


def assert_holds_none(data: bytes, secrets: Iterable[bytes]) -> None:
    """See that none of some secrets is in the data, however it is written there."""
    text = unpacked(data)
    for secret in secrets:
        written = (base64.b64encode(secret)[:-4], base64.urlsafe_b64encode(secret)[:-4], repr(secret).encode())
        forms = (secret, secret.hex().encode(), *written)
        for form in forms:
            assert form not in text
