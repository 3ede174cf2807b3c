"""The catalogues as files of gettext, and how they are brought in line with the code."""

from pathlib import Path

import polib

from beam_deid.pipelines.language.words import PIECE

from .composed import COMPOSED, PIECES, SOURCES
from .extract import ROOT, messages

LANGUAGE = ROOT / "pipelines" / "language"
LANGUAGES = ("zh",)
COMPOSED_IN = "tests/catalogue/composed.py"
_WIDTH = 120


def path_of(language: str) -> Path:
    """The catalogue of the project's own messages."""
    return LANGUAGE / language / "beam_deid.po"


def wanted() -> dict[tuple[str, str], list[str]]:
    """Every message that a catalogue must have, by its context and itself, with the files that say it."""
    own = {("", message): files for message, files in messages().items()}
    composed = {("", message): [COMPOSED_IN] for message in (*COMPOSED, *SOURCES)}
    return own | composed | {(PIECE, word): [COMPOSED_IN] for word in PIECES}


def renewed(old: polib.POFile) -> polib.POFile:
    """A catalogue with the messages of the code, no more and no fewer; what was translated keeps its translation."""
    known = {key_of(entry): entry for entry in old if not entry.obsolete}
    new = polib.POFile(wrapwidth=_WIDTH)
    new.header = old.header
    new.metadata = old.metadata
    for (context, message), files in wanted().items():
        before = known.get((context, message))
        entry = polib.POEntry(msgid=message, msgctxt=context or None, flags=["python-brace-format"])
        entry.msgstr = before.msgstr if before else ""
        entry.tcomment = before.tcomment if before else ""
        entry.occurrences = [(file, "") for file in files]
        new.append(entry)
    return new


def key_of(entry: polib.POEntry) -> tuple[str, str]:
    """An entry's context and message."""
    return entry.msgctxt or "", entry.msgid
