"""The page about a dataset that was assessed as it is, whoever made it."""

from collections.abc import Mapping, Sequence
from typing import Any

from beam_deid.pipelines.language.chosen import PAGE_LANGUAGES
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.transforms.clock import now
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.storage.files import open_for_readers, unwritable
from beam_deid.transforms.storage.paths import absolute, shown
from beam_deid.transforms.terms import Role

NAME = "assessment"
"""What stands in place of a release's name."""

_OF_LABEL = ("grade", "label", "tests", "combinations", "contributions", "history", "attacks", "scan", "recoveries")
"""What of an assessment is no figure, and is in a label under the same name."""
_COLUMNS = ("counted", "not_counted")


def check_report(path: str) -> None:
    """See that a report can have this name, before anything is measured.

    Raises:
        UsageError: It has another ending than .html.
    """
    if not path.endswith(".html"):
        raise UsageError("a report must end in .html", shown(path), "Name it so")


def write_report(path: str, document: Mapping[str, Any], roles: Mapping[Role, Sequence[str]], sharing: str) -> None:
    """Write the page about an assessment.

    Args:
        path: The file; what is there is replaced.
        document: What ``beam-deid assess --json`` prints.
        roles: The columns by their role.
        sharing: The sharing model that it was assessed for.

    Raises:
        OutputError: It cannot be written.
    """
    from beam_deid.pipelines.report.page import release_page

    content = release_page(evidence_of(document, roles, sharing), PAGE_LANGUAGES)
    try:
        with open_for_readers(absolute(path)) as stream:
            stream.write(content)
    except OSError as error:
        raise unwritable(error, "the report", path) from None


def evidence_of(document: Mapping[str, Any], roles: Mapping[Role, Sequence[str]], sharing: str) -> Evidence:
    """What an assessment says, as a label would say it: without a run, without a policy, and without what was done to fields."""
    columns = [name for part in _COLUMNS for name in document[part]]
    figures = {name: value for name, value in document.items() if name not in (*_OF_LABEL, *_COLUMNS)}
    label = {
        "release": NAME,
        "sharing": sharing,
        **{name: document[name] for name in _OF_LABEL},
        "assessed_at": now(),
        "risk": figures,
        "fields": {name: {"role": [str(role) for role, names in roles.items() if name in names]} for name in columns},
    }
    return Evidence(label)
