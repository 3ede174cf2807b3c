"""command:COMMAND: the key-encryption key is what a command prints."""

import shlex
import subprocess
from typing import ClassVar

from beam_deid.transforms.crypto.keks.kek import LocalKek
from beam_deid.transforms.crypto.read_secret import checked
from beam_deid.transforms.errors import KeyFault

_SECONDS = 60


class CommandKek(LocalKek):
    """The standard output of a command, 32 bytes at least. No shell takes part.

    A keyring of this kind is opened only where nobody but its owner can change it: whoever writes the keyring
    chooses what is run (`beam_deid.transforms.crypto.keyring`).
    """

    scheme: ClassVar[str] = "command"
    asks: ClassVar[bool] = True
    form: ClassVar[str] = "command:COMMAND (its output)"

    @property
    def where(self) -> str:
        """The command's name; arguments may hold a secret."""
        return f"command:{(self._arguments() or ['?'])[0]}"

    def material(self) -> bytes:
        """Run the command and take what it prints; see `LocalKek.material`."""
        arguments = self._arguments()
        if not arguments:
            raise KeyFault("no command is named", "command:", "Write command:pass show keys/kek")
        try:
            done = subprocess.run(  # noqa: S603 - the user's own command
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise KeyFault(
                f"the command cannot be run ({type(error).__name__})", self.where, "Try it by hand"
            ) from None
        if done.returncode:
            raise KeyFault(f"the command ended with {done.returncode}", self.where, "Try it by hand")
        return checked(done.stdout, self.where)

    def _arguments(self) -> list[str]:
        try:
            return shlex.split(self.place)
        except ValueError:
            return []
