"""Type checkers see every public name and what it takes and gives, where the wheel is installed: as users have it.

pyarrow tells no types, and pandas tells mypy none, so that of their tables no checker knows more than that they are what was given.
What is given stands in the result for every other class: polars, which is typed, and a class of the user's own.
"""

import inspect
import re
import site
import subprocess
import sys
import venv
from pathlib import Path
from typing import NamedTuple

import pytest

import beam_deid
import beam_deid.transforms

from ...test_house import ROOT, in_checkout
from .test_installed import unpacked

pytestmark = [in_checkout, pytest.mark.slow("builds a wheel, and type checkers read it with what it imports")]

PACKAGES = (beam_deid, beam_deid.transforms)
FUNCTIONS = """
import os
from collections.abc import Mapping

import beam_deid
import pandas  # type: ignore[import-untyped,unused-ignore]
import polars
import pyarrow  # type: ignore[import-untyped,unused-ignore]


class Own:
    pass


own = beam_deid.deidentify(Own(), "policy.yaml")
reveal_type(own)
reveal_type(own.data)
reveal_type(own.rejects)
frame = polars.DataFrame({"a": [1]})
made = beam_deid.deidentify(frame, "policy.yaml", "out", max_rejects=0.1, threads=2)
reveal_type(made)
reveal_type(made.data)
reveal_type(made.rejects)
reveal_type(beam_deid.deidentify(pyarrow.table({"a": [1]}), "policy.yaml"))
reveal_type(beam_deid.deidentify(pandas.DataFrame({"a": [1]}), "policy.yaml"))
reveal_type(beam_deid.assess(frame, quasi=["a"]))
reveal_type(beam_deid.assess(pyarrow.table({"a": [1]}), "policy.yaml"))
reveal_type(beam_deid.assess(pandas.DataFrame({"a": [1]}), quasi=["a"]))
reveal_type(beam_deid.assess("a.parquet", quasi=["a"]))
reveal_type(beam_deid.run("policy.yaml", ["a.parquet"], "out", release="out", overwrite=True))
reveal_type(beam_deid.run({"version": 1}, {"orders": "a.parquet"}, "out"))

label: beam_deid.Label = made.label
value: str = label.value
failing: tuple[str, ...] = label.failing
released: int = made.counts.released
path: os.PathLike[str]
result = beam_deid.run("policy.yaml", "a.parquet", "out")
files: tuple[str, ...] = result.releases["out"].files
document: Mapping[str, object] = result.document
measured: str = beam_deid.assess(frame, quasi=["a"]).label
policy: beam_deid.Policy = beam_deid.read_policy("policy.yaml")
"""
RESULTS = [
    "Deidentified[Own]",
    "Own",
    "Own",
    "Deidentified[DataFrame]",
    "DataFrame",
    "DataFrame",
    "Deidentified[…]",
    "Deidentified[pandas]",
    *["Assessment"] * 4,
    *["Result"] * 2,
]
"""What `FUNCTIONS` reveals, one after the other."""
TRANSFORMS = """
import pyarrow  # type: ignore[import-untyped,unused-ignore]

from beam_deid.transforms import AssessReidentification, Deidentify, ReadOrders, ReleaseLabel, WriteRelease

reveal_type(Deidentify("policy.yaml", "out", max_rejects=0.1, output=dict))
reveal_type(Deidentify({"version": 1}).with_error_handler(None))
reveal_type(WriteRelease("out", overwrite=True))


def told(label: ReleaseLabel) -> tuple[str, int]:
    return label.label, label.released
"""
STEPS = ["Deidentify", "Deidentify", "WriteRelease"]
WRONG = """
import beam_deid
import polars
from beam_deid.transforms import Deidentify, ReadOrders, ReleaseLabel, WriteRelease

beam_deid.deidentify(polars.DataFrame(), "policy.yaml", relese="out")
text: str = beam_deid.deidentify(polars.DataFrame(), "policy.yaml").data
beam_deid.run("policy.yaml", "a.parquet")
beam_deid.nothing
Deidentify(3)
ReadOrders("policy.yaml", 3)
WriteRelease(3)
def label_of(label: ReleaseLabel) -> int:
    return label.label
"""
WRONG_LINES = [6, 7, 8, 9, 10, 11, 12, 14]


