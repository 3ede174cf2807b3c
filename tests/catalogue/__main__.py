"""Bring the catalogues in line with the code: ``python -m tests.catalogue``, after messages were added or reworded."""

import polib

from .files import LANGUAGES, path_of, renewed

if __name__ == "__main__":
    for language in LANGUAGES:
        path = path_of(language)
        catalogue = renewed(polib.pofile(str(path)))
        catalogue.save(str(path), newline="\n")
        missing = [entry.msgid for entry in catalogue if not entry.msgstr]
        print(f"{path.name}, {language}: {len(catalogue)} messages, {len(missing)} to be translated")  # noqa: T201
