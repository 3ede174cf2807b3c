"""Commands that are printed for copying call the program as its user did."""

import subprocess
import sys

import click
import pytest

from beam_deid.pipelines.cli import call
from beam_deid.pipelines.program import program
from beam_deid.transforms.formats import FORMATS

SCRIPT = "#!{python}\nfrom beam_deid.pipelines.cli import main\nmain()\n"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A program in a folder ``.venv/bin``, which the shell does not look through."""
    script = tmp_path / ".venv" / "bin" / "beam-deid"
    script.parent.mkdir(parents=True)
    script.write_text(SCRIPT.format(python=sys.executable), "utf-8")
    script.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    return script


def test_the_next_commands_of_a_draft_are_those_of_the_program_that_was_typed(installed, tmp_path):
    (tmp_path / "orders.csv").write_text("order_id,city\n" + "".join(f"A{row},York\n" for row in range(20)), "utf-8")
    done = subprocess.run([".venv/bin/beam-deid", "profile", "-i", "orders.csv"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "  .venv/bin/beam-deid plan policy.yaml --input orders.csv\n" in done.stderr
    assert "  .venv/bin/beam-deid run policy.yaml --input orders.csv --output out\n" in done.stderr


def test_a_program_that_the_shell_finds_is_called_by_its_name(installed, monkeypatch):
    monkeypatch.setattr(sys, "argv", [str(installed), "plan"])
    assert program() == str(installed)
    monkeypatch.setenv("PATH", str(installed.parent))
    assert program() == "beam-deid"


@pytest.mark.parametrize(
    ("argv", "typed"),
    [
        ("./beam-deid", "./beam-deid"),
        ("my tools/beam-deid", "'my tools/beam-deid'"),
        ("beam-deid", "beam-deid"),
        ("/usr/bin/pytest", "beam-deid"),
        ("/somewhere/pipelines/__main__.py", "python3 -m beam_deid.pipelines"),
    ],
)
def test_what_was_typed_is_what_a_shell_understands(argv, typed, monkeypatch):
    monkeypatch.setattr(sys, "argv", [argv])
    monkeypatch.setattr(sys, "orig_argv", ["python3", argv])
    assert program() == typed


@pytest.mark.parametrize("command", ["run", "plan", "profile", "assess", "search"])
def test_the_help_names_every_format(command, capsys, monkeypatch):
    monkeypatch.setattr(click.formatting, "FORCED_WIDTH", 400)
    assert call([command, "--help"]) == 0
    (line,) = (line for line in capsys.readouterr().out.splitlines() if "--input" in line and "Files to read" in line)
    for known in FORMATS:
        assert known.name in line
