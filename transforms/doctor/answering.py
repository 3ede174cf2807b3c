"""What a process answers that is asked: everything that is looked at in it."""

import contextlib
from functools import lru_cache, partial
from typing import Any

from beam_deid.transforms.doctor.asked import Asked, asked_from
from beam_deid.transforms.doctor.checks import CHECKS
from beam_deid.transforms.doctor.finding import looked
from beam_deid.transforms.doctor.key_checks import keys_of
from beam_deid.transforms.storage.files import read_all, store_of, write_all
from beam_deid.transforms.storage.paths import join, name_of

_ANSWER = "answer-"


def answer(asked: Asked) -> dict[str, Any]:
    """Look at everything; the answer as plain values.

    Returns:
        ``findings``, see `Finding.to_document`; and ``keys``, the check value of each key by what it is the key of.
    """
    found, prints = keys_of(asked)
    found += [looked(name, partial(check, asked)) for name, check in CHECKS]
    return {"findings": [one.to_document() for one in found], "keys": prints}


@lru_cache(maxsize=4)
def answer_to(text: str) -> dict[str, Any]:
    """The answer to a question that came as text; a process that is asked several times looks once."""
    return answer(asked_from(text))


def leave(text: str, name: str, told: str) -> None:
    """Leave an answer in the folder that workers write into, for engines that give no metric of text back; if that can be.

    Args:
        text: The question.
        name: What no other process has in its name.
        told: The answer.
    """
    with contextlib.suppress(Exception):  # that it cannot be written to is in the answer
        write_all(join(asked_from(text).folder, f"{_ANSWER}{name}"), told.encode())


def left(folder: str) -> dict[str, str]:
    """The answers that were left in a folder, by the name under which each was.

    Raises:
        OSError: The store fails.
    """
    found = store_of(folder).entries(folder, starting=_ANSWER)
    return {name_of(one.path).removeprefix(_ANSWER): read_all(one.path).decode() for one in found}
