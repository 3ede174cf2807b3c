"""file:PATH: the key-encryption key stands in a file."""

from typing import ClassVar

from beam_deid.transforms.crypto.keks.kek import LocalKek
from beam_deid.transforms.crypto.read_secret import checked, read_private


class FileKek(LocalKek):
    """The bytes of a file that others may not read, 32 at least."""

    scheme: ClassVar[str] = "file"
    form: ClassVar[str] = "file:PATH"

    def material(self) -> bytes:
        """Read the file, which nobody else may read; see `LocalKek.material`."""
        return checked(read_private(self.place, self.where), self.where)
