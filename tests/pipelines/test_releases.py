"""``beam-deid releases``: what was given out is listed, shown, compared, and forgotten where nobody has it."""

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.register.document import Event, State, Table
from beam_deid.transforms.register.folder import hold, read, table_path
from beam_deid.transforms.register.prints_file import SPACE, PrintsFile
from beam_deid.transforms.register.summary import sizes
from beam_deid.transforms.terms import LabelName

from ..kit.keys import KEY
from ..kit.registered import MADE_AT, entry, of_run, prints, register_of, written
from ..kit.trials import House, furnish

LATER = "2026-11-01T08:00:00+00:00"
COMMAND = [sys.executable, "-c", "from beam_deid.pipelines.cli import main; main()", "releases"]
REASON = ["--reason", "a trial that never left this machine"]


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> House:
    """Two real outputs of one policy, over three files and over two of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEAM_DEID_KEY", KEY)
        return furnish(tmp_path_factory.mktemp("house"))


@pytest.fixture
def register(tmp_path) -> str:
    """Three months: the first replaced by the second, and one that was never anonymized."""
    replaced = Event(LATER, State.SUPERSEDED, run="ffff0000ffff0000")
    return written(
        tmp_path,
        entry("analytics.1").after(replaced),
        entry("analytics.2", made_at=LATER, together=("analytics.1",), recipient=None, k=6),
        entry("crm.1", label=LabelName.STILL_PERSONAL),
        runs=["a1b2c3d4e5f60718"],
    )


def said(capsys, *arguments):
    """The one JSON document of a call, and what it says to a person."""
    capsys.readouterr()
    assert call(["releases", *arguments, "--json"]) == 0
    out, err = capsys.readouterr()
    return json.loads(out), " ".join(err.split())


def refused(capsys, *arguments, code=2):
    """The message of a call that does nothing."""
    capsys.readouterr()
    assert call(["releases", *arguments]) == code
    return " ".join(capsys.readouterr().err.split())


def test_list_tells_every_release_and_what_a_new_one_is_tested_with(register, capsys):
    document, told = said(capsys, "list", register)
    assert [(one["name"], one["label"], one["state"], one["is_tested"]) for one in document["releases"]] == [
        ("analytics.1", "anonymized", "superseded", True),
        ("analytics.2", "anonymized", "published", True),
        ("crm.1", "still_personal", "published", False),
    ]
    first = document["releases"][0]
    assert (first["made_at"], first["sharing"], first["recipient"]) == (MADE_AT, "controlled", "an agency")
    assert (first["records"]["released"], first["suppressed_share"]) == (95, 0.05)
    assert (document["path"], document["dataset"], document["revision"]) == (register, "orders", 1)
    assert document["tested"] == {"releases": ["analytics.1", "analytics.2"], "records": 190}
    files = {path.name: path.stat().st_size for path in Path(register, "tables").iterdir()}
    of_persons = sum(size for name, size in files.items() if name.startswith("persons"))
    of_records = sum(files.values()) - of_persons
    assert document["tables"] == {
        "files": 3,
        "bytes": of_records + of_persons,
        "records": 190,
        "record_bytes": of_records,
        "bytes_per_million": of_records * 1_000_000 / 190,
        "person_bytes": of_persons,
    }
    assert "2 of 3 releases, 190 records" in told
    assert f"{of_records / 190:.1f} MB for a million" in told
    assert "5.00%" in told


def test_tables_that_releases_share_are_counted_once():
    shared = [
        Table("common-0.parquet", rows, 3_000, "7" * 64, prefix) for rows, prefix in ((95, "a.1/"), (105, "a.2/"))
    ]
    found = sizes(register_of(entry("a.1", table=shared[0]), entry("a.2", table=shared[1])))
    assert (found["files"], found["bytes"], found["records"], found["bytes_per_million"]) == (1, 3_000, 200, 15_000_000)


def test_a_list_fits_eighty_columns_and_folds_what_is_long(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    recipient = "Beijing Research of Consumer Goods and Analytics Ltd."
    register = written(
        tmp_path, entry("analytics.12", recipient=recipient), entry("crm.1", label=LabelName.STILL_PERSONAL)
    )
    capsys.readouterr()
    assert call(["releases", "list", register]) == 0
    table = [line for line in capsys.readouterr().out.splitlines() if not line.startswith(("tested", "fingerprints"))]
    assert max(map(len, table)) <= 80
    for word in ("analytics.12", "anonymized", "still_personal", "published", "controlled", *recipient.split()):
        assert any(word in line for line in table), word


def test_a_register_in_which_nothing_is_yet_is_listed(tmp_path, capsys):
    document, told = said(capsys, "list", written(tmp_path))
    assert document["releases"] == []
    assert document["tables"]["bytes_per_million"] is None
    assert "No release is in it" in told


def test_show_tells_all_that_the_register_holds_of_a_release(register, capsys):
    document, told = said(capsys, "show", register, "analytics.1")
    assert {
        name: document[name] for name in document if name not in ("suppressed_share", "is_tested", "together_later")
    } == (read(register).to_document()["releases"][0])
    assert (document["suppressed_share"], document["is_tested"], document["together_later"]) == (
        0.05,
        True,
        ["analytics.2"],
    )
    for word in (
        "analytics.1",
        "anonymized",
        "superseded",
        "market analysis",
        "an agency",
        "/gone/out",
        "province",
        "0.25",
        "95 released",
        "orders-10.csv",
        "4,096",
        "part-00000.parquet",
        "field:tid",
        "by run ffff0000ffff0000",
    ):
        assert word in told, word
    later, told = said(capsys, "show", register, "analytics.2")
    assert (later["together"], later["recipient"]) == (["analytics.1"], None)


def test_what_stands_in_a_register_is_shown_as_text_and_moves_no_cursor(tmp_path, capsys):
    register = written(tmp_path, entry(recipient="[/bold]\x1b[31mred", purpose="[red]x\\"))
    for command in (["list", register], ["show", register, "analytics.1"]):
        document, told = said(capsys, *command)
        assert "\x1b" not in told
        assert "[/bold]" in told
        assert "\x1b[31mred" in json.dumps(document, ensure_ascii=False).replace("\\u001b", "\x1b")


def test_diff_of_two_real_releases_tells_their_tests(house, tmp_path, capsys):
    inputs = [
        tuple({"name": f"orders-{at}.parquet", "size": 9, "sha256": f"{at}" * 64} for at in range(n)) for n in (3, 2)
    ]
    register = written(
        tmp_path,
        of_run(house.earlier, "analytics", "analytics.1", inputs=inputs[0]),
        of_run(house.undisturbed, "analytics", "analytics.2", inputs=inputs[1]),
    )
    document, told = said(capsys, "diff", register, "analytics.1", "analytics.2")
    one, other = (
        json.loads((out / "analytics" / "label.json").read_text("utf-8")) for out in (house.earlier, house.undisturbed)
    )
    expected = [
        (left["name"], left["measured"], right["measured"])
        for left, right in zip(one["tests"], other["tests"], strict=True)
        if left["measured"] != right["measured"]
    ]
    differing = document["tests"]["differing"]
    assert expected
    assert [(test["name"], test["one"]["measured"], test["other"]["measured"]) for test in differing] == expected
    assert document["tests"]["problems"] == {"one": None, "other": None}
    assert (document["one"], document["other"], document["same"]) == ("analytics.1", "analytics.2", False)
    assert document["records"]["read"] == [300, 200]
    assert document["inputs"]["removed"] == [{"name": "orders-2.parquet", "sha256": "2" * 64}]
    assert document["plain"] == {}
    assert "orders-2.parquet: no longer there" in told
    assert all(f"{name} " in told for name, *_ in expected)


def test_diff_tells_a_field_more_and_a_label_that_is_another(house, tmp_path, capsys):
    register = written(
        tmp_path,
        of_run(house.earlier, "analytics", "analytics.1"),
        of_run(house.earlier, "crm", "crm.1", sharing="public"),
    )
    document, told = said(capsys, "diff", register, "analytics.1", "crm.1")
    assert document["plain"]["label"] == ["anonymized", "still_personal"]
    assert document["plain"]["sharing"] == ["enclave", "public"]
    assert document["fields"] == {"added": ["buyer_open_uid", "receiver_mobile"], "removed": ["birth_year", "num"]}
    assert any(test["one"] is None for test in document["tests"]["differing"])
    assert "still_personal" in told
    assert "✗" in told


def test_a_release_does_not_differ_from_itself(house, tmp_path, capsys):
    register = written(tmp_path, of_run(house.earlier, "analytics", "analytics.1"))
    document, told = said(capsys, "diff", register, "analytics.1", "analytics.1")
    assert (document["same"], document["tests"]["differing"]) == (True, [])
    assert "does not differ" in told


def test_diff_says_plainly_where_a_label_is_gone_or_is_not_the_one_that_was_registered(house, tmp_path, capsys):
    register = written(
        tmp_path,
        of_run(house.earlier, "analytics", "analytics.1"),
        of_run(house.earlier, "analytics", "analytics.2", label_sha256="0" * 64),
        entry("analytics.3"),
        entry("analytics.4", output="nosuchstore://bucket/out"),
    )
    reasons = {
        "analytics.2": "not the one that was registered",
        "analytics.3": "is missing",
        "analytics.4": "cannot be read",
    }
    for other, why in reasons.items():
        document, told = said(capsys, "diff", register, "analytics.1", other)
        assert document["tests"]["differing"] is None
        assert document["tests"]["problems"]["one"] is None
        assert why in document["tests"]["problems"]["other"]
        assert f"the label of {other}" in told
        assert "cannot be compared" in told


def test_forget_records_who_was_never_given_anything_and_why(register, capsys):
    document, told = said(capsys, "forget", register, "analytics.1", *REASON, "--yes")
    found = read(register)
    gone = found.entry("analytics.1")
    assert (found.revision, gone.state, gone.is_tested) == (2, State.FORGOTTEN, False)
    assert [(event.state, event.reason) for event in gone.events] == [
        (State.SUPERSEDED, ""),
        (State.FORGOTTEN, "a trial that never left this machine"),
    ]
    assert gone.table is not None  # until it is compacted
    assert [one.name for one in found.tested] == ["analytics.2"]
    assert found.releases[1:] == (found.entry("analytics.2"), found.entry("crm.1"))
    assert document["forgotten"] == found.to_document()["releases"][0]
    assert document["untested"] == {"records": 95, "since": MADE_AT}
    assert document["tested"] == {"releases": ["analytics.2"], "records": 95}
    for words in (
        "was published in the run of 2026-10-01 08:00 UTC as anonymized, for an agency: 95 records",
        "only if nobody ever got it",
        "No longer tested: 95 records of analytics.1",
        f"beam-deid releases compact {register}",
    ):
        assert words in told, words
    shown, told = said(capsys, "show", register, "analytics.1")
    assert shown["events"][-1]["reason"] == "a trial that never left this machine"
    assert "forgotten: a trial that never left this machine" in told


def test_forgetting_what_was_never_tested_says_so(register, capsys):
    document, told = said(capsys, "forget", register, "crm.1", *REASON, "--yes")
    assert document["untested"] is None
    assert "was never anonymized" in told
    assert "No longer tested" not in told
    assert [one.name for one in read(register).tested] == ["analytics.1", "analytics.2"]


def test_what_perhaps_was_published_can_be_forgotten(tmp_path, capsys):
    register = written(tmp_path, entry(state=State.PENDING))
    _, told = said(capsys, "forget", register, "analytics.1", *REASON, "--yes")
    assert "was perhaps published" in told
    assert read(register).tested == ()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["forget", "REGISTER", "analytics.9", *REASON, "--yes"], "It has: analytics.1, analytics.2, crm.1"),
        (["forget", "REGISTER", "analytics.1", "--yes"], "--reason"),
        (["forget", "REGISTER", "analytics.1", "--reason", " \t", "--yes"], "no line of text"),
        (["forget", "REGISTER", "analytics.1", "--reason", "a\x1b[31m", "--yes"], "no line of text"),
        (["show", "REGISTER", "analytics"], "It has: analytics.1, analytics.2, crm.1"),
        (["diff", "REGISTER", "analytics.1", "analytics.9"], "It has: analytics.1"),
        (["list", "REGISTER", "--output", "out"], "Leave it out"),
        *(
            (command, "there is no register here")
            for command in (
                ["list", "NOWHERE"],
                ["show", "NOWHERE", "a.1"],
                ["diff", "NOWHERE", "a.1", "a.2"],
                ["compact", "NOWHERE"],
                ["forget", "NOWHERE", "a.1", *REASON, "--yes"],
            )
        ),
    ],
)
def test_mistakes_are_told_with_what_to_do_and_change_nothing(register, tmp_path, capsys, arguments, words):
    places = {"REGISTER": register, "NOWHERE": str(tmp_path / "nowhere")}
    assert words in refused(capsys, *(places.get(word, word) for word in arguments))
    assert read(register).revision == 1
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("state", [State.FORGOTTEN, State.UNRELEASED])
def test_a_release_is_forgotten_once(tmp_path, capsys, state):
    register = written(tmp_path, entry().after(Event(LATER, state, reason="it never left this machine")))
    told = refused(capsys, "forget", register, "analytics.1", *REASON, "--yes")
    assert f"this release was {state} on {LATER}" in told
    assert f"beam-deid releases show {register} analytics.1" in told
    assert read(register).revision == 1


def test_forgetting_asks_and_does_nothing_where_nobody_answers(register):
    command = [*COMMAND, "forget", register, "analytics.1", *REASON]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert "only if nobody ever got it" in done.stdout
    assert read(register).revision == 1


def answered(answer: str, *arguments: str) -> subprocess.CompletedProcess:
    """A command of a person at a terminal, who gives an answer."""
    terminal, stdin = pty.openpty()
    try:
        os.write(terminal, answer.encode())
        return subprocess.run(
            [*COMMAND, *arguments], stdin=stdin, capture_output=True, text=True, check=False, timeout=60
        )
    finally:
        os.close(terminal)
        os.close(stdin)


def test_a_person_who_says_no_has_forgotten_nothing(register):
    done = answered("n\n", "forget", register, "analytics.1", *REASON)
    assert done.returncode == 130
    assert "This cannot be undone" in done.stdout
    assert read(register).revision == 1


def test_a_person_who_says_yes_has_forgotten_and_is_asked_beside_the_document(register):
    done = answered("y\n", "forget", register, "analytics.1", *REASON, "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["forgotten"]["state"] == "forgotten"
    assert "This cannot be undone" in done.stderr
    assert read(register).entry("analytics.1").state is State.FORGOTTEN


def test_what_changes_while_a_person_thinks_is_not_forgotten(register):
    """Another run registers that it replaced the release after the question was put."""
    terminal, stdin = pty.openpty()
    command = [*COMMAND, "forget", register, "analytics.2", *REASON]
    with subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        asked = b""
        while b"undone" not in asked:
            block = os.read(process.stdout.fileno(), 4096)
            assert block
            asked += block
        with hold(register) as held:
            replaced = held.document.entry("analytics.2").after(Event(LATER, State.SUPERSEDED, run="9"))
            held.save(held.document.with_entries({"analytics.2": replaced}))
        os.write(terminal, b"y\n")
        _, errors = process.communicate(timeout=60)
    os.close(terminal)
    os.close(stdin)
    assert process.returncode == 2
    assert b"the register has changed" in errors
    found = read(register)
    assert (found.revision, found.entry("analytics.2").state) == (2, State.SUPERSEDED)


def test_a_register_that_a_run_is_using_is_read_and_not_changed(register, capsys):
    with hold(register):
        assert said(capsys, "list", register)[0]["revision"] == 1
        for command in (["forget", register, "analytics.1", *REASON, "--yes"], ["compact", register]):
            assert "another run is using this register" in refused(capsys, *command)
    assert read(register).revision == 1


def test_a_damaged_register_is_told_by_every_command(register, capsys):
    (revision,) = Path(register).glob("revision-*")
    revision.write_bytes(revision.read_bytes()[:-40])
    for command in (
        ["list", register],
        ["show", register, "analytics.1"],
        ["diff", register, "analytics.1", "analytics.2"],
        ["forget", register, "analytics.1", *REASON, "--yes"],
        ["compact", register],
    ):
        assert revision.name in refused(capsys, *command)


def test_compacting_removes_what_was_forgotten_and_keeps_what_is_tested(register, capsys):
    said(capsys, "forget", register, "analytics.1", *REASON, "--yes")
    before = said(capsys, "list", register)[0]["tables"]
    document, told = said(capsys, "compact", register)
    found = read(register)
    assert found.entry("analytics.1").table is None
    kept = found.entry("analytics.2").table
    with PrintsFile(table_path(register, kept.file), kept) as file:
        assert np.array_equal(file.read_all(0, SPACE).record, np.sort(prints(found.entry("analytics.2")).record))
    after = said(capsys, "list", register)[0]["tables"]
    assert (document["before"], document["after"]) == (before["record_bytes"], after["record_bytes"])
    assert document["after"] < document["before"]
    assert (after["files"], after["records"], after["person_bytes"]) == (2, 95, before["person_bytes"])
    assert f"({document['after'] / document['before']:.0%})" in told
    assert len(list(Path(register, "tables").iterdir())) == 2
    assert said(capsys, "compact", register)[0]["after"] == document["after"]  # nothing more to gain


def test_a_register_in_a_bucket_is_listed_forgotten_from_and_compacted(bucket, capsys):
    register = written(bucket.uri, entry("analytics.1"), entry("analytics.2", output=f"{bucket.uri}/out"))
    assert said(capsys, "list", register)[0]["tested"]["records"] == 190
    problems = said(capsys, "diff", register, "analytics.1", "analytics.2")[0]["tests"]["problems"]
    assert f"{bucket.uri}/out/analytics/label.json" in problems["other"]
    assert said(capsys, "forget", register, "analytics.1", *REASON, "--yes")[0]["tested"]["releases"] == ["analytics.2"]
    assert said(capsys, "show", register, "analytics.1")[0]["state"] == "forgotten"
    document, _ = said(capsys, "compact", register)
    assert document["after"] < document["before"]
    assert len(bucket.keys("orders.register/tables/")) == 1
    assert "there is no register here" in refused(capsys, "list", f"{bucket.uri}/another.register")


def test_labels_in_a_bucket_are_compared(house, bucket, tmp_path, capsys):
    for path in house.earlier.rglob("label.json"):
        bucket.put(f"out/{path.parent.name}/label.json", path)
    register = written(
        tmp_path,
        of_run(house.earlier, "analytics", "analytics.1", output=f"{bucket.uri}/out"),
        of_run(house.undisturbed, "analytics", "analytics.2"),
    )
    tests = said(capsys, "diff", register, "analytics.1", "analytics.2")[0]["tests"]
    assert tests["problems"] == {"one": None, "other": None}
    assert "k" in {test["name"] for test in tests["differing"]}


def test_help_of_every_command_has_examples_that_are_commands(capsys):
    from beam_deid.pipelines.releases import releases

    assert list(releases.commands) == ["list", "show", "diff", "forget", "compact", "persons"]
    for name in releases.commands:
        assert call(["releases", name, "--help"]) == 0
        assert re.search(rf"Examples:\n +beam-deid releases {name} ", capsys.readouterr().out)
    assert call(["--help"]) == 0
    assert "releases" in capsys.readouterr().out


def test_a_register_is_asked_without_beam(register):
    code = (
        "import sys\nfrom beam_deid.pipelines.cli import call\n"
        "codes = [call(['releases', *words]) for words in "
        f"(['list', {register!r}], ['show', {register!r}, 'crm.1'], ['diff', {register!r}, 'crm.1', 'analytics.1'])]\n"
        "assert codes == [0, 0, 0]\nassert 'apache_beam' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_an_output_that_has_moved_is_told(house, tmp_path, capsys):
    register = written(tmp_path, of_run(house.earlier, "analytics", "analytics.1", output=str(tmp_path / "moved")))
    document, _ = said(capsys, "diff", register, "analytics.1", "analytics.1")
    assert str(tmp_path / "moved" / "analytics" / "label.json") in document["tests"]["problems"]["one"]
