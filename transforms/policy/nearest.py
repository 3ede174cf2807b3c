"""The nearest valid name for a message, and names shown so that a message stays one line."""

import difflib
import json
import re
from collections.abc import Iterable

_LONGEST = 60
_FEW = 12
_ALL = 40
_OTHER_WORDS = {
    "phone": "mobile",
    "telephone": "mobile",
    "cellphone": "mobile",
    "tel": "mobile",
    "name": "person_name",
    "id_number": "id_card",
    "mail": "email",
    "datetime": "timestamp",
    "int": "integer",
    "string": "text",
}
"""What others call what a policy calls otherwise."""
_PLAIN = re.compile(r"[\w-]+")


def shown(name: object) -> str:
    """A name as a message shows it: quoted, on one line, cut to 60 characters."""
    text = str(name)
    short = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return "'" + json.dumps(short, ensure_ascii=False)[1:-1].replace('\\"', '"') + "'"


def nearest(name: object, valid: Iterable[str]) -> str | None:
    """The valid name most like ``name``, or None if none is like it.

    Case, spaces and the choice between ``-`` and ``_`` do not count. A beginning that only one name has
    stands for it; otherwise likeness is the ratio of `difflib.SequenceMatcher`, at least 0.6.
    """
    folded: dict[str, str] = {}
    for candidate in valid:
        folded.setdefault(_fold(candidate), candidate)
    wanted = _fold(str(name)[:_LONGEST])
    if wanted not in folded and _OTHER_WORDS.get(wanted) in folded:
        return folded[_OTHER_WORDS[wanted]]
    longer = [candidate for candidate in folded if len(wanted) > 2 and candidate.startswith(wanted)]
    if len(longer) == 1:
        return folded[longer[0]]
    close = difflib.get_close_matches(wanted, list(folded), n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def advice(name: object, valid: Iterable[str]) -> str:
    """What to write in place of ``name``: the nearest valid name, and all valid names where they are few or none is near."""
    names = list(valid)
    like = nearest(name, names)
    parts = [f"did you mean {shown(like)}?"] if like is not None else []
    if 0 < len(names) <= (_ALL if like is None else _FEW):
        parts.append("valid: " + ", ".join(map(bare, names)))
    return " ".join(parts)


def instead(name: str, valid: Iterable[str]) -> str:
    """The next step of a command that was given a name which there is not: the nearest one, and all that there are."""
    names = list(valid)
    like = nearest(name, names)
    return f"{f'Did you mean {like}? ' if like else ''}It has: {', '.join(names)}"


def bare(name: str) -> str:
    """A name without quotes where it is letters and digits only, quoted otherwise."""
    return name if _PLAIN.fullmatch(name) else shown(name)


def _fold(name: str) -> str:
    return re.sub(r"[-\s]", "_", name.casefold())
