"""The kit counts what differs, not what it was told."""

from pathlib import Path

import pytest

from .kit import Package, Touched, copied

LISTING = "transforms/risk/measures/__init__.py"


@pytest.fixture
def package(tmp_path: Path) -> Package:
    return copied(tmp_path)


def test_an_untouched_copy_differs_in_nothing(package: Package) -> None:
    assert package.touched() == Touched()


def test_a_file_a_line_and_a_change_behind_the_kits_back_are_counted(package: Package) -> None:
    package.add("transforms/risk/measures/more.py", "MORE = 1\n")
    text = (package.folder / "beam_deid" / LISTING).read_text("utf-8")
    last = text.splitlines()[-1]
    package.enter(LISTING, "ONE = 1", before=last, imports="from beam_deid.transforms.risk.measures.more import MORE")
    assert package.touched() == Touched(("transforms/risk/measures/more.py",), {LISTING: 1})
    terms = package.folder / "beam_deid/transforms/terms.py"
    terms.write_text(terms.read_text("utf-8") + "A = 1\nB = 2\n", "utf-8")
    assert package.touched().lines == {LISTING: 1, "transforms/terms.py": 2}


def test_commands_run_the_copy(package: Package) -> None:
    package.add("transforms/more.py", "MORE = 'of the copy'\n")
    assert package.run("-c", "from beam_deid.transforms.more import MORE; print(MORE)") == "of the copy\n"
    with pytest.raises(AssertionError, match="there already"):
        package.add("transforms/more.py", "")
