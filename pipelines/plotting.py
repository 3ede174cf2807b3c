"""The frontier of loss against k, drawn."""

import importlib.util
from typing import Any

from beam_deid.transforms.errors import OutputError, UsageError

_ENDINGS = (".svg", ".png")


def check_picture(path: str) -> None:
    """See that a picture can be drawn, before anything is searched.

    Raises:
        UsageError: Another ending than .svg or .png, or matplotlib is not installed.
    """
    if not path.endswith(_ENDINGS):
        raise UsageError("a picture must end in .svg or .png", path, "Name it so")
    if importlib.util.find_spec("matplotlib") is None:
        raise UsageError("drawing needs matplotlib", path, "pip install 'beam-deid[plot]'")


def draw(document: dict[str, Any], path: str) -> None:
    """Draw the frontier of a search.

    Args:
        document: What ``beam-deid search --json`` prints.
        path: The picture, .svg or .png.

    Raises:
        UsageError: There is no frontier.
        OutputError: It cannot be written.
    """
    points = [point for point in document["frontier"] if point["loss"] is not None]
    if not points:
        raise UsageError("there is no frontier to draw", path, "Leave --most-k as it is; a very large lattice has none")
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"svg.hashsalt": "beam-deid"}):  # ids in the picture are then the same each time
        _figure(document, points, Figure(figsize=(7, 4.2), layout="constrained"), path)


def _figure(document: dict[str, Any], points: list[dict[str, Any]], figure: Any, path: str) -> None:
    loss = figure.subplots()
    ks = [point["k"] for point in points]
    total = document["records"]["read"]
    loss.step(ks, [point["loss"] for point in points], where="mid", color="#1f5fa8", label=document["objective"])
    loss.set(xlabel="k: people in the smallest class", ylabel=document["objective"], title=document["release"])
    loss.set_ylim(bottom=0)
    suppressed = loss.twinx()
    shares = [100 * point["suppressed"] / total for point in points]
    suppressed.step(ks, shares, where="mid", color="#c26a1b", linestyle=":", label="suppressed, %")
    suppressed.set(ylabel="records suppressed, %", ylim=(0, max(1.0, *shares) * 1.3))
    required = document["require"]["k"]
    loss.axvline(required, color="#888888", linewidth=0.8, label=f"required: {required}")
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    try:
        # No date, so that the same search gives the same picture.
        figure.savefig(path, metadata={"Date": None} if path.endswith(".svg") else None)
    except OSError as error:
        raise OutputError(f"it cannot be written: {error.strerror}", path, "Name another file with --plot") from None
