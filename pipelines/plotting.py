"""The frontier of loss against k, drawn into a file."""

from typing import Any

from beam_deid.pipelines.report.charts.colours import PAPER
from beam_deid.pipelines.report.charts.drawing import as_png, as_svg_file
from beam_deid.pipelines.report.charts.frontier import Point, frontier
from beam_deid.transforms.errors import OutputError, UsageError

_ENDINGS = (".svg", ".png")
_SCALE = 2
"""Pixels of a .png for each of the drawing's."""


def check_picture(path: str) -> None:
    """See that a picture can be drawn, before anything is searched.

    Raises:
        UsageError: Another ending than .svg or .png.
    """
    if not path.endswith(_ENDINGS):
        raise UsageError("a picture must end in .svg or .png", path, "Name it so")


def draw(document: dict[str, Any], path: str) -> None:
    """Draw the frontier of a search; the same search gives the same picture.

    Args:
        document: What ``beam-deid search --json`` prints.
        path: The picture, .svg or .png.

    Raises:
        UsageError: There is no frontier.
        OutputError: It cannot be written.
    """
    read = document["records"]["read"] or 1
    points = [
        Point(one["k"], one["loss"], one["suppressed"] / read)
        for one in document["frontier"]
        if one["loss"] is not None
    ]
    if not points:
        raise UsageError("there is no frontier to draw", path, "Leave --most-k as it is; a very large lattice has none")
    specification = frontier(points, document["require"]["k"], document["objective"], document["release"], PAPER)
    try:
        with open(path, "wb") as file:
            file.write(_picture(specification, path.endswith(".svg")))
    except OSError as error:
        raise OutputError(f"it cannot be written: {error.strerror}", path, "Name another file with --plot") from None


def _picture(specification: dict[str, Any], as_svg: bool) -> bytes:
    return as_svg_file(specification) if as_svg else as_png(specification, _SCALE)
