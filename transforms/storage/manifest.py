"""The files that a published run names as its own."""

import json
from typing import Any

from beam_deid.transforms.storage.files import store_of
from beam_deid.transforms.storage.paths import is_name, join


def files_of_run(output: str) -> tuple[str, ...] | None:
    """The paths, below an output, of all files that its run wrote; None where there is no run.

    Only what the manifests name is a run's: whatever else lies there somebody else has put there.

    Raises:
        OSError: A manifest cannot be read. Then nobody knows.
    """
    run = _manifest(join(output, "run.json"))
    if run is None:
        return None
    found = ["run.json", "rejected.parquet"]
    if "rejected_csv_sha256" in run:  # runs of earlier versions have none
        found.append("rejected.csv")
    releases = run.get("releases")
    for name in releases if isinstance(releases, dict) else ():
        label = _manifest(join(output, name, "label.json")) if is_name(name) else None
        if label is not None:
            found.append(f"{name}/label.json")
            listed = label.get("files")
            found += [f"{name}/{file['path']}" for file in listed if _is_file(file)] if isinstance(listed, list) else []
    return tuple(found)


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
