"""Captures of what a person sees, by name."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from beam_deid.pipelines.language.chosen import ENGLISH, LANGUAGES
from beam_deid.pipelines.language.console import SpeakingConsole
from beam_deid.pipelines.language.words import spoken_in
from beam_deid.pipelines.views.examination import show_findings
from beam_deid.pipelines.views.explanation import show_all, show_explanation
from beam_deid.pipelines.views.outcome import show_outcome
from beam_deid.pipelines.views.progress import Bar
from beam_deid.pipelines.views.progress_lines import ProgressLines
from beam_deid.transforms.crypto.read_secret import MAKE_ONE
from beam_deid.transforms.doctor.checks import ELSEWHERE
from beam_deid.transforms.doctor.finding import Finding
from beam_deid.transforms.errors import InputError, KeyFault
from beam_deid.transforms.label.explaining import explanation_of, explanations
from beam_deid.transforms.publish.publication import Outcome
from beam_deid.transforms.run.progress import Now, Unit
from beam_deid.transforms.storage.paths import REPORT

from .outcomes import ANONYMIZED, CRM, EVERYTHING_FAILS, ONE_CHANGE, SHORT_OF_K, run_of

FOLDER = Path(__file__).parent / "captured"
WIDTHS = (80, 120)

MANY = 10_000_000
MOMENTS = (
    Now("starting", seconds=1.0),
    Now("measuring", 1, 6, done=320_000, total=MANY, share=0.032, seconds=0.8),
    Now("measuring", 1, 6, done=3_200_000, total=MANY, share=0.32, seconds=8.0),
    Now("measuring", 1, 6, done=3_200_000, share=0.25, seconds=8.0),
    Now("measuring", 1, 6, done=3_200_000, seconds=8.0),
    Now("deciding", 2, 6, seconds=1.2),
    Now("deciding", 2, 6, "gathering what was measured", seconds=4.0),
    Now("deciding", 2, 6, "suppressing groups", Unit.BUCKETS, 12, 64, 12 / 64, 5.0),
    Now("deciding", 2, 6, "looking for attributes that single out persons", Unit.BUCKETS, 40, 128, 40 / 128, 5.0),
    Now("releasing", 3, 6, done=9_990_000, total=MANY, share=0.999, seconds=25.0),
    Now("assembling", 4, 6, done=40_000, total=9_800_000, share=0.004, seconds=9.0),
    Now("publishing", 6, 6, seconds=0.3),
)
"""A command at some moments."""


def captures() -> dict[str, str]:
    """All captures: the name with the language, unless that is English, and the width; and the text."""
    made = {}
    for language in LANGUAGES:
        mark = "" if language == ENGLISH else f"-{language}"
        with spoken_in(language):
            made |= {
                f"{name}{mark}-{width}": capture(show, width) for name, show in SCREENS.items() for width in WIDTHS
            }
            made[f"progress-lines{mark}"] = lines_of_a_run()
    return made


def capture(show: Callable[[Console], None], width: int, terminal: bool = True) -> str:
    """What is shown, as text, without blanks at the ends of lines."""
    text = io.StringIO()
    out = SpeakingConsole(
        file=text,
        width=width,
        height=40,
        highlight=False,
        force_terminal=terminal,
        color_system=None,
        soft_wrap=not terminal,  # as `beam_deid.pipelines.output.console` has it
    )
    show(out)
    return "".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines())


def lines_of_a_run() -> str:
    """The lines of a run of five minutes where there is no terminal, with the second at which each is printed."""
    lines = ProgressLines()
    said = []
    for second in range(301):
        line = lines.due(_at(second), float(second))
        if line is not None:
            said.append(f"{second:4} s  {line}\n")
    return "".join(said)


def _at(second: int) -> Now:
    """Half a minute of measuring, a minute of deciding, and the rest releasing."""
    if second < 30:
        return Now("measuring", 1, 6, done=second * 333_334, total=MANY, share=second / 30, seconds=float(second))
    if second < 90:
        done = (second - 30) % 20
        doing = ("searching levels", "suppressing groups", "deciding the label")[(second - 30) // 20]
        return Now("deciding", 2, 6, doing, Unit.BUCKETS, done, 20, done / 20, float(done))
    since = second - 90
    return Now("releasing", 3, 6, done=since * 47_000, total=MANY, share=since / 212, seconds=float(since))


def _bars(out: Console) -> None:
    for now in MOMENTS:
        seconds = [0.0]
        bar = Bar(out, clock=lambda seconds=seconds: seconds[-1])
        seconds.append(75.0)
        bar.show(now)
        out.print(bar.line)


def _outcome(
    run: dict[str, Any], labels: dict[str, Any], folder: str = "demo/out", **more: Any
) -> Callable[[Console], None]:
    notes = more.pop("notes", ())
    reports = (REPORT,) if any(release["published"] for release in run["releases"].values()) else ()
    outcome = Outcome(run, labels, notes, reports=() if more.get("dry") else reports)
    return lambda out: show_outcome(out, outcome, folder, **more)


def _explained(code: str) -> Callable[[Console], None]:
    found = explanation_of(code)
    assert found is not None
    return lambda out: show_explanation(out, found)


def _examined(out: Console) -> None:
    show_findings(out, EXAMINED)


WORKERS = ("flink-1, process 4711", "flink-2, process 815")
NO_KEY = KeyFault("the environment variable is not set", "env:SHOP_KEY", f"Set it to the key. {MAKE_ONE}")
EXAMINED = [
    Finding("engine", "FlinkRunner is one, and answers where its options say that it is"),
    Finding("policy", "2 releases may be made on this engine: analytics, crm"),
    Finding("input", "12 files with the columns of the policy, 4,200,000 records"),
    Finding("keys", "the keys of 3 uses are here"),
    Finding("workers", "the engine took a job, and 2 workers answered"),
    *(Finding("Python", "3.12", at=one) for one in WORKERS),
    *(Finding("keys", error=NO_KEY, at=one) for one in WORKERS),
    Finding("input", "12 files can be read", at=WORKERS[0]),
    Finding("input", error=InputError("there is no such file here", "/srv/orders/may.csv", ELSEWHERE), at=WORKERS[1]),
    Finding("machine", "user flink, 4 cores, 15.6 GiB of memory, 120.3 GiB free in /tmp", at=WORKERS[0]),
]
"""Two workers, both without the key, one of them without a file."""

LONG = "/srv/shop/releases/2026-11/订单/for-the-analysts"
TWO = run_of(analytics=("anonymized", True), crm=("still_personal", True))
SCREENS: dict[str, Callable[[Console], None]] = {
    "progress-bar": _bars,
    "anonymized": _outcome(run_of(analytics=("anonymized", True)), {"analytics": ANONYMIZED}),
    "two-releases": _outcome(
        TWO, {"analytics": ANONYMIZED, "crm": CRM}, notes=("nothing remembers what was given out",)
    ),
    "two-releases-verbose": _outcome(TWO, {"analytics": ANONYMIZED, "crm": CRM}, verbose=True),
    "not-published": _outcome(run_of(analytics=("anonymized", False)), {"analytics": SHORT_OF_K}),
    "rejects": _outcome(run_of(analytics=(None, True)), {"analytics": SHORT_OF_K}),
    "long-path": _outcome(run_of(analytics=(None, True)), {"analytics": SHORT_OF_K}, LONG),
    "one-change": _outcome(run_of(analytics=(None, True)), {"analytics": ONE_CHANGE}),
    "everything-fails": _outcome(
        run_of(analytics=("anonymized", False), crm=(None, True)),
        {"analytics": EVERYTHING_FAILS, "crm": EVERYTHING_FAILS},
    ),
    "examined": _examined,
    "explain": lambda out: show_all(out, explanations()),
    "explain-reason": _explained("outside_hierarchy"),
    "explain-test": _explained("l:category"),
}
"""What is captured, by name."""
