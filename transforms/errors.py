"""What can go wrong, by what the user can do about it.

::

    DeidError
    ├── PolicyError        the policy is wrong: fix the file                     exit 2
    ├── UsageError         the call is wrong: fix the command or the caller      exit 2
    │   └── InUse          somebody else uses what one at a time may use         exit 2
    ├── KeyFault           a key is missing, unreadable or too short             exit 2
    │   └── NoSuchKey      a key of that id was destroyed, or never was          exit 2
    ├── InputError         the input cannot be read, or too much was rejected    exit 3
    │   └── EmptyFile      nothing stands in a file, not even names of columns   exit 3
    ├── ExpectationUnmet   a release did not reach the label it expects          exit 4
    ├── OutputError        the output cannot be written                          exit 1
    ├── VerificationError  what was published is not what its label says         exit 1
    └── InternalFault      our own mistake, or a library's                       exit 1

Every message says what happened, where, and what to do next. None ever holds a value of the data or a byte
of a key. All survive pickling, and being turned into text by a remote worker (`from_text`).
"""

import errno
import os
import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

_OPTIONS = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*://.*?)\?[A-Za-z_]+=[^?&=]*?(?:&[A-Za-z_]+=[^?&=]*?)*(?=$|: |, line )")


_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def on_one_line(name: str) -> str:
    """A name as it stands in a message: what would end the line, or move a terminal's cursor, is spelled out."""
    return _CONTROLS.sub(lambda found: repr(found[0])[1:-1], name)


