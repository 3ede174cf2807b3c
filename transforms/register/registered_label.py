"""The label of a registered release, read where it was published, as long as it is the one that was registered."""

from typing import Any

from beam_deid.transforms.errors import DeidError
from beam_deid.transforms.label.reading import read_manifest
from beam_deid.transforms.register.document import Entry
from beam_deid.transforms.storage.journal import sha256_of
from beam_deid.transforms.storage.paths import join, shown


def registered_label(entry: Entry) -> tuple[dict[str, Any] | None, str | None]:
    """The label of an entry as it was registered; or None, and why it cannot be told."""
    path = join(entry.output, entry.release, "label.json")
    try:
        label, problem = read_manifest(path)
        fits = label is not None and sha256_of(path) == entry.label_sha256
    except DeidError as error:
        return None, f"the label of {entry.name} cannot be read: {error.message}"
    except OSError:
        return None, f"the label of {entry.name} cannot be read: {shown(path)}"
    if label is None:
        return None, f"the label of {entry.name} cannot be read: {problem}, in {shown(path)}"
    if not fits:
        return None, (
            f"the label of {entry.name} is not the one that was registered (sha256): {shown(path)} was decided again, was "
            "changed, or is another run's"
        )
    return label, None
