"""What can be refused before anything is loaded that takes long: a policy that is not there, an output that is.

Only what is sure by a look at local paths is refused here. The policy's reader and the run's staging look again, at all of it.
"""

import os

from beam_deid.transforms.policy.missing import no_such_policy
from beam_deid.transforms.storage.paths import MARK, absolute, is_local, name_of, parent
from beam_deid.transforms.storage.taken import is_a_file, is_there


def see_the_policy(path: str) -> None:
    """See that there is a policy.

    Raises:
        PolicyError: It is on this machine and is no file.
    """
    if is_local(path) and path and "\0" not in path and not os.path.exists(absolute(path)):
        raise no_such_policy(path)


def see_the_output(output: str, overwrite: bool) -> None:
    """See that an output is free, or may be replaced.

    Where a run was killed while it published, what lies there is put right before anybody looks.

    Args:
        output: The output folder.
        overwrite: Whether an earlier run may be replaced.

    Raises:
        UsageError: It is a file; or something is in it that may not be replaced.
    """
    if not output or "\0" in output or not is_local(output):
        return
    place = os.path.realpath(absolute(output))
    if os.path.isfile(place):
        raise is_a_file(place)
    if not overwrite and _names(place) and not _is_under_way(place):
        raise is_there(place)


def _is_under_way(place: str) -> bool:
    hidden = f".{name_of(place)}{MARK}"
    return any(name.startswith(hidden) for name in (*_names(parent(place)), *_names(place)))


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:  # whoever needs it says what is wrong with it
        return []
