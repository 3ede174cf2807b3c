"""Key references as models hold them: a key's place, checked, never a key."""

from typing import Annotated

from pydantic import AfterValidator

from beam_deid.transforms.crypto.ephemeral import EPHEMERAL
from beam_deid.transforms.crypto.keys import check_reference


def _checked(reference: str) -> str:
    problem = check_reference(reference)
    if problem:
        raise ValueError(problem)
    return reference


def _checked_or_ephemeral(reference: str) -> str:
    problem = None if reference == EPHEMERAL else check_reference(reference)
    if problem:
        raise ValueError(f"{problem}; or write ephemeral")
    return reference


KeyReference = Annotated[str, AfterValidator(_checked)]
"""``env:NAME``, ``file:PATH`` or ``keyring:NAME``."""

ReleaseKeyReference = Annotated[str, AfterValidator(_checked_or_ephemeral)]
"""The same, or ``ephemeral``: a key that is made for the run and destroyed when the run is published."""
