"""Which published releases rest on which keys."""

from collections.abc import Iterable
from dataclasses import dataclass

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.label.reading import needed_manifest
from beam_deid.transforms.storage.paths import absolute, join, shown


@dataclass(frozen=True)
class Reliance:
    """A published release that rests on a key.

    Attributes:
        output: The folder of the run.
        release: The release.
        label: Its label.
        fields: The fields that the key made.
    """

    output: str
    release: str
    label: str
    fields: tuple[str, ...]


def reliances(outputs: Iterable[str], identities: Iterable[int]) -> list[Reliance]:
    """Find the published releases that rest on any of these keys.

    Args:
        outputs: Folders of runs.
        identities: Ids of keys.

    Raises:
        UsageError: A folder holds no run.
    """
    wanted = set(identities)
    return [one for output in outputs for one in _relying(absolute(output), wanted)]


def _relying(output: str, wanted: set[int]) -> list[Reliance]:
    try:
        run = needed_manifest(join(output, "run.json"))
        published = [name for name, release in run["releases"].items() if release["published"]]
        found = [_reliance(output, name, wanted) for name in published]
    except (AttributeError, KeyError, TypeError):
        raise UsageError(
            "its manifests are none of a run", shown(output), "Name the folder that was --output of a run"
        ) from None
    return [one for one in found if one.fields]


def _reliance(output: str, release: str, wanted: set[int]) -> Reliance:
    label = needed_manifest(join(output, release, "label.json"))
    keys = {name: facts.get("key") or {} for name, facts in label["fields"].items()}
    fields = tuple(name for name, key in keys.items() if key.get("id") in wanted)
    # A label that rests on nothing may say what it likes.
    return Reliance(output, release, label["label"] if fields else "", fields)
