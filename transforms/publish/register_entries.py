"""What the register says of a run's releases, and what another process needs to know to register them."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from beam_deid.transforms.actions.levelled import Levelled
from beam_deid.transforms.decide.decision import Remembered
from beam_deid.transforms.label.record_counts import RecordCounts
from beam_deid.transforms.policy.accountability import declared
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.register.document import Entry, State, Table
from beam_deid.transforms.storage.paths import shown
from beam_deid.transforms.terms import LabelName


class PolicyFacts(NamedTuple):
    """What the policy says of a release and the release's label does not.

    Attributes:
        recipient: To whom the release goes; None where the policy does not say.
        k: The k that the release asks for.
        levels: Names of the levels that the policy fixes, by field; empty in what runs of 0.6.0 left, which did not say.
        given_to: What the policy declares of the recipient; None where it declares none.
        declared: Who answers for it: see `policy.accountability.declared`.
    """

    recipient: str | None
    k: int
    levels: Mapping[str, str] = MappingProxyType({})
    given_to: Mapping[str, Any] | None = None
    declared: Mapping[str, Any] = MappingProxyType({})

    @classmethod
    def of(cls, policy: Policy, release: str) -> "PolicyFacts":
        """Take the facts of a release from the policy."""
        spec = policy.releases[release]
        levels = {
            field: action.level_name(level)
            for field, action in spec.fields.items()
            if isinstance(action, Levelled) and (level := action.fixed_level()) is not None
        }
        recipient = policy.recipient_of(release)
        given_to = None if recipient is None else recipient.to_document()
        return cls(spec.recipient, spec.k, levels, given_to, declared(spec))

    def to_document(self) -> dict[str, Any]:
        """Write them as what a run leaves; what is declared of the recipient only where something is."""
        return {name: value for name, value in self._asdict().items() if name != "given_to" or value is not None}


@dataclass(frozen=True)
class Intent:
    """What another process needs to know to register a run whose driver died.

    Attributes:
        path: The register's folder.
        register: Its id.
        key: ``id`` and ``check`` of its key.
        dataset: The dataset.
        entries: Names of the releases that the run is tested with.
        output: The run's output.
        replaced: What becomes of the releases that the run replaces in its output.
        told: What the policy says of each release of the run, by the release's name.
    """

    path: str
    register: str
    key: dict[str, Any]
    dataset: str
    entries: tuple[str, ...]
    output: str
    replaced: str
    told: Mapping[str, PolicyFacts]

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Intent":
        """Read what a run left of itself.

        Args:
            document: An `Intent` as JSON values.

        Raises:
            AttributeError, LookupError, TypeError: The document has another shape.
        """
        told = {name: PolicyFacts(**facts) for name, facts in document["told"].items()}
        return cls(**{**document, "entries": tuple(document["entries"]), "told": told})


def entry_of(
    name: str,
    label: Mapping[str, Any],
    made_at: str,
    told: PolicyFacts,
    remembered: Remembered | None,
    table: Table | None,
    consent: Mapping[str, Any] | None = None,
) -> Entry:
    """What the register says of a release that is about to be published.

    Args:
        name: What the register calls it.
        label: The content of its label.
        made_at: When its run began.
        told: What the policy says of it and the label does not.
        remembered: What the register will remember of it; None where it is not tested with others.
        table: The fingerprints of its records, if so.
        consent: What is known of the consent that it rests on; None where it needs none.
    """
    return Entry(
        name=name,
        release=label["release"],
        run=label["run"],
        made_at=made_at,
        label=LabelName(label["label"]),
        sharing=label["sharing"],
        purpose=label["purpose"],
        recipient=told.recipient,
        output="",
        state=State.PENDING,
        levels={**told.levels, **label["search"]["levels"]},
        losses=label["search"].get("losses", {}),
        records=RecordCounts.from_document(label["records"]),
        inputs=(),
        files=tuple(label["files"]),
        label_sha256="",
        policy_sha256=label["policy_sha256"],
        record=remembered.record if remembered else "",
        identities=remembered.identities if remembered else (),
        roles={field: tuple(facts["role"]) for field, facts in label["fields"].items()},
        k=told.k,
        l=remembered.l if remembered else {},
        together=remembered.together if remembered else (),
        table=table,
        given_to=told.given_to,
        assessed_at=label.get("assessed_at", ""),
        review_by=label.get("review_by", ""),
        retain_until=label.get("retain_until"),
        approver=told.declared.get("approver"),
        environment=told.declared.get("environment"),
        consent=consent,
    )


def note_of(entry: Entry, intent: Intent) -> str:
    """What a person is told of a release that was registered."""
    note = f"{entry.release} is registered as {entry.name} in {shown(intent.path)}"
    if not entry.is_tested:
        return note
    tested = [name for name in entry.together if name in intent.entries]
    if not tested:
        return f"{note}; none of its records was in a release that it had to be tested with"
    return f"{note}; tested with {', '.join(tested)}"
