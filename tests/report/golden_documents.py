"""What drafts said before: ``python -m tests.report.golden_documents`` writes it anew, after words or contents changed."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from beam_deid.pipelines.report.documents.making import Asked, Form, Kind, documents
from beam_deid.pipelines.report.evidence import Evidence

from .handed_over import evidence_of, made

FOLDER = Path(__file__).parent / "golden"
LANGUAGES = ("en", "zh")
_CHANGING = (
    (r"\b[0-9a-f]{64}\b", "SHA256"),
    (r"\b[0-9a-f]{16}\b", "ID"),
    (r"\d{4}-\d{2}-\d{2} \d{2}:\d{2} UTC", "TIME"),
    (r"\b\d{9,10}\b", "KEY"),
    (r"beam-deid run \S+ .*", "COMMAND"),
    (r"beam-deid [\d.a-z]+, apache-beam .*", "VERSIONS"),
    (r"orders\.parquet \| [\d,]+", "orders.parquet | BYTES"),
)
"""What is different in every run, or on every machine."""


def drafts(evidences: list[Evidence]) -> Iterator[tuple[str, str]]:
    """Every draft as text without what changes from run to run, with the name of its file."""
    asked = [Asked(Kind.PIPIA, one, Form.MARKDOWN, languages=LANGUAGES) for one in ("pipia", "iso27559", "ico")]
    annex = Asked(Kind.ANNEX, form=Form.MARKDOWN, languages=LANGUAGES, recipient="First Service Agency | Ltd. <b>")
    for one in (*asked, annex):
        for name, content in documents(evidences, one).items():
            yield name, without_changing(content.decode(), evidences)


def without_changing(text: str, evidences: list[Evidence]) -> str:
    """A text without what is different in every run."""
    run = evidences[0].run or {}
    label = evidences[0].label
    days = {run["kept_until"]: "KEPT", label["retain_until"]: "RETAIN", label["review_by"]: "REVIEW"}
    operator = {run["operator"]["login"]: "LOGIN", run["operator"]["host"]: "HOST"}
    for pattern, word in _CHANGING:
        text = re.sub(pattern, word, text)
    for value, word in days.items():
        text = text.replace(value, word)
    for value, word in operator.items():
        text = re.sub(rf"(\*\*: ){re.escape(value)}$", rf"\1{word}", text, flags=re.MULTILINE)
    return text


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        out = made(Path(folder))
        found = evidence_of(out, (Path(folder) / "policy.yaml").read_text("utf-8"))
        for name, text in drafts(found):
            (FOLDER / name).write_text(text, "utf-8")
