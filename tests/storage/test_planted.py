"""What somebody, or a process that slept, put where a run works: it harms nobody."""

import hashlib
import json
import os
import shutil

import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.storage.amending import amending
from beam_deid.transforms.storage.files import match, open_arrow
from beam_deid.transforms.storage.hidden import local_stand_in
from beam_deid.transforms.storage.journal import Journal, Moved, Superseded
from beam_deid.transforms.storage.owners import new_name
from beam_deid.transforms.storage.paths import absolute, shown

from ..kit.outputs import leftovers
from ..kit.prompt import promptly
from ..kit.trials import contents

ELSEWHERE = "a" * 12
"""A machine that is none."""

posix = pytest.mark.skipif(os.name != "posix", reason="owners are those of POSIX")
root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files to others")


@pytest.fixture
def out(house, tmp_path):
    return shutil.copytree(house.earlier, tmp_path / "out")


def dead(out, machine=ELSEWHERE):
    """A hidden folder of an output whose owner gave it up."""
    _, process, started, rest = new_name().split("-")
    folder = out.parent / f".{out.name}.beam-deid-{machine}-{process}-{started}-{rest}"
    folder.mkdir(mode=0o700)
    return folder


@posix
@root
@pytest.mark.parametrize("command", [["verify"], ["label", "--again"]])
def test_what_another_user_put_beside_an_output_leads_nobody_to_his_own_files(out, tmp_path, command):
    mine = tmp_path / "home"
    mine.mkdir()
    (mine / "secret").write_text("mine")
    before = contents(out)
    planted = dead(out)
    (planted / "keys").symlink_to(mine)
    (planted / "x").symlink_to(mine / "secret")
    Journal((Moved("x", "crm/part-00000.parquet", 4, hashlib.sha256(b"mine").hexdigest()),)).write(str(planted))
    os.chown(planted, 1234, 1234)
    call([*command, str(out)])
    assert (mine / "secret").read_text() == "mine"
    assert contents(out) == before
    assert planted.exists()


def test_a_folder_that_no_run_of_ours_named_is_left_alone(house, out):
    notes = out.parent / f".{out.name}.beam-deid-notes"
    notes.mkdir()
    (notes / "mine.txt").write_text("mine")
    assert call(["verify", str(out)]) == 0
    assert house.run(str(out), 1, "--overwrite") == 0
    assert (notes / "mine.txt").read_text() == "mine"


def test_a_publication_whose_files_are_gone_changes_nothing(out):
    before = contents(out)
    left = dead(out)
    (left / "new").mkdir()
    (left / "new" / "run.json").write_text("{}")
    moved = Moved("new/run.json", "run.json", 2, hashlib.sha256(b"{}").hexdigest())
    replaces = hashlib.sha256((out / "run.json").read_bytes()).hexdigest()
    journal = Journal((moved,), ("crm/part-00000.parquet",), replaces)
    journal.write(str(left))
    (left / "new" / "run.json").unlink()
    with pytest.raises(Superseded):
        journal.carry_out(str(left), str(out), lambda: None)
    assert call(["verify", str(out)]) == 0
    assert contents(out) == before
    assert leftovers(out) == []


def test_a_publication_that_was_to_replace_another_run_changes_nothing(out):
    before = contents(out)
    left = dead(out)
    (left / "run.json").write_text("{}")
    moved = Moved("run.json", "run.json", 2, hashlib.sha256(b"{}").hexdigest())
    Journal((moved,), ("crm/part-00000.parquet",), "0" * 64).write(str(left))
    assert call(["verify", str(out)]) == 0
    assert contents(out) == before
    assert leftovers(out) == []


def test_publish_says_that_another_run_came_before_it(out, capsys):
    before = contents(out)
    left = dead(out)
    (left / "run.json").write_text("{}")
    moved = Moved("run.json", "run.json", 2, hashlib.sha256(b"{}").hexdigest())
    Journal((moved,), (), "0" * 64).write(str(left))
    assert call(["publish", str(left)]) == 2
    assert "another run was published here meanwhile" in capsys.readouterr().err
    assert contents(out) == before


def test_no_run_comes_between_while_labels_are_decided_again(house, out):
    with amending(str(out)):
        assert house.run(str(out), 1, "--overwrite") == 2
    assert contents(out) == contents(house.earlier)
    assert house.run(str(out), 1, "--overwrite") == 0


def test_an_earlier_output_is_put_back_over_an_empty_folder(house, out):
    before = contents(out)
    left = dead(out)
    out.rename(left / "old")
    out.mkdir()  # as scripts do before they call a command
    assert call(["verify", str(out)]) == 0
    assert contents(out) == before
    assert leftovers(out) == []


