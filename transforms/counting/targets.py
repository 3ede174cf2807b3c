"""What line 8 asks of releases in buckets: of each two, of each with every earlier one, and of all of them together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from beam_deid.transforms.label.scope import EVERY, Sibling
from beam_deid.transforms.past.comparing import Compared
from beam_deid.transforms.past.views import WHOLE
from beam_deid.transforms.run.layout import Layout

Layouts = Mapping[str, Layout]


@dataclass(frozen=True)
class Look:
    """Joint groups that are asked for.

    Attributes:
        target: Which releases make them, as the streams of it are called.
        view: The sensitive field that is left out; `WHOLE` for none.
        other: What the earlier releases among them are called together: one by its name, all as `EVERY`.
        k: Persons that each group must have.
        all_asked: Whether groups are asked as well that are whole groups of every release.
        shared: By release of the run the fields that are compared.
        entries: Names of the earlier releases.
    """

    target: str
    view: str
    other: str
    k: int
    all_asked: bool
    shared: Mapping[str, tuple[str, ...]]
    entries: tuple[str, ...]

    @property
    def name(self) -> str:
        """What its streams are called."""
        return f"{self.target}\n{self.view}"


@dataclass(frozen=True)
class InCommon:
    """Values that a record's groups in several releases have in common.

    Attributes:
        target: Which releases, as the streams of it are called.
        field: The sensitive field.
        least: The required number of values.
        times: The least number of releases that contain a record which is asked about.
        holders: Releases of the run that hold the field.
        entries: Names of earlier releases that do.
    """

    target: str
    field: str
    least: int
    times: int
    holders: tuple[str, ...]
    entries: tuple[str, ...]

    @property
    def name(self) -> str:
        """What its streams are called."""
        return f"{self.target}\n{self.field}"

    @property
    def sides(self) -> int:
        """How many releases there are."""
        return len(self.holders) + len(self.entries)


@dataclass(frozen=True)
class Target:
    """Several releases of which it is asked what they say together.

    Attributes:
        name: What its streams are called.
        members: Those of the run.
        told: By release of the run what its label calls the others.
        entries: Names of the earlier ones.
        looks: The joint groups that are asked for.
        in_common: The values that are asked for.
    """

    name: str
    members: tuple[str, ...]
    told: Mapping[str, str]
    entries: tuple[str, ...]
    looks: tuple[Look, ...]
    in_common: tuple[InCommon, ...]


def targets_of(layouts: Layouts, compared: Compared | None) -> list[Target]:
    """List what line 8 asks: see `composition.composing`.

    Args:
        layouts: The releases of the run that are tested together, whose scopes know all others.
        compared: The earlier releases; None where there are none.
    """
    entries = () if compared is None else tuple(entry.name for entry in compared.entries)
    found = [_pair(layouts, one, other) for one, other in combinations(layouts, 2)]
    if compared is not None:
        found += [_earlier(layouts[name], entry, compared) for name in layouts for entry in entries]
    if len(layouts) + len(entries) > 2:
        found.append(_every(layouts, entries, compared))
    return found


def _pair(layouts: Layouts, one: str, other: str) -> Target:
    name = f"{one}\n{other}"
    sibling = layouts[one].scope.siblings[other]
    shared = dict.fromkeys((one, other), sibling.shared)
    values = [InCommon(name, field, sibling.l[field], 2, (one, other), ()) for field in sibling.sensitive]
    views = (WHOLE, *sibling.left_out)
    looks = _looks(name, "", sibling, views, shared, (), strict=not sibling.left_out)
    return Target(name, (one, other), {one: other, other: one}, (), tuple(looks), tuple(values))


def _earlier(layout: Layout, entry: str, compared: Compared) -> Target:
    name = f"{layout.release}\n{entry}"
    sibling = layout.scope.siblings[entry]
    views = tuple(view for view in compared.views if view in (WHOLE, *sibling.left_out))
    strict = not sibling.left_out or not {*sibling.left_out} <= {*compared.views}
    shared = {layout.release: sibling.shared}
    looks = _looks(name, entry, sibling, views, shared, (entry,), strict=strict)
    values = [InCommon(name, field, sibling.l[field], 2, (layout.release,), (entry,)) for field in sibling.sensitive]
    return Target(name, (layout.release,), {layout.release: entry}, (entry,), tuple(looks), tuple(values))


def _every(layouts: Layouts, entries: tuple[str, ...], compared: Compared | None) -> Target:
    siblings = {name: layout.scope.siblings[EVERY] for name, layout in layouts.items()}
    first = next(iter(siblings.values()))
    shared = {
        name: tuple(column for column in siblings[name].shared if column in layout.fields)
        for name, layout in layouts.items()
    }
    views = (WHOLE, *first.left_out)
    looks = _looks(EVERY, EVERY, first, views, shared, entries, strict=not first.left_out)
    least = {name: many for sibling in siblings.values() for name, many in sibling.l.items()}
    holders = {} if compared is None else compared.holders
    values = [
        InCommon(
            EVERY,
            field,
            many,
            3,
            tuple(name for name, layout in layouts.items() if field in layout.fields),
            tuple(entry.name for entry in holders.get(field, ())),
        )
        for field, many in least.items()
    ]
    return Target(EVERY, tuple(layouts), dict.fromkeys(layouts, EVERY), entries, tuple(looks), tuple(values))


def _looks(
    target: str,
    other: str,
    sibling: Sibling,
    views: Sequence[str],
    shared: Mapping[str, Sequence[str]],
    entries: tuple[str, ...],
    *,
    strict: bool,
) -> Iterator[Look]:
    for view in views:
        compared = {name: tuple(one for one in columns if one != view) for name, columns in shared.items()}
        yield Look(target, view, other, sibling.k, view != WHOLE or strict, compared, entries)
