"""What is installed, and what the machine gives: facts that a report of a fault needs, without a host's name or a path."""

import platform
from importlib.metadata import PackageNotFoundError, version

from beam_deid.transforms.run.cores import cores
from beam_deid.transforms.run.memory import memory

_PACKAGES = ("apache-beam", "pyarrow", "numpy")


def version_line() -> str:
    """The program and its version."""
    return f"beam-deid, version {_version('beam-deid')}"


def machine_lines() -> list[str]:
    """Versions of what it stands on, and what the machine gives, a line each."""
    given = memory()
    amount = "not known" if given is None else f"{given / 2**30:.1f} GiB"
    return [
        f"Python {platform.python_version()} ({platform.python_implementation()})",
        *(f"{name} {_version(name)}" for name in _PACKAGES),
        f"system {platform.system()} {platform.release()}, {platform.machine()}",
        f"cores that may be used: {cores()}",
        f"memory that may be used: {amount}",
    ]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
