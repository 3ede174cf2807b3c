"""What a run says at its end: readable at 80 columns, the labels last, and nothing twice."""

import io
import os
import pty
import struct
import subprocess
import sys
import termios
from fcntl import ioctl
from typing import Any

from rich.console import Console

from beam_deid.pipelines.views.changes import changes
from beam_deid.pipelines.views.outcome import show_outcome
from beam_deid.transforms.publish.publication import Outcome

COARSEN = "drop, or coarsen, city; or let 2.00% of the rows be suppressed (require: {suppression: 0.0201})"


def checked(name: str, passed: bool, detail: str = "persons in the smallest group") -> dict[str, Any]:
    return {"line": 3, "name": name, "passed": passed, "measured": 5 if passed else 1, "limit": 5, "detail": detail}


def change(
    name: str, text: str = COARSEN, drop: list[str] | None = None, suppress: float | None = 0.02
) -> dict[str, Any]:
    return {"line": 3, "test": name, "columns": ["city"], "drop": drop or ["city"], "suppress": suppress, "text": text}


def label(name: str = "still_personal", **more: Any) -> dict[str, Any]:
    records = {"read": 2_000, "released": 1_962, "suppressed": 38, "withheld": 0, "rejected": 0}
    passed = name == "anonymized"
    return {
        "label": name,
        "purpose": "market analysis",
        "sharing": "controlled",
        "records": records,
        "search": {},
        "tests": [checked("k", passed), checked("l:category", passed)],
        "changes": [] if passed else [change("k"), change("l:category")],
        **more,
    }


def blocked(**more: Any) -> dict[str, Any]:
    return {"by": ["suppression"], "k": 3, "suppression": 0.05, "fields": {}, **more}


def shown(
    found: dict[str, Any],
    expect: str | None = None,
    published: bool = True,
    verbose: bool = False,
    earlier: tuple[str, ...] = (),
    **others: bool,
) -> list[str]:
    """What is shown of a release; ``others`` of its run are published or not."""
    out = io.StringIO()
    releases = {name: {"expect": None, "published": there} for name, there in others.items()}
    run = {"releases": {"analytics": {"expect": expect, "published": published}, **releases}}
    console = Console(file=out, width=80, soft_wrap=True, highlight=False)
    show_outcome(console, Outcome(run, {"analytics": found}), "out", verbose=verbose, earlier=earlier)
    return out.getvalue().rstrip("\n").split("\n")


def test_tests_that_one_thing_would_change_stand_together() -> None:
    assert changes(label()["changes"], None) == [f"k, l:category: {COARSEN}"]


def test_the_order_of_rows_is_told_only_where_it_is_alone() -> None:
    order = change("order", "rows are shuffled once every other line holds")
    assert changes([change("k"), order], None) == [f"k: {COARSEN}"]
    assert changes([order], None) == ["order: rows are shuffled once every other line holds"]


def test_what_the_search_found_is_not_said_twice() -> None:
    found = changes(label()["changes"], blocked(fields={"city": 0.1, "age": 0.2}))
    assert found[1] == "the greatest k that can be met with all else as it is: 3"
    assert found[2] == "something satisfies without one of: age (then 0.2 is lost)"
    assert len(found) == 4
    assert not any("least share" in line for line in found)


def test_without_another_share_the_searchs_is_told() -> None:
    found = changes([change("k", "coarsen city", suppress=None)], blocked())
    assert "the least share of records that must be suppressed: 0.0500" in found


def test_the_end_says_what_became_of_a_release_and_what_would_change_it() -> None:
    *_, became, then = shown(label("anonymized"), "anonymized")
    assert became == "✓ analytics: anonymized, 1,962 of 2,000 records in out/analytics"
    assert then == "Next: beam-deid verify out"
    *_, became, why, then = shown(label(), "anonymized", published=False)
    assert became == "✗ analytics: still_personal, not published: the policy expects anonymized"
    assert why == f"  2 tests fail; nearest change: {COARSEN}"
    assert then.startswith("Next: change the policy")
    *_, became, why, _ = shown(label())
    assert became.startswith("! analytics: still_personal")
    *_, why, _ = shown(label(), "still_personal")
    assert why == "  2 tests fail, as the policy expects: k, l:category"


def test_what_is_not_published_is_never_told_as_a_success() -> None:
    *_, became, _ = shown(label("anonymized"), "still_personal", published=False)
    assert became == "✗ analytics: anonymized, not published: the policy expects still_personal"
    for expect in (None, "anonymized"):
        *_, became, _ = shown(label("anonymized"), expect, published=False)
        assert became.startswith(
            "✗ analytics: anonymized, not published: another table's part of the release is not what"
        )


def test_what_an_earlier_run_had_and_the_new_one_has_not_is_named() -> None:
    *_, lost, then = shown(label(), "anonymized", False, earlier=("analytics", "crm", "old"), crm=True)
    assert lost == "removed with the earlier run, and not there anew: analytics, old"
    assert then == "Next: beam-deid verify out"
    *_, then = shown(label(), "anonymized", False, earlier=("analytics",))
    assert then == "Next: change the policy, and run again; nothing was published, and the earlier run stays as it was"
    assert not any("removed" in line for line in shown(label("anonymized"), "anonymized", earlier=("analytics",)))


def test_what_passes_is_counted_and_what_fails_is_told_in_full() -> None:
    why = "persons in the smallest group of receiver_city, birth_year, created, payment, counted by buyer_open_uid"
    tests = [checked("k", False, why), checked("k_without:orderItemInfo.categoryName", True, why)]
    lines = shown(label(tests=tests))
    assert "  ✓ 1 test passes; --verbose shows its figure" in [line.rstrip() for line in lines]
    assert "counted by buyer_open_uid" in " ".join(" ".join(lines).split())
    assert not any("k_without:orderItemInfo" in line for line in lines)
    assert any("k_without:orderItemInfo" in line for line in shown(label(tests=tests), verbose=True))


def test_a_release_that_is_to_be_personal_gets_no_advice() -> None:
    assert not any("would change" in line for line in shown(label(), "still_personal"))
    assert any("would change" in line for line in shown(label()))


def test_a_message_on_a_terminal_breaks_no_path() -> None:
    path = "/nowhere/" + "deep/" * 8 + "policy.yaml"
    call = [sys.executable, "-c", "from beam_deid.pipelines.cli import main; main()", "plan", path]
    plain = subprocess.run(call, stderr=subprocess.PIPE, text=True, check=False).stderr
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    subprocess.run(call, stderr=theirs, check=False)
    os.close(theirs)
    lines = os.read(ours, 65536).decode().splitlines()
    os.close(ours)
    assert plain.count("\n") == 1
    assert " ".join(line.strip() for line in lines) == plain.strip()
    assert len(lines) > 1
    assert max(map(len, lines)) <= max(60, len(path) + 3)
