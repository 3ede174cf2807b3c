"""What any dataset discloses, and the label that it would get."""

from typing import Any

from rich.console import Console
from rich.markup import escape

from beam_deid.pipelines.views.cells import Detail, figure, label_word
from beam_deid.pipelines.views.tests import show_tests

_SETS = 12
_FIGURES = (
    "records",
    "subjects",
    "classes",
    "unique_subjects",
    "k",
    "k_composite",
    "k_wildcard",
    "l_distinct",
    "l_entropy",
    "l_recursive",
    "t",
    "alpha_k",
    "beta_basic",
    "beta_enhanced",
    "delta_disclosure",
    "prosecutor",
    "marketer",
    "sharing",
    "population",
)


def show_assessment(out: Console, document: dict[str, Any], *, verbose: bool = False) -> None:
    """Show an assessment: the label, the figures, the tests, the attacks, and the attributes that single people out.

    Args:
        out: Where it is shown.
        document: What ``beam-deid assess --json`` prints.
        verbose: Whether all tests are shown with their figures; else those that fail.
    """
    out.print(f"It would be [bold]{label_word(document['label'])}[/bold], grade {document['grade']}")
    _show_counted(out, document)
    for name in _FIGURES:
        if document.get(name) not in (None, {}):
            out.print(f"  {name}: {figure(document[name])}")
    show_tests(out, document["tests"], Detail.ALL if verbose else Detail.FAILING)
    for attack in document["attacks"]:
        _show_attack(out, attack)
    _show_combinations(out, document["combinations"])
    _show_contributions(out, document["contributions"])


def _show_counted(out: Console, document: dict[str, Any]) -> None:
    """Over which columns records were grouped, and of which no figure of groups says anything."""
    out.print(f"  counted: {escape(', '.join(document['counted']))}")
    if document["not_counted"]:
        names = escape(", ".join(document["not_counted"]))
        out.print(f"  not counted: {names}; whoever knows one of these finds more people than the figures say")


def _show_attack(out: Console, attack: dict[str, Any]) -> None:
    for name in ("candidates", "presence"):
        if attack[name]:
            out.print(f"  {escape(attack['name'])}: {name}: {figure(attack[name])}")


def _show_combinations(out: Console, combinations: list[dict[str, Any]]) -> None:
    unique = [one for one in combinations if one["unique_subjects"]]
    worst = sorted(unique, key=lambda one: (-one["unique_subjects"], len(one["fields"])))
    for one in worst[:_SETS]:
        fields = escape(" + ".join(one["fields"]))
        out.print(f"  {fields}: {one['unique_subjects']:,} singled out ({one['share']:.1%})")


def _show_contributions(out: Console, contributions: dict[str, float]) -> None:
    parts = sorted(contributions.items(), key=lambda pair: -pair[1])
    if any(part for _, part in parts):
        shares = ", ".join(f"{name} {part:.0%}" for name, part in parts)
        out.print(f"  share in singling out: {escape(shares)}; coarsen or leave out {escape(parts[0][0])} first")
