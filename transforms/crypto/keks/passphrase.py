"""passphrase:NAME: the key-encryption key is derived from a passphrase in an environment variable."""

import os
from typing import Any, ClassVar

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from beam_deid.transforms.crypto.keks.kek import LocalKek
from beam_deid.transforms.crypto.read_secret import read_variable
from beam_deid.transforms.errors import KeyFault

_LEAST = 12
_COST = {"n": 1 << 17, "r": 8, "p": 1}  # 128 MiB and a fraction of a second (OWASP's first choice for scrypt)
_MOST_N = 1 << 22


class PassphraseKek(LocalKek):
    """A passphrase of 12 characters at least, stretched by scrypt (RFC 7914)."""

    scheme: ClassVar[str] = "passphrase"
    form: ClassVar[str] = "passphrase:NAME (of an environment variable)"

    @classmethod
    def parameters(cls) -> dict[str, Any]:
        """A salt for the key, one for scrypt, and scrypt's costs."""
        return {**super().parameters(), "scrypt_salt": os.urandom(16).hex(), **_COST}

    def material(self) -> bytes:
        """Stretch the passphrase with scrypt, at the costs that the keyring remembers; see `LocalKek.material`."""
        given = read_variable(self.place, self.where, "Set it to the keyring's passphrase")
        if len(given.decode("utf-8", "replace")) < _LEAST:
            raise KeyFault(f"the passphrase is shorter than {_LEAST} characters", self.where, "Take a longer one")
        try:
            salt = bytes.fromhex(self._parameters["scrypt_salt"])
            n, r, p = (int(self._parameters[name]) for name in ("n", "r", "p"))
            if max(n / _MOST_N, r / 64, p / 64) > 1:
                raise ValueError
            return Scrypt(salt=salt, length=32, n=n, r=r, p=p).derive(given)
        except (KeyError, TypeError, ValueError):
            raise KeyFault("the keyring's scrypt costs are none of ours", self.where, "Take a copy of it") from None
