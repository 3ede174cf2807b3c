"""What of published releases is past: its retention, its review, its recipient's period; and what dead runs left."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from beam_deid.transforms.clock import is_past
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.label.manifests_again import read_manifests
from beam_deid.transforms.label.overdue import overdue
from beam_deid.transforms.later.settled import Settled
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.tables import TablesPolicy
from beam_deid.transforms.register.document import Document, State
from beam_deid.transforms.register.folder import read
from beam_deid.transforms.storage.files import is_file
from beam_deid.transforms.storage.hidden import hidden_folders, place_of
from beam_deid.transforms.storage.lease import is_abandoned
from beam_deid.transforms.storage.paths import join, shown
from beam_deid.transforms.storage.sweeping import waiting

_POLICIES = (".yaml", ".yml")


@dataclass(frozen=True)
class PastRelease:
    """A release of which something is past.

    Attributes:
        output: The output that it is in.
        release: Its name.
        said: What is past, a sentence each.
        retain_until: The last day on which it may be kept; None where nobody said.
        is_to_go: Whether that day is over.
    """

    output: str
    release: str
    said: tuple[str, ...]
    retain_until: str | None
    is_to_go: bool


@dataclass(frozen=True)
class Swept:
    """What there is to be swept.

    Attributes:
        outputs: The outputs that were looked at.
        releases: The releases of which something is past.
        recipients: Recipients whose period is over, a sentence each.
        left: Hidden folders that dead runs left.
        unseen: Outputs that a register names and where nothing is published any more.
    """

    outputs: tuple[str, ...]
    releases: tuple[PastRelease, ...]
    recipients: tuple[str, ...]
    left: tuple[str, ...]
    unseen: tuple[str, ...]

    @property
    def to_go(self) -> dict[str, list[str]]:
        """The releases whose retention is over, by their output."""
        found: dict[str, list[str]] = {}
        for one in self.releases:
            if one.is_to_go:
                found.setdefault(one.output, []).append(one.release)
        return found


def look(places: Iterable[str], at: str, policy: Policy | TablesPolicy | None = None) -> Swept:
    """See what is past in some outputs, and in those that some registers name.

    Args:
        places: Outputs and registers.
        at: The time, as manifests write it.
        policy: The policy that says which recipients returned or deleted what they had; None where there is none.

    Raises:
        InputError: A store does not answer.
        UsageError: A place is neither, or cannot be read.
    """
    outputs: dict[str, None] = {}
    unseen: dict[str, None] = {}
    recipients: dict[str, None] = {}
    settled = Settled(policy)
    for place in places:
        _check_no_policy(place)
        if is_file(join(place, "run.json")):
            outputs[place_of(place)] = None
            recipients |= dict.fromkeys(_recipients_of_run(place_of(place), at, settled))
            continue
        document = read(place)
        if document is None:
            raise UsageError(
                "this is neither an output nor a register",
                shown(place),
                "Name an --output of a run, or its DATASET.register",
            )
        for output in _outputs_of(document):
            (outputs if is_file(join(output, "run.json")) else unseen)[output] = None
        recipients |= dict.fromkeys(_recipients_past(document, at, settled))
    releases = tuple(one for output in outputs for one in _past(output, at))
    left = tuple(folder for output in outputs for folder in _left(output))
    return Swept(tuple(outputs), releases, tuple(recipients), left, tuple(unseen))


def _check_no_policy(place: str) -> None:
    if place.endswith(_POLICIES) and is_file(place):
        raise UsageError(
            "this is a policy, and what is swept is an output or a register",
            shown(place),
            "Name it by --policy, and beside it an --output of a run, or its DATASET.register",
        )


def _outputs_of(document: Document) -> Iterator[str]:
    """The outputs of releases that stand somewhere, as a register knows."""
    yield from dict.fromkeys(
        entry.output for entry in document.releases if entry.output and entry.state in (State.PENDING, State.PUBLISHED)
    )


def _past(output: str, at: str) -> Iterator[PastRelease]:
    manifests = read_manifests(output)
    for name, label in manifests.labels.items():
        said = tuple(overdue(label, at))
        until = label.get("retain_until")
        if said:
            yield PastRelease(output, name, said, until, is_past(until, at))


def _recipients_past(document: Document, at: str, settled: Settled) -> Iterator[str]:
    """Recipients who were given something, as a register knows, and whose period is over."""
    for entry in document.releases:
        given = entry.given_to or {}
        if entry.state not in (State.UNRELEASED, State.FORGOTTEN) and not settled.holds_nothing(given, entry.made_at):
            yield from _is_over(given, entry.name, at)


def _recipients_of_run(output: str, at: str, settled: Settled) -> Iterator[str]:
    """Recipients of a run whose period is over."""
    run = read_manifests(output).run
    made_at = str(run.get("started_at", at))
    for release, given in (run.get("recipients") or {}).items():
        if not settled.holds_nothing(given, made_at):
            yield from _is_over(given, release, at)


def _is_over(given: Mapping[str, Any], release: str, at: str) -> Iterator[str]:
    """What is to be done where the period of a recipient is over that has something still."""
    if is_past(given.get("until"), at):
        yield (
            f"{given.get('name', '')} has {release}, and its period was over on {given['until']}: have it returned or deleted, "
            "write down what shows that (returned: or deleted: of the recipient in the policy), and name the policy by --policy"
        )


def _left(output: str) -> Iterator[str]:
    """Hidden folders of runs that died, but for those that only wait to be published."""
    kept = waiting(output)
    for folder in hidden_folders(output):
        if folder not in kept and is_abandoned(folder):
            yield folder
