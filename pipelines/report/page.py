"""The pages of a run: one for each release, and one that leads to them."""

import html
from collections.abc import Sequence

from beam_deid.pipelines.language.words import said, spoken_in
from beam_deid.pipelines.report.evidence import Evidence

LANGUAGES = ("zh", "en")


def release_page(evidence: Evidence, languages: Sequence[str] = LANGUAGES) -> bytes:
    """The page of a release."""
    return _page(languages, [f"{evidence.name}: {evidence.label['label']}"])


def index_page(evidences: Sequence[Evidence], languages: Sequence[str] = LANGUAGES) -> bytes:
    """The page that leads to the releases of a run."""
    return _page(languages, [f"{one.name}: {one.label['label']}" for one in evidences])


def _page(languages: Sequence[str], lines: Sequence[str]) -> bytes:
    told = []
    for language in languages:
        with spoken_in(language):
            told += [f'<p lang="{language}">{html.escape(said(line))}</p>' for line in lines]
    return f"<!doctype html><meta charset=utf-8><title>beam-deid</title>{''.join(told)}\n".encode()
