"""``beam-deid assess``: what any dataset discloses, and the label it would get."""

import re
from collections.abc import Mapping
from typing import Any

import click
from rich.console import Console
from rich.table import Table as Grid

from beam_deid.pipelines import options, output
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.formats.format import InputOptions
from beam_deid.transforms.terms import Role, Sharing

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


@click.command(
    epilog="""\b
Examples:
  beam-deid assess --input 'out/crm/*.parquet' --quasi receiver_city,birth_year,created
  beam-deid assess -i orders.csv --subject buyer --quasi city,age,date --sensitive item --sharing public
  beam-deid assess policy.yaml -i orders.parquet
  beam-deid assess -i part.parquet --quasi city,day --join 'courier=waybills.parquet:on=city,day~2d'
  beam-deid assess -i crm.parquet --quasi city --join 'list=members.parquet:on=mobile~mask,city~cn_divisions'
  beam-deid assess -i crm.parquet --quasi age --frequencies city=population.csv
  beam-deid assess -i crm.parquet --quasi city --mobiles 1380013"""
)
@click.argument("policy", required=False, type=click.Path(dir_okay=False))
@options.input_option(required=True)
@click.option("--subject", metavar="F", help="The column that says whom a record is about.")
@click.option("--quasi", metavar="F,F", help="Quasi-identifiers.")
@click.option("--sensitive", metavar="F,F", help="Sensitive fields.")
@click.option(
    "--join",
    "joins",
    multiple=True,
    metavar="NAME=GLOB:on=F,F",
    help="An attacker's table and what it is joined on; repeatable. F~2d or F~10: known nearly; F~mask: masked "
    "in the dataset; F~HIERARCHY: coarser there.",
)
@click.option(
    "--max-combination",
    type=click.IntRange(0),
    default=4,
    show_default=True,
    help="Most attributes of a combination; 0 for none.",
)
@click.option("--sharing", type=click.Choice([str(one) for one in Sharing]), default="controlled", show_default=True)
@click.option(
    "--k", type=click.IntRange(1), default=None, help="Required class size, if above the sharing model's own."
)
@click.option("--population", type=click.IntRange(1), default=None, help="People in the population it is drawn from.")
@click.option(
    "--history", metavar="F,F", help="What makes a point of a subject's history, as item,day; all if not given."
)
@click.option("--wildcard", is_flag=True, help="Tell, too, how many people a record may be if nulls fit any value.")
@click.option("--mobiles", metavar="P,P", help="How mobiles begin, where that is known: digests of these are tried.")
@click.option(
    "--frequencies",
    "frequencies",
    multiple=True,
    metavar="FIELD=TABLE",
    help="How often values occur in the population: a table with a column FIELD, and count or share; the tokens in "
    "FIELD are matched to it. Repeatable.",
)
@options.json_option
def assess(
    policy: str | None,
    inputs: tuple[str, ...],
    subject: str | None,
    quasi: str | None,
    sensitive: str | None,
    joins: tuple[str, ...],
    max_combination: int,
    sharing: str,
    k: int | None,
    population: int | None,
    history: str | None,
    wildcard: bool,
    mobiles: str | None,
    frequencies: tuple[str, ...],
    as_json: bool,
) -> None:
    """Measure what a dataset discloses as it is, whoever made it, and say which label it would get and why.

    Roles come from POLICY, where one is given, or from --subject, --quasi and --sensitive. Without a subject each record is
    a person of its own. Values are taken as the files have them; a null is a value of its own.
    """
    from beam_deid.transforms.columns.fingerprint import FingerprintKey
    from beam_deid.transforms.dataset.assessment import assess as assess_dataset
    from beam_deid.transforms.dataset.counting import count_files
    from beam_deid.transforms.dataset.joins import Dataset, Table, join_files
    from beam_deid.transforms.dataset.question import Question
    from beam_deid.transforms.policy.reader import read_policy

    how = InputOptions()
    named_quasi = _names(quasi)
    named_sensitive = _names(sensitive)
    direct: tuple[str, ...] = ()
    if policy is not None:
        read = read_policy(policy, key_given=True)
        how = read.input
        subject = subject or read.subject
        direct = _of_role(read.fields, Role.DIRECT)
        named_quasi = named_quasi or _of_role(read.fields, Role.QUASI)
        named_sensitive = named_sensitive or _of_role(read.fields, Role.SENSITIVE)
    if not named_quasi:
        raise UsageError(
            "no quasi-identifier is named", "--quasi", "Name the attributes that others may know of a person"
        )
    question = Question(
        named_quasi,
        named_sensitive,
        subject,
        Sharing(sharing),
        k or 0,
        max_combination,
        population,
        _names(history),
        wildcard,
        mobiles=_prefixes(mobiles),
        direct=direct,
        frequencies=_tables(frequencies),
    )
    key = FingerprintKey.new()
    with output.progress(None):
        counted, types = count_files(question, inputs, how, key)
        dataset = Dataset(inputs, how, types, subject)
        attacks = [join_files(dataset, table, question.link, k=question.least) for table in map(Table.read, joins)]
        document = assess_dataset(question, counted, key, attacks).to_document()
    _show(output.console(as_json), document)
    if as_json:
        output.emit(document)


def _of_role(fields: Mapping[str, Any], role: Role) -> tuple[str, ...]:
    return tuple(name for name, spec in fields.items() if spec.has(role))


def _prefixes(text: str | None) -> tuple[str, ...]:
    found = _names(text)
    for prefix in found:
        if not re.fullmatch(r"1[3-9]\d{1,9}", prefix):
            raise UsageError("a mobile does not begin like that", "--mobiles", "Write 3 to 10 digits of 11, as 1380013")
    return found


def _tables(given: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in given:
        name, _, path = text.partition("=")
        if not name or not path or name in found:
            raise UsageError(
                "this names no table of a field, or a second one", "--frequencies", "Write FIELD=TABLE, each once"
            )
        found[name] = path
    return found


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in (text or "").split(",") if name.strip()))


def _show(out: Console, document: dict[str, Any]) -> None:
    style = "green" if document["label"] == "anonymized" else "yellow"
    out.print(f"It would be [bold {style}]{document['label']}[/], grade {document['grade']}")
    for name in _FIGURES:
        if document.get(name) not in (None, {}):
            out.print(f"  {name}: {_figure(document[name])}")
    grid = Grid(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("", "test", "measured", "limit", "why"):
        grid.add_column(heading, overflow="fold")
    for test in document["tests"]:
        mark = "[green]✓[/green]" if test["passed"] else "[red]✗[/red]"
        grid.add_row(mark, test["name"], _figure(test["measured"]), _figure(test["limit"]), test["detail"])
    out.print(grid)
    for attack in document["attacks"]:
        for name in ("candidates", "presence"):
            if attack[name]:
                out.print(f"  {attack['name']}: {name}: {_figure(attack[name])}")
    worst = sorted(document["combinations"], key=lambda one: (-one["unique_subjects"], len(one["fields"])))
    for one in [found for found in worst if found["unique_subjects"]][:_SETS]:
        out.print(f"  {' + '.join(one['fields'])}: {one['unique_subjects']:,} singled out ({one['share']:.1%})")
    parts = sorted(document["contributions"].items(), key=lambda pair: -pair[1])
    if any(part for _, part in parts):
        shares = ", ".join(f"{name} {part:.0%}" for name, part in parts)
        out.print(f"  share in singling out: {shares}; coarsen or leave out {parts[0][0]} first")


def _figure(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_figure(one)}" for name, one in value.items())
    if isinstance(value, list):
        return "[" + ", ".join(map(_figure, value)) + "]"
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
