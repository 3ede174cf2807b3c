"""The worst messages of version 0.3.0, and what stands in their place. Each is provoked for real, here or in a process apart."""

import json
import os
import resource
import shutil
import subprocess
import sys

import pytest

from beam_deid.pipelines.cli import call

from ..kit.processes import start
from ..mistakes.folder import POLICY, look

PLEASE = "Please report this message"
"""What old messages said of what nobody but the user could mend."""


RUN = ("run", "policy.yaml", "-i", "orders/*.csv", "-o", "new", "--workers", "1")

OLD_AND_NEW = {
    "a runner that there is not": (
        ("--runner", "Foo"),
        {},
        "unforeseen ValueError",
        "--runner: no runner is called Foo. There are: ",
    ),
    "a misspelt runner": (
        ("--runner", "FlinkRuner"),
        {},
        "unforeseen RuntimeError",
        "--runner: no runner is called FlinkRuner. Did you mean FlinkRunner? There are: ",
    ),
    "a cluster that does not answer": (
        ("--runner", "FlinkRunner", "--", "--flink_master=localhost:1"),
        {},
        "unforeseen RuntimeError",
        "--flink_master: nothing answers at localhost:1. Start it, or give the address of one that runs: -- --flink_master=",
    ),
    "a hierarchy that never was": (
        (),
        {"city: keep": "city: {generalize: {hierarchy: cities.csv}}"},
        "the file is gone. It was there when the run began",
        "cities.csv: there is no such file. A path in a policy begins at the policy's folder",
    ),
    "a kind by another name": (
        (),
        {"age: {role: quasi_identifier, kind: integer}": "age: {role: quasi_identifier, kind: phone}"},
        "'phone' is not known here;\n",
        "fields.age.kind: 'phone' is not known here; did you mean 'mobile'?",
    ),
    "a full-width colon": (
        (),
        {"dataset: orders": "dataset：orders"},
        "a key without ':' after it",
        "policy.yaml:2: this is not YAML: a full-width colon (：); write ': ', a colon and a space",
    ),
}


@pytest.mark.parametrize("name", OLD_AND_NEW)
def test_the_new_message_says_what_to_do(folder, capsys, name):
    words, change, old, new = OLD_AND_NEW[name]
    text = POLICY
    for before, after in change.items():
        assert before in text
        text = text.replace(before, after, 1)
    (folder / "policy.yaml").write_text(text, "utf-8")
    before = look(folder)
    assert call([*RUN, *words]) == 2
    said = capsys.readouterr().err
    assert new in said
    assert old not in said
    assert PLEASE not in said
    assert look(folder) == before


def test_a_folder_is_read_as_all_its_files_and_an_empty_one_is_named(folder, capsys):
    """Once: ``./err.txt: the file is empty``, for ``.``."""
    (folder / "orders" / "err.txt").touch()
    capsys.readouterr()
    assert call(["run", "policy.yaml", "-i", "orders", "-o", "new", "--workers", "1", "--dry-run"]) == 0
    assert "warning: passed over as empty: orders/err.txt" in capsys.readouterr().err


def test_utf16_is_read_or_named(folder, capsys):
    """Once, of a table: six times ``there is no column for the policy's field``."""
    text = (folder / "orders" / "may.csv").read_text("utf-8")
    (folder / "orders" / "may.csv").write_bytes(text.encode("utf-16"))
    capsys.readouterr()
    assert call([*RUN, "--dry-run"]) == 0
    assert call(["plan", "utf16.yaml"]) == 2
    assert "utf16.yaml: the policy is UTF-16, which editors call Unicode. Save it as UTF-8" in capsys.readouterr().err


def test_addresses_that_a_hierarchy_of_divisions_does_not_hold_are_told_which_does(folder, capsys):
    """Once: ``outside_hierarchy, 100000 records. Mend the input or the policy's kinds, or raise --max-rejects``."""
    text = POLICY.replace("city: keep", "city: {generalize: {hierarchy: cn_divisions, level: 1}}", 1)
    (folder / "policy.yaml").write_text(text, "utf-8")
    rows = "".join(f"b{row},浙江省杭州市西湖区文三路{row}号,30,x\n" for row in range(40))
    (folder / "orders" / "may.csv").write_text(f"buyer,city,age,item\n{rows}", "utf-8")
    assert call(["run", "policy.yaml", "-i", "orders/may.csv", "-o", "new", "--workers", "1", "--dry-run"]) == 3
    said = capsys.readouterr().err
    assert "city: outside_hierarchy, 40 records (full addresses need hierarchy: cn_districts, or mask: " in said
    assert "文三路" not in said


