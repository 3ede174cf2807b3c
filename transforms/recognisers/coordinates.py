"""Latitude and longitude to five decimals, a metre or so: 30.274151,120.155070. Half-open intervals of numbers are none."""

from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign


def _is_on_earth(text: str) -> bool:
    first, second = sorted(abs(float(part)) for part in text.replace("，", ",").split(","))
    return first <= 90 and second <= 180


COORDINATES = Recogniser(
    "coordinates",
    r"-?[0-9]{1,3}\.[0-9]{5,}[,，] ?-?[0-9]{1,3}\.[0-9]{5,}",
    {Sign.DIGIT: 12},
    before=r"0-9.\[-",
    after=r"0-9.\]",
    check=_is_on_earth,
    links=True,
)
