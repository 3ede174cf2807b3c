"""What the register says of a run's releases, and what another process needs to know to register them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from beam_deid.transforms.actions.levelled import Levelled
from beam_deid.transforms.decide.decision import Remembered
from beam_deid.transforms.label.record_counts import RecordCounts
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.register.document import Entry, State, Table
from beam_deid.transforms.storage.paths import shown
from beam_deid.transforms.terms import LabelName


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
        told: Of each release of the run what its label does not say: ``recipient``, ``k`` and ``levels``.
    """

    path: str
    register: str
    key: dict[str, Any]
    dataset: str
    entries: tuple[str, ...]
    output: str
    replaced: str
    told: dict[str, dict[str, Any]]


def entry_of(
    name: str,
    label: Mapping[str, Any],
    made_at: str,
    told: Mapping[str, Any],
    remembered: Remembered | None,
    table: Table | None,
) -> Entry:
    """What the register says of a release that is about to be published.

    Args:
        name: What the register calls it.
        label: The content of its label.
        made_at: When its run began.
        told: What the label does not say: ``recipient``, ``k``, and ``levels`` that the policy fixes.
        remembered: What the register will remember of it; None where it is not tested with others.
        table: The fingerprints of its records, if so.
    """
    return Entry(
        name=name,
        release=label["release"],
        run=label["run"],
        made_at=made_at,
        label=LabelName(label["label"]),
        sharing=label["sharing"],
        purpose=label["purpose"],
        recipient=told["recipient"],
        output="",
        state=State.PENDING,
        levels={**told["levels"], **label["search"]["levels"]},
        losses=label["search"].get("losses", {}),
        records=RecordCounts.from_document(label["records"]),
        inputs=(),
        files=tuple(label["files"]),
        label_sha256="",
        policy_sha256=label["policy_sha256"],
        record=remembered.record if remembered else "",
        identities=remembered.identities if remembered else (),
        roles={field: tuple(facts["role"]) for field, facts in label["fields"].items()},
        k=told["k"],
        l=remembered.l if remembered else {},
        together=remembered.together if remembered else (),
        table=table,
    )


def told_of(policy: Policy, releases: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Of each release what its label does not say, for the register."""
    return {
        name: {
            "recipient": policy.releases[name].recipient,
            "k": policy.releases[name].k,
            "levels": {
                field: action.level_name(level)
                for field, action in policy.releases[name].fields.items()
                if isinstance(action, Levelled) and (level := action.fixed_level()) is not None
            },
        }
        for name in releases
    }


def note_of(entry: Entry, intent: Intent) -> str:
    """What a person is told of a release that was registered."""
    note = f"{entry.release} is registered as {entry.name} in {shown(intent.path)}"
    if not entry.is_tested:
        return note
    tested = [name for name in entry.together if name in intent.entries]
    if not tested:
        return f"{note}; none of its records was in a release that it had to be tested with"
    return f"{note}; tested with {', '.join(tested)}"
