"""Names, mobiles and addresses as platforms mask them."""

import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.synthetic.platforms.facts import Made
from beam_deid.transforms.synthetic.text import joined


def name(names: pa.Array, stars: str = "**") -> Made:
    """张**: the first character."""
    return Made(joined(pc.utf8_slice_codeunits(names, 0, 1), pa.scalar(stars)), "masked_name")


def name_ends(names: pa.Array) -> Made:
    """张*甲: the first and the last character; 张* of a name of two."""
    ends = joined(pc.utf8_slice_codeunits(names, 0, 1), pa.scalar("*"), pc.utf8_slice_codeunits(names, -1))
    return Made(pc.if_else(pc.greater(pc.utf8_length(names), 2), ends, name(names, "*").values), "masked_name")


def mobile(mobiles: pa.Array, first: int, last: int) -> Made:
    """138****1234, *******1234, 1*********5: the first and last digits."""
    stars = pa.scalar("*" * (11 - first - last))
    return Made(
        joined(pc.utf8_slice_codeunits(mobiles, 0, first), stars, pc.utf8_slice_codeunits(mobiles, -last)),
        "masked_mobile",
    )


def address_parts(addresses: pa.Array) -> Made:
    """人**路**号阳光花园*幢*单元*室: road and numbers; the estate stays."""
    road = pc.replace_substring_regex(addresses, "^(.).+?(路|街|大道|巷)", r"\1**\2")
    house = pc.replace_substring_regex(road, "[0-9]+号", "**号")
    return Made(pc.replace_substring_regex(house, "[0-9]+", "*"), "masked_address")


def address_digits(addresses: pa.Array) -> Made:
    """人民路**号阳光花园*幢*单元***室: every digit, and nothing else."""
    return Made(pc.replace_substring_regex(addresses, "[0-9]", "*"), "masked_address")


def address_end(addresses: pa.Array) -> Made:
    """人民东路****: all that stands behind the road."""
    return Made(pc.replace_substring_regex(addresses, "^(.+?(?:路|街|大道|巷)).*$", r"\1****"), "masked_address")


def email(words: pa.Array) -> Made:
    """***a*****@163.com."""
    letter = pc.utf8_lower(pc.utf8_slice_codeunits(pc.replace_substring_regex(words, "[^A-Za-z]", "a"), 0, 1))
    return Made(joined(pa.scalar("***"), letter, pa.scalar("*****@163.com")), "email")
