"""What commands load, and when: help and usage errors load next to nothing, and only running on an engine loads Beam."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from beam_deid.pipelines.cli import call, cli

from ..kit.keys import KEK
from ..kit.shop import shop

HEAVY = (
    "apache_beam",
    "pandas",
    "pyarrow",
    "numpy",
    "pydantic",
    "rich",
    "yaml",
    "faker",
    "opencc",
    "cryptography",
    "vl_convert",
)
"""Packages that take long to load."""

ONE_AFTER_THE_OTHER = """
import json, sys
from beam_deid.pipelines.cli import call
codes, loaded = [], []
for command in json.loads(sys.argv[1]):
    codes.append(call(command))
    loaded.append([name for name in json.loads(sys.argv[2]) if name in sys.modules])
print()
print(json.dumps([codes, loaded]))
"""

NAMES = cli.list_commands(None)
OF_INPUT = ["assess", "profile", "reidentify"]
"""Commands that take the options of ``input:``, which are looked up when their command line is read."""
GROUPS = {
    "keys": ["create", "list", "rotate", "destroy", "record"],
    "releases": ["list", "show", "diff", "forget", "compact", "persons"],
}
HELP = [
    ["--help"],
    ["--version"],
    ["--version", "--verbose"],
    *([name, "--help"] for name in NAMES if name not in OF_INPUT),
    *([group, name, "--help"] for group, names in GROUPS.items() for name in names if name != "create"),
]
USAGE = [
    ["nothing"],
    ["--verbose"],
    ["--nothing"],
    *([name, "--nothing"] for name in NAMES if name not in ("run", *OF_INPUT)),  # run's further options are Beam's
    ["run", "policy.yaml"],
    *([group, "nothing"] for group in GROUPS),
    ["search", "policy.yaml", "--input", "x", "--max-rejects", "2"],
    ["schema", "--label", "--register"],
    ["run", "nowhere.yaml", "--input", "x", "--output", "new"],
    ["run", __file__, "--input", "x", "--output", __file__],
    ["run", __file__, "--input", "x", "--output", str(Path(__file__).parent)],
    ["plan", "nowhere.yaml"],
    ["search", "nowhere.yaml", "--input", "x"],
]

REAL = {
    "keys create": "keys create {folder}/other.keyring --kek env:SHOP_KEK",
    "keys list": "keys list {folder}/other.keyring",
    "keys rotate": "keys rotate {folder}/other.keyring",
    "keys destroy": "keys destroy {folder}/other.keyring --name main --output {folder}/out --yes",
    "keys record": "keys record {folder}/other.keyring",
    "releases persons": "releases persons {folder}/shop.register",
    "schema": "schema",
    "explain": "explain outside_hierarchy",
    "all that can be explained": "explain",
    "schema of a label": "schema --label",
    "schema of a register": "schema --register",
    "verify": "verify {folder}/out",
    "plan": "plan {folder}/policy.yaml --input {folder}/orders.parquet --output {folder}/out",
    "releases list": "releases list {folder}/shop.register",
    "releases show": "releases show {folder}/shop.register crm.1",
    "releases diff": "releases diff {folder}/shop.register crm.1 partner.1",
    "releases forget": "releases forget {folder}/shop.register partner.1 --reason trial --yes",
    "releases compact": "releases compact {folder}/shop.register",
    "label": "label --again {folder}/out",
    "reidentify": "reidentify --policy {folder}/policy.yaml --release crm --fields buyer,mobile --all --reason test "
    "--input {folder}/out/crm --output {folder}/again.csv",
    "reidentify by its former name": "restore --policy {folder}/policy.yaml --release crm --fields buyer --all --reason test "
    "--input {folder}/out/crm --output {folder}/again.parquet",
    "assess": "assess --input {folder}/orders.parquet --quasi age,item --subject buyer --sensitive item",
    "profile": "profile --input {folder}/orders.parquet",
    "search": "search {folder}/open.yaml --input {folder}/orders.parquet --workers 1",
    "demo of a platform": "demo --platform jd --rows 20 --folder {folder}/jd",
    "demo by month": "demo --monthly --rows 20 --folder {folder}/months",
}
OPEN = """
  open:
    purpose: search
    sharing: enclave
    fields:
      age: {generalize: {ranges: [10, 20]}}
"""


def run_each(commands, packages=HEAVY):
    """Run commands one after the other in a process of their own.

    Returns:
        For each, its exit code and those of the packages that are loaded after it; and what was said.
    """
    words = [sys.executable, "-c", ONE_AFTER_THE_OTHER, json.dumps(commands), json.dumps(packages)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return list(zip(*json.loads(done.stdout.splitlines()[-1]), strict=True)), done.stdout + done.stderr


def test_help_loads_nothing_that_takes_long():
    found, said = run_each(HELP)
    assert {command: one for command, one in zip(map(" ".join, HELP), found, strict=True) if one != (0, [])} == {}
    assert "Examples:" in said


def test_usage_errors_load_nothing_that_takes_long():
    found, said = run_each(USAGE)
    assert {command: one for command, one in zip(map(" ".join, USAGE), found, strict=True) if one != (2, [])} == {}
    assert "there is no option" in said


def test_the_forms_of_a_kek_are_in_the_help_of_the_command_that_takes_one():
    (found,), said = run_each([["keys", "create", "--help"]])
    assert found == (0, ["cryptography"])
    assert "env:NAME" in said
    assert "passphrase:NAME" in said


@pytest.mark.parametrize("name", OF_INPUT)
def test_the_options_of_input_are_in_the_help_of_the_commands_that_take_them(name):
    (found,), said = run_each([[name, "--help"]], ["apache_beam", "pandas", "faker", "opencc", "cryptography", "rich"])
    assert found == (0, [])
    assert "--encoding" in said
    assert "--delimiter" in said


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """The exit code of each command that is run for real, whether Beam is loaded after it, and what was said."""
    folder = tmp_path_factory.mktemp("imports")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOP_KEK", KEK)
        made = shop(folder)
        assert made.run() == 0
        (folder / "open.yaml").write_text((folder / "policy.yaml").read_text("utf-8") + OPEN.lstrip("\n"), "utf-8")
        commands = [command.format(folder=folder).split() for command in REAL.values()]
        found, said = run_each(commands, ["apache_beam"])
    return dict(zip(REAL, found, strict=True)), said


@pytest.mark.parametrize("name", REAL)
def test_a_command_that_runs_on_no_engine_loads_no_beam(real, name):
    found, said = real
    assert found[name] == (0, []), said[-4000:]


def test_the_former_name_of_reidentify_says_the_new_one(real):
    _, said = real
    assert said.count("restore is called reidentify now") == 1


def test_former_names_are_not_listed(capsys):
    assert call(["--help"]) == 0
    listed = capsys.readouterr().out
    assert "reidentify" in listed
    assert "restore" not in listed


def test_public_names_of_the_library_are_loaded_when_they_are_asked_for():
    code = (
        "import sys, beam_deid.transforms as library\n"
        "assert not {'apache_beam', 'pyarrow', 'numpy', 'pydantic'} & set(sys.modules)\n"
        "library.read_policy, library.Policy\n"
        "assert not {'apache_beam', 'pandas', 'faker', 'opencc'} & set(sys.modules)\n"
        "library.Deidentify\n"
        "assert 'apache_beam' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
