"""What the documents about a release are made from: what the run left behind, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from beam_deid.transforms.label.reading import own_names


@dataclass(frozen=True)
class Evidence:
    """What is known of one release.

    Attributes:
        label: The content of its ``label.json``.
        run: The content of ``run.json``; None for what `assess` measured.
        policy: The text of the policy, as it was read; None where it was not kept.
        previous: The label of the release of this name that came before it, as the register knows it; None where there is none.
    """

    label: Mapping[str, Any]
    run: Mapping[str, Any] | None = None
    policy: str | None = None
    previous: Mapping[str, Any] | None = None

    @property
    def name(self) -> str:
        """The release's name."""
        return str(self.label["release"])

    @property
    def declared(self) -> Mapping[str, Any]:
        """What ``run.json`` says of the release: recipient, approver, dates and what became of its records."""
        found: Mapping[str, Any] = (self.run or {}).get("releases", {}).get(self.name, {})
        return found

    @property
    def names(self) -> frozenset[str]:
        """The names of the data that may stand in a document, which no language has words for."""
        asked = self.label.get("asked") or {}
        siblings = asked.get("siblings") or {}
        others = {name for one in siblings.values() for name in one["shared"]}
        counted = (self.label.get("identities") or {}).get("counted") or ()
        known = {*own_names(self.label), *own_names(self.run or {}), *(asked.get("identities") or ()), *counted}
        return frozenset(known | {*siblings, *others, *(asked.get("row_filter") or ())})
