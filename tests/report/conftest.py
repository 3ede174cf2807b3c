from pathlib import Path

import pytest

from beam_deid.pipelines.report.charts import drawing
from beam_deid.pipelines.report.evidence import Evidence

from ..kit.drawings import as_it_is
from ..kit.keys import KEY
from .handed_over import evidence_of, made


@pytest.fixture(autouse=True)
def _each_chart_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it was drawn before or not."""
    monkeypatch.setattr(drawing, "_svg", as_it_is)


@pytest.fixture(scope="session")
def handed_over(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run whose releases are handed over."""
    folder = tmp_path_factory.mktemp("handed_over")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEAM_DEID_KEY", KEY)
        made(folder)
    return folder


@pytest.fixture(scope="session")
def evidence(handed_over: Path) -> list[Evidence]:
    """What is known of its releases."""
    return evidence_of(handed_over / "out", (handed_over / "policy.yaml").read_text("utf-8"))
