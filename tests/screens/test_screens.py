"""What a person sees is what was looked at: text files that ``python -m tests.screens`` writes anew."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from beam_deid.pipelines.language.chosen import LANGUAGES
from beam_deid.pipelines.language.words import spoken_in
from beam_deid.pipelines.views.progress_lines import ProgressLines, details_of, step_of
from beam_deid.transforms.run.progress import Now, Unit

from .screens import FOLDER, LONG, SCREENS, WIDTHS, capture, captures, lines_of_a_run

NOWS = st.builds(
    Now,
    step=st.sampled_from(["measuring", "deciding"]),
    number=st.integers(0, 6),
    steps=st.just(6),
    doing=st.sampled_from(["", "suppressing groups"]),
    unit=st.sampled_from(Unit),
    done=st.integers(0, 10**10),
    total=st.none() | st.integers(0, 10**10),
    share=st.none() | st.floats(0.0, 1.0),
    seconds=st.floats(0.0, 1e6),
)


def test_all_screens_are_as_they_were_looked_at():
    held = {path.stem: path.read_text("utf-8") for path in FOLDER.glob("*.txt")}
    assert captures() == held


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", SCREENS)
def test_no_line_is_wider_than_the_screen(name, width, language):
    with spoken_in(language):
        assert max(map(cell_len, capture(SCREENS[name], width).splitlines())) <= width


@pytest.mark.parametrize("name", ["two-releases", "everything-fails"])
def test_two_releases_stay_on_a_screen(name):
    assert capture(SCREENS[name], 80).count("\n") <= 40


def test_a_file_has_all_of_what_fails():
    whole = capture(SCREENS["everything-fails"], 80, terminal=False)
    assert "--verbose shows all" not in whole
    assert whole.count("✗ order: ") == 2
    levels = "levels chosen: receiver_city at region, birth_year at by 10, created at quarter, payment at 6 bins"
    for name in ("everything-fails", "two-releases"):
        whole = capture(SCREENS[name], 80, terminal=False)
        assert "…" not in whole
        assert levels in whole


def test_the_end_is_three_lines_for_a_release():
    became, why, then = capture(SCREENS["not-published"], 120).splitlines()[-3:]
    assert became == "✗ analytics: still_personal, not published: the policy expects anonymized"
    assert why.startswith("  3 tests fail; 2 changes together")
    assert then == "Next: change the policy, and run again; nothing was published"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", WIDTHS)
def test_paths_at_the_end_are_whole(width, language):
    with spoken_in(language):
        shown = capture(SCREENS["long-path"], width)
    for path in (f"{LONG}/analytics", f"{LONG}/rejected.csv", f"beam-deid verify '{LONG}'"):
        assert path in shown


def test_verbose_cuts_no_reason():
    told = capture(SCREENS["two-releases-verbose"], 80).partition("\n✓ analytics")[0]
    assert "…" not in told


def test_rejects_are_told_where_they_are_published():
    assert "57 records were rejected: demo/out/rejected.csv" in capture(SCREENS["rejects"], 80)
    assert "rejected.csv" not in capture(SCREENS["not-published"], 80)


@given(NOWS)
def test_nothing_is_told_that_says_nothing(now):
    said = details_of(now)
    assert said
    assert not re.search(r"(?<![\d,.])0 (rows|buckets)/s", said)
    assert "inf" not in said
    assert "nan" not in said
    assert step_of(now)


def test_lines_become_rarer_within_a_step_and_begin_anew_with_the_next():
    seconds = [int(line.split(" s  ")[0]) for line in lines_of_a_run().splitlines()]
    gaps = [later - earlier for earlier, later in itertools.pairwise(seconds)]
    assert gaps[:3] == [3, 6, 12]
    assert max(gaps) <= 60
    assert len(seconds) < 20


def test_the_first_line_of_a_step_comes_at_once():
    lines = ProgressLines()
    assert lines.due(Now("measuring", 1, 6), 10.0) == "step 1 of 6, measuring"
    assert lines.due(Now("measuring", 1, 6), 10.1) is None
    assert lines.due(Now("deciding", 2, 6), 10.2) == "step 2 of 6, deciding"
