"""Where a keyring's key-encryption key may come from: one file each, all of them in `KEKS`."""

from collections.abc import Mapping
from typing import Any

from beam_deid.transforms.crypto.keks.aws_kms import AwsKek
from beam_deid.transforms.crypto.keks.command import CommandKek
from beam_deid.transforms.crypto.keks.file import FileKek
from beam_deid.transforms.crypto.keks.gcp_kms import GcpKek
from beam_deid.transforms.crypto.keks.kek import Kek
from beam_deid.transforms.crypto.keks.passphrase import PassphraseKek
from beam_deid.transforms.crypto.keks.variable import VariableKek
from beam_deid.transforms.crypto.pasted import PASTED, is_pasted
from beam_deid.transforms.errors import KeyFault

KEKS: tuple[type[Kek], ...] = (VariableKek, FileKek, PassphraseKek, CommandKek, AwsKek, GcpKek)
"""All kinds, in the order in which they are documented."""

_BY_SCHEME = {kek.scheme: kek for kek in KEKS}


def kek_kind(source: str) -> type[Kek]:
    """The kind that ``source``, written as ``scheme:place``, names.

    Raises:
        KeyFault: It is none; the message repeats nothing of it, for it may be the key itself.
    """
    scheme, separator, place = source.partition(":")
    if not separator or not place or scheme not in _BY_SCHEME:
        forms = ", ".join(kek.form for kek in KEKS)
        raise KeyFault("this names no key-encryption key", "--kek", f"Write where it is: {forms}")
    if is_pasted(scheme, place):
        raise KeyFault(PASTED, "--kek", f"Write where it is, never the key itself: {scheme}:NAME")
    return _BY_SCHEME[scheme]


def kek_of(source: str, parameters: Mapping[str, Any]) -> Kek:
    """The key-encryption key that ``source`` names, with the parameters that the keyring remembers.

    Raises:
        KeyFault: See `kek_kind`.
    """
    return kek_kind(source)(source.partition(":")[2], parameters)
