"""The pages of a run: one for each release, and one that leads to them."""

import html
from collections.abc import Sequence
from dataclasses import asdict

from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.transforms.label.documents import document_sha256

LANGUAGES = ("zh", "en")


def release_page(evidence: Evidence, languages: Sequence[str] = LANGUAGES) -> bytes:
    """The page of a release."""
    return _page(languages, [evidence])


def index_page(evidences: Sequence[Evidence], languages: Sequence[str] = LANGUAGES) -> bytes:
    """The page that leads to the releases of a run."""
    return _page(languages, evidences)


def _page(languages: Sequence[str], evidences: Sequence[Evidence]) -> bytes:
    lines = [html.escape(_line(one)) for one in evidences]
    told = [f'<p lang="{language}">{line}</p>' for language in languages for line in lines]
    return f"<!doctype html><meta charset=utf-8><title>beam-deid</title>{''.join(told)}\n".encode()


def _line(evidence: Evidence) -> str:
    return f"{evidence.name}: {evidence.label['label']} ({document_sha256(asdict(evidence))[:16]})"
