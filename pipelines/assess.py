"""``beam-deid assess``: what any dataset discloses, and the label it would get."""

from typing import TYPE_CHECKING, Any

import click

from beam_deid.pipelines import options, output
from beam_deid.pipelines.assessing import Roles, assess_files, question_of, roles_of
from beam_deid.pipelines.input_options import InputCommand, written_as
from beam_deid.pipelines.proving import prove_release
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.terms import Sharing

if TYPE_CHECKING:
    from beam_deid.transforms.policy.model import Policy


@click.command(
    cls=InputCommand,
    epilog="""\b
Examples:
  beam-deid assess --input 'out/crm/*.parquet' --quasi receiver_city,birth_year,created
  beam-deid assess -i orders.csv --subject buyer --quasi city,age,date --sensitive item --sharing public
  beam-deid assess policy.yaml -i orders.parquet --report orders.html
  beam-deid assess -i part.parquet --quasi city,day --join 'courier=waybills.parquet:on=city,day~2d'
  beam-deid assess -i crm.parquet --quasi city --join 'list=members.parquet:on=mobile~mask,city~cn_divisions'
  beam-deid assess -i crm.parquet --quasi age --frequencies city=population.csv
  beam-deid assess -i crm.parquet --quasi city --mobiles 1380013
  beam-deid assess -i members.txt --format csv --delimiter ';' --quasi city,age
  beam-deid assess policy.yaml -i out/analytics --source 'orders/*.csv'

Exit codes: 0 measured, or proved as far as it is told; 1 the release is not what its label says or its source gives;
2 policy or usage; 3 input that cannot be read.""",
)
@click.argument("policy", required=False, type=click.Path(dir_okay=False))
@options.input_option(required=True)
@click.option(
    "--source",
    "sources",
    multiple=True,
    metavar="GLOB",
    help="The files that the release in --input was made of by POLICY: it is proved against them, and nothing else is "
    "assessed; repeatable.",
)
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
@click.option(
    "--report", metavar="FILE", help="Write the page for a person about it, an .html; what is there is replaced."
)
@options.verbose_option
@options.json_option
def assess(
    policy: str | None,
    inputs: tuple[str, ...],
    sources: tuple[str, ...],
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
    report: str | None,
    verbose: bool,
    as_json: bool,
    written: dict[str, Any],
) -> None:
    """Measure what a dataset discloses as it is, whoever made it, and say which label it would get and why.

    Roles and how files are written come from POLICY, where one is given, or from --subject, --quasi, --sensitive and the options
    below. Tables that are joined are read like the dataset. Without a subject each row counts as one individual. Values are
    taken as the files have them; a null is a value of its own.

    With --source a release of beam-deid is proved instead: the source is treated again as POLICY and the release's label say, and
    joined with the released rows on all columns. Columns whose key is not at hand are left out and named; they are not proved.
    """
    if sources:
        prove_release(policy, inputs, sources, as_json)
        return
    if report is not None:
        from beam_deid.pipelines.report.assessed import check_report

        check_report(report)
    from beam_deid.transforms.dataset.assessment import ASSESSING
    from beam_deid.transforms.dataset.counting import COUNTING
    from beam_deid.transforms.dataset.joins import JOINING
    from beam_deid.transforms.storage.files import find

    given = Roles(options.names(quasi), options.names(sensitive), (), subject)
    roles = roles_of(given, None if policy is None else _read(policy), "--quasi")
    question = question_of(
        roles,
        sharing=sharing,
        k=k,
        most=max_combination,
        population=population,
        history=options.names(history),
        wildcard=wildcard,
        mobiles=options.names(mobiles),
        frequencies=_tables(frequencies),
    )
    output.warn(find(inputs).passed_over)
    steps = (COUNTING, JOINING, ASSESSING) if joins else (COUNTING, ASSESSING)
    with output.progress(steps):
        document = assess_files(inputs, written_as(written, roles.read_as), roles, question, joins)
    from beam_deid.pipelines.views.assessment import show_assessment

    out = output.console(as_json)
    show_assessment(out, document, verbose=verbose)
    if report is not None:
        from beam_deid.pipelines.report.assessed import write_report
        from beam_deid.pipelines.views.report import show_written

        write_report(report, document, roles.by_role, sharing)
        show_written(out, [report])
    if as_json:
        output.emit(document)


def _read(policy: str) -> "Policy":
    from beam_deid.transforms.policy.reader import read_policy

    return read_policy(policy, key_given=True)


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
