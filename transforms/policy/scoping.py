"""What a release's label is about, from its policy: the scope of which `plan`, a run and its label make their tests."""

from collections import Counter
from collections.abc import Mapping, Sequence

from beam_deid.transforms.clock import now
from beam_deid.transforms.label.environment import DeclaredEnvironment
from beam_deid.transforms.label.evidence import FieldFacts
from beam_deid.transforms.label.requirements.distinct import LEAST_L
from beam_deid.transforms.label.scope import EVERY, UNNAMED, Knowledge, NotRead, Scope, Sibling, links
from beam_deid.transforms.policy.categories import category_of
from beam_deid.transforms.policy.filter_facts import filter_facts
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.roles import how_normalized, keyed_fields, recoverability, released_fields
from beam_deid.transforms.policy.table_policy import untested_tables
from beam_deid.transforms.recognisers.categories.category import article
from beam_deid.transforms.recognisers.identity import IDENTIFYING, names_one_person
from beam_deid.transforms.recognisers.in_names import scan_names
from beam_deid.transforms.register.document import Entry
from beam_deid.transforms.terms import LabelName, Recoverability, Role, Sharing


def identities(policy: Policy) -> tuple[str, ...]:
    """The fields of the source by which persons are counted: the subject, and direct identifiers that name one person.

    A kind that names a person overrides the role: a mobile tells who is the same person whatever a policy calls it.
    """
    subject = policy.subject_field
    named = [
        name
        for name, spec in policy.fields.items()
        if name != subject
        and (spec.has(Role.DIRECT) or policy.kind(name) in IDENTIFYING)
        and names_one_person(policy.kind(name))
    ]
    return (*((subject,) if subject is not None else ()), *named)


def names_a_crowd(policy: Policy) -> bool:
    """Whether a value of many subjects names nobody; of a subject that numbers orders one person may have any number."""
    field = policy.subject_field
    kind = None if field is None else policy.kind(field)
    return field is not None and not (kind is not None and kind.of_orders)


def tested_together(policy: Policy, releases: Sequence[str]) -> tuple[str, ...]:
    """The releases of a run whose policy does not say that they stay personal: what they say together is tested."""
    return tuple(name for name in releases if policy.releases[name].expect is not LabelName.STILL_PERSONAL)


def facts_of(policy: Policy, release: str, name: str) -> FieldFacts:
    """How one field is released, without the key that made it."""
    action = policy.releases[release].fields[name]
    target = policy.target(release, name)
    kind = policy.kind(name)
    category = category_of(policy, name)
    return FieldFacts(
        tuple(str(role) for role in policy.fields[name].role),
        action.name,
        str(action.recoverability(target)),
        None if kind is None else str(kind),
        action.sentence(target),
        normalized=how_normalized(policy, release, name),
        category=category,
        sensitive_by=article(category) or None,
        notes=action.notes(target),
    )


def scope_of(
    policy: Policy,
    release: str,
    together: Sequence[str],
    earlier: Sequence[Entry] = (),
    untested: Sequence[Entry] = (),
    register: str | None = None,
    at: str | None = None,
) -> Scope:
    """The scope of one release that is made in a run with others.

    Args:
        policy: The policy.
        release: The release.
        together: All releases of the run.
        earlier: Registered releases that have some of the same records.
        untested: Registered releases of which nobody can say whether they have.
        register: Why nothing is remembered of what was given out; empty where a register is kept, None where that is not known.
        at: When the release is measured: what is stated until a day no longer counts after it. Now if not given.
    """
    assessed_at = now() if at is None else at
    spec = policy.releases[release]
    fields = {name: facts_of(policy, release, name) for name in released_fields(policy, release)}
    composed = tested_together(policy, together)
    siblings: dict[str, Sibling] = {}
    if release in composed:
        out = {name: released_fields(policy, name) for name in composed}
        siblings = {other: _sibling(policy, release, other, out) for other in composed if other != release}
        siblings |= {entry.name: _earlier(policy, release, entry) for entry in earlier}
        if len(siblings) > 1:
            siblings[EVERY] = _every(policy, release, out, earlier)
        siblings |= {entry.name: _earlier(policy, release, entry) for entry in untested}
    attackers = {
        name: Knowledge(known(policy, release, name), _has_table(policy, release, name)) for name in spec.attackers
    }
    return Scope(
        release=release,
        sharing=spec.sharing,
        fields=fields,
        subject=policy.subject,
        identities=identities(policy),
        asked=spec.require.asked(),
        attackers=attackers,
        siblings=siblings,
        linked=links(fields),
        environment=DeclaredEnvironment.declared(
            spec.sharing is Sharing.PUBLIC, at=assessed_at, **spec.environment.setting()
        ),
        register=register,
        ignored=NotRead(patterns_told(policy)),
        row_filter=filter_facts(policy, release, assessed_at),
        assessed_at=assessed_at,
        apart=untested_tables(policy, release) if release in composed else (),
    )


