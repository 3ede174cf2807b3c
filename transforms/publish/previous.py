"""What is told of the release before one of the same name, so that its report can say what changed.

``run.json`` holds it, because the register, or the earlier label, may be somewhere else when the report is made again. Nobody and
no file is named in it.
"""

from collections.abc import Collection, Mapping
from typing import Any

from beam_deid.transforms.label.documents import plain
from beam_deid.transforms.register.document import COUNTED, Document, Entry, State
from beam_deid.transforms.register.registered_label import registered_label
from beam_deid.transforms.storage.paths import shown

_TEST = ("line", "name", "passed", "measured", "limit")
_FIELD = ("role", "action", "recoverability")
_SEARCH = ("levels", "losses", "loss")
_OF_LABEL = ("sensitive", "grade", "decided_at", "assessed_at")


def previous_in(document: Document, release: str, run: str, output: str, left_out: Collection[str]) -> Entry | None:
    """The last release of a name that somebody may have, before that of a run.

    Args:
        document: The register.
        release: The name.
        run: The run, which may have been announced already.
        output: The output of the run.
        left_out: Names of entries that were never given out.
    """
    found = None
    for entry in document.releases:
        is_own = entry.state is State.PENDING and entry.run == run and shown(entry.output) == shown(output)
        if entry.release == release and entry.state in COUNTED and entry.name not in left_out and not is_own:
            found = entry
    return found


def told_of(entry: Entry) -> dict[str, Any]:
    """What is told of a registered release, under the names that ``label.json`` uses.

    Returns:
        What the register itself knows, and where the label is still there as it was registered, its tests, its counts and what was
        done with its fields.
    """
    told = {
        "entry": entry.name,
        "run": entry.run,
        "made_at": entry.made_at,
        "release": entry.release,
        "label": entry.label,
        "sharing": entry.sharing,
        "purpose": entry.purpose,
        "policy_sha256": entry.policy_sha256,
        "records": entry.records,
        "search": {"levels": entry.levels, "losses": entry.losses},
        "fields": {name: {"role": roles} for name, roles in entry.roles.items()},
    }
    label = registered_label(entry)[0] if entry.output else None
    found: dict[str, Any] = plain(told if label is None else {**told, **_of_label(label)})
    return found


def _of_label(label: Mapping[str, Any]) -> dict[str, Any]:
    """What of a label is told of it later."""
    risk = label.get("risk", {})
    return {
        **{name: label[name] for name in _OF_LABEL if name in label},
        "search": _some(label.get("search", {}), _SEARCH),
        "fields": {name: _some(facts, _FIELD) for name, facts in label["fields"].items()},
        "risk": {name: value for name, value in risk.items() if isinstance(value, int | float)},
        "tests": [_some(test, _TEST) for test in label["tests"]],
    }


def _some(document: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: document[name] for name in names if name in document}
