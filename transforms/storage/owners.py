"""Names of the owners of hidden folders: each tells its process apart from any other, and on this machine whether it is alive."""

import contextlib
import hashlib
import os
import re
import secrets
import socket
from pathlib import Path

from beam_deid.transforms.storage.paths import MARK, name_of

_NAME = re.compile(r"[0-9a-f]{12}-[0-9]+-[0-9]*-[0-9a-f]{8}")


def new_name() -> str:
    """A name for a hidden folder that tells its owner apart from any other, and on this machine whether it is alive."""
    return f"{_machine()}-{os.getpid()}-{_started(os.getpid())}-{secrets.token_hex(4)}"


def is_owner(name: str) -> bool:
    """Whether a name is one that `new_name` makes."""
    return _NAME.fullmatch(name) is not None


def is_gone(name: str) -> bool:
    """Whether the owner of a folder of this name is a process of this machine that is no more."""
    parts = name.split("-")
    return is_owner(name) and parts[0] == _machine() and not _alive(int(parts[1]), parts[2])


def is_here(folder: str) -> bool:
    """Whether a folder's owner is a process of this machine that is alive."""
    name = owner_part(folder)
    return name.split("-")[0] == _machine() and not is_gone(name)


def owner_part(folder: str) -> str:
    """The part of a hidden folder's name that `new_name` made."""
    return name_of(folder).rpartition(MARK)[2]


def _machine() -> str:
    """This kernel and this space of process ids: containers of one host are as two machines."""
    told = []
    with contextlib.suppress(OSError):
        told.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip())
        told.append(os.readlink("/proc/self/ns/pid"))
    return hashlib.sha256("\n".join(told or [socket.gethostname()]).encode()).hexdigest()[:12]


def _started(process: int) -> str:
    """When a process was started, in the kernel's ticks; "0" where the system does not tell, and "" if it has ended."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return "0"
    return "" if fields[0] in ("Z", "X") else fields[19]


def _alive(process: int, started: str) -> bool:
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return _started(process) == started
