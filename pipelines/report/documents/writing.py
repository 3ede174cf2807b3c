"""Documents written where a person asked for them, over nothing that a person may have filled in."""

import os
from collections.abc import Mapping

from beam_deid.transforms.errors import OutputError, UsageError
from beam_deid.transforms.storage.files import exists, open_for_readers, unwritable
from beam_deid.transforms.storage.paths import absolute, join, shown

_ENDINGS = (".docx", ".md", ".json")


def places(place: str, made: Mapping[str, bytes]) -> dict[str, str]:
    """Where each file goes.

    Args:
        place: A file, if it ends as one; else a folder.
        made: The files by name.

    Raises:
        UsageError: One file is named for several, or its ending is not that of what it would hold.
    """
    ending = os.path.splitext(place)[1]
    if ending not in _ENDINGS:
        return {name: join(absolute(place), name) for name in made}
    if len(made) > 1:
        raise UsageError(f"{len(made)} files are made: {', '.join(made)}", "--output", "Name a folder")
    name = next(iter(made))
    if os.path.splitext(name)[1] != ending:
        wanted = os.path.splitext(name)[1]
        raise UsageError(
            f"the document is {wanted}, and the file would be {ending}",
            "--output",
            f"Name a file that ends with {wanted}",
        )
    return {name: absolute(place)}


def write_documents(place: str, made: Mapping[str, bytes], overwrite: bool) -> dict[str, bytes]:
    """Write documents, each whole or not at all.

    Args:
        place: See `places`.
        made: The bytes of each file, by its name.
        overwrite: Whether files that are there are replaced.

    Returns:
        The bytes by the path at which they are, as a person knows it.

    Raises:
        OutputError: A file cannot be written, or is there already.
        UsageError: See `places`.
    """
    targets = places(place, made)
    there = [shown(target) for target in targets.values() if exists(target)]
    if there and not overwrite:
        raise OutputError(
            f"there already: {', '.join(there)}",
            "",
            "A person may have filled it in: name another place, or replace it by --overwrite",
        )
    for name, target in targets.items():
        try:
            with open_for_readers(target) as stream:
                stream.write(made[name])
        except OSError as error:
            raise unwritable(error, "the document", shown(target)) from None
    return {shown(target): made[name] for name, target in targets.items()}
