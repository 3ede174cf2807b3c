"""What tests keep of charts that they have drawn is what is drawn: see `tests/kit/drawings.py`."""

from beam_deid.pipelines.language.words import spoken_in
from beam_deid.pipelines.report.charts import drawing

from ..kit.drawings import draw_once
from .charts import CHARTS


def test_a_chart_that_is_kept_is_the_one_that_is_drawn(tmp_path, monkeypatch):
    monkeypatch.setattr(drawing, "_svg", drawing._svg)  # which is put back at the end
    anew = drawings()
    draw_once(tmp_path)
    assert drawings() == anew
    kept = len(list(tmp_path.iterdir()))
    assert 0 < kept <= len(anew)
    assert drawings() == anew
    assert len(list(tmp_path.iterdir())) == kept


def test_whoever_finds_a_chart_draws_none(tmp_path, monkeypatch):
    monkeypatch.setattr(drawing, "_svg", drawing._svg)
    draw_once(tmp_path)
    chart = CHARTS["groups"]
    chart.svg()
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes().replace(b"<path", b"<line"))
    assert "<path" not in chart.svg()


def drawings():
    """Every chart in both languages."""
    drawn = []
    for language in ("en", "zh"):
        with spoken_in(language):
            drawn += [chart.svg() for chart in CHARTS.values()]
    return drawn
