"""The catalogues as files of gettext, and how they are brought in line with the code."""

from pathlib import Path

import polib

from tests.catalogue.composed import COMPOSED
from tests.catalogue.extract import ROOT, messages

LANGUAGE = ROOT / "pipelines" / "language"
LANGUAGES = ("zh",)
_WIDTH = 120


def path_of(language: str) -> Path:
    """The catalogue of the project's own messages."""
    return LANGUAGE / language / "beam_deid.po"


def wanted() -> dict[str, list[str]]:
    """Every message that a catalogue must have, with the files that say it."""
    return messages() | {one: ["tests/catalogue/composed.py"] for one in COMPOSED}


def renewed(old: polib.POFile) -> polib.POFile:
    """A catalogue with the messages of the code, no more and no fewer; what was translated keeps its translation."""
    known = {entry.msgid: entry for entry in old if not entry.obsolete}
    new = polib.POFile(wrapwidth=_WIDTH, check_for_duplicates=True)
    new.header = old.header
    new.metadata = old.metadata
    for message, files in wanted().items():
        before = known.get(message)
        entry = polib.POEntry(msgid=message, msgstr=before.msgstr if before else "", flags=["python-brace-format"])
        entry.occurrences = [(file, "") for file in files]
        entry.tcomment = before.tcomment if before else ""
        new.append(entry)
    return new
