"""Reports: pages for a person to read, made of the manifests of a run and nothing else, and published in one step with them.

Who makes them stands above this package, which makes none by itself. A report never stands beside another label than its own: where
manifests change, their reports are made anew, or go.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from beam_deid.transforms.errors import InputError, OutputError
from beam_deid.transforms.label.verify import POLICY_HASH
from beam_deid.transforms.label.verify_files import sha256_or_none
from beam_deid.transforms.storage.amending import Amending
from beam_deid.transforms.storage.files import read_all
from beam_deid.transforms.storage.journal import Moved
from beam_deid.transforms.storage.manifest import reports_at, strange_reports_at
from beam_deid.transforms.storage.paths import POLICY, join, shown

Document = dict[str, Any]


class Reports(Protocol):
    """Makes the reports of a run. It raises nothing: what cannot be made is left out, so that it keeps nothing else back."""

    def __call__(self, run: Document, labels: Mapping[str, Document], policy: str | None) -> Mapping[str, bytes]:
        """Make them.

        Args:
            run: The content of ``run.json``, as it is published.
            labels: The content of the label of each published release, as it is published, by the release's name.
            policy: The text of the policy; None where it was not kept.

        Returns:
            The bytes of each report, by its path below the output: ``report.html``, and ``RELEASE/report.html``.
        """
        ...


def no_reports(run: Document, labels: Mapping[str, Document], policy: str | None) -> Mapping[str, bytes]:
    """Make none."""
    return {}


def made_of(
    make: Reports, written: Mapping[str, bytes], policy: str | None, kept: Mapping[str, Document] | None = None
) -> dict[str, bytes]:
    """The reports of a run, made of the very bytes that are published.

    Args:
        make: Makes them.
        written: The bytes of ``run.json``, and of each label that is written, by their paths below the output.
        policy: The text of the policy.
        kept: The content of the labels that stay as they are, by release.
    """
    run = json.loads(written["run.json"])
    names = [name for name, release in run["releases"].items() if release["published"]]
    labels = {name: _label(name, written, kept or {}) for name in names}
    return dict(make(run, labels, policy))


def _label(name: str, written: Mapping[str, bytes], kept: Mapping[str, Document]) -> Document:
    path = f"{name}/label.json"
    found: Document = json.loads(written[path]) if path in written else kept[name]
    return found


def policy_text(output: str, run: Mapping[str, Any]) -> str | None:
    """The text of the policy as it was published with a run; None where it was not, or is not what it was.

    Args:
        output: The output.
        run: The content of its ``run.json``.
    """
    path = join(output, POLICY)
    told = run.get(POLICY_HASH)
    if told is None or sha256_or_none(path) != told:
        return None
    try:
        return read_all(path).decode()
    except (InputError, UnicodeDecodeError):
        return None


def replace_published(
    amend: Amending,
    output: str,
    written: Mapping[str, bytes],
    before: Mapping[str, Document],
    make: Reports,
    files: Sequence[Moved] = (),
    removed: Sequence[str] = (),
) -> None:
    """Replace manifests of a published run with their reports: those that are not made anew go.

    Args:
        amend: What replaces it.
        output: The output, absolute.
        written: The bytes of ``run.json``, and of each label that changes.
        before: The content of each label until now, by release.
        make: Makes the reports.
        files: Other files that are replaced: see `Amending.replace`.
        removed: Paths of files that go.

    Raises:
        OutputError: A file is not what was written, or a report is somebody's own. Nothing was done.
        OSError: The store fails.
    """
    strange = strange_reports_at(output, before)
    if strange:
        what = "no run wrote this file, and it would be lost"
        raise OutputError(what, shown(join(output, *strange[0].split("/"))), "Move it away, and call this again")
    reports = made_of(make, written, policy_text(output, json.loads(written["run.json"])), before)
    gone = [path for path in reports_at(output, before) if path not in reports]
    amend.replace({**written, **reports}, files, [*removed, *gone])