class DeidError(Exception):
    """The root of all errors that this library raises on purpose.

    Args:
        what: What happened, one sentence without a full stop.
        where: File, line, field or step; may be empty. How a file is reached, the options of its URI, is left out.
        next_step: What the user can do; may be empty.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, where: str = "", next_step: str = "") -> None:
        where = on_one_line(_OPTIONS.sub(r"\1", where))
        super().__init__(what, where, next_step)
        self.what = what
        self.where = where
        self.next_step = next_step

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.what, self.where, self.next_step)

    def __str__(self) -> str:
        # The marks let `from_text` find the message inside what a remote runner makes of it.
        place = f"{self.where}: " if self.where else ""
        advice = f". {self.next_step}" if self.next_step else ""
        return f"[{type(self).__name__}] {place}{self.what}{advice} [end]"

    @property
    def message(self) -> str:
        """The message for a person, without marks."""
        place = f"{self.where}: " if self.where else ""
        advice = f". {self.next_step}" if self.next_step else ""
        return f"{place}{self.what}{advice}"


class PolicyError(DeidError):
    """The policy is wrong. ``problems`` holds all that was found, each a line of its own."""

    exit_code = 2

    @classmethod
    def from_problems(cls, problems: Iterable[str]) -> "PolicyError":
        """One error that lists every problem found, in the order given."""
        lines = list(problems)
        count = "1 problem" if len(lines) == 1 else f"{len(lines)} problems"
        return cls("\n".join([f"{count} in the policy", *lines]))

    @property
    def problems(self) -> list[str]:
        """The problems, one line each, without the heading."""
        return self.what.split("\n")[1:]


class UsageError(DeidError):
    """The call is wrong: an option, a path, a release that does not exist."""

    exit_code = 2


class InUse(UsageError):
    """Somebody else is using what may be used by one at a time; later it may be had."""


class KeyFault(DeidError):
    """A key is missing, unreadable or too short."""

    exit_code = 2


class NoSuchKey(KeyFault):
    """No key has that id, or it was destroyed: what it made cannot be restored."""


class InputError(DeidError):
    """The input cannot be read, or more records were rejected than allowed."""

    exit_code = 3


class EmptyFile(InputError):
    """Nothing stands in a file, neither a record nor names of columns; among others it can be passed over."""


class ExpectationUnmet(DeidError):
    """A release did not reach the label that its policy expects.

    Args:
        what: See `DeidError`; so are the next two.
        where: See there.
        next_step: See there.
        failing: The tests that fail, by the name of the release; empty where a remote worker raised it.
        result: What the run came to, of `beam_deid.run` its `Result`: it has the releases that were published; else None.
    """

    exit_code = 4

    def __init__(
        self,
        what: str,
        where: str = "",
        next_step: str = "",
        *,
        failing: Mapping[str, tuple[str, ...]] | None = None,
        result: Any = None,
    ) -> None:
        super().__init__(what, where, next_step)
        self.failing = dict(failing or {})
        self.result = result

    def __reduce__(self) -> tuple[Any, ...]:
        return *super().__reduce__(), {"failing": self.failing, "result": self.result}


class OutputError(DeidError):
    """The output cannot be written."""


class VerificationError(DeidError):
    """What was published is not what its label says."""


class InternalFault(DeidError):
    """A fault of ours or of a library's. The cause's text is left out: it may quote data."""

    @classmethod
    def from_exception(cls, cause: BaseException, where: str) -> "InternalFault":
        """The fault for an exception that we did not foresee, by its type and place only."""
        frame = cause.__traceback__
        place = where
        while frame is not None:
            name = frame.tb_frame.f_globals.get("__name__", "")
            if name.startswith("beam_deid"):
                place = f"{where} ({name}:{frame.tb_lineno})"
            frame = frame.tb_next
        return cls(f"unforeseen {type(cause).__name__}", place, "Please report this message; it holds no data")


_ROOM = "Free space there, or choose another place: --output for what is published, TMPDIR for what is set aside"
_RIGHTS = "Choose another place, or check the rights to it"
RIGHTS = (errno.EACCES, errno.EPERM, errno.EROFS)
"""What a system says where somebody may not write."""
_MEMORY = "Use fewer --workers, or free memory, and run again"
_A_FILE = "Choose another place: a file is where a folder should be"
_OF_SYSTEM = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EFBIG: "Allow larger files there (ulimit -f), or choose another place",
    errno.EROFS: _RIGHTS,
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.ENAMETOOLONG: "Choose a shorter name",
    errno.EMFILE: "Allow more open files (ulimit -n 4096), and run again",
    errno.ENFILE: "Close other programs, and run again",
    errno.ENOTDIR: _A_FILE,
    errno.EEXIST: _A_FILE,
    errno.ENOENT: "See that nobody removes folders while they are used, and run again",
    errno.ENOMEM: _MEMORY,
    errno.EIO: "Check the disk, and run again",
    errno.ESTALE: "Check the network disk, and run again",
}
"""What to do about what a system says, by its number. A user can cause, and end, all of these."""


def step_of(error: OSError, otherwise: str) -> str:
    """What to do about an error of the system, by its number alone."""
    return _OF_SYSTEM.get(error.errno or 0, otherwise)


def fault_of(cause: BaseException, where: str) -> DeidError:
    """The error for an exception that is none of ours: what a user can do about it, or that it was not foreseen.

    Args:
        cause: The exception. Its text is left out: it may quote data.
        where: The step that it came from.
    """
    if isinstance(cause, DeidError):
        return cause
    if isinstance(cause, MemoryError):
        return InternalFault("out of memory", where, _MEMORY)
    number = _number_of(cause) if isinstance(cause, OSError | ImportError) else None
    if number is None:
        return InternalFault.from_exception(cause, where)
    name = cause.filename if isinstance(cause, OSError) and isinstance(cause.filename, str) else where
    return OutputError(f"a file cannot be used ({os.strerror(number)})", name, _OF_SYSTEM[number])


def _number_of(cause: OSError | ImportError) -> int | None:
    """What the system said, by its number; libraries may give its words alone."""
    number = getattr(cause, "errno", None)
    if number is not None:
        return number if number in _OF_SYSTEM else None
    said = str(cause)
    return next((one for one in _OF_SYSTEM if os.strerror(one) in said), None)


ERRORS: dict[str, type[DeidError]] = {
    error.__name__: error
    for error in (
        PolicyError,
        UsageError,
        InUse,
        KeyFault,
        NoSuchKey,
        InputError,
        EmptyFile,
        ExpectationUnmet,
        OutputError,
        VerificationError,
        InternalFault,
    )
}

_MARKED = re.compile(r"\[(" + "|".join(ERRORS) + r")\] (.*?) \[end\]", re.DOTALL)
_WHILE = re.compile(r" \[while running [^\]]*\]")  # what Beam adds


def from_text(text: str) -> DeidError | None:
    """The error of ours inside ``text``, or None.

    Remote runners turn a worker's exception into text; this turns it back, so that exit codes hold there too.
    """
    found = _MARKED.search(text)
    if found is None:
        found = _MARKED.search(text.encode("utf-8", "replace").decode("unicode_escape", "replace"))
    return ERRORS[found[1]](_WHILE.sub("", found[2])) if found else None
