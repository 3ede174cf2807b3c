"""What is measured of a release: which fields, under which joins, and how keys are made of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from beam_deid.transforms.columns.fingerprint import Keys, combine
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.roles import (
    deterministic,
    join_fields,
    keyed_fields,
    open_levels,
    quasi_fields,
    recoverability,
    released_fields,
    remainders,
    sensitive_fields,
    shared_tokens,
)
from beam_deid.transforms.terms import LabelName, Recoverability, Role

CLASSES = "classes"
SOURCE = "source"
HISTORY = "history"
WITH_SENSITIVE = "source+sensitive"


@dataclass(frozen=True)
class Projection:
    """A set of released fields that is looked at together.

    Attributes:
        name: What it is for: `CLASSES`, `SOURCE`, ``release:NAME`` or an attacker's name.
        fixed: Its fields whose released value is settled before the run.
        open: Its fields whose level is still to be decided.
    """

    name: str
    fixed: tuple[str, ...]
    open: tuple[str, ...]

    @classmethod
    def of(cls, name: str, fields: tuple[str, ...], open_fields: tuple[str, ...]) -> "Projection":
        """Split ``fields`` into the settled and the open ones."""
        return cls(
            name, tuple(f for f in fields if f not in open_fields), tuple(f for f in fields if f in open_fields)
        )

    @property
    def fields(self) -> tuple[str, ...]:
        """All its fields."""
        return self.fixed + self.open

    def fixed_key(self, keys: Mapping[str, Keys], length: int) -> Keys:
        """One key per row for the settled fields."""
        return combine((keys[name] for name in self.fixed), length)

    def key(self, fixed: Keys, keys: Mapping[str, Keys]) -> Keys:
        """One key per row for all fields, from the key of the settled ones and the open ones' own."""
        return combine([fixed, *(keys[name] for name in self.open)], len(fixed)) if self.open else fixed


@dataclass(frozen=True)
class Layout:
    """All projections of a release.

    Attributes:
        release: The release's name.
        quasi: Its quasi-identifiers.
        sensitive: Its released sensitive fields.
        open: Fields whose level is to be decided.
        scanned: Released fields whose values are searched for identifiers.
        remainders: Fields of which a mask left a part, and pseudonyms without their key: attacked one by one.
        tokens: Fields of which another release gives out the same tokens. Equal values have equal tokens, so that the
            join with it looks at the values.
        near: Fields of which some attacker knows a value only nearly, or whose values are compared by their distance.
        placed: Sensitive fields whose values have their place in a hierarchy.
        apart: Whether quasi-identifiers are also counted each by itself, to tell which of them does what.
        tried: Fields that are treated before anything is counted, only to see which records will be rejected.
        matched: Fields whose tokens are matched to how often values occur in the population.
        projections: Everything that is looked at together, by name.
    """

    release: str
    quasi: tuple[str, ...]
    sensitive: tuple[str, ...]
    open: tuple[str, ...]
    scanned: tuple[str, ...]
    remainders: tuple[str, ...]
    tokens: tuple[str, ...]
    near: tuple[str, ...]
    placed: tuple[str, ...]
    apart: bool
    tried: tuple[str, ...]
    matched: tuple[str, ...]
    projections: Mapping[str, Projection]

    @classmethod
    def of(cls, policy: Policy, release: str, together: tuple[str, ...]) -> "Layout":
        """The layout of ``release`` when it is made together with the releases in ``together``."""
        spec = policy.releases[release]
        quasi, undecided = quasi_fields(policy, release), open_levels(policy, release)
        keyed, out = set(keyed_fields(policy, release)), released_fields(policy, release)
        visible = tuple(name for name in out if name not in keyed)
        # A direct identifier that is left in clear or in part fails the label by itself; nothing is to be found in it.
        shown = (Recoverability.CLEAR, Recoverability.PARTIAL)
        scanned = tuple(
            name for name in visible
            if not (policy.fields[name].has(Role.DIRECT) and recoverability(policy, release, name) in shown)
        )  # fmt: skip
        tokens: list[str] = []
        sets = {CLASSES: quasi, SOURCE: join_fields(policy, release)}
        for other in together:
            if other != release:
                theirs = set(released_fields(policy, other)) - set(keyed_fields(policy, other))
                shared = shared_tokens(policy, release, other)
                sets[f"release:{other}"] = tuple(name for name in visible if name in theirs) + shared
                tokens += shared
        # A pseudonym whose key was made for one run is another one in every run.
        lasting = tuple(name for name in visible if recoverability(policy, release, name) is not Recoverability.KEY_DESTROYED)
        for name, attacker in spec.attackers.items():
            known = attacker.knows or (lasting if attacker.release else ())
            sets[f"attacker:{name}"] = tuple(field for field in known if field in visible and field not in attacker.within)
        closeness = spec.require.t
        if spec.history is not None:
            sets[HISTORY] = tuple(name for name in spec.history if name in visible)
        within = {name for name, one in closeness.items() if one.distance == "ordered"}
        within |= {field for attacker in spec.attackers.values() for field in attacker.within}
        near = tuple(name for name in visible if name in within)
        tried = tuple(name for name in out if spec.fields[name].rejects)
        return cls(
            release, quasi, sensitive_fields(policy, release), undecided, scanned, remainders(policy, release),
            tuple(dict.fromkeys(tokens)), near,
            tuple(name for name in closeness if closeness[name].distance == "hierarchical"),
            spec.combinations > 0 or spec.expect is LabelName.ANONYMIZED, tried,
            tuple(name for name in out if name in spec.frequencies and deterministic(policy, release, name)),
            {name: Projection.of(name, fields, undecided) for name, fields in sets.items()},
        )  # fmt: skip

    @property
    def measured(self) -> tuple[str, ...]:
        """The fields that are counted or scanned."""
        joined = (
            field for name, one in self.projections.items() for field in one.fields
            if field not in self.tokens or not name.startswith("release:")
        )  # fmt: skip
        named = [*self.scanned, *self.sensitive, *self.near, *self.matched, *joined]
        return tuple(dict.fromkeys(named))

    @property
    def treated(self) -> tuple[str, ...]:
        """The fields that measuring treats."""
        return tuple(dict.fromkeys([*self.measured, *self.tried]))

