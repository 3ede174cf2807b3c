"""Options of ``require`` that are gone, and what to say to whoever still writes them."""

from collections.abc import Callable
from typing import Any


def _singling_out(value: Any) -> str:
    already = type(value) in (int, float) and value == 0
    return f"singling out has the limit 0 in every sharing model{', so it is so already' if already else ''}; remove it"


RETIRED: dict[str, Callable[[Any], str]] = {"link": _singling_out, "link_sensitive": _singling_out}
"""What to say of an option, by its name, from the value that it was given."""
