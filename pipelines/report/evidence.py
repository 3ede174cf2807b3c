"""What the documents about a release are made from: what the run left behind, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from beam_deid.pipelines.report.policy_text import read_text
from beam_deid.transforms.label.reading import own_names
from beam_deid.transforms.policy.own_names import own_names as names_in_policy


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

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of the user's own that may stand in a document, which no language has words for."""
        asked = self.label.get("asked") or {}
        siblings = asked.get("siblings") or {}
        others = {name for one in siblings.values() for name in one["shared"]}
        counted = (self.label.get("identities") or {}).get("counted") or ()
        known = {*own_names(self.label), *own_names(self.run or {}), *(asked.get("identities") or ()), *counted}
        known |= {*(self.run or {}).get("releases", ())}
        known |= {*(str(one["name"]) for one in self.label.get("tests") or ())}
        known |= {*siblings, *others, *(asked.get("row_filter") or ())}
        known |= {str(self.label[name]) for name in ("release", "purpose") if name in self.label}
        known |= {
            *(self.label.get("attackers") or ()),
            *map(str, (self.label.get("search") or {}).get("levels", {}).values()),
        }
        return frozenset(known | names_in_policy(dict(read_text(self.policy))))
