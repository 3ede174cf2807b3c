"""What is measured of a release: which of its fields, and what for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import pyarrow as pa

from beam_deid.transforms.actions.levelled import Levelled
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.policy.for_recipient import absent_keys
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
from beam_deid.transforms.recognisers.kinds.free_text import FREE_TEXT
from beam_deid.transforms.recognisers.kinds.text import TEXT
from beam_deid.transforms.terms import Recoverability, Role


class Column(NamedTuple):
    """A column of fingerprints in what is measured.

    Attributes:
        what: ``identity``, ``signature`` (all identities as they are typed), ``record``, ``file``, ``recorded`` (by what it is
            known again in later runs) and ``special`` (bits, no fingerprints: see `measure.special`) of a record; of a release
            ``present``, and of its fields ``value`` (as released, the base where the level is open, what it is made from where
            only a key's holder could compute it), ``normal`` (of a sensitive field, or one whose values may make it so, without
            differences in spelling), ``listed`` (of a release, the lists of sensitive values that a record's values are on, as
            bits), ``origin`` (what it is made from), ``moment`` (its time), ``written`` (of a keyed field what is released, where
            somebody with the key proves it).
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
        keyed: Fields that only the holder of a key could compute: measured by what they are made from; but for those of which
            the recipient is declared not to have the key, which are measured as pseudonyms that nobody can turn back are.
        open: Fields whose level is to be decided.
        texts: Fields that are released as text, as far as their kind tells, and are no direct identifiers.
        listed: Fields of text whose released values are looked up in the lists of sensitive values.
        scanned: Fields whose released values are searched for identifiers in the first read; open ones are once levels are decided.
        remainders: Fields of which a mask left a part, and pseudonyms without their key, for everybody or for the recipient:
            attacked one by one.
        near: Fields of which some attacker knows a value only nearly, or whose values are compared by their distance.
        placed: Sensitive fields whose values have their place in a hierarchy.
        tried: Fields that are treated before anything is counted, only to see which records will be rejected.
        named: Fields that name persons and are generalized, other than by a hierarchy that is built in.
        matched: Fields whose tokens are matched to how often values occur in the population.
        exact: Of each attacker the fields that it knows exactly.
        history: The fields that make a point of a person's history.
    """

    scope: Scope
    keyed: tuple[str, ...]
    open: tuple[str, ...]
    texts: tuple[str, ...]
    listed: tuple[str, ...]
    scanned: tuple[str, ...]
    remainders: tuple[str, ...]
    near: tuple[str, ...]
    placed: tuple[str, ...]
    tried: tuple[str, ...]
    named: tuple[str, ...]
    matched: tuple[str, ...]
    exact: Mapping[str, tuple[str, ...]]
    history: tuple[str, ...]

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
    def spelled(self) -> tuple[str, ...]:
        """The fields of which values are measured without differences in spelling, too.

        Those that are sensitive, and those that their values may make so, in this release or in another one of the run: which
        they are is known when all are read.
        """
        return tuple(
            name for name in self.fields if name not in self.open and (name in self.sensitive or name in self.texts)
        )

    @property
    def treated(self) -> tuple[str, ...]:
        """The fields that measuring treats."""
        shown = (name for name in self.fields if name not in self.keyed)
        return tuple(dict.fromkeys([*shown, *self.matched, *self.tried]))


def layout_of(
    policy: Policy, release: str, together: tuple[str, ...], unregistered: str | None = None, at: str | None = None
) -> Layout:
    """Derive the layout of a release from the policy.

    Args:
        policy: The policy.
        release: The release.
        together: All releases of the run, which are made together.
        unregistered: Why nothing is remembered of what was given out; see `Scope.register`.
        at: When the release is measured; see `scope_of`.
    """
    return _Projections(policy, release).layout(scope_of(policy, release, together, register=unregistered, at=at))


class _Projections:
    """Which released fields each part of measuring is about, one method for each. All name fields in the policy's order."""

    def __init__(self, policy: Policy, release: str) -> None:
        self._policy = policy
        self._release = release
        self._spec = policy.releases[release]
        self._released = released_fields(policy, release)
        self._absent = absent_keys(policy, release)
        self._keyed = tuple(name for name in keyed_fields(policy, release) if name not in self._absent)
        self._open = open_levels(policy, release)

    def layout(self, scope: Scope) -> Layout:
        """All of them together."""
        left = remainders(self._policy, self._release)
        return Layout(
            scope=scope,
            keyed=self._keyed,
            open=self._open,
            texts=self._those(lambda name: self._is_text(name) and not self._policy.fields[name].has(Role.DIRECT)),
            listed=self._those(self._is_listed),
            scanned=self._those(self._is_scanned),
            remainders=self._those(lambda name: name in left or name in self._absent),
            near=self._near(),
            placed=self._placed(),
            tried=self._those(lambda name: self._spec.fields[name].rejects),
            named=self._those(lambda name: self._names_a_person(name) and self._has_labels_of_the_data(name)),
            matched=self._those(self._is_matched),
            exact=self._exact(scope),
            history=self._history(),
        )

    def _those(self, belongs: Callable[[str], bool]) -> tuple[str, ...]:
        return tuple(name for name in self._released if belongs(name))

    def _is_text(self, name: str) -> bool:
        """Whether a field may be released as text. A declared kind is no promise of what the values say: text may say anything."""
        kind = self._policy.kind(name)
        action = self._spec.fields[name]
        has_labels = isinstance(action, Levelled) and action.wants is TEXT
        return kind is None or pa.types.is_string(kind.arrow) or has_labels

    def _is_listed(self, name: str) -> bool:
        listed = self._is_text(name) and name not in self._keyed
        return listed and (self._policy.kind(name) is FREE_TEXT or not self._fails_by_itself(name))

    def _is_scanned(self, name: str) -> bool:
        return name not in self._keyed and name not in self._open and not self._fails_by_itself(name)

    def _fails_by_itself(self, name: str) -> bool:
        """Whether a field fails the label by its role or its kind alone, so that nothing is to be found in its values."""
        shown = (Recoverability.CLEAR, Recoverability.PARTIAL)
        return self._names_a_person(name) and recoverability(self._policy, self._release, name) in shown

    def _names_a_person(self, name: str) -> bool:
        return self._policy.fields[name].has(Role.DIRECT) or self._policy.kind(name) in IDENTIFYING

    def _has_labels_of_the_data(self, name: str) -> bool:
        action = self._spec.fields[name]
        return isinstance(action, Levelled) and not action.labels_are_built_in

    def _near(self) -> tuple[str, ...]:
        known = {field for attacker in self._spec.attackers.values() for field in attacker.within}
        compared = {name for name, one in self._spec.require.t.items() if one.distance == "ordered"}
        return self._those(lambda name: name in known | compared and name not in self._keyed)

    def _placed(self) -> tuple[str, ...]:
        return tuple(name for name, one in self._spec.require.t.items() if one.distance == "hierarchical")

    def _is_matched(self, name: str) -> bool:
        return name in self._spec.frequencies and deterministic(self._policy, self._release, name)

    def _exact(self, scope: Scope) -> dict[str, tuple[str, ...]]:
        return {
            name: tuple(field for field in scope.attackers[name].known if field not in attacker.within)
            for name, attacker in self._spec.attackers.items()
        }

    def _history(self) -> tuple[str, ...]:
        history = self._released if self._spec.history is None else self._spec.history
        return tuple(name for name in history if name in self._released)
