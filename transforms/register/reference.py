"""The register as a run's workers know it: small, picklable, and without a key byte."""

from dataclasses import dataclass

from beam_deid.transforms.register.document import Entry, Table
from beam_deid.transforms.register.given_out import GivenOut


@dataclass(frozen=True)
class Reference:
    """What a run needs to know of its register.

    Attributes:
        path: The register's folder.
        register: Its id, the domain of its key.
        key: Reference of its key; None for the policy's default one.
        key_id: Id of the key's version.
        check: What tells the key from others, in hex.
        given_out: All releases that somebody may have, whether this run is tested with them or not; None where that is another
            thing when the run decides, as in a pipeline of somebody's own, whose windows are released one after the other.
        is_new: Whether this run makes it, so that nothing that was given out before is in it.
        entries: The releases that this run is tested with, where some of their records are the same.
        erased: Fingerprints of the persons whom this run leaves out, for they were erased.
        erased_at: When that was last asked; empty where it never was.
        corrected: Fingerprints of records that were corrected, of the newest request last; this run leaves those out that are not.
    """

    path: str
    register: str
    key: str | None
    key_id: int
    check: str
    entries: tuple[Entry, ...] = ()
    is_new: bool = False
    given_out: tuple[GivenOut, ...] | None = ()
    erased: tuple[Table, ...] = ()
    corrected: tuple[Table, ...] = ()
    erased_at: str = ""
