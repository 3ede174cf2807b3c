"""What the house promises of itself: what is shipped, what errors are like, where Beam is known."""

import importlib.util
import inspect
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import beam_deid.transforms
from beam_deid.transforms import errors

ROOT = Path(__file__).parent.parent
ERRORS = list(errors.ERRORS.values())

in_checkout = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="needs a git checkout")


def tracked(*folders):
    listed = subprocess.run(["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(listed.stdout.splitlines())


@in_checkout
def test_the_wheel_holds_the_three_folders_and_nothing_else():
    from hatchling.builders.wheel import WheelBuilder

    shipped = {file.distribution_path for file in WheelBuilder(str(ROOT)).recurse_included_files()}
    assert shipped == {f"beam_deid/{path}" for path in tracked("configs", "pipelines", "transforms")}


@in_checkout
def test_the_source_distribution_holds_the_tests_as_well():
    from hatchling.builders.sdist import SdistBuilder

    shipped = {file.relative_path for file in SdistBuilder(str(ROOT)).recurse_included_files()}
    assert tracked("configs", "pipelines", "transforms", "tests", "CHANGELOG.md") <= shipped
    assert not any(path.startswith(".dev") for path in shipped)


@in_checkout
def test_the_top_level_is_as_agreed():
    top = {path.partition("/")[0] for path in tracked()}
    assert {name for name in top if not name.startswith(".")} == {
        "pyproject.toml",
        "README.md",
        "CHANGELOG.md",
        "LICENSE",
        "configs",
        "pipelines",
        "transforms",
        "tests",
    }


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_errors_survive_pickling_and_being_turned_into_text(error):
    raised = error("what\nhappened", "where", "Do this")
    again = pickle.loads(pickle.dumps(raised))
    assert (type(again), again.message) == (error, raised.message)
    for text in (f"RuntimeError: {raised} [while running 'x']", repr(str(raised))):
        found = errors.from_text(text)
        assert type(found) is error
        assert "what" in found.message
        assert "Do this" in found.message


def test_the_error_tree_in_the_docstring_is_the_tree():
    classes = {cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, errors.DeidError)}
    assert set(ERRORS) | {errors.DeidError} == classes
    for cls in ERRORS:
        line = next(line for line in errors.__doc__.splitlines() if f" {cls.__name__} " in line)
        assert line.rstrip().endswith(f"exit {cls.exit_code}")


def test_a_text_without_an_error_of_ours_gives_none():
    assert errors.from_text("something else [end]") is None


def test_an_unforeseen_exception_shows_its_type_and_place_but_not_its_text():
    try:
        raise ValueError("SECRET")
    except ValueError as cause:
        fault = errors.InternalFault.from_exception(cause, "here")
    assert "SECRET" not in str(fault)
    assert "ValueError" in fault.message


def test_public_names_are_there():
    for name in beam_deid.transforms.__all__:
        assert getattr(beam_deid.transforms, name) is not None


def test_help_and_workers_do_not_load_beam():
    code = (
        "import sys\nfrom beam_deid.pipelines.cli import call\ncall(['--help'])\n"
        "import beam_deid.transforms.release.releasing\nassert 'apache_beam' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


@in_checkout
def test_modules_that_know_beam_do_not_hide_their_types_from_it():
    for path in (ROOT / "transforms").glob("*.py"):
        assert "from __future__ import annotations" not in path.read_text("utf-8")


@in_checkout
def test_modules_stay_small_and_bear_no_empty_name():
    for path in tracked("transforms", "pipelines"):
        if path.endswith(".py"):
            assert len((ROOT / path).read_text("utf-8").splitlines()) <= 400, path
            assert Path(path).stem not in {"utils", "helpers", "common", "misc", "base"}, path
            assert importlib.util.find_spec("beam_deid.transforms")