def test_an_earlier_output_is_kept_where_something_else_is_in_its_place(house, out, capsys):
    before = contents(out)
    left = dead(out)
    out.rename(left / "old")
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    assert house.run(str(out), 1, "--overwrite") == 1
    assert f"{left / 'old'}: an earlier output waits to be put back" in capsys.readouterr().err
    (out / "notes.txt").unlink()
    assert call(["verify", str(out)]) == 0
    assert contents(out) == before


def test_paths_in_a_journal_lead_nowhere_but_down():
    for path in ("../x", "/x", "a/../../x", "a//b", "", ".", "a\0b"):
        with pytest.raises(ValueError, match="leads elsewhere"):
            Moved(path, "x", 0, "")
        with pytest.raises(ValueError, match="leads elsewhere"):
            Moved("x", path, 0, "")


@posix
def test_an_output_that_is_a_link_is_replaced_where_it_leads(house, out, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(out)
    assert house.run(str(link), 2, "--overwrite") == 0
    assert link.is_symlink()
    assert contents(out) == contents(house.undisturbed)
    assert call(["verify", str(link)]) == 0


@posix
def test_the_rights_of_an_output_are_not_widened(house, out):
    out.chmod(0o700)
    assert house.run(str(out), 1, "--overwrite") == 0
    assert out.stat().st_mode & 0o777 == 0o700


@posix
def test_a_pipe_is_no_input_and_nobody_waits_for_it(tmp_path, capsys):
    pipe = tmp_path / "orders.csv"
    os.mkfifo(pipe)
    with promptly():
        assert call(["profile", "--input", str(pipe)]) == 3
    assert f"{pipe}: the file cannot be opened (no regular file)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("abfs://:SECRET@account/x", "credentials do not belong into a path"),
        ("s3://KEY:SECRET@bucket/x", "credentials do not belong into a path"),
        ("s3://bucket/x?secret_key=SECRET/with+equals==", "s3:// has no option secret_key"),
        ("s3://bucket/a//b", "a store has no names like that"),
        ("s3://bucket/a/../b", "a store has no names like that"),
        ("s3:/bucket/a", "two slashes behind the colon"),
        ("", "the path is empty"),
    ],
)
def test_paths_that_name_nothing_are_refused_without_a_secret(path, told):
    with pytest.raises(UsageError) as refused:
        match([path])
    assert told in refused.value.message
    assert "SECRET" not in refused.value.message


def test_a_key_of_a_store_that_looks_like_its_own_folder_is_read_once_and_ends(bucket):
    bucket.put("in/a.csv", b"a\n1\n")
    bucket.put("/lead.csv", b"a\n1\n")
    with promptly():
        assert [shown(one.path) for one in match([f"{bucket.uri}/**/*.csv"])] == [f"{bucket.uri}/in/a.csv"]
    with open_arrow(f"{bucket.uri}/in/a.csv") as stream:
        assert stream.read() == b"a\n1\n"


def test_keys_of_a_run_that_a_restart_of_the_machine_ended_are_removed(bucket, temporary):
    stand_in = local_stand_in(absolute(f"{bucket.uri}/out"))
    name = new_name().split("-", 1)[1]
    left = temporary / f".{os.path.basename(stand_in)}.beam-deid-{ELSEWHERE}-{name}"
    (left / "keys").mkdir(parents=True, mode=0o700)
    left.chmod(0o700)
    (left / "keys" / "crm.key").write_bytes(b"k" * 32)
    assert call(["verify", f"{bucket.uri}/out"]) == 2
    assert not left.exists()


@pytest.mark.slow("kills a run, a process that imports Beam")
def test_an_outcome_that_somebody_changed_is_not_published(house, tmp_path, capsys):
    from ..kit.processes import DIES_BEFORE_IT_PUBLISHES, staging_of, start

    out = tmp_path / "place" / "out"
    other = tmp_path / "other"
    out.parent.mkdir()
    start(*house.command(str(out)), before=DIES_BEFORE_IT_PUBLISHES).communicate()
    left = staging_of(out)
    outcome = json.loads((left / "outcome.json").read_text())
    outcome["releases"]["../../other/crm"] = {**outcome["releases"].pop("crm"), "parts": []}
    (left / "outcome.json").write_text(json.dumps(outcome))
    capsys.readouterr()
    assert call(["publish", str(left)]) == 1
    assert "what the run left was changed" in capsys.readouterr().err
    assert not out.exists()
    assert not other.exists()
