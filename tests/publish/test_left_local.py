"""``beam-deid publish``: what a driver left that was killed when all was written."""

import json
import shutil
import signal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.crypto.keyring_file import opened
from beam_deid.transforms.storage.sweeping import OUTCOME

from ..kit.keys import KEK, KEY
from ..kit.outputs import leftovers
from ..kit.processes import DIES_BEFORE_IT_PUBLISHES, staging_of, start, until
from ..kit.shop import shop
from ..kit.trials import contents

DIES_BEFORE_ITS_KEYS = DIES_BEFORE_IT_PUBLISHES.replace("job.publish", "job.RunKeys.destroy")
DIES_IN_THE_MIDDLE = DIES_BEFORE_IT_PUBLISHES.replace("job.publish", "job.execute")
WAITS = "import signal\nfrom beam_deid.transforms.beam import run\nrun.publish = lambda *arguments: signal.pause()"


def killed(command, before=DIES_BEFORE_IT_PUBLISHES):
    process = start(*command, before=before)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


@pytest.fixture(scope="module")
def dead(house, tmp_path_factory):
    """What a killed driver left, in a place that tests may spoil, and a copy of it that they may not."""
    folder = tmp_path_factory.mktemp("dead")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEAM_DEID_KEY", KEY)
        killed(house.command(str(folder / "place" / "out")))
    shutil.copytree(folder / "place", folder / "copy")
    return folder


@pytest.fixture
def out(dead):
    shutil.rmtree(dead / "place")
    shutil.copytree(dead / "copy", dead / "place")
    return dead / "place" / "out"


def published(path, capsys):
    capsys.readouterr()
    code = call(["publish", str(path)])
    return code, capsys.readouterr().err


def test_it_publishes_what_an_undisturbed_run_does(house, out, capsys):
    assert not out.exists()
    assert published(staging_of(out), capsys) == (0, "")
    assert contents(out) == contents(house.undisturbed)
    ours, theirs = (json.loads((one / "run.json").read_text("utf-8")) for one in (out, house.undisturbed))
    for told in (ours, theirs):
        for name in ("command", "started_at", "finished_at", "seconds", "sha256"):
            del told[name]
        for release in told["releases"].values():
            del release["label_sha256"]  # the label says when it was decided
            del release["assessed_at"]
    assert ours == theirs
    assert call(["verify", str(out)]) == 0
    assert leftovers(out) == []


def test_commands_that_only_look_leave_it_to_be_published(house, out, capsys):
    assert call(["verify", str(out)]) == 2
    assert published(staging_of(out), capsys)[0] == 0
    assert contents(out) == contents(house.undisturbed)


def test_another_run_makes_it_needless(house, out):
    assert house.run(str(out)) == 0
    assert contents(out) == contents(house.undisturbed)
    assert leftovers(out) == []


def test_what_was_published_or_never_was_a_run_is_told_to_be_no_such_thing(out, tmp_path, capsys):
    left = staging_of(out)
    assert published(left, capsys)[0] == 0
    for folder in (left, out, tmp_path, tmp_path / "nowhere"):
        code, said = published(folder, capsys)
        assert code == 2
        assert f"{folder}: no run of this version left anything to publish here" in said


def test_an_output_that_came_meanwhile_is_not_replaced(house, out, capsys):
    shutil.copytree(house.earlier, out)
    code, said = published(staging_of(out), capsys)
    assert code == 2
    assert "the output was published anew since this run began" in said
    assert contents(out) == contents(house.earlier)
    assert staging_of(out)


@pytest.mark.slow("kills a run, a process that imports Beam")
def test_a_newer_output_is_not_replaced_by_a_run_that_was_to_replace_an_older_one(house, tmp_path, capsys):
    out = tmp_path / "out"
    shutil.copytree(house.earlier, out)
    killed([*house.command(str(out)), "--overwrite"])
    shutil.rmtree(out)
    shutil.copytree(house.undisturbed, out)
    code, said = published(staging_of(out), capsys)
    assert code == 2
    assert "the output was published anew since this run began" in said
    shutil.rmtree(out)
    shutil.copytree(house.earlier, out)  # what it was to replace, it may
    assert published(staging_of(out), capsys)[0] == 0
    assert contents(out) == contents(house.undisturbed)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [(Path.unlink, "is missing"), (lambda part: part.write_bytes(b"other"), "is not what was written")],
    ids=["missing", "changed"],
)
@pytest.mark.parametrize("release", ["analytics", "crm"])
def test_a_part_that_is_not_what_was_written_is_not_published_and_may_be_put_right(
    house, out, capsys, release, spoil, why
):
    left = staging_of(out)
    part = next((left / "parts" / release).iterdir())
    data = part.read_bytes()
    spoil(part)
    code, said = published(left, capsys)
    assert code == 1
    assert why in said
    assert not out.exists()
    part.write_bytes(data)
    assert published(left, capsys)[0] == 0
    assert contents(out) == contents(house.undisturbed)
    assert leftovers(out) == []


