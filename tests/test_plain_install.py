"""What a plain install does without: packages that are no dependency, and Beam where nothing is read twice."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.cli import call

from .kit.keys import KEK
from .kit.shop import Shop, shop

EXTRAS = ("boto3", "botocore", "google.cloud", "pandas")
"""What extras bring, and what pyarrow asks for here and there; the tests' own packages bring all of it."""

WITHOUT = """
import json, sys
class Without:
    def find_spec(self, name, path=None, target=None):
        if any(name == one or name.startswith(one + ".") for one in json.loads(sys.argv[1])):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Without())
from beam_deid.pipelines.cli import call
codes = [call(command) for command in json.loads(sys.argv[2])]
print()
print(json.dumps(codes))
"""
DIES = """
import os, sys
from beam_deid.transforms.beam import run as job
job.publish = lambda *_: os._exit(9)
from beam_deid.pipelines.cli import main
main(sys.argv[1:])
"""
COMMANDS = {
    "verify": "verify {out}",
    "label": "label --again {destroyed}/out",
    "assess": "assess -i {out}/crm --quasi age,item --subject buyer --sensitive item",
    "assess with a policy": "assess {policy} -i {source} --join people={people}:on=age,item --frequencies item={items}",
    "reidentify": "reidentify --policy {policy} --release crm --fields buyer,note --all --reason test -i {out}/crm/*.parquet "
    "-o {new}/a.csv",
    "reidentify what cannot be": "reidentify --policy {policy} --release crm --fields buyer --all --reason test -i {spoiled} "
    "-o {new}/a.csv --label {out}/crm/label.json",
    "keys create": "keys create {new}/other.keyring --kek env:SHOP_KEK",
    "keys list": "keys list {ring}",
    "keys rotate": "keys rotate {destroyed}/keys/orders.keyring",
    "publish": "publish {left}",
    "profile": "profile -i {source}",
    "plan": "plan {policy} -i {source}",
    "schema": "schema",
    "search": "search {open} -i {source}",
}
RUN = "run {policy} -i {source} -o {new}/out --workers 1 --new-register"  # the shop's own is beside its own output
STOPS = {"reidentify what cannot be": 3}


class Prepared:
    """Files for every command.

    Attributes:
        made: The shop.
        words: What stands for each name in a command.
    """

    def __init__(self, folder: Path) -> None:
        self.made = made = shop(folder)
        assert made.run() == 0
        copy = folder / "destroyed"
        copy.mkdir()
        shutil.copytree(folder / "keys", copy / "keys")
        shutil.copytree(folder / "shop.register", copy / "shop.register")  # its key was copied, too
        for name in ("policy.yaml", "orders.parquet"):
            shutil.copy(folder / name, copy / name)
        other = Shop(copy)
        assert other.run() == 0
        assert call(["keys", "destroy", other.ring, "--name", "main", "--output", str(other.out()), "--yes"]) == 0
        released = made.released()
        tokens = [f"{token}x" for token in released.column("buyer").to_pylist()]
        place = released.schema.get_field_index("buyer")
        pq.write_table(released.set_column(place, "buyer", [tokens]), folder / "spoiled.parquet")
        pq.write_table(pq.read_table(made.source, columns=["age", "item"]), folder / "people.parquet")
        (folder / "items.csv").write_text("item,count\n茶,10\n纸,5\n", "utf-8")
        text = Path(made.policy).read_text("utf-8")
        (folder / "open.yaml").write_text(
            text + "  open:\n    purpose: search\n    sharing: enclave\n    fields:\n"
            "      age: {generalize: {ranges: [10, 20]}}\n",
            "utf-8",
        )
        dying = ["run", made.policy, "-i", made.source, "-o", str(folder / "dead")]
        assert subprocess.run([sys.executable, "-c", DIES, *dying], check=False).returncode == 9
        (left,) = folder.glob(".dead.beam-deid-*")
        self.words = {
            "out": made.out(),
            "destroyed": copy,
            "policy": made.policy,
            "source": made.source,
            "ring": made.ring,
            "left": left,
            "spoiled": folder / "spoiled.parquet",
            "people": folder / "people.parquet",
            "items": folder / "items.csv",
            "open": folder / "open.yaml",
        }


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOP_KEK", KEK)
        yield Prepared(tmp_path_factory.mktemp("plain"))


def codes_without(absent, commands):
    """The exit code of each command, and what was said, in a process where some packages cannot be imported."""
    words = [sys.executable, "-c", WITHOUT, json.dumps(absent), json.dumps(commands)]
    found = subprocess.run(words, capture_output=True, text=True, check=True)
    return json.loads(found.stdout.splitlines()[-1]), found.stdout + found.stderr


def written(prepared, command, new):
    return command.format(**prepared.words, new=new).split()


@pytest.fixture(scope="module")
def codes(prepared, tmp_path_factory):
    """The exit code of each command, and what was said."""
    commands = [written(prepared, command, tmp_path_factory.mktemp("new")) for command in COMMANDS.values()]
    found, said = codes_without(["apache_beam", *EXTRAS], commands)
    return dict(zip(COMMANDS, found, strict=True)), said


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_runs_nothing_on_an_engine_needs_neither_beam_nor_an_extra(codes, name):
    found, said = codes
    assert found[name] == STOPS.get(name, 0), said[-4000:]


@pytest.mark.slow("a run in a process that imports Beam")
def test_a_run_over_local_files_needs_no_extra(prepared, tmp_path):
    demo = ["demo", "--rows", "2000", "--workers", "1", "--folder", str(tmp_path / "demo")]
    found, said = codes_without(EXTRAS, [written(prepared, RUN, tmp_path), ["verify", str(tmp_path / "out")], demo])
    assert found in ([0, 0, 0], [0, 0, 4]), said[-4000:]  # 4: of so few orders not every label is reached
    assert "crm: still_personal" in said


@pytest.mark.slow("a run in a process that imports Beam")
def test_what_is_blocked_is_not_to_be_had(prepared, tmp_path):
    found, _ = codes_without(
        ["apache_beam"], [written(prepared, RUN, tmp_path), written(prepared, COMMANDS["schema"], tmp_path)]
    )
    assert found == [1, 0]
