"""env:NAME: the key-encryption key stands in an environment variable."""

from typing import ClassVar

from beam_deid.transforms.crypto.keks.kek import LocalKek
from beam_deid.transforms.crypto.read_secret import checked, read_variable


class VariableKek(LocalKek):
    """The text of an environment variable, 32 bytes at least."""

    scheme: ClassVar[str] = "env"
    form: ClassVar[str] = "env:NAME"

    def material(self) -> bytes:
        """Read the environment variable; see `LocalKek.material`."""
        return checked(read_variable(self.place, self.where), self.where)
