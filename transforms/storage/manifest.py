"""The files that a published run names as its own."""

import json
from collections.abc import Iterable
from typing import Any

from beam_deid.transforms.storage.files import store_of
from beam_deid.transforms.storage.paths import POLICY, REPORT, is_name, join

_MARK = b'<meta name="generator" content="beam-deid">'
"""What each report says of itself."""
_BEGINNING = 512
"""Among so many first bytes."""


def files_of_run(output: str) -> dict[str, str | None] | None:
    """The paths, below an output, of all files that its run wrote; None where there is no run.

    Only what the manifests name is a run's, and the reports: whatever else lies there somebody else has put there.

    Returns:
        SHA-256, in hex, of each file; None of ``run.json``, which says that of all others, of reports, which are made of the
        others, and where an earlier version said none.

    Raises:
        OSError: A manifest cannot be read. Then nobody knows.
    """
    run = _manifest(join(output, "run.json"))
    if run is None:
        return None
    found = {"run.json": None, "rejected.parquet": _hash(run.get("rejected_sha256"))}
    if "rejected_csv_sha256" in run:  # runs of earlier versions have none
        found["rejected.csv"] = _hash(run["rejected_csv_sha256"])
    if "policy_yaml_sha256" in run:  # the same
        found[POLICY] = _hash(run["policy_yaml_sha256"])
    releases = run.get("releases")
    for name, told in releases.items() if isinstance(releases, dict) else ():
        label = _manifest(join(output, name, "label.json")) if is_name(name) else None
        if label is not None:
            found[f"{name}/label.json"] = _hash(told.get("label_sha256")) if isinstance(told, dict) else None
            found.update(_parts(name, label))
    return {**found, **dict.fromkeys(reports_at(output, releases if isinstance(releases, dict) else ()))}


def reports_at(output: str, releases: Iterable[str]) -> list[str]:
    """The reports that stand in an output and say that they are ours, by their paths below it.

    Somebody may have put a page of that name there, which is as strange as any other file.

    Args:
        output: The output.
        releases: The names of its releases.

    Raises:
        OSError: The store fails.
    """
    return [path for path, is_ours in _pages_at(output, releases).items() if is_ours]


def strange_reports_at(output: str, releases: Iterable[str]) -> list[str]:
    """What is called as a report is and does not say that it is ours: see `reports_at`."""
    return [path for path, is_ours in _pages_at(output, releases).items() if not is_ours]


def _pages_at(output: str, releases: Iterable[str]) -> dict[str, bool]:
    paths = [REPORT, *(f"{name}/{REPORT}" for name in releases if is_name(name))]
    places = {path: join(output, *path.split("/")) for path in paths}
    store = store_of(output)
    return {path: _is_ours(place) for path, place in places.items() if store.entry(place) is not None}


def _is_ours(place: str) -> bool:
    """Whether a page bears our mark among its first bytes."""
    store = store_of(place)
    found = store.entry(place)
    if found is None or found.is_folder:
        return False
    with store.open_input(place) as stream:
        return _MARK in bytes(stream.read(_BEGINNING))


def _parts(release: str, label: dict[str, Any]) -> dict[str, str | None]:
    listed = label.get("files")
    files = filter(_is_file, listed) if isinstance(listed, list) else ()
    return {f"{release}/{file['path']}": _hash(file.get("sha256")) for file in files}


def _hash(told: Any) -> str | None:
    return told if isinstance(told, str) else None


def _is_file(file: Any) -> bool:
    return isinstance(file, dict) and is_name(file.get("path"))


def _manifest(path: str) -> dict[str, Any] | None:
    store = store_of(path)
    found = store.entry(path)
    if found is None or found.is_folder:
        return None
    with store.open_input(path) as stream:
        data = bytes(stream.read())
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