def test_a_cell_of_megabytes_is_read(folder, capsys):
    """Once: ``cannot be read as CSV after row 0 … a row longer than 4 MiB?``, for 2.5 MB in row 1,000."""
    with (folder / "orders" / "may.csv").open("a") as file:
        file.write(f'b,"{"x" * 2_500_000}",30,y\n')
    capsys.readouterr()
    assert call([*RUN, "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["run"]["records"]["read"] == 81


def child(*words, limit=None, before=(), **environment):
    """Run a command in a process of its own, with a limit of the system's; its exit code, and the message it ends with."""
    code = "from beam_deid.pipelines.cli import main; main()"
    done = subprocess.run(
        [*before, sys.executable, "-c", code, *words],
        env={**os.environ, **environment},
        preexec_fn=None if limit is None else lambda: resource.setrlimit(*limit),
        capture_output=True,
        text=True,
    )
    assert PLEASE not in done.stderr
    assert "Traceback" not in done.stderr
    return done.returncode, ("\n" + done.stderr).rpartition("\nbeam-deid: ")[2].strip()


@pytest.mark.slow("runs in a process of its own that imports Beam")
def test_a_full_disk(folder, temporary):
    """Once: ``releasing (…pieces:67): unforeseen OSError. Please report this message``; a limit of files' sizes stands for it."""
    before = look(folder)
    code, said = child(*RUN, limit=(resource.RLIMIT_FSIZE, (900, 900)))
    assert code == 1
    assert "File too large" in said
    assert said.endswith("Nothing was published")
    assert look(folder) == before
    assert list(temporary.iterdir()) == []


@pytest.mark.slow("fills a disk")
@pytest.mark.parametrize("where", ["output", "temporary"])
def test_a_disk_without_room(folder, temporary, where):
    small = folder / "small"
    small.mkdir()
    if shutil.which("mount") is None or os.system(f"mount -t tmpfs -o size=4k tmpfs {small} 2>/dev/null"):
        pytest.skip("no right to mount a small disk")
    try:
        if where == "output":
            code, said = child(*RUN[:5], "small/new", *RUN[6:])
        else:
            (small / "full").write_bytes(b"0" * 4096)
            code, said = child(*RUN, "--dry-run", TMPDIR=str(small))
            (small / "full").unlink()
        assert code in (1, 2)
        assert "No space left on device" in said
        assert "Free space there, or choose another place" in said
        assert list(small.iterdir()) == []
    finally:
        os.system(f"umount {small}")
    assert not (folder / "new").exists()


@pytest.mark.slow("runs in a process of its own that imports Beam")
def test_too_many_open_files(folder):
    before = look(folder)
    code, said = child(*RUN[:-1], "2", limit=(resource.RLIMIT_NOFILE, (14, 14)))
    assert code == 1
    assert "Too many open files" in said
    assert "ulimit -n" in said
    assert look(folder) == before


@pytest.mark.skipif(os.geteuid() == 0 and shutil.which("setpriv") is None, reason="root may write anywhere")
def test_a_place_that_may_not_be_written_to(folder):
    (folder / "shut").mkdir()
    (folder / "shut").chmod(0o500)
    as_others = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    code, said = child(*RUN[:5], "shut/new", *RUN[6:], before=as_others)
    assert code == 2
    assert (
        said
        == f"{folder}/shut/new: cannot write here (Permission denied). Choose another --output, or check the rights to it"
    )
    assert list((folder / "shut").iterdir()) == []


@pytest.mark.slow("runs in a process of its own that imports Beam")
def test_a_worker_that_the_system_kills_is_named_with_its_cure(folder):
    process = start(*RUN[:-1], "2", before=WORKER_IS_KILLED, cwd=folder)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 1
    message = said.rpartition("beam-deid: ")[2]
    assert "a worker process was killed, as the system does where memory runs out" in message
    assert "Use fewer --workers, or free memory, and run again. Nothing was published" in message
    assert not (folder / "new").exists()


WORKER_IS_KILLED = """
import os, signal, threading
from beam_deid.transforms.run import workers
warm = workers.warm
def warm_and_lose_one(count):
    warm(count)
    os.kill(next(iter(workers._pool(count)._processes)), signal.SIGKILL)
workers.warm = warm_and_lose_one
"""


def test_a_stream_that_is_closed_full_or_without_letters_changes_no_exit_code(folder):
    code = "from beam_deid.pipelines.cli import main; main()"
    command = f"'{sys.executable}' -c '{code}' verify out"
    for how, ends in {
        f"{command} >&-": 0,
        f"{command} --json >&-": 0,
        f"{command} 2>&-": 0,
        f"{command.replace('verify out', 'verify nowhere')} 2>&-": 2,
        f"{command} --json >/dev/full": 1,
        f"PYTHONIOENCODING=ascii {command} >/dev/null": 0,
        f"LC_ALL=POSIX PYTHONCOERCECLOCALE=0 PYTHONUTF8=0 {command} >/dev/null": 0,
    }.items():
        done = subprocess.run(["sh", "-c", how], capture_output=True, text=True)
        assert (done.returncode, "Traceback" in done.stderr, PLEASE in done.stderr) == (ends, False, False), how


def test_a_reader_that_goes_away_changes_no_exit_code(folder):
    process = start("verify", "out", cwd=folder)
    process.stdout.close()
    assert process.wait(120) == 0
    assert "Traceback" not in process.stderr.read()


def test_a_name_that_a_terminal_would_obey_is_spelled_out(folder, capsys):
    (folder / "orders\x1b[2J\r.csv").write_text("garbage\n", "utf-8")
    capsys.readouterr()
    assert call(["run", "policy.yaml", "-i", "orders?*.csv", "-o", "new"]) == 2
    said = capsys.readouterr().err
    assert "orders\\x1b[2J\\r.csv" in said
    assert "\x1b" not in said


def test_an_output_whose_name_is_no_text_is_refused_before_anything_is_read(folder, capsys):
    capsys.readouterr()
    assert call(["run", "policy.yaml", "-i", "orders/*.csv", "-o", "out\udcff"]) == 2
    said = capsys.readouterr().err
    assert "out\\udcff: the path is no text in the encoding of this system" in said
    assert "unforeseen" not in said
