"""How many of something a caller asks for."""

from numbers import Integral

from beam_deid.transforms.errors import UsageError


def checked_count(given: int | None, name: str, where: str) -> int | None:
    """A number of processes or threads, if it is one; None where nobody says how many.

    Args:
        given: The number.
        name: The argument.
        where: The function.

    Raises:
        UsageError: It is no whole number from 1 on.
    """
    if given is None:
        return None
    if isinstance(given, Integral) and not isinstance(given, bool) and given >= 1:
        return int(given)
    raise UsageError(f"{name} is a whole number from 1 on", f"{where}({name}=…)", "Leave it out if you do not mind")
