"""What the house promises of itself: what is shipped, what errors are like, where Beam is known."""

import ast
import inspect
import pickle
import re
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

import beam_deid.transforms
from beam_deid.transforms import errors

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
FOLDERS = ("transforms", "pipelines")
TOP = {"beam_deid/__init__.py", "beam_deid/py.typed"}
"""What the package has beside its folders: links to files in them."""
PAGE = (ROOT / "transforms" / "README.md").read_text("utf-8")
ERRORS = list(errors.ERRORS.values())

in_checkout = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="needs a git checkout")


def tracked(*folders):
    listed = subprocess.run(["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(listed.stdout.splitlines())


@in_checkout
def test_the_wheel_holds_the_three_folders_and_nothing_else():
    from hatchling.builders.wheel import WheelBuilder

    shipped = {file.distribution_path for file in WheelBuilder(str(ROOT)).recurse_included_files()}
    folders = {f"beam_deid/{path}" for path in tracked("configs", "pipelines", "transforms")}
    assert shipped == {*folders, *TOP}


@in_checkout
def test_the_source_distribution_holds_the_tests_as_well():
    from hatchling.builders.sdist import SdistBuilder

    shipped = {file.relative_path for file in SdistBuilder(str(ROOT)).recurse_included_files()}
    assert tracked("configs", "pipelines", "transforms", "tests", "CHANGELOG.md", "README.zh-CN.md") <= shipped
    assert {path for path in shipped if path.startswith(".dev")} == {f".dev/{path}" for path in TOP}


@in_checkout
def test_the_top_level_is_as_agreed():
    top = {path.partition("/")[0] for path in tracked()}
    assert {name for name in top if not name.startswith(".")} == {
        "pyproject.toml",
        "README.md",
        "README.zh-CN.md",
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


MODULES = {
    path: ast.parse(path.read_text("utf-8")) for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))
}
ROOMS = sorted(path.parent.name for path in (ROOT / "transforms").glob("*/__init__.py"))


def functions():
    for tree in MODULES.values():
        yield from (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def length(path):
    return len(path.read_text("utf-8").splitlines())


def imported(tree):
    """The names of all modules that a module imports, wherever it does."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def is_tuple_to_tuple(node):
    return isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.Tuple)


def test_every_module_stands_in_a_layer():
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    layers = next(one for one in contracts if one["name"] == "Layers")["layers"]
    named = {room for layer in layers for room in re.split(r"[ |:]+", layer)}
    there = {
        path.relative_to(ROOT / "transforms").parts[0].removesuffix(".py")
        for path in MODULES
        if "transforms" in path.parts
    }
    assert there - {"__init__"} == named


def test_the_page_of_the_house_lists_the_rooms_from_the_top_layer_to_the_lowest():
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    layers = next(one for one in contracts if one["name"] == "Layers")["layers"]
    place = {room: number for number, layer in enumerate(layers) for room in re.split(r"[ |:]+", layer)}
    rooms = re.findall(r"^\| [\w ]*\| \[?`(\w+)/`", PAGE, re.MULTILINE)
    assert sorted(rooms) == ROOMS
    places = [place[room] for room in rooms]
    assert places == sorted(places)


def test_every_room_but_beam_is_under_the_contract_that_forbids_it():
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    forbidden = next(one for one in contracts if one["type"] == "forbidden")["source_modules"]
    words = {"clock", "errors", "names", "terms", "who"}
    assert {name.rpartition(".")[2] for name in forbidden} == {*ROOMS, *words} - {"beam"}


def test_only_beam_and_pipelines_import_beam():
    knowing = {
        path
        for path, tree in MODULES.items()
        if any(name.partition(".")[0] == "apache_beam" for name in imported(tree))
    }
    assert {path.relative_to(ROOT).parts[:2] for path in knowing if "pipelines" not in path.parts} == {
        ("transforms", "beam")
    }


def test_modules_that_know_beam_do_not_hide_their_types_from_it():
    for path in (ROOT / "transforms" / "beam").glob("*.py"):
        assert "from __future__ import annotations" not in path.read_text("utf-8")


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_says_what_it_holds_and_has_tests_of_its_own(room):
    assert ast.get_docstring(MODULES[ROOT / "transforms" / room / "__init__.py"])
    assert list((ROOT / "tests" / room).glob("**/test_*.py"))
    assert re.search(rf"(?<!/)\b{room}/", PAGE)


@pytest.mark.parametrize("named", sorted(set(re.findall(r"(?<![\w/])[a-z_]+(?:/[a-z_]+)+(?:\.\w+)*", PAGE))))
def test_what_the_page_of_the_house_names_is_there(named):
    module, _, name = named.removesuffix(".py").removesuffix(".yaml").partition(".")
    folder = ROOT if module.startswith(("tests/", "configs/")) else ROOT / "transforms"
    path = folder / f"{module}.py"
    assert path.is_file() or (folder / module).is_dir()
    if name:
        assert re.search(rf"^ *(def|class) {name.rpartition('.')[2]}\b", path.read_text("utf-8"), re.MULTILINE)


def test_modules_stay_small():
    lengths = [length(path) for path in MODULES]
    assert max(lengths) <= 350, max(MODULES, key=length)
    assert statistics.median(lengths) <= 100


def test_functions_stay_small():
    """With their signature and their docstring."""
    assert statistics.median(node.end_lineno - node.lineno + 1 for node in functions()) <= 6


def test_a_line_does_one_step():
    assert sum(is_tuple_to_tuple(node) for tree in MODULES.values() for node in ast.walk(tree)) <= 10
    assert sum(path.read_text("utf-8").count("fmt: skip") for path in MODULES) <= 10


def test_no_module_bears_an_empty_name():
    assert not [path for path in MODULES if path.stem in {"utils", "helpers", "common", "misc", "base"}]
