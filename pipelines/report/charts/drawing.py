"""Drawing with Vega-Lite: a specification becomes an ``<svg>`` element for a page, the same bytes on every machine.

Words stay words, in the page's font. Nothing may be laid out by the width of a text, which depends on the fonts of the machine:
specifications place everything by pixels, or by scales over figures.
"""

import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as Xml

from beam_deid.pipelines.report.charts.colours import Colours
from beam_deid.pipelines.report.visible import visible

_VERSION = "6.4"
"""Of Vega-Lite: another one may draw otherwise."""
_SVG = "{http://www.w3.org/2000/svg}"
_NEEDLESS = {"class", "role", "pointer-events", "font-family", "stroke-miterlimit", "version"}
_AS_USUAL = {
    "opacity": "1",
    "stroke-width": "1",
    "transform": "translate(0,0)",
    "x2": "0",
    "y2": "0",
    "text-anchor": "start",
}
_INVISIBLE = {"none", "transparent"}
_PLACES = {"d", "transform", "x1", "x2", "y1", "y2"}
_HUNDREDTHS = re.compile(r"\d+\.\d\d+")


def specification(width: int, height: int, colours: Colours, layers: list[dict[str, Any]]) -> dict[str, Any]:
    """A specification of layers in a frame of fixed size.

    Args:
        width: Width of the frame, in pixels.
        height: Its height.
        colours: What it is painted with.
        layers: What is drawn, one over the other.
    """
    axis = {
        "domainColor": colours.ink,
        "domainOpacity": 0.4,
        "tickColor": colours.ink,
        "tickOpacity": 0.4,
        "gridColor": colours.ink,
        "gridOpacity": 0.12,
        "labelColor": colours.ink,
        "labelFontSize": 12,
        "labelOverlap": False,
        "labelBound": False,
        "labelFlush": False,
        "title": None,
    }
    return {
        "width": width,
        "height": height,
        "autosize": "none",
        "background": None,
        "layer": layers,
        "config": {
            "aria": False,
            "view": {"stroke": None},
            "axis": axis,
            "text": {"color": colours.ink, "fontSize": 13},
        },
    }


def drawn(specification: dict[str, Any], title: str, told: str) -> str:
    """Draw a chart as one ``<svg>`` element that a page holds; it has no ids, so that several stand in one page.

    Args:
        specification: What is drawn, in the terms of Vega-Lite.
        title: What the chart is called by whoever hears the page.
        told: What it shows, in words.
    """
    root = _only_what_is_seen(Xml.fromstring(_svg(specification)))  # noqa: S314 - it was drawn here, of our own figures
    described = [Xml.Element("title"), Xml.Element("desc")]
    described[0].text = visible(title)
    described[1].text = visible(told)
    root[:] = [*described, *root]
    root.attrib = {
        "class": "drawing",
        "role": "img",
        "aria-label": visible(title),
        "viewBox": root.attrib["viewBox"],
        "width": root.attrib["width"],
        "height": root.attrib["height"],
        "style": "max-width:100%;height:auto;font-family:inherit",
    }
    return Xml.tostring(root, encoding="unicode")


def as_svg_file(specification: dict[str, Any]) -> bytes:
    """Draw a picture as the content of a file.

    Args:
        specification: What is drawn, in the terms of Vega-Lite; here it may be laid out by the widths of texts.
    """
    return _svg(specification).encode()


def as_png(specification: dict[str, Any], scale: float) -> bytes:
    """The same in pixels.

    Args:
        specification: What is drawn.
        scale: Pixels of the picture for each of the specification's.
    """
    import vl_convert  # loaded only by what draws: it brings an engine along

    seen = _visible(specification)
    return bytes(vl_convert.vegalite_to_png(seen, vl_version=_VERSION, scale=scale, allowed_base_urls=[]))


def _svg(specification: dict[str, Any]) -> str:
    import vl_convert

    return str(vl_convert.vegalite_to_svg(_visible(specification), vl_version=_VERSION, allowed_base_urls=[]))


def _visible(part: Any) -> Any:
    """A part of a specification whose texts are all visible: the engine ends the whole process over what XML forbids."""
    if isinstance(part, str):
        return visible(part)
    if isinstance(part, dict):
        return {name: _visible(one) for name, one in part.items()}
    return [_visible(one) for one in part] if isinstance(part, list) else part


def _only_what_is_seen(element: Xml.Element) -> Xml.Element:
    """The element without what has no colour, groups that say nothing, and attributes that say what holds anyway."""
    made = Xml.Element(element.tag.removeprefix(_SVG), dict(_told(element)))
    made.text = element.text
    for child in element:
        if _is_invisible(child):
            continue
        seen = _only_what_is_seen(child)
        if seen.tag == "g" and not seen.attrib:
            made.extend(seen)
        elif seen.tag != "g" or len(seen):
            made.append(seen)
    return made


def _told(element: Xml.Element) -> Iterator[tuple[str, str]]:
    for name, value in element.attrib.items():
        if name in _NEEDLESS or name.startswith("aria-") or _AS_USUAL.get(name) == value:
            continue
        yield name, _HUNDREDTHS.sub(lambda found: f"{float(found[0]):.1f}", value) if name in _PLACES else value


def _is_invisible(element: Xml.Element) -> bool:
    if element.tag == f"{_SVG}g":
        return False
    if element.get("display") == "none" or element.get("d") == "":
        return True
    painted = [element.get("fill"), element.get("stroke")]
    is_shape = element.tag == f"{_SVG}path"
    return is_shape and all(one is None or one in _INVISIBLE for one in painted)
