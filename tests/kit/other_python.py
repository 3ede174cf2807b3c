"""A Python that has the packages of this one, but for some that are others or none: what a worker may turn out to be."""

import sysconfig
import venv
from pathlib import Path

import apache_beam

PACKAGES = Path(sysconfig.get_paths()["purelib"])


def python_without_us(folder: Path) -> str:
    """The path of a Python with all packages of this one but beam_deid, which is in a checkout's folder and not among them."""
    venv.create(folder, with_pip=False, symlinks=True)
    own = next(folder.glob("lib/*/site-packages"))
    (own / "others.pth").write_text(
        f"{PACKAGES}\n", "utf-8"
    )  # whose own .pth files, which lead to checkouts, are not read
    return str(folder / "bin" / "python")


def another_beam(folder: Path, version: str) -> Path:
    """A folder for PYTHONPATH with Apache Beam as it is here, but for its version."""
    there = Path(apache_beam.__file__).parent
    made = folder / "apache_beam"
    made.mkdir(parents=True)
    for path in there.iterdir():
        if path.name != "__pycache__":
            (made / path.name).symlink_to(path)
    (made / "version.py").unlink()
    (made / "version.py").write_text(f"__version__ = {version!r}\n", "utf-8")
    return folder


def another_package(folder: Path) -> Path:
    """A folder for PYTHONPATH with beam_deid as it is here, but for a line in one of its files."""
    import beam_deid.transforms

    root = Path(beam_deid.transforms.__file__).parent
    made = folder / "beam_deid"
    made.mkdir(parents=True)
    for name in ("configs", "pipelines"):
        (made / name).symlink_to(root.parent / name)
    (made / "__init__.py").symlink_to(root.parent / "pipelines" / "api" / "__init__.py")
    (made / "transforms").mkdir()
    for path in root.iterdir():
        if path.name != "__pycache__":
            (made / "transforms" / path.name).symlink_to(path)
    terms = made / "transforms" / "terms.py"
    terms.unlink()
    terms.write_text((root / "terms.py").read_text("utf-8") + "\n# another line\n", "utf-8")
    return folder
