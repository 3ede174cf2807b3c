"""Who may read what: nobody else what a run works with, and what is published whoever the user's mask lets."""

import os
import stat
from pathlib import Path

import pytest

from beam_deid.pipelines.cli import call

from ..pipelines.keyed import KEK, shop
from .processes import staging_of, start, until

WAITS_WITH_ITS_KEYS = """
import os, time
os.umask(int(os.environ["MASK"], 8))
from beam_deid.transforms.beam import run as job
destroy = job.RunKeys.destroy
def later(keys):
    while not os.path.exists(os.environ["GO"]):
        time.sleep(0.005)
    return destroy(keys)
job.RunKeys.destroy = later
"""


@pytest.fixture
def made(tmp_path, monkeypatch):
    monkeypatch.setenv("SHOP_KEK", KEK)
    made = shop(tmp_path)
    policy = Path(made.policy)
    purpose = "purpose: marketing to members\n"
    policy.write_text(policy.read_text("utf-8").replace(purpose, f"{purpose}    key: ephemeral\n"), "utf-8")
    return made


def modes(folder):
    """The rights of all that is in a folder, as far as it is there long enough to be looked at."""
    found = {}
    for path in [folder, *folder.rglob("*")]:
        try:
            found[path.relative_to(folder).as_posix()] = path.lstat()
        except FileNotFoundError:
            continue
    return {name: (stat.S_ISDIR(facts.st_mode), stat.S_IMODE(facts.st_mode)) for name, facts in found.items()}


@pytest.mark.parametrize("mask", ["022", "027", "077", "000"])
def test_what_a_run_works_with_is_its_owners_alone_and_what_it_publishes_follows_the_mask(made, tmp_path, mask):
    go = tmp_path / "go"
    seen = {}
    command = ["run", made.policy, "-i", made.source, "-o", str(made.out()), "--workers", "1"]
    process = start(*command, before=WAITS_WITH_ITS_KEYS, GO=str(go), MASK=mask)

    def watched():
        folder = staging_of(made.out())
        if folder is None:
            return False
        try:
            seen.update(modes(folder))
        except FileNotFoundError:
            return False
        return "outcome.json" in seen

    until(watched)
    seen.update(modes(staging_of(made.out())))
    assert {"keys/crm.key", "parts/crm", "state.json", "lease.json", "outcome.json"} <= set(seen)
    assert {name: mode for name, (is_folder, mode) in seen.items() if mode != (0o700 if is_folder else 0o600)} == {}
    go.touch()
    process.communicate()
    assert process.returncode == 0
    theirs = ~int(mask, 8)
    found = modes(made.out())
    assert "crm/part-00000.parquet" in found
    assert found == {
        name: (is_folder, (0o777 if is_folder else 0o666) & theirs) for name, (is_folder, _) in found.items()
    }


def test_manifests_of_labels_that_were_decided_again_may_be_read_as_before(made):
    before = os.umask(0o022)
    try:
        assert made.run() == 0
        assert call(["keys", "destroy", made.ring, "--name", "main", "--yes"]) == 0
        first = made.out().joinpath("run.json").read_bytes()
        assert call(["label", "--again", str(made.out())]) == 0
    finally:
        os.umask(before)
    assert made.out().joinpath("run.json").read_bytes() != first
    assert {mode for is_folder, mode in modes(made.out()).values() if not is_folder} == {0o644}
