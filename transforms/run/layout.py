"""What is measured of a release: which of its fields, and what for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from beam_deid.transforms.actions.action import Action
from beam_deid.transforms.actions.levelled import Levelled
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.roles import (
    deterministic,
    keyed_fields,
    open_levels,
    recoverability,
    released_fields,
    remainders,
)
from beam_deid.transforms.policy.scoping import scope_of
from beam_deid.transforms.recognisers.identity import IDENTIFYING
from beam_deid.transforms.terms import Recoverability, Role


class Column(NamedTuple):
    """A column of fingerprints in what is measured.

    Attributes:
        what: ``identity``, ``record``, ``file`` and ``recorded`` (by what it is known again in later runs) of a record; of a
            release ``present``, and of its fields ``value`` (as released, the base where the level is open, what it is made from
            where only a key's holder could compute it), ``normal`` (of a sensitive field, without differences in spelling),
            ``origin`` (what it is made from), ``moment`` (its time).
        field: The field.
        release: The release.
    """

    what: str
    field: str = ""
    release: str = ""


@dataclass(frozen=True)
class Layout:
    """The fields of a release, by what is measured of them.

    Attributes:
        scope: What its label is about.
        keyed: Fields that only the holder of a key could compute: measured by what they are made from.
        open: Fields whose level is to be decided.
        scanned: Fields whose released values are searched for identifiers in the first read; open ones are once levels are decided.
        remainders: Fields of which a mask left a part, and pseudonyms without their key: attacked one by one.
        near: Fields of which some attacker knows a value only nearly, or whose values are compared by their distance.
        placed: Sensitive fields whose values have their place in a hierarchy.
        tried: Fields that are treated before anything is counted, only to see which records will be rejected.
        named: Fields that name persons and are generalized, other than by a hierarchy that is built in.
        matched: Fields whose tokens are matched to how often values occur in the population.
        exact: Of each attacker the fields that it knows exactly.
        history: The fields that make a point of a person's history; None for all.
    """

    scope: Scope
    keyed: tuple[str, ...]
    open: tuple[str, ...]
    scanned: tuple[str, ...]
    remainders: tuple[str, ...]
    near: tuple[str, ...]
    placed: tuple[str, ...]
    tried: tuple[str, ...]
    named: tuple[str, ...]
    matched: tuple[str, ...]
    exact: Mapping[str, tuple[str, ...]]
    history: tuple[str, ...] | None

    @classmethod
    def of(cls, policy: Policy, release: str, together: tuple[str, ...], unregistered: str | None = None) -> "Layout":
        """The layout of ``release`` when it is made together with the releases in ``together``; `Scope.register` for the rest."""
        spec = policy.releases[release]
        scope = scope_of(policy, release, together, register=unregistered)
        keyed = keyed_fields(policy, release)
        out = released_fields(policy, release)
        undecided = open_levels(policy, release)
        near = {name for name, one in spec.require.t.items() if one.distance == "ordered"}
        near |= {field for attacker in spec.attackers.values() for field in attacker.within}
        return cls(
            scope=scope,
            keyed=keyed,
            open=undecided,
            scanned=tuple(
                name for name in out if name not in (*keyed, *undecided) and not _shown(policy, release, name)
            ),
            remainders=remainders(policy, release),
            near=tuple(name for name in out if name in near and name not in keyed),
            placed=tuple(name for name, one in spec.require.t.items() if one.distance == "hierarchical"),
            tried=tuple(name for name in out if spec.fields[name].rejects),
            named=tuple(name for name in out if _names(policy, name) and _own_hierarchy(spec.fields[name])),
            matched=tuple(name for name in out if name in spec.frequencies and deterministic(policy, release, name)),
            exact={
                name: tuple(one for one in scope.attackers[name].known if one not in attacker.within)
                for name, attacker in spec.attackers.items()
            },
            history=None if spec.history is None else tuple(name for name in spec.history if name in out),
        )

    @property
    def release(self) -> str:
        """The release's name."""
        return self.scope.release

    @property
    def fields(self) -> tuple[str, ...]:
        """All released fields."""
        return self.scope.columns

    @property
    def rest(self) -> tuple[str, ...]:
        """The released fields that are not sensitive alone."""
        return self.scope.rest

    @property
    def sensitive(self) -> tuple[str, ...]:
        """The released sensitive fields."""
        return self.scope.sensitive

    @property
    def treated(self) -> tuple[str, ...]:
        """The fields that measuring treats."""
        shown = (name for name in self.fields if name not in self.keyed)
        return tuple(dict.fromkeys([*shown, *self.matched, *self.tried]))


def _names(policy: Policy, name: str) -> bool:
    return policy.fields[name].has(Role.DIRECT) or policy.kind(name) in IDENTIFYING


def _own_hierarchy(action: Action) -> bool:
    return isinstance(action, Levelled) and not action.labels_are_built_in


def _shown(policy: Policy, release: str, name: str) -> bool:
    """Whether a field fails the label by its role or its kind alone, so that nothing is to be found in its values."""
    return _names(policy, name) and recoverability(policy, release, name) in (
        Recoverability.CLEAR,
        Recoverability.PARTIAL,
    )
