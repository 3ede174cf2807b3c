"""Columns whose values link records though nothing but their name tells it: OAID, open ids, hashes of addresses, order numbers."""

from collections.abc import Iterable, Sequence

from beam_deid.transforms.recognisers.platforms.catalogue import platforms
from beam_deid.transforms.recognisers.platforms.tables import by_names

ANY = r"(?s)\A.+\z"


def linkable_shapes(names: Sequence[str], declared: Iterable[str] = ()) -> dict[str, str]:
    """What such columns' values look like, in RE2, by column.

    Args:
        names: All columns of a table; a platform is told by them.
        declared: Those that are known for it, whatever they look like.
    """
    best = next(iter(by_names(names)), None)
    found = {}
    if best is not None:
        where = platforms()[best]
        for name in names:
            field = where.field_of(name)
            if field is not None and where.fields[field].linkable:
                shapes = [where.shapes[form] for form in where.fields[field].forms if form in where.shapes]
                if shapes:
                    found[name] = rf"\A(?:{'|'.join(shapes)})\z"
    return found | dict.fromkeys(declared, ANY)
