"""The reports of a run, as it publishes them and as they are made again: of the same evidence the same bytes."""

from collections.abc import Mapping, Sequence
from typing import Any

from beam_deid.pipelines import output
from beam_deid.pipelines.language.chosen import PAGE_LANGUAGES
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.transforms.storage.paths import REPORT

Document = dict[str, Any]


def reports(run: Document, labels: Mapping[str, Document], policy: str | None) -> dict[str, bytes]:
    """The reports that are published with a run: see `beam_deid.transforms.label.reports.Reports`."""
    try:
        return pages(evidences(run, labels, policy))
    except Exception as error:  # a page that cannot be drawn keeps back nothing that was proved
        what = f"no report was made ({type(error).__name__}); what it is made of is there: beam-deid report"
        output.warn([what])
        return {}


def evidences(run: Document, labels: Mapping[str, Document], policy: str | None) -> list[Evidence]:
    """What is known of each release of a run.

    Args:
        run: The content of ``run.json``.
        labels: The content of the label of each published release, by its name.
        policy: The text of the policy; None where it was not kept.
    """
    told = run["releases"]
    return [Evidence(label, run, policy, told[name].get("previous")) for name, label in labels.items()]


def pages(found: Sequence[Evidence], languages: Sequence[str] = PAGE_LANGUAGES) -> dict[str, bytes]:
    """The page of each release, and the one that leads to them.

    Args:
        found: What is known of the releases of a run.
        languages: The languages that the pages speak.

    Returns:
        The bytes of each page, by its path below the output; none where there is no release.
    """
    if not found:
        return {}
    from beam_deid.pipelines.report.page import index_page, release_page

    of_releases = {f"{one.name}/{REPORT}": release_page(one, languages) for one in found}
    return {REPORT: index_page(found, languages), **of_releases}
