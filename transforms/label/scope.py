"""What a label is about, as far as the policy alone says it: which columns are released, and what is asked of them.

`plan` makes it from a policy, a run puts it into ``label.json`` under ``asked``, and `verify` reads it back with `read_scope`: so
all three know the same tests.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from beam_deid.transforms.label.documents import attributes
from beam_deid.transforms.label.environment import DeclaredEnvironment
from beam_deid.transforms.label.evidence import FieldFacts
from beam_deid.transforms.label.options import PolicyOptions
from beam_deid.transforms.terms import Recoverability, Role, Sharing

SUBJECT = "subject"
"""What the policy's subject is called among the identities."""

EACH_RECORD = "each_record"
"""In place of a subject: each record counts as one person."""

EVERY = "*"
"""In place of a sibling release: all releases of the run that are tested together, where there are more than two of them."""

STATED = ("release", "sharing", "fields", "assessed_at")
"""What of a scope a label states by itself, so that ``asked`` leaves it out."""

CONSENT = "consent"
"""In place of a field of the row filter: the purpose and the scope of the consent that everybody in the release has given."""

RARE = ("ignored", "row_filter", "apart")
"""What of a scope stands in ``asked`` only where there is something to say."""

_PSEUDONYM = (Recoverability.KEYED, Recoverability.KEY_DESTROYED)


UNNAMED = "(looks like an identifier)"
"""What stands for a pattern that a label does not repeat."""


@dataclass(frozen=True)
class NotRead:
    """Columns of the source that are passed over, so that nothing in the label speaks of them.

    Attributes:
        patterns: Names and patterns under ``input.ignore``, sorted; `UNNAMED` for one that looks like an identifier itself.
        columns: The columns of the files that they match, sorted, but for those of which the name itself looks like an
            identifier; None where nobody looked, or the source is no files.
        unnamed: How many columns are not named for that reason.
    """

    patterns: tuple[str, ...] = ()
    columns: tuple[str, ...] | None = None
    unnamed: int = 0


@dataclass(frozen=True)
class FilterFacts:
    """A field, or `CONSENT`, by which the records of a release are chosen; never the values.

    Attributes:
        role: Its roles, and sensitive where its name or what is asked for is.
        names_a_person: Whether it identifies people: by its role, or by its kind, whatever the role says.
    """

    role: tuple[str, ...]
    names_a_person: bool


@dataclass(frozen=True)
class Knowledge:
    """What one declared attacker knows.

    Attributes:
        known: The released fields that it knows.
        table: Whether it has a table, or an earlier release, of its own.
    """

    known: tuple[str, ...]
    table: bool = False


@dataclass(frozen=True)
class Sibling:
    """Another release of the same records, which somebody may hold as well; or all of them, which somebody may hold together.

    Attributes:
        shared: Source fields that both releases hold; of all releases those that two at least hold.
        sensitive: Those of them that are sensitive; of all releases those that this one and two others at least hold, since
            what two say is tested of the two.
        k: The greater of both class sizes.
        left_out: The sensitive columns without any one of which joint groups must have k persons as well, since it is the one
            thing that is not known; none where the public has one of the releases, and may know all.
        l: Of each of ``sensitive`` the greater number of distinct values that either asks for.
    """

    shared: tuple[str, ...]
    sensitive: tuple[str, ...]
    k: int
    l: Mapping[str, int]  # noqa: E741 - the field's own name
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What is asked of a release.

    Attributes:
        release: Its name.
        sharing: The sharing model.
        fields: The released fields, and how each is given out.
        subject: The field that says whom a record is about, `EACH_RECORD`, or None.
        identities: The fields of the source by which persons are counted, the subject's first.
        asked: What the policy asks for under ``require``: an instance of the model with every requirement's option, which
            `Option.of` and `Option.of_field` read.
        attackers: Declared attackers, by name.
        siblings: The releases that are tested together with this one, those of the run and those that were given out before, by
            what the register calls them; `EVERY` of them, too, where there are several.
        linked: Whether rows of one person can be told to belong together: see `links`.
        environment: The environment as declared.
        register: Why nothing is remembered of what was given out of the dataset; empty where a register is kept, None where
            that is not known yet.
        ignored: The columns of the source that are passed over.
        row_filter: The fields by whose values its records are chosen, and `CONSENT` where it needs one.
        assessed_at: When the release is measured: as of then what is stated until a day holds or does not.
        apart: Releases of other tables of the dataset that are not tested together with this one: those that may be anonymized, and
            the other parts of the same release.
    """

    release: str
    sharing: Sharing
    fields: Mapping[str, FieldFacts]
    subject: str | None
    identities: tuple[str, ...]
    asked: PolicyOptions
    attackers: Mapping[str, Knowledge] = field(default_factory=dict)
    siblings: Mapping[str, Sibling] = field(default_factory=dict)
    linked: bool = False
    environment: DeclaredEnvironment
    register: str | None = None
    ignored: NotRead = NotRead()
    row_filter: Mapping[str, FilterFacts] = field(default_factory=dict)
    assessed_at: str = ""
    apart: tuple[str, ...] = ()

    @property
    def telling_filters(self) -> tuple[str, ...]:
        """Those of the row filter that are sensitive or name a person."""
        return tuple(
            name for name, facts in self.row_filter.items() if facts.names_a_person or Role.SENSITIVE in facts.role
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """Every released column (``all``)."""
        return tuple(self.fields)

    @property
    def rest(self) -> tuple[str, ...]:
        """Every released column whose role is not ``sensitive`` alone."""
        return tuple(name for name, facts in self.fields.items() if facts.role != (Role.SENSITIVE,))

    @property
    def sensitive(self) -> tuple[str, ...]:
        """The released columns that are sensitive, whatever else they are."""
        return tuple(name for name, facts in self.fields.items() if Role.SENSITIVE in facts.role)

    def without(self, name: str) -> tuple[str, ...]:
        """Every released column but one (``rest+``)."""
        return tuple(one for one in self.fields if one != name)

    def around(self, name: str) -> tuple[str, ...]:
        """``rest`` without one column: the groups in which that column's values must not be told."""
        return tuple(one for one in self.rest if one != name)

    @property
    def pseudonyms(self) -> tuple[str, ...]:
        """The released columns whose key was destroyed: pseudonyms that nobody can turn back."""
        return tuple(
            name for name, facts in self.fields.items() if facts.recoverability == Recoverability.KEY_DESTROYED
        )

    def to_document(self) -> dict[str, Any]:
        """Write it as ``asked`` of a label, without what stands in the label beside it; of `RARE` only what there is."""
        given = {"ignored": self.ignored.patterns, "row_filter": self.row_filter, "apart": self.apart}
        silent = tuple(name for name, some in given.items() if not some)
        return attributes(self, without=(*STATED, *silent))


def links(fields: Mapping[str, FieldFacts]) -> bool:
    """Whether a release has a pseudonym, with or without its key, so that equal values tell a person's rows."""
    return any(facts.recoverability in _PSEUDONYM for facts in fields.values())
