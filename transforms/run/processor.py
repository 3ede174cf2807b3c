"""What numpy must know of the processor. It looks when it is imported, so nothing here imports it.

On AMD's Zen 4 the instruction by which numpy sorts with AVX-512, a compressing store, is microcode: a sort of 250,000 keys takes
10.8 ms with it, and 2.5 ms without. Intel's processors sort more quickly with it.
"""

import contextlib
import os
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

_CPUINFO = "/proc/cpuinfo"
_ZEN_3_AND_4 = {"vendor_id": "AuthenticAMD", "cpu family": "25"}
"""Zen 3 has no AVX-512, so nothing is taken from it."""
_DISABLE = "NPY_DISABLE_CPU_FEATURES"
_AVX_512 = "X86_V4"
"""As numpy calls it from 2.4 on; earlier ones ignore it."""


def sort_quickly(cpuinfo: str = _CPUINFO) -> None:
    """Let this process, and those that it starts, sort without AVX-512 where that is slow; whoever said otherwise is obeyed.

    Args:
        cpuinfo: Where Linux describes its processors; elsewhere there is no such file, and nothing is done.
    """
    with contextlib.suppress(OSError, PackageNotFoundError):
        if _first(Path(cpuinfo).read_text(errors="replace")).items() >= _ZEN_3_AND_4.items() and _numpy_asks():
            os.environ.setdefault(_DISABLE, _AVX_512)


def _numpy_asks() -> bool:
    """Whether numpy asks its processor what it can: one that was built for this machine alone refuses to start without it."""
    return "manylinux" in (distribution("numpy").read_text("WHEEL") or "")


def _first(described: str) -> dict[str, str]:
    """What is said of the first processor, by name."""
    pairs = (line.partition(":") for line in described.partition("\n\n")[0].splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}