def uses_of(package) -> str:
    """A module that uses each public name of a package: as a value, and a class as an annotation and where it can be raised."""
    lines = []
    for name in package.__all__:
        lines += [f"from {package.__name__} import {name}", f"reveal_type({name})"]
        one = getattr(package, name)
        if not inspect.isclass(one):
            continue
        lines += [f"def takes_{name}(one: {name}{'[str]' if one is beam_deid.Deidentified else ''}) -> None: ..."]
        if issubclass(one, Exception):
            lines += ["try:", "    pass", f"except {name} as error:", "    print(error.exit_code + 1)"]
    return "\n".join([*lines, ""])


class Checker(NamedTuple):
    """A type checker.

    Attributes:
        command: That checks modules, with what is installed for a Python.
        revealed: How it tells a revealed type.
        error: How it tells the line of an error.
        pandas: What it knows of a frame of pandas.
    """

    command: tuple[str, ...]
    revealed: str
    error: str
    pandas: str


CHECKERS = {
    "mypy": Checker(
        ("mypy", "--strict", "--cache-dir", "cache", "--python-executable"),
        r'^{}:\d+: note: Revealed type is "(.*)"$',
        r"^{}:(\d+): error: ",
        "…",
    ),
    "pyright": Checker(
        ("pyright", "--pythonpath"),
        r'{}:\d+:\d+ - information: Type of ".*" is "(.*)"$',
        r"{}:(\d+):\d+ - error: ",
        "DataFrame",
    ),
}


class Checked(NamedTuple):
    """What a type checker said of modules of a user's.

    Attributes:
        checker: Which.
        said: All of it.
    """

    checker: Checker
    said: str

    def revealed(self, module: str) -> list[str]:
        """The types that are revealed in a module, without the modules that they are in."""
        found = re.findall(self.checker.revealed.format(re.escape(module)), self.said, re.MULTILINE)
        return [re.sub(r"\[(Any|Unknown)\]", "[…]", re.sub(r"\b(?:\w+\.)+(?=\w)", "", one)) for one in found]

    def wrong(self, module: str) -> list[int]:
        """The lines of a module that it finds an error in."""
        found = re.findall(self.checker.error.format(re.escape(module)), self.said, re.MULTILINE)
        return sorted({int(one) for one in found})


def installed(folder: Path) -> Path:
    """The Python of an environment with the wheel, and with what it needs from this one."""
    venv.create(folder / "env", with_pip=False)
    python = folder / "env" / "bin" / "python"
    asked = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    home = Path(subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip())
    unpacked(ROOT, folder)
    (folder / "site" / "beam_deid").rename(home / "beam_deid")
    (home / "needed.pth").write_text("".join(f"{path}\n" for path in site.getsitepackages()), "utf-8")
    return python


@pytest.fixture(scope="module", params=CHECKERS)
def checked(request, tmp_path_factory):
    pytest.importorskip(request.param, reason=f"{request.param} is not here: pip install {request.param}")
    folder = tmp_path_factory.mktemp("theirs")
    modules = {f"uses_{number}.py": uses_of(package) for number, package in enumerate(PACKAGES)}
    modules |= {"functions.py": FUNCTIONS, "steps.py": TRANSFORMS, "wrong.py": WRONG}
    for name, text in modules.items():
        (folder / name).write_text(text, "utf-8")
    checker = CHECKERS[request.param]
    command = [sys.executable, "-m", *checker.command, str(installed(folder)), *modules]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return Checked(checker, done.stdout + done.stderr)


@pytest.mark.parametrize("number", range(len(PACKAGES)), ids=lambda number: PACKAGES[number].__name__)
def test_every_public_name_is_seen(checked, number):
    module = f"uses_{number}.py"
    assert checked.wrong(module) == [], checked.said
    found = checked.revealed(module)
    assert len(found) == len(PACKAGES[number].__all__), checked.said
    assert not {*found} & {"Any", "Unknown"}, found


@pytest.mark.parametrize(("module", "types"), [("functions.py", RESULTS), ("steps.py", STEPS)])
def test_what_is_given_back_is_known(checked, module, types):
    assert checked.wrong(module) == [], checked.said
    known = [one.replace("pandas", checked.checker.pandas) for one in types]
    assert checked.revealed(module) == known, checked.said


def test_what_is_wrong_is_told(checked):
    assert checked.wrong("wrong.py") == WRONG_LINES, checked.said