@pytest.mark.slow("kills a run, a process that imports Beam")
def test_a_run_that_did_not_come_to_its_end_is_not_published(house, tmp_path, capsys):
    out = tmp_path / "out"
    killed(house.command(str(out)), DIES_IN_THE_MIDDLE)
    code, said = published(staging_of(out), capsys)
    assert code == 2
    assert "did not come to its end" in said
    assert call(["verify", str(out)]) == 2
    assert leftovers(out) == []


@pytest.mark.slow("starts runs that wait, processes that import Beam")
def test_a_run_that_is_alive_is_not_published_by_another_process(house, tmp_path, capsys):
    out = tmp_path / "out"
    process = start(*house.command(str(out)), before=WAITS)
    try:
        left = until(lambda: (found := staging_of(out)) and (found / OUTCOME).exists() and found)
        code, said = published(left, capsys)
        assert code == 2
        assert "the run is still under way" in said
        assert call(["verify", str(out)]) == 2
        assert left.exists()
    finally:
        process.kill()
        process.communicate()
    assert published(left, capsys)[0] == 0
    assert contents(out) == contents(house.undisturbed)


@pytest.mark.slow("kills a run, a process that imports Beam")
def test_a_refused_run_is_not_published(house, tmp_path, capsys):
    out = tmp_path / "out"
    bad = tmp_path / "bad.parquet"
    table = pq.read_table(house.folder / "orders-0.parquet")
    pq.write_table(table.set_column(2, "birth_year", pa.array(["nonsense"] * len(table))), bad)
    killed(["run", str(house.folder / "policy.yaml"), "-i", str(bad), "-o", str(out), "--workers", "1"])
    code, said = published(staging_of(out), capsys)
    assert code == 3
    assert "too many records were rejected" in said
    assert not out.exists()


@pytest.mark.slow("kills a run, a process that imports Beam")
def test_it_replaces_an_earlier_output_where_the_run_was_to(house, tmp_path, capsys):
    out = shutil.copytree(house.earlier, tmp_path / "out")
    killed(house.command(str(out), 2, "--overwrite"))
    assert contents(out) == contents(house.earlier)
    assert published(staging_of(out), capsys)[0] == 0
    assert contents(out) == contents(house.undisturbed)
    assert leftovers(out) == []


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A shop whose runs are signed, and whose release has a key of its own."""
    monkeypatch.setenv("SHOP_KEK", KEK)
    made = shop(tmp_path)
    policy = Path(made.policy)
    text = policy.read_text("utf-8").replace("dataset: shop", "dataset: shop\nsign: keyring")
    purpose = "purpose: marketing to members\n"
    policy.write_text(text.replace(purpose, f"{purpose}    key: ephemeral\n"), "utf-8")
    assert call(["keys", "create", made.ring, "--sign"]) == 0
    return made


def command_of(made):
    return ["run", made.policy, "-i", made.source, "-o", str(made.out()), "--workers", "1"]


@pytest.mark.slow("kills a run, a process that imports Beam")
def test_a_signed_run_is_signed_and_only_with_its_key(made, capsys):
    killed(command_of(made))
    left = staging_of(made.out())
    ring = Path(made.ring)
    ring.rename(ring.with_suffix(".away"))
    assert published(left, capsys)[0] == 2
    assert not made.out().exists()
    ring.with_suffix(".away").rename(ring)
    assert published(left, capsys)[0] == 0
    public = opened(made.ring).primary("signing").public
    assert call(["verify", str(made.out()), "--key", public]) == 0


def keys_of(left):
    return [path.read_bytes() for path in (left / "keys").glob("*.key")]


def holding(folder, key):
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return [str(path) for path, data in files.items() if key in data or key.hex().encode() in data]


@pytest.mark.slow("kills a run, a process that imports Beam")
def test_the_keys_of_a_killed_run_are_gone_when_it_is_published(made, capsys):
    killed(command_of(made), DIES_BEFORE_ITS_KEYS)
    left = staging_of(made.out())
    (key,) = keys_of(left)
    assert holding(made.folder, key)
    assert published(left, capsys)[0] == 0
    assert holding(made.folder, key) == []
    assert made.label()["fields"]["buyer"]["recoverability"] == "key_destroyed"
    assert leftovers(made.out()) == []


@pytest.mark.slow("kills a run, a process that imports Beam")
@pytest.mark.parametrize("before", [DIES_BEFORE_ITS_KEYS, DIES_IN_THE_MIDDLE], ids=["whole", "not whole"])
def test_the_keys_of_a_killed_run_are_gone_with_the_next_command(made, before):
    killed(command_of(made), before)
    (key,) = keys_of(staging_of(made.out()))
    assert call(["verify", str(made.out())]) == 2
    assert holding(made.folder, key) == []
