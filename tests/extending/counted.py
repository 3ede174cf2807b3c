"""What a test of an extension says of its files: printed with ``-s``, and asserted."""

from .kit import Package, Touched


def one_file(package: Package, new: str, listing: str = "") -> None:
    """Assert that an extension is one file of the package and, where it is listed, one line of the list."""
    touched = package.touched()
    print(f"{new}: files added {len(touched.new)}, lines added {sum(touched.lines.values())}")  # noqa: T201 - with -s
    assert touched == Touched((new,), {listing: 1} if listing else {})