def patterns_told(policy: Policy) -> tuple[str, ...]:
    """What a label says of the names and patterns under ``input.ignore``, sorted: the label is given out, the policy is not."""
    patterns = sorted(set(policy.input.ignore))
    telling = {name for name, _ in scan_names(patterns)}
    return tuple(UNNAMED if pattern in telling else pattern for pattern in patterns)


def known(policy: Policy, release: str, attacker: str) -> tuple[str, ...]:
    """The released fields that an attacker knows. One with an earlier release knows all that lasts from run to run."""
    spec = policy.releases[release].attackers[attacker]
    keyed = keyed_fields(policy, release)
    out = released_fields(policy, release)
    visible = [name for name in out if name not in keyed]
    if spec.knows is not None:
        return tuple(name for name in spec.knows if name in visible)
    return tuple(name for name in visible if recoverability(policy, release, name) is not Recoverability.KEY_DESTROYED)


def least_values(policy: Policy, release: str, name: str) -> int:
    """How many distinct values a sensitive field must have in each group."""
    asked = policy.releases[release].require.l.get(name)
    return max(LEAST_L, (asked.distinct if asked else None) or LEAST_L)


def _has_table(policy: Policy, release: str, attacker: str) -> bool:
    spec = policy.releases[release].attackers[attacker]
    return spec.table is not None or spec.release is not None


def _sibling(policy: Policy, release: str, other: str, out: Mapping[str, Sequence[str]]) -> Sibling:
    theirs = set(out[other])
    shared = tuple(name for name in out[release] if name in theirs)
    sensitive = tuple(name for name in shared if policy.fields[name].has(Role.SENSITIVE))
    least = {name: max(least_values(policy, one, name) for one in (release, other)) for name in sensitive}
    k = max(policy.releases[release].k, policy.releases[other].k)
    return Sibling(shared, sensitive, k, least, left_out(policy, (release, other), ()))


def _earlier(policy: Policy, release: str, entry: Entry) -> Sibling:
    """A registered release, as one of the run sees it. What is sensitive in only one of them is no secret in the other."""
    shared = tuple(name for name in released_fields(policy, release) if name in entry.roles)
    sensitive = tuple(name for name in shared if policy.fields[name].has(Role.SENSITIVE) and _is_sensitive(entry, name))
    least = {name: max(least_values(policy, release, name), entry.l.get(name, LEAST_L)) for name in sensitive}
    k = max(policy.releases[release].k, entry.k)
    return Sibling(shared, sensitive, k, least, left_out(policy, (release,), (entry,)))


def _is_sensitive(entry: Entry, name: str) -> bool:
    return str(Role.SENSITIVE) in entry.roles.get(name, ())


def _every(policy: Policy, release: str, out: Mapping[str, Sequence[str]], earlier: Sequence[Entry]) -> Sibling:
    """All releases that are tested together, as one of them sees it: two at a time they may say little, and much together."""
    held = Counter(name for names in (*out.values(), *(entry.roles for entry in earlier)) for name in names)
    shared = tuple(name for name in policy.fields if held[name] > 1)
    several = [name for name in out[release] if held[name] > 2]
    sensitive = tuple(name for name in several if policy.fields[name].has(Role.SENSITIVE))
    least = {
        name: max(
            *(least_values(policy, one, name) for one in out),
            *(entry.l.get(name, LEAST_L) for entry in earlier),
            LEAST_L,
        )
        for name in sensitive
    }
    k = max(*(policy.releases[one].k for one in out), *(entry.k for entry in earlier), 0)
    return Sibling(shared, sensitive, k, least, left_out(policy, tuple(out), earlier))


def left_out(policy: Policy, releases: Sequence[str], earlier: Sequence[Entry]) -> tuple[str, ...]:
    """The sensitive columns that several releases hold, each of which may be the one thing that is not known of a person.

    Args:
        policy: The policy.
        releases: Releases of the run that are tested together.
        earlier: Registered releases that are tested with them.

    Returns:
        The columns that are sensitive wherever they are held; none where the public has one of the releases.
    """
    if Sharing.PUBLIC in (*(policy.releases[one].sharing for one in releases), *(entry.sharing for entry in earlier)):
        return ()
    held = Counter(name for one in releases for name in released_fields(policy, one))
    held.update(name for entry in earlier for name in entry.roles)
    secret = (name for name in policy.fields if held[name] > 1 and policy.fields[name].has(Role.SENSITIVE))
    return tuple(name for name in secret if all(_is_sensitive(entry, name) for entry in earlier if name in entry.roles))
