"""Whether a source is what a run read: its files, and its ledgers of consent, each by itself."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from beam_deid.transforms.clock import moment_of
from beam_deid.transforms.run.shards import Ledger, Prepared, ledgers_of, run_id


class SameSource(NamedTuple):
    """What of a source is as the run read it.

    Attributes:
        files: Whether its files are the run's, as far as names and sizes tell.
        other_ledgers: The releases whose ledger of consent has other bytes than the run's.
    """

    files: bool
    other_ledgers: tuple[str, ...]


def same_source(prepared: Prepared, made: str, run: Mapping[str, Any]) -> SameSource:
    """Compare a source with what a run read.

    Args:
        prepared: The source, as a run of the same releases would read it.
        made: The id of the run: it covers the names and sizes of the files, and the ledgers.
        run: The content of its ``run.json``, which tells the ledgers' hashes; empty where there is none.
    """
    told = list(_told(prepared, run))
    here = ledgers_of(prepared.job)
    others = {name for name, *_ in told if _hashes(told, name) != _hashes(here, name)}
    ledgers = told or here
    return SameSource(run_id(prepared.job, prepared.shards, prepared.found, ledgers) == made, tuple(sorted(others)))


def _told(prepared: Prepared, run: Mapping[str, Any]) -> Iterator[Ledger]:
    """The ledgers that a run read, as its ``run.json`` tells."""
    told = run.get("releases")
    releases = told if isinstance(told, dict) else {}
    for name in prepared.job.releases:
        release = releases.get(name)
        consent = release.get("consent") if isinstance(release, dict) else None
        if consent:
            asked = moment_of(str(consent["as_of"])) or 0
            yield from ((name, asked, str(file["sha256"])) for file in consent["files"])


def _hashes(ledgers: list[Ledger], release: str) -> list[str]:
    return [sha256 for name, _, sha256 in ledgers if name == release]
