"""Text that a spreadsheet would take for a formula, made harmless by an apostrophe, and what it was before.

What begins with ``=``, ``+``, ``-``, ``@`` or white space before them is worked out by whoever opens the file, and may call
programs or send what stands beside it away (OWASP, CSV injection). A spreadsheet takes what begins with an apostrophe for text.
"""

import pyarrow as pa
import pyarrow.compute as pc

# Excel takes the full-width characters for the others where East Asian text is usual.
_BEGIN = r"=+\-@＝＋－＠\t\r\n"
_HARMFUL = rf"^[{_BEGIN}']"
_NUMBER = r"^-[0-9]+(\.[0-9]+)?$"
_MARKED = rf"^'([{_BEGIN}'])"


def neutralized(column: pa.Array) -> pa.Array:
    """A ``string`` array, shape (n,), in which no value is a formula.

    An apostrophe is put before what would be one, and before what begins with an apostrophe already, so that `restored` can
    take it off again. Numbers below zero stay as they are.
    """
    harmful = pc.match_substring_regex(column, _HARMFUL)
    if not pc.any(harmful).as_py():
        return column
    harmful = pc.and_not(harmful, pc.match_substring_regex(column, _NUMBER))
    return pc.if_else(harmful, pc.binary_join_element_wise("'", column, ""), column)


def restored(column: pa.Array) -> pa.Array:
    """A ``string`` array, shape (n,), as it was before `neutralized`; an apostrophe before anything else stays."""
    if not pc.any(pc.starts_with(column, "'")).as_py():
        return column
    return pc.replace_substring_regex(column, _MARKED, r"\1")
