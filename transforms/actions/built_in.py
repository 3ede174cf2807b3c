"""The files that the package brings along: rows between `;`, comments after `#`."""

from importlib import resources

BUILT_IN = ("cn_divisions", "cn_districts")
"""Hierarchies that a policy may name without a path."""


def built_in_bytes(name: str) -> bytes:
    """The bytes of a file in ``configs/hierarchies``, named without its ending."""
    return resources.files("beam_deid.configs").joinpath(f"hierarchies/{name}.csv").read_bytes()


def built_in_rows(name: str) -> list[list[str]]:
    """The cells of a file's rows."""
    lines = built_in_bytes(name).decode().splitlines()
    return [line.split(";") for line in lines if not line.startswith("#")]


def district_rows() -> list[tuple[str, str, str]]:
    """All (district, city, province) of the built-in list."""
    return [(district, city, province) for district, city, province in built_in_rows("cn_districts")]
